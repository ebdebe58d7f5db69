"""A model server in plain Python: judges whether a text sounds glad or cross, by counting words.

It stands for any server of your own. What it needs to be served is this much: listen on $PORT, answer GET with 200
when ready, and answer POST /v1/models/NAME:predict (the V1 protocol: {"instances": [...]} to {"predictions": [...]}).
NAME comes in $INFERENCE_SERVICE_NAME.

Try it by itself:  PORT=8000 python3 server.py
"""

import json
import os
import re
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME = os.environ.get("INFERENCE_SERVICE_NAME", "sentiment")
MAX_BODY = 1 << 20  # bytes; a larger request is refused with 413

GLAD = frozenset(
    "amazing awesome beautiful best brilliant clear delightful easy elegant enjoy enjoyed excellent fast fine good "
    "great happy helpful impressive love loved lovely nice perfect pleasant pleased quick reliable simple smooth solid "
    "superb thanks useful well wonderful".split()
)
CROSS = frozenset(
    "angry annoying awful bad boring broken bug buggy clumsy confusing crash crashed difficult disappointing fail "
    "failed fails frustrating hate hated horrible painful poor problem sad slow terrible ugly unclear unhappy unreliable "
    "useless waste worse worst wrong".split()
)
NEGATIONS = frozenset("not no never hardly isn't wasn't aren't don't doesn't didn't can't won't".split())


def judge(text):
    """The label, the score from -1 (cross) to 1 (glad), and the words that spoke for each."""
    glad, cross = [], []
    words = re.findall(r"[a-z']+", text.lower().replace("\u2019", "'"))
    for i, word in enumerate(words):
        if word not in GLAD and word not in CROSS:
            continue
        negated = any(before in NEGATIONS for before in words[max(0, i - 2) : i])
        (glad if (word in GLAD) != negated else cross).append(word)
    score = (len(glad) - len(cross)) / max(1, len(glad) + len(cross))
    label = "positive" if score > 0 else "negative" if score < 0 else "neutral"
    return {"label": label, "score": round(score, 3), "positive": glad, "negative": cross}


class Refused(Exception):
    """A request that can't be answered: the status, and what is wrong with it."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path in ("/", f"/v1/models/{NAME}"):
            self.answer(200, {"name": NAME, "ready": True})
        elif self.path == "/v1/models":
            self.answer(200, {"models": [NAME]})
        else:
            self.answer(404, {"error": f"no such path: {self.path}"})

    def do_POST(self):
        try:
            body = self.body()
            if self.path != f"/v1/models/{NAME}:predict":
                raise Refused(404, f"no such path: {self.path}; this server answers /v1/models/{NAME}:predict")
            self.answer(200, {"predictions": [judge(text) for text in texts(body)]})
        except Refused as refused:
            self.answer(refused.status, {"error": str(refused)})

    def body(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            self.close_connection = True
            raise Refused(411, "the request must give its Content-Length")
        if int(length) > MAX_BODY:
            self.close_connection = True
            raise Refused(413, f"the body has {length} bytes; at most {MAX_BODY} are read")
        return self.rfile.read(int(length))

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code="-", size="-"):
        """Nothing: a line for each request would drown the log; errors are still written."""


def texts(body):
    try:
        request = json.loads(body)
    except ValueError as error:
        raise Refused(400, f"the body is no JSON: {error}") from error
    instances = request.get("instances") if isinstance(request, dict) else None
    if not isinstance(instances, list) or not all(isinstance(text, str) for text in instances):
        raise Refused(400, 'expected {"instances": ["a text", ...]}')
    return instances


def main():
    port = os.environ.get("PORT", "8080")
    if not port.isdigit():
        sys.exit(f"PORT is {port!r}; expected a number")
    server = ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
    # Sluice sends it after the last request in flight has been answered.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"serving {NAME} on 127.0.0.1:{port}")
    server.serve_forever()


if __name__ == "__main__":
    main()
