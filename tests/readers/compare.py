"""compare.py PARSERS_MJS OUTPUT [SLUG ...]: what `run.sh` runs once the readers are installed.

Everything is compared with what stands in feed.json, which takes no reader to read; where it is missing, with what the
first reader shows, so that the other formats are still looked at.
"""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import feedparser

FORMATS = ("rss.xml", "atom.xml", "feed.json")


def pictures(html):
    """The addresses of the pictures in a body."""
    found = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: found.append(dict(attributes).get("src")) if tag == "img" else None
    parser.feed(html or "")
    return found


def instant(date):
    """A date however a reader gives it, in one form; what is no date stays as it is, to be seen in the report."""
    if isinstance(date, int):
        return datetime.fromtimestamp(date, timezone.utc).isoformat()
    for parse in (lambda text: datetime.fromisoformat(text.replace("Z", "+00:00")), parsedate_to_datetime):
        with contextlib.suppress(TypeError, ValueError, AttributeError):
            return parse(date).astimezone(timezone.utc).isoformat()
    return date


def settled(entry):
    """An entry as it is compared: instants for dates, pictures for a body."""
    entry = {field: instant(value) if field in ("published", "updated") else value for field, value in entry.items()}
    if "content" in entry:
        entry["pictures"] = pictures(entry.pop("content"))
    return entry


def json_feed(path):
    """feed.json, as its specification says."""
    return [
        {
            "id": item["id"],
            "title": item["title"],
            "link": item["url"],
            "published": item["date_published"],
            "updated": item.get("date_modified", item["date_published"]),
            "images": [item["image"]] if "image" in item else [],
            "thumbnails": [item["image"]] if "image" in item else [],
            "content": item["content_html"],
        }
        for item in json.loads(path.read_text(encoding="utf-8"))["items"]
    ]


def with_feedparser(path):
    # As if it had been fetched: what is no whole address then gets another beginning, and shows.
    headers = {"content-location": "https://fetched.example/", "content-type": "application/xml"}
    feed = feedparser.parse(path.read_bytes(), response_headers=headers)
    if feed.bozo:
        raise ValueError(feed.bozo_exception)
    seen = []
    for entry in feed.entries:
        seen.append({
            "id": entry.get("id"),
            "title": entry.get("title"),
            "link": entry.get("link"),
            "published": entry.get("published"),
            "images": [media.get("url") for media in entry.get("media_content", [])],
            "thumbnails": [media.get("url") for media in entry.get("media_thumbnail", [])],
            # An RSS item without an excerpt has its body for a description.
            "content": "".join(part.value for part in entry.get("content", [])) or entry.get("summary"),
        })
        if path.name == "atom.xml":
            seen[-1]["updated"] = entry.get("updated")
    return seen


