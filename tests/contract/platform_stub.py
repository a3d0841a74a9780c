"""A platform on loopback that answers as a test says and remembers what it was asked."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Say:
    """One answer. `hang` seconds pass first; `drop` closes the connection instead, the request being read."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    hang: float = 0.0
    drop: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        """JSON, or the fields of a form with the JSON inside them read."""
        if self.headers.get("content-type", "").startswith("application/json"):
            return dict(json.loads(self.raw))
        form = dict(parse_qsl(self.raw.decode()))
        return {key: json.loads(value) if value[:1] in "{[" else value for key, value in form.items()}


class Platform:
    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answers: list[Say] = []
        platform = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                parts = urlsplit(self.path)
                raw = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {key.lower(): value for key, value in self.headers.items()}
                query = dict(parse_qsl(parts.query))
                platform.asked.append(Asked(self.command, parts.path, query, headers, raw))
                say = (
                    platform.answers.pop(0) if platform.answers else Say(500, {"message": "nothing planned"})
                )
                sleep(say.hang)
                if say.drop:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                body = say.body if isinstance(say.body, bytes) else json.dumps(say.body).encode()
                self.send_response(say.status)
                for key, value in {"Content-Type": "application/json", **say.headers}.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(body)))
                # A caller that ran out of patience is part of the test.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    self.end_headers()
                    self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 (names of http.server)

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def plan(self, *answers: Say) -> None:
        self.asked.clear()
        self.answers[:] = answers

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def closed_port() -> str:
    """An address at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
