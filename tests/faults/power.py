"""The power fails: what was not synced is lost. On a real file system, of which only what it has written to its disk is left."""

import os
import shutil
import subprocess

from place import contents, mounted, published, put_down, stopped

# Without what would make renamed files whole by itself, which not every file system does. One without a journal promises nothing.
KINDS = {
    "ext4, data=writeback": (["mkfs.ext4", "-q", "-F"], "data=writeback,noauto_da_alloc,commit=300", "12M"),
    "ext4": (["mkfs.ext4", "-q", "-F"], "commit=300", "12M"),
    "xfs": (["mkfs.xfs", "-q", "-f"], "", "320M"),
    "btrfs": (["mkfs.btrfs", "-q", "-f", "--mixed"], "commit=300", "64M"),
}
CALLS = ("write", "fsync", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "fchmod")


def power(trial):
    for kind in KINDS:
        fails(trial, kind)


def fails(trial, kind):
    make, options, size = KINDS[kind]
    if shutil.which(make[0]) is None:
        print(f"  a power failure on {kind} is not tried: there is no {make[0]}")
        return
    disk = trial.base / "disk"
    with disk.open("wb") as file:
        file.truncate(size_of(size))
    subprocess.run([*make, str(disk)], check=True, capture_output=True)
    folder = trial.base / "on-disk"
    folder.mkdir(exist_ok=True)
    with mounted(folder, "-o", ",".join(filter(None, ["loop", options])), str(disk)) as can:
        if not can:
            print(f"  a power failure on {kind} is not tried: it cannot be mounted here")
            return
        shutil.copytree(trial.old_folder, folder / "out")
    calls = trial.calls()
    most = trial.most or 60
    for name in CALLS:
        # Nothing but what was synced is on the disk; or names are, and what was not synced of what they name is not.
        for number in trial.spread(calls.get(name, 0), most if trial.most == 0 else max(most // 2, 2)):
            for names in (False, True):
                one(trial, kind, disk, folder, options, name, number, names)


def size_of(text):
    return int(text[:-1]) << 20


def copy(one, other):
    """With its holes."""
    subprocess.run(["cp", "--sparse=always", str(one), str(other)], check=True)


def one(trial, kind, disk, folder, options, name, number, names):
    what = f"{kind}: no power at {name} {number}{', names are written' if names else ''}"
    place = trial.place(None)
    running, failed = place.folder / "running", place.folder / "failed"
    copy(disk, running)
    place.out.symlink_to(folder / "out")
    with mounted(folder, "-o", ",".join(filter(None, ["loop", options])), str(running)) as can:
        assert can, what
        process, _ = stopped(place, name, number)
        if process is None:
            # Another thread asked for it so often.
            return place.done()
        if names:
            # Somebody else syncs a file: a journal goes to the disk whole.
            with (folder / "other").open("wb") as other:
                other.write(b"other")
                other.flush()
                os.fsync(other.fileno())
        # What the file system has given to its disk by now is all that is left of it.
        copy(running, failed)
        put_down(process)
    with mounted(folder, "-o", ",".join(filter(None, ["loop", options])), str(failed)) as can:
        if not can:
            trial.fault(what, "the file system is not what it was")
            return place.done()
        trial.count(f"power on {kind}")
        for path, data in published(folder / "out").items():
            if data not in (trial.old.get(path), trial.new.get(path)):
                trial.fault(what, f"{path} is neither what it was nor what it was to be ({len(data)} bytes)")
        run = place.run()
        now = {path: data for path, data in contents(folder / "out").items() if "lost+found" not in path}
        if run.returncode != 0 or now != trial.new:
            other = sorted(path for path in now.keys() | trial.new.keys() if now.get(path) != trial.new.get(path))
            trial.fault(what, f"the next run ends with {run.returncode} and leaves {other}: {run.stderr}")
    place.done()
