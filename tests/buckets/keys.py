"""Where keys come from, and that they go nowhere else."""

import http.server
import json
import threading
from contextlib import contextmanager

from cases import case
from place import MANIFEST, address, check, must, place
from stores import SECRETS

HELP = ("  help: set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION, or AWS_PROFILE; for R2, MinIO or Ceph also "
        "AWS_ENDPOINT_URL\n")
EXPORT = "  help: put keys into the environment: eval \"$(aws configure export-credentials --format env)\"\n"
OF_KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_SESSION_TOKEN": None}
NOTHING = {**OF_KEYS, "AWS_REGION": None, "AWS_ENDPOINT_URL": None}


def credentials(name="default", *more):
    lines = [f"[{name}]", f"aws_access_key_id = {SECRETS['key']}", f"aws_secret_access_key = {SECRETS['secret']}", *more]
    return "\n".join(lines) + "\n"


def in_home(there, **files):
    (there.home / ".aws").mkdir(exist_ok=True)
    for name, text in files.items():
        (there.home / ".aws" / name).write_text(text)


def signed(run):
    """With which key and for which region the requests of a run are signed."""
    credentials = [request.headers["Authorization"].split("Credential=")[1].split("/") for request in run.asked]
    return {(key, region) for key, _, region, *_ in credentials}


@case()
def no_keys(store):
    with place(store) as there:
        there.build()
        there.more = OF_KEYS
        run = there.publish().says(f"feedmill: {there.destination}: there are no keys for S3\n{HELP}")
        check("requests", run.asked, [])
        must("at once", run.took < 2, run.took)
        there.more = {**OF_KEYS, "AWS_ACCESS_KEY_ID": SECRETS["key"]}
        run = there.publish()
        check("half of a key", (run.status, run.asked), (2, []))
        must("half of a key", run.err.endswith(HELP), run.err)


@case()
def keys_in_files(store):
    with place(store) as there:
        there.build()
        there.more = NOTHING
        endpoint = f"endpoint_url = http://127.0.0.1:{there.proxy.port}"
        in_home(there, credentials=credentials(), config=f"[default]\nregion = eu-west-3\n{endpoint}\n")
        check("who signs", signed(there.publish().is_silent()), {(SECRETS["key"], "eu-west-3")})
        in_home(there, credentials=credentials("news", f"aws_session_token = {SECRETS['token']}"),
                config=f"[profile news]\nregion = eu-west-1\n{endpoint}\n[profile company]\nsso_session = it\n{endpoint}\n"
                       f"[profile other]\ncredential_process = keys --secret {SECRETS['secret']}\n[profile role]\nrole_arn = x\nsource_profile = news\n")
        there.more = {**NOTHING, "AWS_PROFILE": "news"}
        run = there.publish().is_silent()
        check("who signs", signed(run), {(SECRETS["key"], "eu-west-1")})
        check("the token goes along", {request.headers["x-amz-security-token"] for request in run.asked}, {SECRETS["token"]})
        there.more = {**NOTHING, "AWS_PROFILE": "nwes"}
        run = there.publish().says(f"feedmill: {there.destination}: AWS_PROFILE names the profile `nwes`, and there is none of that name\n{HELP}")
        for name, way in ("company", "sso_session"), ("other", "credential_process"), ("role", "role_arn"):
            there.more = {**NOTHING, "AWS_PROFILE": name}
            run = there.publish().says(f"feedmill: {there.destination}: the profile gets its keys by `{way}`, which feedmill does not do\n{EXPORT}")
            check("requests", run.asked, [])
        there.more = NOTHING
        there.publish().says(f"feedmill: {there.destination}: there are no keys for S3\n{HELP}")
        # Elsewhere than at home; and the environment goes over it.
        (there.root / "keys").write_text(credentials().replace(SECRETS["key"], "AKIAANOTHERKEY000000"))
        there.more = {**NOTHING, "AWS_SHARED_CREDENTIALS_FILE": str(there.root / "keys"), "AWS_REGION": "us-west-2",
                      "AWS_ENDPOINT_URL": f"http://127.0.0.1:{there.proxy.port}"}
        check("who signs", signed(there.publish().is_silent()), {("AKIAANOTHERKEY000000", "us-west-2")})
        there.more = {"AWS_SHARED_CREDENTIALS_FILE": str(there.root / "keys"), "AWS_REGION": None, "AWS_DEFAULT_REGION": "us-west-1"}
        check("who signs", signed(there.publish().is_silent()), {(SECRETS["key"], "us-west-1")})
        (there.root / "keys").write_text(f"[default]\n{SECRETS['secret']}\n")
        there.more = {**NOTHING, "AWS_SHARED_CREDENTIALS_FILE": str(there.root / "keys")}
        there.publish().says(f"feedmill: {there.destination}: {there.root}/keys:3: this line cannot be read\n{HELP}")


