"""Folders in which the program runs, and what must hold in them whatever happens."""

import collections
import concurrent.futures
import contextlib
import gzip
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from xml.etree import ElementTree

STAGE, LOCK, MANIFEST = ".feedmill-run", ".feedmill-lock", "feedmill.json"
SITE = "id: faults\nbase_url: https://feeds.example.org/\nout: ../out\nprecompress: [gzip]\nhost: nginx\nstale: remove\n"

# What a run asks of the file system, and what the file system may answer. Real ones answer nothing else to some of these.
READING = ["EIO", "EACCES"]
WRITING = ["ENOSPC", "EIO", "EACCES", "EROFS"]
ERRORS = {
    "openat": ["EMFILE", "EIO", "EACCES", "ENOSPC", "EINTR"],
    "read": ["EIO", "EINTR"],
    "pread64": ["EIO", "EINTR"],
    "statx": READING,
    "newfstatat": READING,
    "access": READING,
    "faccessat2": READING,
    "getdents64": ["EIO"],
    "lseek": ["EIO"],
    "readlink": READING,
    "getcwd": ["ENOENT"],
    "flock": ["EIO", "ENOLCK", "EAGAIN"],
    "fcntl": ["EIO"],
    "write": [*WRITING, "EINTR"],
    "fsync": [*WRITING, "EINTR"],
    "mkdir": [*WRITING, "EMFILE"],
    "ftruncate": WRITING,
    "clone3": ["EAGAIN"],
    **{name: WRITING for name in ("rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdirat", "rmdir", "fchmod")},
}
CHANGING = {name for name, errors in ERRORS.items() if "EROFS" in errors}


def article(title, date, topic, more=""):
    address = title.lower().replace(" ", "-")
    return f"---\ntitle: {title}\ndate: {date}\nlink: https://example.org/{address}\ntopics: [{topic}]\n{more}---\n"


def contents(folder):
    """Every file below a folder. What vanishes meanwhile is not there."""
    found = {}
    for path in sorted(folder.rglob("*")):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if path.is_file():
                found[str(path.relative_to(folder))] = path.read_bytes()
    return found


def published(folder):
    return {path: data for path, data in contents(folder).items() if not path.startswith((STAGE, LOCK))}


class Trial:
    """One program, the folders that it goes from and to, and what was found."""

    def __init__(self, program, most, base):
        self.program, self.most, self.base = program, most, base
        self.faults, self.tried = [], collections.Counter()
        self.lock = threading.Lock()
        self.before, self.after = base / "before", base / "after"
        self.articles()
        place = self.place(None, self.before)
        assert place.run().returncode == 0
        self.old_folder = base / "old"
        shutil.copytree(place.out, self.old_folder)
        self.old = contents(self.old_folder)
        place = self.place()
        run = place.run()
        assert run.returncode == 0, run.stderr
        self.new = contents(place.out)
        assert self.old != self.new and not any(path.startswith("gone/") for path in self.new)

    def articles(self):
        """The articles before, and the articles after: new ones, one withdrawn, a topic renamed, a topic gone."""
        for place in (self.before, self.after):
            place.mkdir()
            (place / "feedmill.yaml").write_text(SITE)
        for number in range(1, 7):
            text = article(f"Story {number}", f"2020-11-0{number}", "AI")
            (self.before / f"{number}.md").write_text(text)
            (self.after / f"{number}.md").write_text(text)
        (self.after / "new.md").write_text(article("Brand new", "2020-11-10", "AI, Fresh"))
        (self.after / "2.md").write_text(article("Story 2", "2020-11-02", "AI", "deleted: true\n"))
        (self.before / "gone.md").write_text(article("Leaving", "2020-11-05", "Gone"))
        (self.before / "chips.md").write_text(article("Chips one", "2020-11-06", "Chips"))
        (self.after / "chips.md").write_text(article("Chips one", "2020-11-06", "Silicon"))
        (self.after / "feedmill.yaml").write_text(SITE + "topics: {Silicon: {former: [chips]}}\n")

    def place(self, old="old", articles=None):
        return Place(self, self.old_folder if old == "old" else old, articles or self.after)

    def calls(self):
        """How often a run asks the system for what."""
        place = self.place()
        trace = place.folder / "trace"
        assert place.run("strace", "-f", "-o", str(trace)).returncode == 0
        calls = re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.M)
        place.done()
        return {name: calls.count(name) for name in sorted(set(calls))}

    def fault(self, name, what):
        with self.lock:
            self.faults.append(name)
            print(f"  FAULT {name}: {what}", flush=True)

    def count(self, what):
        with self.lock:
            self.tried[what] += 1

    def spread(self, count, most=None):
        """Which of so many calls: all, or the first, the last, and some between."""
        most = self.most if most is None else most
        if self.most == 0 or count <= most:
            return range(1, count + 1)
        return sorted({1 + round(step * (count - 1) / max(most - 1, 1)) for step in range(most)})

    def every(self, do, cases):
        """Several at a time."""
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            for _ in pool.map(lambda case: do(*case), cases):
                pass


