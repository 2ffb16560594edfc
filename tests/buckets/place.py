"""A folder, a bucket and a proxy of its own for each case, and the only place that runs the program."""

import contextlib
import hashlib
import itertools
import json
import re
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from proxy import Proxy

NOW = "2020-11-23T00:00:00Z"
MANIFEST = "feedmill.json"
CACHE = "public, max-age=1800, stale-while-revalidate=3600, stale-if-error=86400"


class Wrong(Exception):
    """What is not as it should be."""


def check(what, found, wanted):
    if found != wanted:
        raise Wrong(f"{what}:\n    found  {found!r}\n    wanted {wanted!r}")


def must(what, holds, besides=""):
    if not holds:
        raise Wrong(f"{what} {besides}")


@dataclass
class Run:
    """What a run of the program came to."""

    status: int
    out: str
    err: str
    took: float
    asked: list = field(default_factory=list)

    def is_silent(self, status=0):
        return self.says("", status)

    def says(self, err, status=2, out=""):
        check("standard error", self.err, err)
        check("status", self.status, status)
        check("standard output", self.out, out)
        return self

    def puts(self, manifest=False):
        """Names that were put, and got there, in the order of the answers."""
        done = [request for request in self.asked if request.method == "PUT" and request.status in (200, 201)]
        return [request.path for request in sorted(done, key=lambda one: one.ended) if manifest or not request.path.endswith(MANIFEST)]


class Place:
    numbers = itertools.count(1)
    program = ""
    folder = Path()
    # What every run was given and what came of it, for a look at secrets when all is done.
    told = []
    signatures = set()

    def __init__(self, store, prefix="feeds/", settings="", articles=None, bucket=None):
        self.number = next(self.numbers)
        self.store, self.prefix = store, prefix
        self.bucket = bucket or f"bucket-{self.number}"
        self.root = Place.folder / f"{self.number}"
        self.home, self.news, self.out = self.root / "home", self.root / "news", self.root / "out"
        for folder in (self.home, self.news):
            folder.mkdir(parents=True)
        if not bucket:
            store.make(self.bucket)
        self.proxy = Proxy(store.port)
        self.more = {}
        self.settings(settings)
        for title, topic in articles or [("One", "Chips"), ("Two", "Chips"), ("Three", "Software"), ("Four", "Robots")]:
            self.article(title, topic)

    def close(self):
        self.proxy.close()
        Place.told += [report.read_text() for report in self.news.glob("report*.json")]
        shutil.rmtree(self.root, ignore_errors=True)

    @property
    def destination(self):
        return f"{self.store.scheme}://{self.bucket}/{self.prefix}"

    def settings(self, more=""):
        text = f"id: buckets\nbase_url: https://feeds.example.org/\nout: ../out\ndestination: {self.destination}\n{more}\n"
        (self.news / "feedmill.yaml").write_text(text)

    def article(self, title, topic, date="2020-11-13"):
        slug = title.lower().replace(" ", "-")
        lines = f"title: {title}\ndate: {date}\nlink: https://example.org/{slug}\ntopics: [{topic}]"
        (self.news / f"{slug}.md").write_text(f"---\n{lines}\n---\n\nWhat {title} says.\n")

    def environment(self, port=None):
        known = {"PATH": "/usr/bin:/bin", "HOME": str(self.home), "FEEDMILL_NOW": NOW, "AWS_EC2_METADATA_DISABLED": "true"}
        both = {**known, **self.store.environment(port or self.proxy.port), **self.more}
        return {name: value for name, value in both.items() if value is not None}

    def start(self, *arguments, port=None, **more):
        process = subprocess.Popen([self.program, *arguments], cwd=self.news, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env=self.environment(port), **more)
        process.begun = time.monotonic()
        return process

    def end(self, process, limit=60):
        try:
            out, err = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Wrong(f"{process.args} does not end in {limit} seconds") from None
        run = Run(process.returncode, out, err, time.monotonic() - process.begun, self.proxy.take())
        for request in run.asked:
            self.signatures.update(re.findall("(?:Signature=|SharedKey [^:]*:)([^ ,]{40,})", request.headers.get("Authorization", "")))
        Place.told += [run.out, run.err]
        must("the proxy works:", not self.proxy.broken, self.proxy.broken[-1:])
        return run

    def run(self, *arguments, limit=60, port=None):
        return self.end(self.start(*arguments, port=port), limit)

    def build(self, *arguments):
        self.run("build", "--no-cache", *arguments).is_silent()
        return self

    def publish(self, *arguments, **more):
        return self.run("publish", *arguments, **more)

    def files(self):
        """What is published: path and bytes, without the manifest and what is only for the host."""
        known = [file["path"] for file in self.manifest()["files"]]
        return {path: (self.out / path).read_bytes() for path in known}

    def manifest(self):
        return json.loads((self.out / MANIFEST).read_text())

    def objects(self):
        objects = self.store.objects(self.bucket)
        return {name.removeprefix(self.prefix): one for name, one in objects.items() if name.startswith(self.prefix)}

    def remote(self):
        return json.loads(self.objects()[MANIFEST].bytes)

    def is_published(self, left=(), besides=()):
        """The bucket is what the folder is, and says so."""
        objects = self.objects()
        remote = json.loads(objects[MANIFEST].bytes)
        record = remote.pop("delivery")
        check("the manifest", remote, self.manifest())
        check("what is known of the delivery", {key: value for key, value in record.items() if key != "labels"},
              {"left": list(left)} if left else {})
        files = self.files()
        check("the objects", sorted(objects), sorted([*files, MANIFEST, *left, *besides]))
        for path, there in files.items():
            check(f"the bytes of {path}", objects[path].bytes, there)
            check(f"the checksum of {path}", objects[path].checksum, hashlib.sha256(there).hexdigest())
        return objects

    def is_honest(self):
        """What the manifest of the bucket says and does not doubt, is so."""
        objects = self.objects()
        if MANIFEST not in objects:
            return check("objects without a manifest", sorted(objects), [])
        remote = json.loads(objects[MANIFEST].bytes)
        pending = remote["delivery"].get("pending", [])
        for file in remote["files"]:
            if file["path"] not in pending:
                must(f"{file['path']} is there", file["path"] in objects)
                check(f"the checksum of {file['path']}", hashlib.sha256(objects[file["path"]].bytes).hexdigest(), file["sha256"])
        known = {file["path"] for file in remote["files"]} | set(pending) | set(remote["delivery"].get("left", [])) | {MANIFEST}
        must("nothing lies there unknown:", set(objects) <= known, sorted(set(objects) - known))
        return remote["delivery"]

    def completes(self, *arguments):
        """The next run makes it right, and the one after has nothing to do."""
        self.proxy.clear()
        self.publish(*arguments).is_silent()
        self.is_published()
        self.is_idle(*arguments)

    def is_idle(self, *arguments):
        run = self.publish(*arguments).is_silent()
        check("requests where nothing is new", [(one.method, one.path.rpartition("/")[2]) for one in run.asked], [("GET", MANIFEST)])


@contextlib.contextmanager
def place(store, **more):
    made = Place(store, **more)
    try:
        yield made
    finally:
        made.close()


def address(place, path):
    return f"{place.destination}{path}"