@case()
def where_the_store_is(store):
    with place(store) as there:
        there.build()
        endpoint = f"http://127.0.0.1:{there.proxy.port}"
        for name in "AWS_ENDPOINT_URL", "AWS_ENDPOINT", "AWS_ENDPOINT_URL_S3":
            there.more = {"AWS_ENDPOINT_URL": None, name: endpoint}
            run = there.publish().is_silent()
            must(f"{name} is heeded", run.asked)
        there.more = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_S3": endpoint}
        must("that of S3 goes over that of all", there.publish().is_silent().asked)
        # Some paste an address with a slash at its end.
        there.more = {"AWS_ENDPOINT_URL": f"{endpoint}/"}
        there.is_idle()
        there.more = {"AWS_REGION": None}
        check("without a region", signed(there.publish().is_silent()), {(SECRETS["key"], "us-east-1")})
        for text in "not an address", "127.0.0.1:9000", "ftp://127.0.0.1":
            there.more = {"AWS_ENDPOINT_URL": text}
            there.publish().says(f"feedmill: {there.destination}: AWS_ENDPOINT_URL is not an address\n  help: write it like https://s3.example.com\n")


class Role(http.server.BaseHTTPRequestHandler):
    """What tells an instance, or a container, who it is."""

    def log_message(self, *_):
        pass

    def reply(self, text):
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_PUT(self):
        self.reply("a token")

    def do_GET(self):
        if self.path.endswith("/security-credentials/"):
            return self.reply("feeds")
        keys = {"AccessKeyId": SECRETS["key"], "SecretAccessKey": SECRETS["secret"], "Token": SECRETS["token"],
                "Expiration": "2100-01-01T00:00:00Z", "Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2020-01-01T00:00:00Z"}
        self.reply(json.dumps(keys))


@contextmanager
def role():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Role)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@case()
def the_role_of_the_machine(store):
    with place(store) as there, role() as address_of_it:
        there.build()
        for more in {"AWS_METADATA_ENDPOINT": address_of_it}, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{address_of_it}/keys",
                     "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(there.root / "token")}:
            (there.root / "token").write_text("a token")
            there.more = {**OF_KEYS, "AWS_EC2_METADATA_DISABLED": None, **more}
            run = there.publish().is_silent()
            check("who signs", signed(run), {(SECRETS["key"], "us-east-1")})
            check("the token goes along", {request.headers["x-amz-security-token"] for request in run.asked}, {SECRETS["token"]})
        # A machine that has none.
        there.more = {**OF_KEYS, "AWS_EC2_METADATA_DISABLED": None, "AWS_METADATA_ENDPOINT": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "2"}
        run = there.publish()
        check("no role", (run.status, run.asked), (2, []))


@case("az")
def keys_of_azure(store):
    with place(store) as there:
        there.build()
        nothing = {"AZURE_STORAGE_USE_EMULATOR": None, "AZURITE_BLOB_STORAGE_URL": None}
        account = {"AZURE_STORAGE_ACCOUNT_NAME": store.account, "AZURE_STORAGE_ACCOUNT_KEY": SECRETS["azure"],
                   "AZURE_STORAGE_ENDPOINT": f"http://127.0.0.1:{there.proxy.port}/{store.account}"}
        there.more = {**nothing, **account}
        there.publish().is_silent()
        there.is_published()
        help = "  help: set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or AZURE_STORAGE_SAS_KEY\n"
        there.more = {**nothing, **account, "AZURE_STORAGE_ACCOUNT_NAME": None}
        run = there.publish()
        check("no account", (run.status, run.asked), (2, []))
        must("no account", run.err.endswith(help), run.err)
        there.more = {**nothing, **account, "AZURE_STORAGE_ACCOUNT_KEY": "bm90IHRoZSBrZXk="}
        run = there.publish()
        run.says(f"feedmill: {address(there, MANIFEST)}: access is denied (403 AuthorizationFailure)\n"
                 "  help: the keys must be allowed to get and put objects, to delete them for --delete-stale, and to list the bucket: without that, S3 denies what is not there yet\n")


@case("gs")
def keys_of_google(store):
    with place(store) as there:
        there.build()
        run = there.publish().is_silent()
        check("the token goes along", {request.headers["Authorization"] for request in run.asked}, {f"Bearer {SECRETS['bearer']}"})
        help = "  help: set GOOGLE_APPLICATION_CREDENTIALS to a file of keys, or GOOGLE_BEARER_TOKEN\n"
        keys = there.root / "keys.json"
        for text in None, "", json.dumps({"private_key": SECRETS["secret"]}), SECRETS["secret"]:
            if text is not None:
                keys.write_text(text)
            there.more = {"GOOGLE_BEARER_TOKEN": None, "GOOGLE_APPLICATION_CREDENTIALS": str(keys)}
            run = there.publish()
            check("keys that are none", (run.status, run.asked), (2, []))
            must("it is said what to do", run.err.endswith(help), run.err)


@case()
def no_secret_is_told(store):
    with place(store) as there:
        there.build()
        there.more = {"RUST_LOG": "trace", "RUST_BACKTRACE": "full"}
        there.publish("-v", "--report", "report.json", "--changed", "-")
        # Who pastes a key into the destination does not find it in a log.
        run = there.publish(f"s3://{SECRETS['key']}:{SECRETS['secret']}@{there.bucket}/feeds")
        run.says("feedmill: the destination does not name a bucket\n"
                 "  help: write s3://BUCKET/FOLDER, gs://BUCKET/FOLDER or az://CONTAINER/FOLDER\n")
        there.more = {"AWS_ENDPOINT_URL": f"http://{SECRETS['key']}:secret@127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}
        run = there.publish("-v")
        check("status", run.status, 2)
        there.more = {"AWS_ENDPOINT_URL": f"ftp://{SECRETS['key']}"}
        check("status", there.publish("-v").status, 2)
