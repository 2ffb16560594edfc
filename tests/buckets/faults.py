"""What a store and the way to it can do: refuse, fail, be slow, break off; and a run that is killed."""

import os
import pty
import re
import select
import subprocess
import threading
import time
from email.utils import formatdate

from cases import case
from delivery import ALL, is_in_order
from place import MANIFEST, Wrong, address, check, must, place
from proxy import answer, error, late, reset, reset_in_answer, reset_in_body, reset_unheard, silent, slow

COMPLETES = "  help: the next run completes what is missing\n"
DENIED = "  help: the keys must be allowed to get and put objects, to delete them for --delete-stale, and to list the bucket: without that, S3 denies what is not there yet\n"
NOTE = {"method": "PUT", "path": MANIFEST, "times": 1}
RESULT = {"method": "PUT", "path": MANIFEST, "skip": 1, "times": 1}
FEED = {"method": "PUT", "path": "software/rss.xml"}
PAGE = {"method": "PUT", "path": "software/index.html"}
BREAKS = [reset, reset_in_body, reset_unheard, reset_in_answer]


def some(store, acts):
    """All of it for S3; for the others, which differ in nothing but their client, the one that is hardest to bear."""
    return acts if store.scheme == "s3" else [act for act in acts if act is reset_unheard] or acts[:1]


def changed(there):
    """Something to send to where something lies."""
    there.build().publish().is_silent()
    there.article("Five", "Software", "2020-11-14")
    there.build()


@case()
def what_a_refusal_means(store):
    said = {
        (403, "AccessDenied"): ("access is denied", DENIED),
        (403, "InvalidAccessKeyId"): ("the keys are not good", "  help: they may be mistyped, or have expired\n"),
        (403, "SignatureDoesNotMatch"): ("the keys are not good", "  help: they may be mistyped, or have expired\n"),
        (400, "ExpiredToken"): ("the keys are not good", "  help: they may be mistyped, or have expired\n"),
        (403, "RequestTimeTooSkewed"): ("the clock of this machine is wrong", "  help: set the clock, or let NTP do it\n"),
        (400, "AuthorizationHeaderMalformed"): ("the bucket is in another region", "  help: set AWS_REGION to the bucket's region\n"),
        (400, "InvalidRequest"): ("the store does not take this", ""),
        (404, "NoSuchBucket"): ("there is no bucket of this name", "  help: make it, or write another destination\n"),
    }
    with place(store) as there:
        there.build()
        for (status, code), (message, help) in said.items():
            there.proxy.clear()
            there.proxy.rule(error(status, code))
            run = there.publish().says(f"feedmill: {address(there, MANIFEST)}: {message} ({status} {code})\n{help}")
            check("it is asked once", len(run.asked), 1)
        elsewhere = "the bucket is somewhere else"
        for act, told in (answer(301), ""), (answer(307, Location="http://127.0.0.1:1/"), " (307)"):
            there.proxy.clear()
            there.proxy.rule(act)
            there.publish().says(f"feedmill: {address(there, MANIFEST)}: {elsewhere}{told}\n"
                                 "  help: set AWS_REGION to the bucket's region, or AWS_ENDPOINT_URL\n")
        there.proxy.clear()
        # What stands before the internet in a hotel.
        there.proxy.rule(answer(200, "<html>Welcome!</html>", ETag='"x"', Last_Modified="Fri, 20 Nov 2020 00:00:00 GMT"))
        run = there.publish()
        must("it is no manifest", run.err.startswith(f"feedmill: {address(there, MANIFEST)}: this is not a manifest of feedmill: "), run.err)
        check("nothing is there", there.objects(), {})


@case(*ALL)
def one_object_is_refused(store):
    with place(store) as there:
        there.build()
        for which in FEED, PAGE:
            there.proxy.clear()
            there.proxy.rule(error(403, "AccessDenied"), **which)
            run = there.publish().says(f"feedmill: {address(there, which['path'])}: access is denied (403 AccessDenied)\n{DENIED}")
            sent = run.puts()
            must("pages go only when all feeds are there", which is PAGE or not any(path.endswith("html") for path in sent), sent)
            must("what could not be sent is not trusted", which["path"] in there.is_honest()["pending"])
        there.completes()


