"""A small application to operate, with the standard library alone: `service.py CONFIG [HOST:PORT]`.

`POST /login` logs in, `GET /health` says whether the store answers, `GET /metrics` is for Prometheus.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from doorward import AuthError, Config, Engine
from doorward.exceptions import InvalidRequest

Answer = Callable[[], str]


def configuration(path: Path) -> Config:
    """Read the configuration. Secret keys are credentials of the service, where it has some."""
    config: Config = json.loads(path.read_text())
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder:
        keys = [Path(folder, name) for name in ("secret.key", "old.key")]
        config["secret_key_files"] = [str(key) for key in keys if key.exists()]
    return config


def server(engine: Engine, host: str, port: int) -> ThreadingHTTPServer:
    """Make the server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/health":
                self.answer(lambda: f"{len(engine.list_users(limit=1).users)}\n")
            elif self.path == "/metrics":
                self.answer(lambda: engine.stats(store=True).prometheus, "text/plain; version=0.0.4")
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            if self.path == "/login":
                self.answer(self.login, "application/json")
            else:
                self.send_error(404)

        def login(self) -> str:
            body = self.rfile.read(min(int(self.headers.get("content-length", 0)), 10_000))
            try:
                fields = json.loads(body)
                username, password = str(fields["username"]), str(fields["password"])
            except (ValueError, LookupError, TypeError):
                raise InvalidRequest("A name and a password are needed.") from None
            client = {"ip": self.client_address[0]}
            return engine.login(username=username, password=password, client=client).model_dump_json()

        def answer(self, text: Answer, kind: str = "text/plain") -> None:
            try:
                status, headers, body = 200, {"cache-control": "no-store"}, text()
            except AuthError as error:
                status, headers, body = error.http_status, error.http_headers, json.dumps(error.http_body)
                kind = "application/json"
            self.send_response(status)
            for name, value in {
                **headers,
                "content-type": kind,
                "content-length": str(len(body.encode())),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """The engine logs what matters."""

    return ThreadingHTTPServer((host, port), Handler)


def main() -> None:
    """Serve until a signal."""
    host, _, port = (sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1:8000").rpartition(":")
    with Engine(configuration(Path(sys.argv[1]))) as engine, server(engine, host, int(port)) as http:

        def stop(number: int, frame: object) -> None:
            threading.Thread(target=http.shutdown).start()

        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)
        print(f"listening on {host}:{http.server_address[1]}", flush=True)
        http.serve_forever()


if __name__ == "__main__":
    main()
