"""Is the output served as it should be?

    check.py SERVER ADDRESS FOLDER [full|bare]

Every kind of file is asked for in every way that readers do: as it is and compressed, again with what came the first time, by
its head alone. `full` looks at compressed siblings, copies and redirects too; `bare` only asks whether the files come at all.
"""

import gzip
import http.client
import sys
import urllib.parse
from email.utils import formatdate
from pathlib import Path

server, address, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
mode = sys.argv[4] if len(sys.argv) > 4 else ""
host, prefix = urllib.parse.urlsplit(address).netloc, urllib.parse.urlsplit(address).path
CACHE = "public, max-age=1800, stale-while-revalidate=3600, stale-if-error=86400"
UTF8 = "; charset=utf-8"
faults = []
asked = 0


def ask(path, method="GET", **headers):
    """Asks for a path below the address. Gives the status, the headers by lower-case names with all their values, the body."""
    global asked
    asked += 1
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.putrequest(method, prefix + path, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    found = {}
    for name, value in answer.getheaders():
        found.setdefault(name.lower(), []).append(value)
    connection.close()
    return answer.status, found, body


def expect(what, found, wanted):
    if found != wanted:
        faults.append(f"{what}: {found!r} and not {wanted!r}")


def one(headers, name):
    """The only value of a header."""
    values = headers.get(name, [])
    return values[0] if len(values) == 1 else values or None


def look(path, file, media_type, cors):
    on_disk = (folder / file).read_bytes()
    stamp = formatdate((folder / file).stat().st_mtime, usegmt=True)
    common = {"content-type": media_type, "cache-control": CACHE}
    common["access-control-allow-origin"] = "*" if cors else None
    tags = []
    ways = [("plain", {}), ("gzip", {"Accept_Encoding": "gzip, deflate"}), ("identity", {"Accept_Encoding": "gzip;q=0, identity"})]
    if (folder / f"{file}.br").exists() and server != "nginx":
        ways.append(("br", {"Accept_Encoding": "gzip, deflate, br"}))
    for way, accepted in ways:
        name = f"/{path} {way}"
        for method in ("GET", "HEAD"):
            status, headers, body = ask(path, method, **accepted)
            expect(f"{name} {method} status", status, 200)
            for header, value in common.items():
                expect(f"{name} {method} {header}", one(headers, header), value)
            coded = one(headers, "content-encoding")
            expect(f"{name} {method} content-encoding", coded, way if way in ("gzip", "br") else None)
            vary = [part.strip().lower() for part in ",".join(headers.get("vary", [])).split(",")]
            expect(f"{name} {method} vary", vary, ["accept-encoding"])
            expect(f"{name} {method} content-language", one(headers, "content-language"), None)
            if method == "HEAD":
                expect(f"{name} HEAD body", body, b"")
                continue
            if coded == "gzip":
                if mode == "full":
                    expect(f"{name} is the sibling", body == (folder / f"{file}.gz").read_bytes(), True)
                body = gzip.decompress(body)
            elif coded == "br":
                body = on_disk if body == (folder / f"{file}.br").read_bytes() else b"another"
            expect(f"{name} body", body == on_disk, True)
            modified, tag = one(headers, "last-modified"), one(headers, "etag")
            expect(f"{name} last-modified", modified, stamp)
            if not tag:
                faults.append(f"{name} has no ETag")
                continue
            tags.append(tag)
            for condition in ({"If_None_Match": tag}, {"If_None_Match": f'"other", {tag}'}, {"If_Modified_Since": modified}):
                for method in ("GET", "HEAD"):
                    again, headers, body = ask(path, method, **accepted, **condition)
                    expect(f"{name} {method} {condition} status", again, 304)
                    expect(f"{name} {method} {condition} body", body, b"")
            status, _, _ = ask(path, **accepted, If_None_Match='"other"')
            expect(f"{name} with another ETag", status, 200)


def moved(path, to):
    status, headers, _ = ask(path)
    expect(f"/{path} status", status, 301)
    location = urllib.parse.urlsplit(one(headers, "location") or "")
    expect(f"/{path} location", (location.netloc or host, location.path), (host, prefix + to))


FEEDS = {
    "rss.xml": "application/rss+xml" + UTF8,
    "atom.xml": "application/atom+xml" + UTF8,
    "feed.json": "application/feed+json" + UTF8,
}
if mode == "bare":
    for path in ("rss.xml", "ai/atom.xml", "ai/stories/atom.xml", "ai/", "", "feeds.opml", "assets/feedmill.css"):
        expect(f"/{path} status", ask(path)[0], 200)
else:
    for above in ("", "ai/", "stories/", "ai/stories/"):
        for name, media_type in FEEDS.items():
            look(above + name, above + name, media_type, True)
    for above in ("", "ai/"):
        look(above, above + "index.html", "text/html" + UTF8, False)
    look("feeds.opml", "feeds.opml", "text/x-opml" + UTF8, True)
    look("feedmill.json", "feedmill.json", "application/json" + UTF8, True)
    status, headers, _ = ask("assets/feedmill.css")
    expect("the stylesheet", (status, one(headers, "cache-control")), (200, CACHE))
    expect("its type", (one(headers, "content-type") or "").split(";")[0], "text/css")

    own = {"nginx": ("feedmill.nginx.conf", 404), "apache": (".htaccess", 403), "caddy": ("feedmill.caddy", 404)}[server]
    expect("its own settings", ask(own[0])[0], own[1])
    status, headers, _ = ask("nothing/rss.xml")
    expect("a feed that is not there", (status, one(headers, "cache-control")), (404, None))
if mode == "full":
    look("old/feed.xml", "old/feed.xml", "application/atom+xml" + UTF8, True)
    moved("was/rss.xml", "ai/rss.xml")
    moved("was/", "ai/")
    moved("was", "ai/")
    moved("was/index.html", "ai/")

for fault in faults:
    print(f"{server} {address}: {fault}", file=sys.stderr)
print(f"{server} {prefix}{' ' + mode if mode else ''}: {asked} requests, {len(faults)} faults")
sys.exit(1 if faults else 0)
