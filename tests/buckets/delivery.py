"""What is sent, how it is labelled, in which order, and what stays."""

import hashlib
import json
import re
from base64 import b64encode
from pathlib import Path

import jsonschema

from cases import case
from place import CACHE, MANIFEST, address, check, must, place
from proxy import silent

ALL = ("s3", "az", "gs")
SCHEMA = json.loads((Path(__file__).parent / "../../docs/report.schema.json").read_text())

TYPES = {
    "rss.xml": "application/rss+xml; charset=utf-8",
    "atom.xml": "application/atom+xml; charset=utf-8",
    "feed.json": "application/feed+json; charset=utf-8",
    "feeds.opml": "text/x-opml; charset=utf-8",
    "index.html": "text/html; charset=utf-8",
    "chips/rss.xml": "application/rss+xml; charset=utf-8",
    "assets/feedmill.css": "text/css; charset=utf-8",
    "assets/feedmill.js": "text/javascript; charset=utf-8",
    MANIFEST: "application/json; charset=utf-8",
}
# What is compressed before S3.
TYPES_OF_S3 = {**TYPES, "atom.xml": "application/xml; charset=utf-8", "feed.json": "application/json; charset=utf-8"}


def is_first(path):
    return path.endswith((".xml", ".json")) or "/assets/" in path


def addresses(paths):
    """What answers otherwise when these files change: a page is its folder too."""
    both = [name for path in paths for name in {path, path.removesuffix("index.html")}]
    return sorted(f"https://feeds.example.org/{name}" for name in both)


def condition(store, request):
    """What a put of the manifest is under: whether it makes it, and which it replaces."""
    if store.scheme == "gs":
        wanted = request.headers["x-goog-if-generation-match"]
        return wanted == "0", wanted
    return request.headers["If-None-Match"] == "*", request.headers["If-Match"]


def is_in_order(run):
    """The manifest, feeds and assets, pages and lists, the manifest."""
    puts = [request for request in run.asked if request.method == "PUT"]
    manifests = [at for at, request in enumerate(puts) if request.path.endswith(MANIFEST)]
    check("which puts are those of the manifest", manifests, [0, len(puts) - 1])
    between = puts[1:-1]
    last_feed = max((at for at, request in enumerate(between) if is_first(request.path)), default=-1)
    first_page = min((at for at, request in enumerate(between) if not is_first(request.path)), default=len(between))
    must("feeds go before pages", last_feed < first_page, [request.path for request in between])
    ended = max((request.ended for request in between if is_first(request.path)), default=0)
    must("no page goes before every feed is there", all(page.begun >= ended for page in between[first_page:]))
    must("the manifest goes when all is there", all(request.ended <= puts[-1].begun for request in between))
    return puts


@case(*ALL)
def a_first_publish(store):
    with place(store) as there:
        there.build()
        run = there.publish().is_silent()
        puts = is_in_order(run)
        first, last = json.loads(puts[0].body), json.loads(puts[-1].body)
        check("the note says what is about to change", first["delivery"]["pending"], sorted(there.files()))
        must("the note names the run", re.fullmatch("[0-9a-f-]{36}", first["delivery"]["run"]))
        check("the note lists nothing", first["files"], [])
        check("nobody was there before", condition(store, puts[0])[0], True)
        must("the result replaces the note", condition(store, puts[-1])[1] not in (None, "0"))
        check("the result", last["delivery"].keys(), {"labels"})
        must("every object is put once", sorted(path for path in run.puts()) == sorted(
            request.path for request in puts[1:-1]))
        objects = there.is_published()
        for path, wanted in (TYPES_OF_S3 if store.scheme == "s3" else TYPES).items():
            check(f"the type of {path}", objects[path].content_type, wanted)
        for path, one in objects.items():
            check(f"Cache-Control of {path}", one.cache_control, CACHE)
            check(f"encoding of {path}", one.headers.get("content-encoding"), None)
        check("the checksum of the manifest", objects[MANIFEST].checksum, hashlib.sha256(objects[MANIFEST].bytes).hexdigest())
        if store.scheme == "s3":
            for request in puts:
                digest = b64encode(hashlib.sha256(request.body).digest()).decode()
                check(f"checksum of {request.path}", request.headers["x-amz-checksum-sha256"], digest)
                check(f"hash of {request.path}", request.headers["x-amz-content-sha256"], hashlib.sha256(request.body).hexdigest())
        # What is sent anew must not take the place of what others put there.
        must("what is not known to be ours is put under a condition", all(request.is_conditional for request in puts))
        must("one speaks as feedmill", all(request.headers["User-Agent"].startswith("feedmill/") for request in run.asked))


