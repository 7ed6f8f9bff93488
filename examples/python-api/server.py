"""An API that says who is calling it. It stands in for yours, in whatever framework."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt

from verify import KeysUnavailable, verify

APP = os.environ.get("APP", "http://localhost:5174")
PORT = int(os.environ.get("PORT", "5175"))


class Api(BaseHTTPRequestHandler):
    def do_GET(self):
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise jwt.InvalidTokenError("no bearer token")
            self.send(200, {"hello": verify(token)["sub"]})
        except jwt.InvalidTokenError:
            self.send(401, {"code": "unauthenticated"})
        except KeysUnavailable:
            self.send(503, {"code": "unavailable"})

    def do_OPTIONS(self):
        self.send(200, {})

    def send(self, status: int, body: dict):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Access-Control-Allow-Origin", APP)
        self.send_header("Access-Control-Allow-Headers", "Authorization")
        self.end_headers()
        self.wfile.write(content)


if __name__ == "__main__":
    ThreadingHTTPServer(("localhost", PORT), Api).serve_forever()