class Place:
    """A folder of its own in which the program runs."""

    def __init__(self, trial, old, articles):
        self.trial = trial
        self.folder = Path(tempfile.mkdtemp(dir=trial.base))
        shutil.copytree(articles, self.folder / "in")
        if old is not None:
            shutil.copytree(old, self.folder / "out")
        self.out = self.folder / "out"
        self.env = {"FEEDMILL_NOW": "2020-11-23T00:00:00Z", "XDG_CACHE_HOME": str(self.folder / "cache"), "PATH": os.environ["PATH"]}

    def run(self, *before, arguments=("build", "in"), **more):
        command = [*before, self.trial.program, *arguments]
        environment = {**self.env, **more}
        process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   errors="replace", start_new_session=True)
        try:
            out, err = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            # With what strace has stopped.
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            self.trial.fault(" ".join(command), "it does not end")
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def start(self, *more, before=()):
        command = [*before, self.trial.program, "build", "in", "--no-cache", *more]
        return subprocess.Popen(command, cwd=self.folder, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                start_new_session=True)

    def done(self):
        shutil.rmtree(self.folder)

    def look(self, name):
        """Each file is old or new, whole."""
        for path, data in published(self.out).items():
            if data not in (self.trial.old.get(path), self.trial.new.get(path)):
                self.trial.fault(name, f"{path} is neither what it was nor what it was to be")

    def is_whole(self, name):
        """Where something could not be read, there may be less in a feed; but it is a feed, and the manifest knows it."""
        if (self.out / STAGE / "plan.json").exists():
            # It was decided, and the next run goes on.
            return self.look(name)
        files = published(self.out)
        try:
            listed = {file["path"]: file["sha256"] for file in json.loads(files[MANIFEST])["files"]}
        except (KeyError, ValueError) as error:
            return self.trial.fault(name, f"the manifest is not whole: {error!r}")
        for path, digest in listed.items():
            if path not in files or hashlib.sha256(files[path]).hexdigest() != digest:
                self.trial.fault(name, f"{path} is not what the manifest says")
        for path, data in files.items():
            try:
                if path.endswith(".gz"):
                    assert gzip.decompress(data) == files[path.removesuffix(".gz")], "compressed is something else"
                elif path.endswith((".xml", ".opml")):
                    ElementTree.fromstring(data)
                elif path.endswith(".json"):
                    json.loads(data)
            except Exception as error:
                self.trial.fault(name, f"{path} is not whole: {error!r}")

    def heal(self, name):
        """The next run completes."""
        run = self.run()
        if run.returncode != 0:
            self.trial.fault(name, f"the next run ends with {run.returncode}: {run.stderr}")
        now = contents(self.out)
        if now != self.trial.new:
            other = sorted(path for path in now.keys() | self.trial.new.keys() if now.get(path) != self.trial.new.get(path))
            self.trial.fault(name, f"the next run leaves other files: {other}")


def stopped(place, name, number):
    """A run that stands still when it asks for this; none, if it never does."""
    process = place.start(before=("strace", "-f", "-o", str(place.folder / "trace"), "-e", f"trace={name}", "-e", f"inject={name}:signal=STOP:when={number}"))
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        trace = place.folder / "trace"
        stop = re.search(r"^(\d+) +--- stopped by SIGSTOP", trace.read_text() if trace.exists() else "", re.M)
        if stop:
            # Threads have numbers of their own; what goes on is the process.
            return process, int(stop.group(1))
        time.sleep(0.01)
    put_down(process)
    return None, 0


def put_down(process):
    """With what it stands still with."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@contextlib.contextmanager
def mounted(folder, *options):
    """A file system in a folder; nothing, where none can be mounted."""
    made = subprocess.run(["mount", *options, str(folder)], capture_output=True, text=True)
    if made.returncode != 0:
        yield False
        return
    try:
        yield True
    finally:
        for _ in range(50):
            if subprocess.run(["umount", str(folder)], capture_output=True).returncode == 0:
                break
            time.sleep(0.1)
        else:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
