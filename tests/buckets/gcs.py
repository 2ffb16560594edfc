"""As much of the XML API of Google Cloud Storage as is used here, with its conditions: put, get, head and delete of objects."""

import http.server
import itertools
import threading
from urllib.parse import unquote, urlsplit

KEPT = ("content-type", "cache-control", "content-encoding")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status, code):
        self.reply(status, f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code></Error>".encode())

    def act(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            # Who sent it has gone: an object is whole, or is not put.
            self.close_connection = True
            return None
        bucket, _, name = unquote(urlsplit(self.path).path)[1:].partition("/")
        server = self.server.of
        with server.lock:
            if bucket not in server.buckets:
                return self.refuse(404, "NoSuchBucket")
            objects = server.buckets[bucket]
            there = objects.get(name)
            if self.command == "PUT":
                wanted = self.headers.get("x-goog-if-generation-match")
                if wanted is not None and int(wanted) != (there[0] if there else 0):
                    return self.refuse(412, "PreconditionFailed")
                headers = {key.lower(): value for key, value in self.headers.items()}
                kept = {key: value for key, value in headers.items() if key in KEPT or key.startswith("x-goog-meta-")}
                objects[name] = (next(server.generations), kept, body)
                return self.reply(200, headers=self.labels(objects[name]))
            if there is None:
                return self.refuse(404, "NoSuchKey")
            if self.command == "DELETE":
                del objects[name]
                return self.reply(204)
            return self.reply(200, there[2], {**there[1], **self.labels(there), "Last-Modified": "Fri, 20 Nov 2020 00:00:00 GMT"})

    def labels(self, there):
        return {"ETag": f'"{there[0]:x}"', "x-goog-generation": str(there[0])}

    do_GET = do_HEAD = do_PUT = do_DELETE = act


class Threads(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Who asked may have gone."""


class Server:
    """Listens on a port of its own."""

    def __init__(self):
        self.lock = threading.Lock()
        self.buckets = {}
        self.generations = itertools.count(1_605_830_400_000_000)
        self.server = Threads(("127.0.0.1", 0), Handler)
        self.server.of = self
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