@case()
def a_condition_fails_for_no_reason(store):
    with place(store) as there:
        there.build()
        there.proxy.rule(error(412, "PreconditionFailed"), **NOTE)
        there.publish().is_silent()
        there.is_published()
        there.article("Five", "Software", "2020-11-14")
        there.build().proxy.clear()
        there.proxy.rule(error(412, "PreconditionFailed"), **RESULT)
        there.publish().is_silent()
        there.is_published()
        there.article("Six", "Software", "2020-11-15")
        there.build().proxy.clear()
        there.proxy.rule(error(409, "ConditionalRequestConflict"), times=2, conditional=True)
        there.publish().is_silent()
        there.is_published()
        there.article("Seven", "Software", "2020-11-16")
        there.build().proxy.clear()
        there.proxy.rule(error(412, "PreconditionFailed"), method="PUT", path=MANIFEST)
        there.publish().says(f"feedmill: {there.destination}: another run is publishing here, and has the last word\n"
                             "  help: let one publish at a time; the next run completes what is missing\n", 3)
        there.is_honest()
        there.completes()


@case()
def a_new_object_is_refused_and_not_there(store):
    with place(store) as there:
        there.build()
        there.proxy.rule(error(412, "PreconditionFailed"), **FEED)
        there.publish().says(f"feedmill: {address(there, FEED['path'])}: the store does not take this (412 PreconditionFailed)\n")
        there.proxy.clear()
        there.proxy.rule(error(412, "PreconditionFailed"), **PAGE, times=1)
        there.completes()


@case(*ALL)
def a_store_fails_for_a_while(store):
    with place(store) as there:
        there.build()
        there.proxy.rule(error(500, "InternalError"), method="GET", path=MANIFEST, times=2)
        there.proxy.rule(error(503, "SlowDown"), **{**NOTE, "times": 2})
        there.proxy.rule(error(500, "InternalError"), **FEED, times=2)
        there.proxy.rule(error(503, "SlowDown"), **PAGE, times=1)
        there.proxy.rule(error(429, "TooManyRequests"), **PAGE, skip=1, times=1)
        run = there.publish().is_silent()
        check("what failed was asked again", sum(request.status >= 429 for request in run.asked), 8)
        there.is_published()
        there.article("Five", "Software", "2020-11-14")
        there.build().proxy.clear()
        there.proxy.rule(error(503, "SlowDown"), **{**RESULT, "times": 2})
        there.publish().is_silent()
        there.is_published()


@case()
def a_store_asks_to_be_left_alone(store):
    articles = [(f"Story {number}", f"Topic {number}") for number in range(12)]
    for after in "2", None:
        with place(store, articles=articles) as there:
            there.build()
            date = int(time.time()) + 4
            there.proxy.rule(error(503, "SlowDown", Retry_After=after or formatdate(date, usegmt=True)),
                             method="PUT", path="topic-1/rss.xml", times=1)
            run = there.publish().is_silent()
            asked = next(request for request in run.asked if request.status == 503)
            until = float(after) if after else date - time.time() + time.monotonic() - asked.ended
            # What was on its way already cannot be called back.
            begun = sorted(round(request.begun - asked.ended, 2) for request in run.asked)
            early = [at for at in begun if 0.25 < at < until - 0.05]
            must("nothing is sent meanwhile", not early, f"{until}: {early}")
            must("the rest is sent then", sum(at >= until - 0.05 for at in begun) > 3, begun)
            there.is_published()


@case()
def a_store_fails_for_ever(store):
    with place(store) as there:
        there.build()
        there.more = {"AWS_MAX_ATTEMPTS": "3"}
        for status, code in (503, "SlowDown"), (500, "InternalError"):
            there.proxy.clear()
            there.proxy.rule(error(status, code))
            run = there.publish().says(f"feedmill: {address(there, MANIFEST)}: the store fails ({status} {code})\n{COMPLETES}")
            check("it is asked three times", len(run.asked), 3)
            must("it ends soon", run.took < 10, run.took)
        there.proxy.clear()
        there.proxy.rule(error(503, "SlowDown", Retry_After="1"))
        run = there.publish().says(f"feedmill: {address(there, MANIFEST)}: the store fails (503 SlowDown)\n{COMPLETES}")
        must("it waits twice, and not for nothing at the end", 2 <= run.took < 2.9, run.took)
        there.proxy.clear()
        there.proxy.rule(error(503, "SlowDown"), method="PUT", path="software/")
        run = there.publish()
        must("which one it is", re.fullmatch(
            rf"feedmill: {re.escape(there.destination)}software/\S+: the store fails \(503 SlowDown\)\n{COMPLETES}", run.err), run.err)
        check("status", run.status, 2)
        must("it ends soon", run.took < 10, run.took)
        there.is_honest()
        there.completes()


@case(*ALL)
def connections_break_off(store):
    with place(store) as there:
        changed(there)
        for which in {"method": "GET", "path": MANIFEST, "times": 1}, NOTE, {**FEED, "times": 1}, {**PAGE, "times": 1}, RESULT:
            for act in some(store, BREAKS):
                there.proxy.clear()
                rule = there.proxy.rule(act, **which)
                run = there.publish()
                must("it has broken off", rule.seen > 0)
                check(f"{which} {act.__name__}", (run.status, run.err), (0, ""))
                there.is_published()
                there.article(f"Story {next(there.numbers)}", "Software", "2020-11-15")
                there.build()


