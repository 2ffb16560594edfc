"""Two publishers of two folders to one place, at once."""

import json
import random
import shutil
from contextlib import ExitStack

from cases import case
from delivery import ALL
from place import MANIFEST, Wrong, check, must, place
from proxy import error, late

OVERTAKEN = ("feedmill: {}: another run is publishing here, and has the last word\n"
             "  help: let one publish at a time; the next run completes what is missing\n")


class Pair:
    """Two places that have one bucket, and other articles each."""

    def __init__(self, store, stack):
        self.one = stack.enter_context(place(store))
        self.other = stack.enter_context(place(store, bucket=self.one.bucket, articles=[
            ("One", "Chips"), ("Uno", "Chips"), ("Due", "Software"), ("Tre", "Trains")]))
        # A store does one thing after the other, whoever asks.
        self.other.proxy.turn = self.one.proxy.turn
        self.one.build()
        self.other.build()

    def again(self):
        """Something new in both."""
        for there in (self.one, self.other):
            there.proxy.clear()
            there.article(f"Story {next(there.numbers)}", "Software", "2020-11-15")
            there.build()

    def story(self, runs):
        """Who asked what in which order, for whoever has to find out."""
        asked = [(one.begun, one.ended, name, one) for name, (_, run) in zip(("one", "other"), runs) for one in run.asked]
        start = min(at for at, *_ in asked)
        lines = []
        for begun, ended, name, one in sorted(asked, key=lambda line: line[:2]):
            record = json.loads(one.body).get("delivery") if one.path.endswith(MANIFEST) and one.body else ""
            lines.append(f"    {begun - start:.3f} {ended - start:.3f} {name} {one} {one.headers['If-Match'] or ''} {record}")
        return "\n".join(lines)

    def is_settled(self, runs):
        """What two runs may leave: one of them wholly, or a note of what may be anything."""
        for there, run in runs:
            if run.status == 0:
                check("it is silent", run.err, "")
            else:
                run.says(OVERTAKEN.format(there.destination), 3)
        try:
            record = self.one.is_honest()
        except Wrong as wrong:
            raise Wrong(f"{wrong}\n{self.story(runs)}") from None
        if "pending" in record:
            must("who leaves something to be done says so", any(run.status == 3 for _, run in runs), record)
        else:
            must("nobody is at work any more", "run" not in record, record)
            remote = self.one.remote()
            remote.pop("delivery")
            whose = [there for there, _ in runs if there.manifest() == remote]
            must("it is wholly one of them", len(whose) == 1)
            objects = self.one.objects()
            for path, there in whose[0].files().items():
                check(f"the bytes of {path}", objects[path].bytes, there)
        for there in (self.one, self.other):
            there.proxy.clear()
            there.publish("--delete-stale").is_silent()
            there.is_published()
            there.is_idle("--delete-stale")


@case(*ALL)
def one_runs_while_another_waits(store):
    with ExitStack() as stack:
        pair = Pair(store, stack)
        moments = {
            "before it looks": {"method": "GET", "path": MANIFEST},
            "before the note": {"method": "PUT", "path": MANIFEST},
            "at a feed": {"method": "PUT", "path": "software/rss.xml"},
            "at a page": {"method": "PUT", "path": "index.html"},
            "before the result": {"method": "PUT", "path": MANIFEST, "skip": 1},
        }
        for moment, which in moments.items():
            runs = []

            def meanwhile(exchange):
                if not runs:
                    runs.append((pair.other, pair.other.publish()))
                return exchange.forward()

            pair.one.proxy.rule(meanwhile, **which, times=1)
            run = pair.one.publish()
            must(f"{moment}: the other one ran", runs)
            check(f"{moment}: the other one", (runs[0][1].status, runs[0][1].err), (0, ""))
            # The first one has the last word: it comes to its end later.
            check(f"{moment}: the first one", (run.status, run.err), (0, ""))
            pair.is_settled([(pair.one, run), *runs])
            pair.again()


@case(*ALL)
def both_begin_and_one_is_first(store):
    with ExitStack() as stack:
        pair = Pair(store, stack)
        for which in {"path": "software/rss.xml"}, {"path": "index.html"}, {"path": MANIFEST, "skip": 1}:
            # The first one waits there until the other one has begun as well, and is held up itself.
            processes = []

            def both(exchange):
                if not processes:
                    pair.other.proxy.rule(late(0.7), method="PUT", path="chips/rss.xml", times=1)
                    processes.append(pair.other.start("publish"))
                    while not any(request.method == "PUT" and "rss.xml" in request.path for request in list(pair.other.proxy.log)):
                        if processes[0].poll() is not None:
                            break
                return exchange.forward()

            pair.one.proxy.rule(both, method="PUT", **which, times=1)
            run = pair.one.publish()
            pair.is_settled([(pair.one, run), (pair.other, pair.other.end(processes[0]))])
            pair.again()


@case(*ALL)
def however_their_requests_fall(store):
    with ExitStack() as stack:
        pair = Pair(store, stack)
        for seed in range(8 if store.scheme == "s3" else 4):
            chance = random.Random(seed)
            for there in (pair.one, pair.other):
                there.proxy.rule(lambda exchange, chance=chance: late(chance.choice([0, 0, 0.05, 0.2]))(exchange))
            processes = [(there, there.start("publish")) for there in (pair.one, pair.other)]
            pair.is_settled([(there, there.end(process)) for there, process in processes])
            pair.again()


@case()
def the_same_folder_from_two_machines(store):
    with ExitStack() as stack:
        one = stack.enter_context(place(store))
        other = stack.enter_context(place(store, bucket=one.bucket))
        other.proxy.turn = one.proxy.turn
        one.build()
        for seed in range(4):
            shutil.rmtree(other.out, ignore_errors=True)
            shutil.copytree(one.out, other.out)
            chance = random.Random(seed)
            for there in (one, other):
                there.proxy.rule(lambda exchange, chance=chance: late(chance.choice([0, 0, 0.1]))(exchange))
            processes = [(there, there.start("publish")) for there in (one, other)]
            for there, process in processes:
                run = there.end(process)
                must("it is silent, or leaves", (run.status, run.err) in [(0, ""), (3, OVERTAKEN.format(there.destination))], run.err)
            one.is_honest()
            one.completes()
            one.article(f"Story {seed}", "Software", "2020-11-15")
            one.build()


@case(*ALL)
def who_fails_owns_up_to_what_it_did(store):
    """The first one is overtaken, goes on sending, and fails: what it has sent lies over what the other one has."""
    with ExitStack() as stack:
        pair = Pair(store, stack)
        runs = []

        def meanwhile(exchange):
            runs.append(pair.other.publish())
            return exchange.forward()

        pair.one.proxy.rule(meanwhile, method="PUT", path="chips/rss.xml", times=1)
        pair.one.proxy.rule(error(403, "AccessDenied"), method="PUT", path="/index.html")
        run = pair.one.publish()
        check("the other one", (runs[0].status, runs[0].err), (0, ""))
        check("status", run.status, 2)
        record = pair.one.is_honest()
        must("it is known", "chips/rss.xml" in record["pending"], json.dumps(record))
        pair.other.completes("--delete-stale")
