"""What stands for Cloudflare's API: purge.py PORT FOLDER

Takes the addresses that are to be purged, a line of FOLDER/told to each, and a line of FOLDER/requests to each request. While
there is a file FOLDER/down, it refuses.
"""

import http.server
import json
import pathlib
import sys

port, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])


def add(name, lines):
    with open(folder / name, "a", encoding="ascii") as file:
        file.writelines(line + "\n" for line in lines)


class Api(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        good = False
        if self.headers["Authorization"] != "Bearer token-of-purge":
            errors = [{"code": 10000, "message": "Authentication error"}]
        elif (folder / "down").exists():
            errors = [{"code": 10001, "message": "Please wait and consider throttling your request speed"}]
        else:
            files = json.loads(body)["files"]
            good = 0 < len(files) <= 100 and self.headers["Content-Type"] == "application/json"
            errors = [] if good else [{"code": 1094, "message": "Unable to purge"}]
        if good:
            add("told", files)
            add("requests", [f"{self.path} {len(files)}"])
        answer = json.dumps({"success": good, "errors": errors, "messages": [], "result": None}).encode()
        self.send_response(200 if good else 400)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


http.server.HTTPServer(("127.0.0.1", port), Api).serve_forever()
