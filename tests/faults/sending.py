"""`publish` under the same faults: what lies at the destination is old or new, whole, or named as not to be trusted."""

import hashlib
import importlib.util
import json
import re
import shutil
from pathlib import Path

from place import ERRORS, MANIFEST, contents

SERVER = Path(__file__).parent.parent / "buckets" / "gcs.py"

DESTINATION = "gs://faults/feeds/"


class Sent:
    """A place from which something was sent before, and where something is to be sent now."""

    def __init__(self, trial, server, kept):
        self.trial, self.server = trial, server
        self.place = trial.place(None)
        self.bucket = self.place.folder.name
        shutil.copytree(kept[0], self.place.folder / "out")
        server.buckets[self.bucket] = dict(kept[1])
        self.place.env |= {"GOOGLE_BASE_URL": f"http://127.0.0.1:{server.port}", "GOOGLE_BEARER_TOKEN": "of-the-tests",
                           "HOME": str(self.place.folder), "AWS_EC2_METADATA_DISABLED": "true"}

    def publish(self, *before):
        arguments = ("publish", f"gs://{self.bucket}/feeds/", "--site", "in/feedmill.yaml", "--delete-stale")
        return self.place.run(*before, arguments=arguments, GOOGLE_TIMEOUT="3 seconds")

    def objects(self):
        return {name.removeprefix("feeds/"): body for name, (_, _, body) in dict(self.server.buckets[self.bucket]).items()}

    def look(self, what):
        """Objects are old or new, whole; what the manifest says without a doubt is so."""
        objects, files = self.objects(), contents(self.place.out)
        old = self.trial.old
        for path, body in objects.items():
            if path != MANIFEST and body not in (old.get(path), files.get(path)):
                self.trial.fault(what, f"the object {path} is neither what it was nor what it was to be")
        if MANIFEST not in objects:
            if objects:
                self.trial.fault(what, "there are objects without a manifest")
            return
        remote = json.loads(objects[MANIFEST])
        doubted = remote["delivery"].get("pending", [])
        for file in remote["files"]:
            body = objects.get(file["path"])
            if file["path"] not in doubted and (body is None or hashlib.sha256(body).hexdigest() != file["sha256"]):
                self.trial.fault(what, f"the object {file['path']} is not what the manifest says")

    def heal(self, what, new):
        run = self.publish()
        if run.returncode != 0:
            self.trial.fault(what, f"the next publish ends with {run.returncode}: {run.stderr}")
        now = {path: body for path, body in self.objects().items() if path != MANIFEST}
        if now != new:
            other = sorted(path for path in now.keys() | new.keys() if now.get(path) != new.get(path))
            self.trial.fault(what, f"the next publish leaves {other}")

    def done(self):
        del self.server.buckets[self.bucket]
        self.place.done()


def sending(trial):
    known = importlib.util.spec_from_file_location("gcs", SERVER)
    gcs = importlib.util.module_from_spec(known)
    known.loader.exec_module(gcs)
    server = gcs.Server()
    try:
        sent(trial, server)
    finally:
        server.close()


def sent(trial, server):
    # What was sent before, and what lies here now.
    first = Sent(trial, server, (trial.old_folder, {}))
    run = first.publish()
    assert run.returncode == 0, run.stderr
    before = dict(server.buckets[first.bucket])
    first.done()
    here = trial.base / "built"
    place = trial.place()
    assert place.run().returncode == 0
    shutil.copytree(place.out, here)
    place.done()
    second = Sent(trial, server, (here, before))
    trace = second.place.folder / "trace"
    run = second.publish("strace", "-f", "-o", str(trace))
    assert run.returncode == 0, run.stderr
    new = {path: body for path, body in second.objects().items() if path != MANIFEST}
    assert new != {path: body for path, body in trial.old.items() if path != MANIFEST}
    local = contents(second.place.out)
    calls = re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.M)
    calls = {name: calls.count(name) for name in sorted(set(calls))}
    second.done()

    def one(name, number, error):
        there = Sent(trial, server, (here, before))
        inject = f"inject={name}:signal=KILL:when={number}" if error is None else f"inject={name}:error={error}:when={number}"
        trace = there.place.folder / "trace"
        run = there.publish("strace", "-f", "-o", str(trace), "-e", f"trace={name}", "-e", inject)
        what = f"publish: {error or 'killed'} at {name} {number}"
        trial.count(f"publish {error or 'killed'}")
        text = trace.read_text() if trace.exists() else ""
        failed = re.search(r"^\d+ +(.*\(INJECTED\).*)$", text, re.M)
        what += f": {failed.group(1)}" if failed else ""
        loader = "while loading shared libraries" in run.stderr
        if error and not loader:
            if run.returncode not in (0, 3 if (name, error) == ("flock", "EAGAIN") else 2, 2):
                trial.fault(what, f"it ends with {run.returncode}: {run.stderr}")
            if run.returncode == 2 and not run.stderr.startswith("feedmill: ") and not re.search(r"write\(2, .*INJECTED", text):
                trial.fault(what, f"it does not say why: {run.stderr!r}")
            objects = {path: body for path, body in there.objects().items() if path != MANIFEST}
            if run.returncode == 0 and objects != new:
                trial.fault(what, f"it says that all is well, and it is not: {run.stderr!r}")
        there.look(what)
        if contents(there.place.out) != local:
            changed = sorted(path for path, data in contents(there.place.out).items() if local.get(path) != data)
            if any(not path.startswith(".feedmill") for path in changed):
                trial.fault(what, f"what lies here is changed: {changed}")
        there.heal(what, new)
        there.done()

    network = {"socket": ["EMFILE", "EACCES"], "connect": ["ECONNREFUSED", "ENETUNREACH", "EINTR"], "sendto": ["EPIPE", "ECONNRESET"],
               "recvfrom": ["ECONNRESET", "EIO"], "writev": ["EPIPE"], "poll": ["EINTR"], "epoll_wait": ["EINTR"], "getrandom": ["EINTR"]}
    files = {name: ERRORS[name] for name in ("openat", "read", "pread64", "statx", "newfstatat", "getdents64", "write", "fsync", "clone3", "flock", "mkdir", "rename", "unlink") if name in ERRORS}
    cases = [(name, number, None) for name, count in calls.items() if name not in ("execve", "exit", "exit_group", "arch_prctl", "set_tid_address")
             for number in trial.spread(count, trial.most and max(trial.most // 3, 1))]
    cases += [(name, number, error) for name, errors in {**files, **network}.items() if name in calls for error in errors if error != "ENOENT"
              for number in trial.spread(calls[name], trial.most and max(trial.most // 3, 1))]
    trial.every(one, cases)
