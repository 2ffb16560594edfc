"""Stands between the program and a store: writes down every request, and does to some of them what a network can do."""

import http.client
import re
import socket
import socketserver
import struct
import threading
import time
import traceback
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass
class Request:
    """A request as it came, and what became of it."""

    method: str
    path: str
    query: dict
    headers: http.client.HTTPMessage
    body: bytes = b""
    begun: float = field(default_factory=time.monotonic)
    # When the answer was known, before any of it was sent: who has it may ask the next thing at once.
    ended: float = 0.0
    # What was answered; 0 where the connection was broken off.
    status: int = 0
    # Whether the store has had it.
    forwarded: bool = False

    def __str__(self):
        return f"{self.method} {self.path} {self.status}"

    @property
    def is_conditional(self):
        return any(name in self.headers for name in ("If-Match", "If-None-Match", "x-goog-if-generation-match"))


@dataclass
class Rule:
    """What is done to the requests that it is meant for, the first `skip` of them left alone, and no more than `times`."""

    do: object
    method: str = ".*"
    path: str = ".*"
    conditional: bool | None = None
    skip: int = 0
    times: int = 1 << 30
    seen: int = 0

    def takes(self, request):
        if not re.fullmatch(self.method, request.method) or not re.search(self.path, request.path):
            return False
        if self.conditional is not None and self.conditional != request.is_conditional:
            return False
        self.seen += 1
        return self.skip < self.seen <= self.skip + self.times


class BrokenOff(Exception):
    """The connection ends here, with a reset."""


# What is done to a request. Each is given an exchange; what it returns is answered: status, headers, body.


def answer(status, body="", **headers):
    """Answers instead of the store."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda exchange: (exchange.read_body(), (status, headers, body.encode()))[1]


def error(status, code, **headers):
    """Answers as S3 does, and repeats what it was given, as S3 does with the name of a key."""
    def act(exchange):
        exchange.read_body()
        given = exchange.request.headers.get("Authorization")
        text = f"<Error><Code>{code}</Code><Message>{code} for {given}</Message><AWSAccessKeyId>{given}</AWSAccessKeyId></Error>"
        return status, {name.replace("_", "-"): value for name, value in headers.items()}, text.encode()
    return act


def reset(exchange):
    """The connection breaks off, and the store has not had the request."""
    raise BrokenOff


def reset_in_body(exchange):
    """The connection breaks off when half of the body has come."""
    exchange.read_half()
    raise BrokenOff


def reset_unheard(exchange):
    """The store has had the request, and its answer gets lost."""
    exchange.forward()
    raise BrokenOff


def reset_in_answer(exchange):
    """The connection breaks off when half of the answer has gone."""
    exchange.answer(exchange.forward(), half=True)
    raise BrokenOff


def late(seconds):
    """The store has it later."""
    return lambda exchange: (exchange.read_body(), time.sleep(seconds), exchange.forward())[2]


def slow(seconds):
    """The answer comes later than the store has it."""
    def act(exchange):
        answered = exchange.forward()
        time.sleep(seconds)
        return answered
    return act


def silent(exchange):
    """Nothing is answered until the other side has enough."""
    exchange.read_body()
    exchange.wait_for_end()
    raise BrokenOff


class Exchange:
    """One request that is being answered."""

    def __init__(self, proxy, handler, request):
        self.proxy, self.handler, self.request = proxy, handler, request
        self.length = int(request.headers.get("Content-Length") or 0)
        self.forwarded = False

    def read_body(self):
        self.request.body += self.handler.rfile.read(self.length - len(self.request.body))
        if len(self.request.body) < self.length:
            # Who sent it has gone.
            raise BrokenOff

    def read_half(self):
        self.request.body += self.handler.rfile.read(self.length // 2)

    def wait_for_end(self):
        self.handler.connection.settimeout(60)
        try:
            while self.handler.connection.recv(65536):
                pass
        except OSError:
            pass

    def forward(self):
        self.read_body()
        # A store does one thing after the other to an object; not every server of tests does.
        with self.proxy.turn if self.request.is_conditional else NoTurn():
            self.request.forwarded = True
            connection = http.client.HTTPConnection("127.0.0.1", self.proxy.store, timeout=60)
            try:
                headers = {name: value for name, value in self.request.headers.items() if name.lower() != "connection"}
                connection.request(self.request.method, self.handler.target, self.request.body or None, headers)
                response = connection.getresponse()
                kept = {name: value for name, value in response.getheaders()
                        if name.lower() not in ("connection", "transfer-encoding", "keep-alive")}
                return response.status, kept, response.read()
            finally:
                connection.close()

    def answer(self, answered, half=False):
        status, headers, body = answered
        headers = {name.title(): str(value) for name, value in headers.items()}
        # The answer to HEAD tells the length of what it does not have.
        if self.request.method != "HEAD":
            headers["Content-Length"] = str(len(body))
        head = f"HTTP/1.1 {status} {http.client.responses.get(status, 'What')}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        text = head.encode("latin-1") + b"\r\n" + (b"" if self.request.method == "HEAD" else body)
        self.request.status = 0 if half else status
        self.request.ended = time.monotonic()
        self.handler.wfile.write(text[: len(text) // 2] if half else text)
        self.handler.wfile.flush()


class NoTurn:
    def __enter__(self):
        pass

    def __exit__(self, *_):
        pass


class Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        try:
            while self.one():
                pass
        except (BrokenOff, ConnectionError):
            # With this the system sends a reset instead of an orderly end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def finish(self):
        try:
            super().finish()
        except OSError:
            pass

    def one(self):
        line = self.rfile.readline()
        if not line.strip():
            return False
        method, self.target, _ = line.decode("latin-1").split(" ", 2)
        headers = http.client.parse_headers(self.rfile)
        url = urlsplit(self.target)
        request = Request(method, unquote(url.path), dict(parse_qsl(url.query, keep_blank_values=True)), headers)
        proxy = self.server.proxy
        exchange = Exchange(proxy, self, request)
        rule = proxy.begin(request)
        try:
            answered = rule.do(exchange) if rule else exchange.forward()
            exchange.answer(answered)
        finally:
            # Where nothing was answered.
            request.ended = request.ended or time.monotonic()
            proxy.open.discard(id(request))
        return True


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        self.proxy.broken.append(traceback.format_exc())


class Proxy:
    """Listens on a port of its own."""

    def __init__(self, store):
        self.store = store
        self.turn = threading.Lock()
        self.lock = threading.Lock()
        self.rules, self.log, self.broken = [], [], []
        # Requests that are not at their end.
        self.open = set()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.proxy = self
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def begin(self, request):
        with self.lock:
            self.log.append(request)
            self.open.add(id(request))
            # Each counts what it sees, and the first that takes it has it.
            taking = [rule for rule in self.rules if rule.takes(request)]
            return taking[0] if taking else None

    def rule(self, do, **which):
        self.rules.append(Rule(do, **which))
        return self.rules[-1]

    def take(self):
        """What was asked since it was last looked at; the store is given time to end what it was asked."""
        for _ in range(500):
            if not self.open:
                break
            time.sleep(0.01)
        with self.lock:
            log, self.log = self.log, []
            return log

    def clear(self):
        with self.lock:
            self.rules = []

    def close(self):
        self.server.shutdown()
        self.server.server_close()
