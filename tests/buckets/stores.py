"""The stores that are published to: servers on this machine, and what lies in them, seen past the program."""

import base64
import hashlib
import hmac
import http.client
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import quote
from xml.etree import ElementTree

import gcs

# What must never be printed. Secrets of Amazon's have such characters.
SECRETS = {
    "key": "AKIAFEEDMILLTESTKEY0",
    "secret": "feedmill/Secret+Key/ThatNobodyMaySee0123",
    "token": "FeedmillSessionTokenThatNobodyMaySee==",
    "bearer": "ya29.FeedmillBearerThatNobodyMaySee",
    # The well-known key of the emulator.
    "azure": "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
}


@dataclass
class Object:
    """What lies in a store, with what is said of it."""

    bytes: bytes
    content_type: str | None
    cache_control: str | None
    checksum: str | None
    headers: dict


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Store:
    """A server, and how it is spoken to."""

    scheme = ""
    metadata = "x-amz-meta-"

    def __init__(self):
        self.port = free_port()
        self.server = None
        self.failed = None

    def start(self, command, log):
        self.server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        for _ in range(300):
            if self.server.poll() is not None:
                break
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.1)
        self.stop()
        raise SystemExit(f"{command[0]} does not answer: {open(log.name).read()}")

    def stop(self):
        if self.server:
            self.server.kill()
            self.server.wait()

    def ask(self, method, target, body=None, headers=()):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, target, body, dict(headers))
            response = connection.getresponse()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        finally:
            connection.close()

    def object(self, target, headers=()):
        status, headers, body = self.ask("GET", target, headers=headers)
        assert status == 200, (target, status, body)
        return Object(body, headers.get("content-type"), headers.get("cache-control"), headers.get(f"{self.metadata}feedmillsha256"), headers)


class S3(Store):
    """moto's server. It asks for no signature, and looks at the checksums of what is sent."""

    scheme = "s3"

    def __init__(self, log):
        super().__init__()
        self.start([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)], log)

    def environment(self, port):
        return {
            "AWS_ACCESS_KEY_ID": SECRETS["key"],
            "AWS_SECRET_ACCESS_KEY": SECRETS["secret"],
            "AWS_SESSION_TOKEN": SECRETS["token"],
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        }

    def ask(self, method, target, body=None, headers=()):
        # Any signature will do, but there must be one.
        signed = "AWS4-HMAC-SHA256 Credential=x/20200101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x"
        return super().ask(method, target, body, {"Authorization": signed, **dict(headers)})

    def make(self, bucket):
        assert self.ask("PUT", f"/{bucket}")[0] == 200

    def put(self, bucket, name, body):
        assert self.ask("PUT", f"/{bucket}/{name}", body)[0] == 200

    def delete(self, bucket, name):
        assert self.ask("DELETE", f"/{bucket}/{name}")[0] == 204

    def objects(self, bucket):
        names, after = [], ""
        while after is not None:
            status, _, body = self.ask("GET", f"/{bucket}?list-type=2{after}")
            assert status == 200, body
            tree = ElementTree.fromstring(body)
            names += [key.text for key in tree.iterfind("{*}Contents/{*}Key")]
            token = tree.findtext("{*}NextContinuationToken")
            after = f"&continuation-token={quote(token)}" if token else None
        return {name: self.object(f"/{bucket}/{quote(name)}") for name in names}


class Azure(Store):
    """Azurite."""

    scheme = "az"
    metadata = "x-ms-meta-"
    account = "devstoreaccount1"

    def __init__(self, azurite, log):
        super().__init__()
        port = ["--blobHost", "127.0.0.1", "--blobPort", str(self.port)]
        self.start(["node", azurite, *port, "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"], log)

    def environment(self, port):
        return {"AZURE_STORAGE_USE_EMULATOR": "true", "AZURITE_BLOB_STORAGE_URL": f"http://127.0.0.1:{port}"}

    def ask(self, method, target, body=None, headers=()):
        path, _, query = target.partition("?")
        headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-12-02", **dict(headers)}
        if method == "PUT":
            headers["Content-Length"] = str(len(body or b""))
        canonical = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-ms-"))
        resource = f"/{self.account}{path}" + "".join(f"\n{part.replace('=', ':', 1)}" for part in sorted(query.split("&")) if part)
        length = headers.get("Content-Length", "")
        text = f"{method}\n\n\n{'' if length == '0' else length}\n\n\n\n\n\n\n\n\n{canonical}{resource}"
        signature = hmac.new(base64.b64decode(SECRETS["azure"]), text.encode(), hashlib.sha256).digest()
        headers["Authorization"] = f"SharedKey {self.account}:{base64.b64encode(signature).decode()}"
        return super().ask(method, target, body, headers)

    def make(self, bucket):
        status, _, body = self.ask("PUT", f"/{self.account}/{bucket}?restype=container")
        assert status == 201, body

    def put(self, bucket, name, body):
        status, _, answer = self.ask("PUT", f"/{self.account}/{bucket}/{name}", body, {"x-ms-blob-type": "BlockBlob"})
        assert status == 201, answer

    def objects(self, bucket):
        status, _, body = self.ask("GET", f"/{self.account}/{bucket}?comp=list&restype=container")
        assert status == 200, body
        names = [name.text for name in ElementTree.fromstring(body).iterfind("Blobs/Blob/Name")]
        return {name: self.object(f"/{self.account}/{bucket}/{quote(name)}") for name in names}


class Gcs(Store):
    """A server of our own: of those that can be had, none knows the conditions that Google's has."""

    scheme = "gs"
    metadata = "x-goog-meta-"

    def __init__(self):
        super().__init__()
        self.own = gcs.Server()
        self.port = self.own.port

    def environment(self, port):
        return {"GOOGLE_BASE_URL": f"http://127.0.0.1:{port}", "GOOGLE_BEARER_TOKEN": SECRETS["bearer"]}

    def make(self, bucket):
        self.own.buckets[bucket] = {}

    def put(self, bucket, name, body):
        assert self.ask("PUT", f"/{bucket}/{name}", body)[0] == 200

    def objects(self, bucket):
        return {name: self.object(f"/{bucket}/{quote(name)}") for name in list(self.own.buckets[bucket])}

    def stop(self):
        self.own.close()