@case(*ALL)
def connections_break_off_for_new_objects(store):
    for act in some(store, BREAKS):
        with place(store) as there:
            there.build()
            there.proxy.rule(act, path="rss.xml|index.html", skip=1, times=3)
            there.publish().is_silent()
            there.is_published()
            there.is_idle()


@case()
def connections_break_off_for_ever(store):
    with place(store) as there:
        changed(there)
        there.more = {"AWS_MAX_ATTEMPTS": "3"}
        for which in {}, NOTE, FEED, RESULT:
            for act in reset, reset_unheard:
                there.proxy.clear()
                there.article(f"Story {next(there.numbers)}", "Software", "2020-11-15")
                there.build().proxy.rule(act, **{**which, "times": 1 << 30})
                run = there.publish()
                path = which.get("path", MANIFEST)
                # The last of several that the store has had all the same may be found to be there.
                if run.status or act is reset:
                    run.says(f"feedmill: {address(there, path)}: the store cannot be reached: the connection broke off\n{COMPLETES}")
                there.is_honest()
                must("it ends soon", run.took < 15, run.took)
        there.completes()


@case()
def nobody_is_there(store):
    with place(store) as there:
        there.build()
        there.more = {"AWS_MAX_ATTEMPTS": "2"}
        run = there.publish(port=1)
        run.says(f"feedmill: {address(there, MANIFEST)}: the store cannot be reached: nobody listens there\n{COMPLETES}")
        must("it ends soon", run.took < 5, run.took)


@case(*ALL)
def a_store_is_slow(store):
    with place(store) as there:
        there.build()
        name = {"s3": "AWS_TIMEOUT", "az": "AZURE_TIMEOUT", "gs": "GOOGLE_TIMEOUT"}[store.scheme]
        # Slow, and not too slow.
        there.proxy.rule(slow(0.8), method="PUT", path="rss.xml|" + MANIFEST)
        there.more = {name: "5 seconds"}
        run = there.publish().is_silent()
        must("it waits", run.took > 2.4, run.took)
        check("nothing is sent twice", len(run.asked), len(there.files()) + 3)
        there.is_published()
        # Too slow once, whether the store has it then or later; silent once.
        there.more = {name: "1 seconds"}
        for which in NOTE, {**FEED, "times": 1}, RESULT, {"method": "GET", "path": MANIFEST, "times": 1}:
            for act in some(store, [late(1.5), slow(1.5), silent]):
                there.article(f"Story {next(there.numbers)}", "Software", "2020-11-15")
                there.build().proxy.clear()
                there.proxy.rule(act, **which)
                run = there.publish()
                check(f"{which}", (run.status, run.err), (0, ""))
                must("it has waited", run.took > 0.9, run.took)
                # What the store has later is what it has already.
                time.sleep(0.8)
                there.is_published()


@case()
def a_store_says_nothing_any_more(store):
    with place(store) as there:
        changed(there)
        there.more = {"AWS_TIMEOUT": "1 seconds", "AWS_MAX_ATTEMPTS": "2"}
        for which in {}, FEED:
            there.proxy.clear()
            there.proxy.rule(silent, **which)
            run = there.publish()
            path = which.get("path", MANIFEST)
            run.says(f"feedmill: {address(there, path)}: the store cannot be reached: it does not answer in time\n{COMPLETES}")
            must("it ends soon", run.took < 8, run.took)
        there.completes()


def killed_at(there, request, heard):
    """A publish that is killed when its n-th request comes, or when the store has had that. False if it had no such request."""
    known = threading.Event()
    process = None

    def killing(exchange):
        if heard:
            exchange.forward()
        known.wait()
        process.kill()
        return reset(exchange)

    there.proxy.clear()
    there.proxy.rule(killing, skip=request, times=1)
    process = there.start("publish", "--delete-stale")
    known.set()
    return there.end(process).status == -9


@case(*ALL)
def a_run_is_killed(store):
    with place(store, settings="stale: remove") as there:
        there.build()
        # The manifest, the note, feeds, pages, the result; before the store has it, and after.
        for request in 0, 1, 2, 8, 16, 20:
            for heard in False, True:
                killed_at(there, request, heard)
                record = there.is_honest()
                if record and "run" in record:
                    must("a run that has begun says what is not to be trusted", record["pending"])
        there.completes("--delete-stale")
        # With something to delete besides, and more of it each time that nobody came to that.
        for request, heard in (1, True), (5, False), (14, True), (23, False), (33, True):
            (there.news / "four.md").unlink(missing_ok=True)
            for gone in there.news.glob("story-*.md"):
                gone.unlink()
            there.article(f"Story {next(there.numbers)}", f"Topic {request}", "2020-11-15")
            there.run("build", "--no-cache", "--force")
            killed_at(there, request, heard)
            there.is_honest()
        there.completes("--delete-stale")