@case(*ALL)
def nothing_new_is_one_request(store):
    with place(store) as there:
        there.build().publish().is_silent()
        there.is_idle()
        # Nor is anything printed by a build that changes nothing.
        run = there.run("build", "--no-cache", "--publish").is_silent()
        check("requests", [one.method for one in run.asked], ["GET"])


@case(*ALL)
def only_what_differs_is_sent(store):
    with place(store) as there:
        there.build().publish().is_silent()
        before = there.files()
        there.article("Five", "Chips", "2020-11-14")
        there.build()
        differs = sorted(path for path, there_now in there.files().items() if before.get(path) != there_now)
        run = there.publish("-v")
        check("standard error", run.err, "")
        puts = is_in_order(run)
        sent = sorted(request.path.partition(there.prefix)[2] for request in puts[1:-1])
        check("what is sent", sent, differs)
        must("the topic, all topics and what leads to them:", set(sent) >= {"rss.xml", "chips/rss.xml", "chips/index.html"}, sent)
        must("nothing of another topic", not any(path.startswith(("software/", "robots/")) and not path.endswith("html")
                                                 for path in sent), sent)
        must("the manifest is put if it is still the one that was read", all(
            condition(store, request)[1] not in (None, "0") for request in (puts[0], puts[-1])))
        note = json.loads(puts[0].body)
        check("what the note says", (note["delivery"]["pending"], len(note["files"])), (differs, len(before)))
        volume = sum(len(request.body) for request in run.asked)
        lines = [f"sent {address(there, path)}" for path in differs]
        lines += [f"{there.destination}: 1 new", f"{there.destination}chips: 1 new"]
        total = len(there.files())
        lines += [f"{there.destination}: {len(differs)} files sent ({-(-volume // 1024)} KiB), {total - len(differs)} unchanged"]
        check("what is told", run.out.splitlines(), lines)
        there.is_published()


@case(*ALL)
def other_labels_send_all_once(store):
    with place(store) as there:
        there.build().publish().is_silent()
        there.settings("cache_control: public, max-age=60")
        there.build()
        run = there.publish().is_silent()
        check("what is sent", len(run.puts()), len(there.files()))
        objects = there.is_published()
        check("Cache-Control", {one.cache_control for one in objects.values()}, {"public, max-age=60"})
        there.is_idle()


@case(*ALL)
def compressed_files_are_served_as_they_are(store):
    with place(store, settings="precompress: [gzip, brotli]") as there:
        there.build().publish().is_silent()
        objects = there.is_published()
        kinds = {ending: {(one.content_type, one.headers.get("content-encoding")) for path, one in objects.items()
                          if path.endswith(ending)} for ending in (".gz", ".br")}
        check("types", kinds, {".gz": {("application/gzip", None)}, ".br": {("application/octet-stream", None)}})


@case(*ALL)
def what_is_no_longer_published(store):
    with place(store, settings="stale: remove") as there:
        there.build().publish().is_silent()
        gone = sorted(path for path in there.files() if path.startswith("robots/"))
        (there.news / "four.md").unlink()
        there.run("build", "--no-cache", "--force")
        run = there.publish("-v")
        must("that it stays is told", run.out.endswith(f"; {len(gone)} files no longer published, which --delete-stale deletes\n"), run.out)
        there.is_published(left=gone)
        # It is remembered, by who asks for it later and by who does not.
        there.article("Five", "Chips", "2020-11-14")
        there.build().publish().is_silent()
        there.is_published(left=gone)
        would = there.publish("--delete-stale", "--dry-run")
        check("what would be", would.out.splitlines(), [f"would delete {address(there, path)}" for path in gone])
        there.is_published(left=gone)
        run = there.publish("--delete-stale", "--changed", "changed.txt").is_silent()
        check("nothing is sent", run.puts(), [])
        check("addresses", (there.news / "changed.txt").read_text().split(), addresses(gone))
        there.is_published()
        there.is_idle("--delete-stale")


