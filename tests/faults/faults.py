"""What is published after a fault: each file old or new and whole, and all of it new after the next run."""

import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM, MOST = sys.argv[1], int(sys.argv[2])
STAGE, LOCK = ".feedmill-run", ".feedmill-lock"
# What changes the disk; and then everything else that a run asks of the system.
CHANGING = ["rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "fsync", "fchmod", "write", "ftruncate"]
faults = 0
tried = collections.Counter()


def article(title, date, topic, more=""):
    address = title.lower().replace(" ", "-")
    return f"---\ntitle: {title}\ndate: {date}\nlink: https://example.org/{address}\ntopics: [{topic}]\n{more}---\n"


def articles(folder):
    """The articles before, and the articles after: new ones, one withdrawn, a topic renamed, a topic gone."""
    site = "id: faults\nbase_url: https://feeds.example.org/\nout: ../out\nprecompress: [gzip]\nhost: nginx\nstale: remove\n"
    before, after = folder / "before", folder / "after"
    for place in (before, after):
        place.mkdir()
        (place / "feedmill.yaml").write_text(site)
    for number in range(1, 7):
        text = article(f"Story {number}", f"2020-11-0{number}", "AI")
        (before / f"{number}.md").write_text(text)
        (after / f"{number}.md").write_text(text)
    (after / "new.md").write_text(article("Brand new", "2020-11-10", "AI, Fresh"))
    (after / "2.md").write_text(article("Story 2", "2020-11-02", "AI", "deleted: true\n"))
    (before / "gone.md").write_text(article("Leaving", "2020-11-05", "Gone"))
    (before / "chips.md").write_text(article("Chips one", "2020-11-06", "Chips"))
    (after / "chips.md").write_text(article("Chips one", "2020-11-06", "Silicon"))
    (after / "feedmill.yaml").write_text(site + "topics: {Silicon: {former: [chips]}}\n")


def contents(folder):
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found[str(path.relative_to(folder))] = path.read_bytes()
    return found


class Place:
    """A folder of its own in which the program runs."""

    def __init__(self, base, old, articles):
        self.folder = Path(tempfile.mkdtemp(dir=base))
        shutil.copytree(articles, self.folder / "in")
        if old is not None:
            shutil.copytree(old, self.folder / "out")
        self.out = self.folder / "out"
        self.env = {"FEEDMILL_NOW": "2020-11-23T00:00:00Z", "XDG_CACHE_HOME": str(self.folder / "cache"), "PATH": os.environ["PATH"]}

    def run(self, *before):
        command = [*before, PROGRAM, "build", "in"]
        return subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=60)

    def start(self, *more):
        command = [PROGRAM, "build", "in", "--no-cache", *more]
        return subprocess.Popen(command, cwd=self.folder, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def done(self):
        shutil.rmtree(self.folder)


def fault(name, what):
    global faults
    faults += 1
    print(f"  FAULT {name}: {what}")


def published(place):
    return {path: data for path, data in contents(place.out).items() if not path.startswith((STAGE, LOCK))}


def look(name, place, old, new):
    """Each file is old or new, whole."""
    for path, data in published(place).items():
        if data not in (old.get(path), new.get(path)):
            fault(name, f"{path} is neither what it was nor what it was to be")


def heal(name, place, new):
    """The next run completes."""
    run = place.run()
    if run.returncode != 0:
        fault(name, f"the next run ends with {run.returncode}: {run.stderr}")
    now = contents(place.out)
    if now != new:
        other = sorted(path for path in now.keys() | new.keys() if now.get(path) != new.get(path))
        fault(name, f"the next run leaves other files: {other}")


def spread(count):
    """Which of so many calls: all, or the first, the last, and some between."""
    if MOST == 0 or count <= MOST:
        return range(1, count + 1)
    return sorted({1 + round(step * (count - 1) / (MOST - 1)) for step in range(MOST)})


def main():
    base = Path(tempfile.mkdtemp(prefix="feedmill-faults-"))
    try:
        play(base)
    finally:
        shutil.rmtree(base)
    print(f"{sum(tried.values())} runs with faults ({', '.join(f'{count} {what}' for what, count in sorted(tried.items()))}): {faults} wrong")
    sys.exit(1 if faults else 0)


def play(base):
    articles(base)
    place = Place(base, None, base / "before")
    assert place.run().returncode == 0
    old_folder = base / "old"
    shutil.copytree(place.out, old_folder)
    old = contents(old_folder)

    place = Place(base, old_folder, base / "after")
    trace = base / "trace"
    run = place.run("strace", "-f", "-o", str(trace))
    assert run.returncode == 0, run.stderr
    new = contents(place.out)
    assert old != new and not any(path.startswith("gone/") for path in new)
    calls = collections.Counter(re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.M))

    for name, count in sorted(calls.items()):
        if name in ("execve", "exit", "exit_group", "arch_prctl", "set_tid_address"):
            continue
        # Where nothing changes on the disk, fewer will do.
        some = spread(count) if name in CHANGING else sorted(set(list(spread(count))[:: 1 if MOST == 0 else 4]))
        for number in some:
            place = Place(base, old_folder, base / "after")
            run = place.run("strace", "-f", "-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={name}:signal=KILL:when={number}")
            what = f"killed at {name} {number}"
            tried["killed"] += 1
            look(what, place, old, new)
            heal(what, place, new)
            place.done()

    for name in [name for name in CHANGING if name in calls]:
        for error in ["ENOSPC", "EIO", "EACCES", "EROFS", "EINTR"]:
            for number in spread(calls[name]):
                if error == "EINTR" and name != "write":
                    continue
                place = Place(base, old_folder, base / "after")
                inject = f"inject={name}:error={error}:when={number}"
                run = place.run("strace", "-f", "-o", str(trace), "-e", f"trace={name}", "-e", inject)
                what = f"{error} from {name} {number}"
                # The number counts for each thread: that which tells of the fault of another may have one too.
                mute = re.search(r"write\(2, .*INJECTED", trace.read_text())
                tried[error] += 1
                if run.returncode not in (0, 2):
                    fault(what, f"it ends with {run.returncode}: {run.stderr}")
                if run.returncode == 2 and "error" not in run.stderr and not mute:
                    fault(what, f"it does not say why: {run.stderr!r}")
                if run.returncode == 0 and published(place) != new and error != "EINTR":
                    fault(what, "it says that all is well, and it is not")
                look(what, place, old, new)
                heal(what, place, new)
                place.done()

    for number in spread(calls["openat"]):
        place = Place(base, old_folder, base / "after")
        run = place.run("strace", "-f", "-o", "/dev/null", "-e", "trace=openat", "-e", f"inject=openat:error=EMFILE:when={number}+")
        what = f"too many open files from {number}"
        tried["EMFILE"] += 1
        look(what, place, old, new)
        if published(place) == old and run.returncode == 0:
            fault(what, "nothing was published, and nothing is said")
        heal(what, place, new)
        place.done()

    together(base, old_folder, old, new)
    disk(base, old_folder, old, new)


