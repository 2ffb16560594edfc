"""Folders that change while a run is at work: it stands still in the middle, something happens, and it goes on."""

import contextlib
import os
import re
import shutil
import signal
import subprocess

from place import article, contents, published, put_down, stopped


def vanish(place):
    """Files go between the walk and the read."""
    (place.folder / "in" / "1.md").unlink()
    (place.folder / "in" / "new.md").unlink()


def rewrite(place):
    """An article is written in place, and is half there."""
    (place.folder / "in" / "3.md").write_text("---\ntitle: Half of")


def replace(place):
    """An article comes, one becomes a folder, one a pipe, one a link out of the folder."""
    folder = place.folder / "in"
    (folder / "later.md").write_text(article("Later", "2020-11-12", "AI"))
    for name in ("4.md", "5.md", "6.md"):
        (folder / name).unlink()
    (folder / "4.md").mkdir()
    os.mkfifo(folder / "5.md")
    (folder / "6.md").symlink_to("/etc/hostname")


def no_articles(place):
    """The folder of articles is taken away."""
    shutil.rmtree(place.folder / "in", ignore_errors=True)


def moved(place):
    """The folder of articles is another one: as a deployment does it, with a link or a name."""
    (place.folder / "in").rename(place.folder / "was")
    shutil.copytree(place.trial.before, place.folder / "in")


def feed_gone(place):
    """Somebody deletes a published folder."""
    shutil.rmtree(place.out / "ai", ignore_errors=True)


def feed_is_a_file(place):
    """A file lies where the folder of a topic is to be."""
    shutil.rmtree(place.out / "fresh", ignore_errors=True)
    (place.out / "fresh").write_text("mine")


def feed_is_a_link(place):
    """The folder of a topic becomes a link out of the output folder."""
    outside = place.folder / "outside"
    outside.mkdir(exist_ok=True)
    shutil.rmtree(place.out / "ai", ignore_errors=True)
    (place.out / "ai").symlink_to(outside)


def output_gone(place):
    """The output folder is taken away."""
    shutil.rmtree(place.out, ignore_errors=True)


def output_moved(place):
    """Another output folder is put in the place of this one."""
    place.out.rename(place.folder / "was-out")
    shutil.copytree(place.trial.old_folder, place.out)


# What happens, and what has to be put right by hand before a run can be as if nothing had been.
HAPPENS = [vanish, rewrite, replace, no_articles, moved, feed_gone, feed_is_a_file, feed_is_a_link, output_gone, output_moved]


def go_on(process, thread):
    """Lets it go on, however often: each thread stands still in its turn."""
    for _ in range(300):
        with contextlib.suppress(ProcessLookupError):
            os.kill(thread, signal.SIGCONT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=0.1)[1]
    put_down(process)
    return None


def changing(trial):
    def one(happens, name, number):
        place = trial.place()
        process, thread = stopped(place, name, number)
        if process is None:
            return place.done()
        what = f"{happens.__name__} at {name} {number}"
        trial.count("changed")
        late = (place.out / "fresh" / "rss.xml").exists()
        happens(place)
        said = go_on(process, thread)
        if said is None:
            return trial.fault(what, "it does not end")
        if process.returncode not in (0, 2):
            trial.fault(what, f"it ends with {process.returncode}: {said}")
        if process.returncode == 2 and not re.search(r"error: |^feedmill: ", said):
            trial.fault(what, f"it does not say why: {said!r}")
        outside = place.folder / "outside"
        if outside.exists() and contents(outside):
            trial.fault(what, f"something was written out of the output folder: {sorted(contents(outside))}")
        if happens is feed_is_a_file and not late and (not (place.out / "fresh").is_file() or (place.out / "fresh").read_text() != "mine"):
            trial.fault(what, "a file of somebody else was written over")
        for path, data in published(place.out).items():
            if path.endswith((".xml", ".opml")) and not data.rstrip().endswith(b">") or not data and not path.startswith("fresh"):
                trial.fault(what, f"{path} is not whole")
        # Put right, the next runs are as if nothing had been.
        shutil.rmtree(place.folder / "in", ignore_errors=True)
        shutil.copytree(trial.after, place.folder / "in")
        for path in (place.out / "fresh", place.out / "ai"):
            if path.is_symlink() or path.is_file():
                path.unlink()
        run = place.run()
        again = place.run(arguments=("build", "in", "--no-cache"))
        if run.returncode != 0 or again.returncode != 0:
            trial.fault(what, f"the next run ends with {run.returncode}, {again.returncode}: {run.stderr}{again.stderr}")
        fresh = trial.place(None)
        assert fresh.run().returncode == 0
        # A folder that had to be begun anew knows nothing of what was.
        now, as_ever = contents(place.out), contents(fresh.out)
        if now != trial.new and not (set(as_ever) <= set(now) and all(now[path] == as_ever[path] for path in as_ever if path.endswith("xml"))):
            other = sorted(path for path in now.keys() | trial.new.keys() if now.get(path) != trial.new.get(path))
            trial.fault(what, f"the next runs leave other files: {other}")
        fresh.done()
        place.done()

    calls = trial.calls()
    names = [name for name in ("openat", "statx", "read", "fsync", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "unlinkat", "access", "getdents64") if name in calls]
    assert any(name.startswith("renameat") for name in names), calls
    some = {name: trial.spread(calls[name], trial.most and max(trial.most // 2, 2)) for name in names}
    if trial.most == 0:
        # Each of them stands for some seconds.
        some = {name: sorted(set(list(some[name])[:: max(calls[name] // 12, 1)])) for name in names}
    trial.every(one, [(happens, name, number) for happens in HAPPENS for name in names for number in some[name]])