@case(*ALL)
def what_others_put_there_stays(store):
    with place(store) as there:
        there.build()
        store.put(there.bucket, f"{there.prefix}rss.xml", b"somebody else's")
        store.put(there.bucket, f"{there.prefix}own.txt", b"somebody else's")
        wanted = (f"feedmill: {address(there, 'rss.xml')}: there is an object that feedmill did not put there, and it is not replaced\n"
                  "  help: take it away, choose another destination, or let it be replaced with `--adopt`\n")
        for _ in range(2):
            there.publish().says(wanted)
            check("the other's", there.objects()["rss.xml"].bytes, b"somebody else's")
            must("no page goes where a feed could not", "index.html" not in there.objects())
        there.publish("--adopt").is_silent()
        check("another one", there.is_published(besides=["own.txt"])["own.txt"].bytes, b"somebody else's")
        there.is_idle()


@case(*ALL)
def a_dry_run_changes_nothing(store):
    with place(store) as there:
        there.build()
        run = there.publish("--dry-run")
        check("requests", [one.method for one in run.asked], ["GET"])
        check("the bucket", there.objects(), {})
        lines = run.out.splitlines()
        check("what would be sent", [line for line in lines if line.startswith("would")],
              [f"would send {address(there, path)}" for path in sorted(there.files())])
        must("what readers would see", f"{there.destination}chips: a new feed of 2 entries" in lines, run.out)
        check("standard error", (run.err, run.status), ("", 0))


@case()
def what_programs_are_told(store):
    with place(store) as there:
        there.build()
        for arguments, status in (["--report", "report.json", "--changed", "changed.txt"], 0), (["s3://no-such-bucket/", "--report", "report.json"], 2):
            run = there.publish(*arguments)
            check("status", run.status, status)
            text = (there.news / "report.json").read_text()
            report = json.loads(text)
            jsonschema.validate(report, SCHEMA)
            check("what is reported", (report["action"], report["status"]), ("publish", status))
            if status == 0:
                delivery = report["delivery"]
                check("what is sent", delivery["sent"], sorted(there.files()))
                check("requests and bytes", (delivery["requests"], delivery["bytes"]), (len(run.asked), sum(len(one.body) for one in run.asked)))
                purged = (there.news / "changed.txt").read_text().split()
                check("addresses", purged, addresses(there.files()))
            else:
                check("what is wrong", (report["delivery"], report["diagnostics"][0]["path"]), (None, "s3://no-such-bucket/feedmill.json"))
        # With both on standard output's side, people are told on the other.
        there.article("Five", "Chips", "2020-11-14")
        run = there.build().publish("-v", "--report", "-")
        jsonschema.validate(json.loads(run.out), SCHEMA)
        must("people are told", "files sent" in run.err, run.err)
        run = there.publish("--changed", "-")
        check("nothing to purge", (run.out, run.err, run.status), ("", "", 0))


@case()
def build_and_publish_in_one(store):
    with place(store) as there:
        run = there.run("build", "--no-cache", "--publish", "--report", "report.json").is_silent()
        is_in_order(run)
        there.is_published()
        report = json.loads((there.news / "report.json").read_text())
        jsonschema.validate(report, SCHEMA)
        check("what is reported", (report["action"], report["delivery"]["sent"]), ("build", sorted(there.files())))
        there.article("Five", "Chips", "2020-11-14")
        other = f"s3://{there.bucket}/other"
        there.run("build", "--no-cache", f"--publish={other}").is_silent()
        names = store.objects(there.bucket)
        must("another destination has it", "other/chips/rss.xml" in names)
        # What is no longer published goes when that is asked for.
        there.settings("stale: remove")
        (there.news / "four.md").unlink()
        there.run("build", "--no-cache", "--quiet", "--publish")
        left = there.remote()["delivery"]["left"]
        must("it stays", {"robots/rss.xml"} <= set(left) <= set(there.objects()), left)
        there.run("build", "--no-cache", "--publish", "--delete-stale").is_silent()
        there.is_published()
        # What could not be sent does not stop what was built, nor is it forgotten.
        there.article("Six", "Chips", "2020-11-15")
        run = there.run("build", "--no-cache", "--publish=s3://no-such-bucket", "--report", "report.json")
        check("status", run.status, 2)
        report = json.loads((there.news / "report.json").read_text())
        jsonschema.validate(report, SCHEMA)
        must("what was built is told", "chips/rss.xml" in report["changes"]["written"])
        there.completes()


