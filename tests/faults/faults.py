"""What is published after a fault: each file old or new and whole, and all of it new after the next run."""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import changing
import folding
import power
import sending
from place import CHANGING, ERRORS, STAGE, Trial, mounted, published


def main():
    program, most = sys.argv[1], int(sys.argv[2])
    parts = {part.__name__: part for part in (killed, failing, settled, exhausted, short, together, disk, changing.changing, folding.folding, power.power, sending.sending)}
    wanted = sys.argv[3:] or list(parts)
    base = Path(tempfile.mkdtemp(prefix="feedmill-faults-"))
    try:
        trial = Trial(program, most, base)
        for name in wanted:
            parts[name](trial)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    tried = ", ".join(f"{count} {what}" for what, count in sorted(trial.tried.items()))
    print(f"{sum(trial.tried.values())} runs with faults ({tried}): {len(trial.faults)} wrong")
    sys.exit(1 if trial.faults else 0)


def killed(trial):
    """Killed at whatever it asks of the system."""
    def one(name, number):
        place = trial.place()
        place.run("strace", "-f", "-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={name}:signal=KILL:when={number}")
        what = f"killed at {name} {number}"
        trial.count("killed")
        place.look(what)
        place.heal(what)
        place.done()

    cases = []
    for name, count in trial.calls().items():
        if name in ("execve", "exit", "exit_group", "arch_prctl", "set_tid_address"):
            continue
        # Where nothing changes on the disk, fewer will do.
        some = trial.spread(count) if name in CHANGING else trial.spread(count, max(trial.most // 4, 1))
        cases += [(name, number) for number in some]
    trial.every(one, cases)


def failing(trial):
    """Each call of the file system fails in its turn."""
    def one(name, error, number):
        place = trial.place()
        trace = place.folder / "trace"
        inject = f"inject={name}:error={error}:when={number}"
        run = place.run("strace", "-f", "-o", str(trace), "-e", f"trace={name}", "-e", inject)
        what = f"{error} from {name} {number}"
        if not trace.exists() or "while loading shared libraries" in run.stderr:
            # Before the program was there, and as for the rest, strace says why.
            if not trace.exists():
                trial.fault(what, f"it was not tried: {run.stderr}")
            return place.done()
        trace = trace.read_text()
        failed = re.search(r"^\d+ +(.*\(INJECTED\).*)$", trace, re.M)
        what = f"{what}: {failed.group(1) if failed else 'which was not asked for'}"
        # The number counts for each thread: that which tells of the fault of another may have one too.
        mute = re.search(r"write\(2, .*INJECTED", trace)
        if not failed:
            # Another thread asked for it so often.
            return place.done()
        trial.count(error)
        now = published(place.out)
        # A lock that is held is another run's.
        if run.returncode not in (0, 3 if (name, error) == ("flock", "EAGAIN") else 2, 2):
            trial.fault(what, f"it ends with {run.returncode}: {run.stderr}")
        if run.returncode == 2 and not re.search(r"error: |^feedmill: ", run.stderr) and not mute:
            trial.fault(what, f"it does not say why: {run.stderr!r}")
        if now != trial.new and run.returncode == 0 and name != "flock" and "error: " not in run.stderr:
            trial.fault(what, f"it says that all is well, and it is not: {run.stderr!r}")
        if name in CHANGING:
            place.look(what)
        else:
            place.is_whole(what)
        if error == "EINTR" and now != trial.new:
            trial.fault(what, f"it was to be asked again: {run.stderr!r}")
        place.heal(what)
        place.done()

    calls = trial.calls()
    trial.every(one, [(name, error, number) for name, errors in ERRORS.items() if name in calls for error in errors
                      for number in trial.spread(calls[name])])


def settled(trial):
    """What could not be read once is read again, though nothing has changed: no state says otherwise."""
    def one(error, name):
        place = trial.place()
        assert place.run().returncode == 0
        article = place.folder / "in" / "1.md"
        article.write_text(article.read_text().replace("title: Story 1", "title: Story one"))
        # What has just changed is not trusted, and would be read again anyway.
        time.sleep(3)
        trace = place.folder / "trace"
        place.run("strace", "-f", "-o", str(trace), "-P", f"in/{name}", "-e", "trace=openat", "-e", f"inject=openat:error={error}:when=1")
        what = f"{error} of {name}, which does not change"
        if not re.search(f'"in/{name}".*INJECTED', trace.read_text()):
            return trial.fault(what, "it was not tried")
        trial.count(f"{error} of settled files")
        time.sleep(3)
        place.run()
        before = published(place.out)
        place.run(arguments=("build", "in", "--no-cache"))
        if published(place.out) != before:
            trial.fault(what, "the next run did not read it again")
        place.done()

    trial.every(one, [(error, name) for error in ("EIO", "ENOENT") for name in ("new.md", "3.md", "chips.md")])


def exhausted(trial):
    """From some moment on no file can be opened any more."""
    def one(number):
        place = trial.place()
        run = place.run("strace", "-f", "-o", "/dev/null", "-e", "trace=openat", "-e", f"inject=openat:error=EMFILE:when={number}+")
        what = f"too many open files from {number}"
        trial.count("EMFILE for good")
        place.look(what)
        if published(place.out) == trial.old and run.returncode == 0:
            trial.fault(what, "nothing was published, and nothing is said")
        place.heal(what)
        place.done()

    trial.every(one, [(number,) for number in trial.spread(trial.calls()["openat"])])


def short(trial):
    """Reads and writes that do less than was asked for, and are interrupted: all is as ever."""
    library = trial.base / "short.so"
    source = Path(__file__).with_name("short.c")
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)

    def one(step, interrupted):
        place = trial.place()
        run = place.run(LD_PRELOAD=str(library), SHORT_STEP=str(step), SHORT_INTERRUPTED=str(interrupted), SHORT_PROOF=str(place.folder / "proof"))
        what = f"reads and writes of {step} bytes, each {interrupted}th interrupted"
        trial.count("short")
        if run.returncode != 0 or "error" in run.stderr or published(place.out) != trial.new:
            trial.fault(what, f"it ends with {run.returncode}: {run.stderr}")
        if not (place.folder / "proof").exists():
            trial.fault(what, "nothing was cut short")
        place.heal(what)
        place.done()

    trial.every(one, [(step, interrupted) for step in (1, 2, 7, 100, 4096) for interrupted in (2, 3, 17)])


def together(trial):
    """Several runs at once: one works, the others leave or wait."""
    for more, allowed in [((), {0, 3}), (("--wait",), {0})]:
        for _ in range(10):
            place = trial.place()
            runs = [place.start(*more) for _ in range(5)]
            for run in runs:
                _, said = run.communicate(timeout=60)
                trial.count("at once")
                if run.returncode not in allowed or (run.returncode == 3 and said.count("\n") != 1):
                    trial.fault("several at once", f"one ends with {run.returncode}: {said}")
            place.look("several at once")
            place.heal("several at once")
            place.done()


def disk(trial):
    """A disk that is full, or must not be written."""
    old = trial.old
    for kilobytes in range(0, 140, 8):
        place = trial.place()
        held = place.folder / "held"
        place.out.rename(held)
        place.out.mkdir()
        used = sum(-(-len(data) // 4096) * 4 for data in old.values())
        with mounted(place.out, "-t", "tmpfs", "-o", f"size={used + kilobytes}k,mode=755", "tmpfs") as can:
            if not can:
                print("  a full disk is not tried: nothing can be mounted here")
                return
            shutil.copytree(held, place.out, dirs_exist_ok=True)
            run = place.run()
            trial.count("full disk")
            what = f"a disk with {kilobytes} KiB left"
            if run.returncode == 2:
                if published(place.out) != old:
                    trial.fault(what, "what was published is not as it was")
                if "No space left on device" not in run.stderr or "make room; nothing was replaced" not in run.stderr:
                    trial.fault(what, f"it says {run.stderr!r}")
                if (place.out / STAGE).exists():
                    trial.fault(what, "temporary files are left")
            elif run.returncode != 0:
                trial.fault(what, f"it ends with {run.returncode}: {run.stderr}")
            subprocess.run(["mount", "-o", "remount,size=4m", str(place.out)], check=True)
            if run.returncode == 2 and kilobytes % 16 == 0:
                subprocess.run(["mount", "-o", "remount,ro", str(place.out)], check=True)
                run = place.run()
                trial.count("read-only disk")
                if run.returncode != 2 or "Read-only file system" not in run.stderr or published(place.out) != old:
                    trial.fault("a read-only disk", f"it ends with {run.returncode} and says {run.stderr!r}")
                subprocess.run(["mount", "-o", "remount,rw", str(place.out)], check=True)
            place.heal(what)
        place.done()
    if not trial.tried["read-only disk"]:
        trial.fault("a full disk", "no disk was too small")


if __name__ == "__main__":
    main()