@case()
def a_store_without_conditions(store):
    with place(store) as there:
        there.build()
        # A store that says so.
        there.proxy.rule(error(501, "NotImplemented"), conditional=True)
        there.more = {"AWS_MAX_ATTEMPTS": "1"}
        there.publish().says(f"feedmill: {address(there, MANIFEST)}: the store does not know conditional requests (501 NotImplemented)\n"
                             "  help: set AWS_CONDITIONAL_PUT=disabled, and let nobody else publish there\n")
        there.more = {"AWS_CONDITIONAL_PUT": "disabled"}
        store.put(there.bucket, f"{there.prefix}rss.xml", b"somebody else's")
        run = there.publish()
        run.says(f"feedmill: {address(there, 'rss.xml')}: there is an object that feedmill did not put there, and it is not replaced\n"
                 "  help: take it away, choose another destination, or let it be replaced with `--adopt`\n")
        check("the other's", there.objects()["rss.xml"].bytes, b"somebody else's")
        must("no condition is made", not any(request.is_conditional for request in run.asked))
        there.publish("--adopt").is_silent()
        there.is_published()
        there.article("Five", "Software", "2020-11-14")
        is_in_order(there.build().publish().is_silent())
        there.is_published()
        there.is_idle()


def on_a_terminal(there, *arguments):
    """What a terminal is sent, and the lines that are on it at the end."""
    ours, theirs = pty.openpty()
    environment = {**there.environment(), "TERM": "xterm"}
    process = subprocess.Popen([there.program, "publish", *arguments], cwd=there.news, stdin=theirs, stdout=theirs, stderr=theirs,
                               env=environment, start_new_session=True)
    os.close(theirs)
    sent = b""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if select.select([ours], [], [], 0.2)[0]:
            try:
                sent += os.read(ours, 65536)
            except OSError:
                break
        elif process.poll() is not None:
            break
    os.close(ours)
    status = process.wait()
    there.told.append(sent.decode())
    return status, sent.decode(), screen(sent.decode())


def screen(text):
    """The lines of a terminal that was sent this: what a progress bar needs, and nothing else is known."""
    lines, at, column = [""], 0, 0
    for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", text):
        if part == "\r":
            column = 0
        elif part == "\n":
            at += 1
            if at == len(lines):
                lines.append("")
        elif part.startswith("\x1b["):
            count = int(re.sub("[^0-9]", "", part) or 1)
            kind = part[-1]
            if kind == "A":
                at = max(0, at - count)
            elif kind == "B":
                at += count
            elif kind == "K":
                lines[at] = "" if count == 2 else lines[at][:column]
            elif kind not in "hlmJ":
                raise Wrong(f"the terminal does not know {part!r}")
        else:
            lines[at] = lines[at][:column].ljust(column) + part + lines[at][column + len(part):]
            column += len(part)
    return [line.rstrip() for line in lines if line.strip()]


@case()
def a_terminal_shows_how_far_it_is(store):
    with place(store) as there:
        there.build()
        there.proxy.rule(late(0.3), method="PUT")
        status, sent, lines = on_a_terminal(there)
        count = len(there.files())
        drawn = [(int(now), int(most)) for now, most in re.findall(r"(\d+)/(\d+) files sent", sent)]
        must("a bar is drawn", len({now for now, most in drawn if most == count}) > 1, drawn)
        must("it goes forward, and not too far", drawn == sorted(drawn) and all(now <= most for now, most in drawn), drawn)
        check("what is left on the screen", (status, len(lines)), (0, 1))
        must("the last line says what was done", re.fullmatch(
            rf"{re.escape(there.destination)}: {count} files sent \(\d+ KiB\), 0 unchanged", lines[0]), lines)
        there.proxy.clear()
        status, sent, lines = on_a_terminal(there)
        check("nothing new", lines, [f"{there.destination}: 0 files sent (0 KiB), {count} unchanged"])
        must("nothing is drawn for what takes no time", "files sent," not in sent, sent)
        there.article("Five", "Software", "2020-11-14")
        there.build().proxy.rule(late(0.6), method="PUT")
        status, sent, lines = on_a_terminal(there, "--quiet")
        check("who wants it quiet", (status, sent), (0, ""))