@case()
def what_is_refused(store):
    with place(store) as there:
        there.build().publish().is_silent()
        before = there.objects()

        def refused(message, *arguments):
            there.publish(*arguments).says(message)
            must("nothing is sent", {name: one.bytes for name, one in there.objects().items()} == {
                name: one.bytes for name, one in before.items()})

        site = there.news / "feedmill.yaml"
        text = site.read_text()
        site.write_text(text.replace("id: buckets", "id: others").replace("../out", "../others"))
        there.build()
        refused(f"feedmill: {there.destination}: the feeds there are of a site with another `id`\n  help: choose another destination\n")
        refused(f"feedmill: {there.destination}: the feeds there are of a site with another `id`\n  help: choose another destination\n", "--adopt")
        site.write_text(text)
        there.run("build", "--no-cache", "--include-unpublished", "--out", "preview").is_silent()
        refused("feedmill: preview: these feeds are a preview, and this destination is for the public\n"
                "  help: name a destination of its own on the command line: `feedmill publish DESTINATION`\n", "--out", "preview")
        refused(f"feedmill: {there.destination}: the feeds there are for the public, and a preview must not replace them\n"
                "  help: choose another destination\n", there.destination, "--out", "preview")
        preview = f"s3://{there.bucket}/preview/"
        there.publish(preview, "--out", "preview").is_silent()
        before = there.objects()
        refused(f"feedmill: {preview}: the feeds there are a preview\n  help: choose another destination\n", preview)
        store.put(there.bucket, f"{there.prefix}{MANIFEST}", b'{"feedmill": ')
        before = there.objects()
        run = there.publish()
        must("it is said what the manifest is not", run.err.startswith(
            f"feedmill: {address(there, MANIFEST)}: this is not a manifest of feedmill: "), run.err)
        must("it is said what to do", run.err.endswith(
            "\n  help: choose another destination; or, if it was damaged, delete it, and use `--adopt` once\n"), run.err)
        check("status", run.status, 2)
        store.delete(there.bucket, f"{there.prefix}{MANIFEST}")
        there.publish("--adopt").is_silent()
        check("what is left", store.objects(there.bucket).keys() >= {f"preview/{MANIFEST}", f"{there.prefix}{MANIFEST}"}, True)


@case()
def a_file_that_was_edited_by_hand(store):
    with place(store) as there:
        there.build()
        (there.out / "chips/rss.xml").write_text("edited")
        run = there.publish()
        run.says("feedmill: ../out/chips/rss.xml: this file is not as feedmill wrote it, and is not published\n"
                 "  help: run `feedmill build`, which writes it again\n")
        check("requests", [one.method for one in run.asked], ["GET"])
        (there.out / "chips/rss.xml").unlink()
        run = there.publish().says("feedmill: ../out/chips/rss.xml: cannot be read: No such file or directory (os error 2)\n"
                                   "  help: run `feedmill build`, which writes it again\n")
        check("requests", [one.method for one in run.asked], ["GET"])
        there.build().completes()


@case(*ALL)
def names_are_what_they_are(store):
    with place(store, prefix="~a.b/C_d-e/", settings='also: ["old/a~b.xml"]') as there:
        there.build().publish().is_silent()
        there.is_published()
        there.is_idle()


@case(*ALL)
def the_bucket_itself(store):
    with place(store, prefix="") as there:
        there.build().publish().is_silent()
        there.is_published()


@case(*ALL)
def no_bucket(store):
    with place(store) as there:
        there.build()
        code = {"s3": "404 NoSuchBucket", "az": "404 ContainerNotFound", "gs": "404 NoSuchBucket"}[store.scheme]
        where = f"{store.scheme}://not-{there.bucket}/"
        run = there.publish(where)
        run.says(f"feedmill: {where}{MANIFEST}: there is no bucket of this name ({code})\n"
                 "  help: make it, or write another destination\n")


@case()
def many_more_than_go_at_a_time(store):
    articles = [(f"Story {number}", f"Topic {number}") for number in range(60)]
    with place(store, articles=articles) as there:
        there.build()
        run = there.publish().is_silent()
        is_in_order(run)
        there.is_published()
        moments = sorted([(one.begun, 1) for one in run.asked] + [(one.ended, -1) for one in run.asked], key=lambda at: at)
        most = now = 0
        for _, step in moments:
            now += step
            most = max(most, now)
        must("requests at a time: more than one, no more than 16:", 1 < most <= 16, most)


@case()
def the_folder_is_locked_meanwhile(store):
    with place(store) as there:
        there.build()
        rule = there.proxy.rule(silent, method="PUT", path="robots/rss.xml")
        process = there.start("publish")
        while not rule.seen:
            if process.poll() is not None:
                break
        run = there.run("build", "--no-cache")
        check("a build meanwhile", (run.status, run.err),
              (3, "feedmill: ../out: another run is writing here; with `--wait` this one waits for it\n"))
        process.kill()
        there.end(process)
        there.completes()