def together(base, old_folder, old, new):
    """Several runs at once: one works, the others leave or wait."""
    for more, allowed in [((), {0, 3}), (("--wait",), {0})]:
        for _ in range(10):
            place = Place(base, old_folder, base / "after")
            runs = [place.start(*more) for _ in range(5)]
            for run in runs:
                _, said = run.communicate(timeout=60)
                tried["at once"] += 1
                if run.returncode not in allowed or (run.returncode == 3 and said.count("\n") != 1):
                    fault("several at once", f"one ends with {run.returncode}: {said}")
            look("several at once", place, old, new)
            heal("several at once", place, new)
            place.done()


def disk(base, old_folder, old, new):
    """A disk that is full, or must not be written."""
    probe = base / "probe"
    probe.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(probe)], capture_output=True).returncode != 0:
        print("  a full disk is not tried: nothing can be mounted here")
        return
    subprocess.run(["umount", str(probe)], check=True)
    for kilobytes in range(0, 140, 8):
        place = Place(base, old_folder, base / "after")
        held = place.folder / "held"
        place.out.rename(held)
        place.out.mkdir()
        used = sum(-(-len(data) // 4096) * 4 for data in old.values())
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={used + kilobytes}k,mode=755", "tmpfs", str(place.out)], check=True)
        try:
            shutil.copytree(held, place.out, dirs_exist_ok=True)
            run = place.run()
            tried["full disk"] += 1
            what = f"a disk with {kilobytes} KiB left"
            if run.returncode == 2:
                if published(place) != old:
                    fault(what, "what was published is not as it was")
                if "No space left on device" not in run.stderr or "make room; nothing was replaced" not in run.stderr:
                    fault(what, f"it says {run.stderr!r}")
                if (place.out / STAGE).exists():
                    fault(what, "temporary files are left")
            elif run.returncode != 0:
                fault(what, f"it ends with {run.returncode}: {run.stderr}")
            subprocess.run(["mount", "-o", "remount,size=4m", str(place.out)], check=True)
            if run.returncode == 2 and kilobytes % 16 == 0:
                subprocess.run(["mount", "-o", "remount,ro", str(place.out)], check=True)
                run = place.run()
                tried["read-only disk"] += 1
                if run.returncode != 2 or "Read-only file system" not in run.stderr or published(place) != old:
                    fault("a read-only disk", f"it ends with {run.returncode} and says {run.stderr!r}")
                subprocess.run(["mount", "-o", "remount,rw", str(place.out)], check=True)
            heal(what, place, new)
        finally:
            subprocess.run(["umount", str(place.out)], check=True)
        place.done()
    if not tried["read-only disk"]:
        fault("a full disk", "no disk was too small")


main()