@contextlib.contextmanager
def newsboat(*urls):
    """A newsboat of its own that is subscribed to these, and does what its arguments say; with the folder of its files."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "urls").write_text("".join(f"{url}\n" for url in urls))
        (home / "config").write_text("max-items 0\n")
        files = ["-u", home / "urls", "-C", home / "config", "-c", home / "cache.db"]

        def run(*arguments):
            environment = {**os.environ, "HOME": folder}
            command = ["newsboat", *files, *arguments]
            subprocess.run(command, env=environment, check=True, timeout=60, stdout=subprocess.DEVNULL)

        yield run, home


def with_newsboat(path):
    # A cache for each file: newsboat keeps one entry for an id, however many feeds have it.
    with newsboat(path.resolve().as_uri()) as (run, home):
        run("-x", "reload")
        with contextlib.closing(sqlite3.connect(home / "cache.db")) as cache:
            rows = cache.execute("select guid, title, url, pubDate, content from rss_item order by id desc").fetchall()
    return [dict(zip(("id", "title", "link", "published", "content"), row)) for row in rows]


def views(folder, parsers, problem):
    """What each reader shows of each file: (file, reader, entries), the one to compare with first."""
    paths = [folder / name for name in FORMATS]
    for path in paths:
        if not path.is_file():
            problem(f"{path}: is missing")
    paths = [path for path in paths if path.is_file()]
    readers = [("feedparser", with_feedparser)]
    if shutil.which("newsboat"):
        readers.append(("newsboat", with_newsboat))
    tasks = [(path, "json", json_feed) for path in paths if path.suffix == ".json"]
    tasks += [(path, *reader) for path in paths if path.suffix == ".xml" for reader in readers]
    for path, reader, read in tasks:
        try:
            yield path, reader, [settled(entry) for entry in read(path)]
        except Exception as error:
            problem(f"{path}: {reader} cannot read it: {error!r}")
    done = subprocess.run(["node", parsers, *paths], check=True, stdout=subprocess.PIPE)
    for seen in json.loads(done.stdout):
        if "error" in seen:
            problem(f"{seen['file']}: {seen['reader']} cannot read it: {seen['error']}")
        else:
            yield Path(seen["file"]), seen["reader"], [settled(entry) for entry in seen["entries"]]


def compare(path, reader, entries, model, where, problem):
    """Reports where the entries that a reader shows of a file are not those of the model, which stand `where` it says."""
    by_id = {entry["id"]: entry for entry in entries}
    wanted = {entry["id"]: entry for entry in model}
    for id in wanted.keys() - by_id.keys():
        problem(f"{path}: {reader} does not show {id} ({wanted[id]['title']!r}), which is in {where}")
    for id in by_id.keys() - wanted.keys():
        problem(f"{path}: {reader} shows {id} ({by_id[id]['title']!r}), which is not in {where}")
    if by_id.keys() == wanted.keys() and [entry["id"] for entry in entries] != [entry["id"] for entry in model]:
        problem(f"{path}: {reader} shows the entries in another order than {where}, or one of them twice")
    for id in [id for id in wanted if id in by_id]:
        for field, value in by_id[id].items():
            if field in wanted[id] and value != wanted[id][field]:
                problem(f"{path}: {reader}, entry {id}: {field} is {value!r}, but {wanted[id][field]!r} in {where}")
        # Some readers would show a picture twice if the two addresses were not one string.
        if "pictures" in by_id[id]:
            for image in by_id[id].get("images", []):
                if image not in by_id[id]["pictures"]:
                    problem(f"{path}: {reader}, entry {id}: image {image!r} is not in the body")


def check_list(output, parsers, problem):
    """Reports what is wrong with feeds.opml: it has each topic's feed once, and readers find just these in it."""
    path = output / "feeds.opml"
    outlines = list(ElementTree.parse(path).iter("outline"))
    addresses = [outline.get("xmlUrl") for outline in outlines]
    # Without a topic it has the feed of all, which lies in no folder.
    manifest = json.loads((output / "feedmill.json").read_text(encoding="utf-8"))
    topics = sorted(feed["slug"] for feed in manifest["feeds"] if feed["slug"] and not feed.get("stale"))
    files = [Path(*address.split("/")[-2 if topics else -1 :]) for address in addresses]
    folders = sorted(str(file.parent) for file in files)
    if folders != (topics or ["."]):
        problem(f"{path}: has the feeds of {folders}, and the topics are {topics}")
    for file, address in zip(files, addresses):
        if not (output / file).is_file():
            problem(f"{path}: {address} is not there")
    done = subprocess.run(["node", parsers, path], check=True, stdout=subprocess.PIPE)
    seen = [(view["reader"], view.get("addresses", view.get("error"))) for view in json.loads(done.stdout)]
    if shutil.which("newsboat"):
        with newsboat() as (run, home):
            run("-i", path)
            lines = (home / "urls").read_text(encoding="utf-8").splitlines()
            seen.append(("newsboat", [line.split(" ")[0] for line in lines if line]))
    for reader, found in seen:
        if found != addresses:
            problem(f"{path}: {reader} imports {found}, and it has {addresses}")


def main():
    parsers, output, *slugs = sys.argv[1:]
    output = Path(output)
    folders = [output / slug for slug in slugs] or sorted({path.parent for name in FORMATS for path in output.rglob(name)})
    problems = []

    def problem(text):
        problems.append(text)
        print(text)

    if not folders:
        problem(f"{output}: there is no feed in it")
    if not shutil.which("newsboat"):
        print("newsboat is not installed, and left out (apt-get install newsboat)", file=sys.stderr)
    compared, readers = 0, set()
    for folder in folders:
        seen = list(views(folder, parsers, problem))
        if not seen:
            continue
        model_path, model_reader, model = seen[0]
        where = model_path.name if model_reader == "json" else f"{model_path.name} by {model_reader}"
        if not model:
            problem(f"{model_path}: has no entry, so there is nothing to compare")
        for path, reader, entries in seen:
            compare(path, reader, entries, model, where, problem)
            compared += len(entries)
            readers.add(reader)
    if not slugs:
        try:
            check_list(output, parsers, problem)
        except Exception as error:
            problem(f"{output}/feeds.opml: {error!r}")
    readers.discard("json")
    print(f"{len(folders)} folders, {compared} entries seen by {', '.join(sorted(readers))}: {len(problems)} differences")
    return 1 if problems else 0


sys.exit(main())
