"""One WSGI application for all stand-ins: finds the platform, fails when told to, records every call."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import gevent
from gevent.pywsgi import WSGIServer

from tests.sandbox import control, faults, firm, line, messenger, openai_api, telegram
from tests.sandbox.state import Fault, State
from tests.sandbox.wire import JSON, Answer, NotJsonError, Request

PAGE = Path(__file__).with_name("page.html")
PLATFORMS: dict[str, Callable[[State, Request], Answer]] = {
    "line": line.handle,
    "messenger": messenger.handle,
    "telegram": telegram.handle,
    "openai": openai_api.handle,
    "firm": firm.handle,
}
_SHOWN = ("content-type", "user-agent", "x-line-retry-key", "x-stainless-retry-count")
_SECRETS = ("access_token", "appsecret_proof", "secret_token")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"
_PAGE_HEADERS = [("Content-Security-Policy", _POLICY), ("X-Content-Type-Options", "nosniff")]
_REASONS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class Application:
    """The WSGI callable; `state` is all it knows."""

    def __init__(self, state: State) -> None:
        self.state = state

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        body = environ["wsgi.input"].read()
        channel, _, rest = path[1:].partition("/")
        request = Request(environ["REQUEST_METHOD"], "/" + rest, environ["QUERY_STRING"], environ, body)
        if channel in PLATFORMS:
            answer = self._platform(channel, request)
        elif channel == "_control":
            request.path = path
            answer = control.handle(self.state, request)
        elif path == "/" and request.method == "GET":
            answer = Answer(200, PAGE.read_bytes(), list(_PAGE_HEADERS), "text/html")
        elif path == "/favicon.ico":
            answer = Answer(204, b"")
        else:
            answer = Answer(404, {"error": "nothing here: /line, /messenger, /telegram, /openai/v1, /firm"})
        payload = answer.body()
        text = answer.content_type == JSON or answer.content_type.startswith("text/")
        kind = answer.content_type + ("; charset=utf-8" if text else "")
        headers = [("Content-Type", kind), ("Content-Length", str(len(payload))), *answer.headers]
        start_response(_REASONS.get(answer.status, f"{answer.status} Unknown"), headers)
        return [payload]

    def _platform(self, channel: str, request: Request) -> Answer:
        state = self.state
        if delay := state.delays.get(channel):
            gevent.sleep(delay / 1000)
        fault = faults.take(state, channel, request) if state.faults else None
        if fault:
            instead = self._instead(fault, channel, request)
            if instead:
                return instead
        answer = PLATFORMS[channel](state, request)
        self._record(channel, request, answer, fault)
        return faults.after(fault, answer) if fault else answer

    def _instead(self, fault: Fault, channel: str, request: Request) -> Answer | None:
        """The answer in place of handling the call, if the fault asks for that."""
        if faults.never_answers(fault):
            # Recorded first: a call that hangs until after a reset must not show up in the next test's log.
            self._record(channel, request, Answer(0), fault, accepted=False)
        answer = faults.before(fault)
        if answer:
            self._record(channel, request, answer, fault, accepted=False)
        return answer

    def _record(
        self,
        channel: str,
        request: Request,
        answer: Answer,
        fault: Fault | None,
        accepted: bool | None = None,
    ) -> None:
        row: dict[str, Any] = {
            "kind": "call",
            "channel": channel,
            "account": answer.account,
            "method": request.method,
            "path": telegram.public_path(request.path) if channel == "telegram" else request.path,
            "to": answer.to,
            "status": answer.status,
            "accepted": answer.status < 400 if accepted is None else accepted,
            "body": _public_body(channel, request),
            "answer": answer.payload if isinstance(answer.payload, dict) and channel != "openai" else None,
            "headers": {name: value for name in _SHOWN if (value := request.header(name))},
        }
        if request.query_string:
            row["query"] = {k: v for k, v in request.query.items() if k not in _SECRETS}
        if fault:
            row["fault"] = fault.mode
        self.state.record(row | (answer.note or {}))


def _public_body(channel: str, request: Request) -> Any:
    """The body as the platform read it, without secrets."""
    if not request.body:
        return None
    try:
        if channel in ("messenger", "telegram"):
            structured = messenger.STRUCTURED if channel == "messenger" else telegram.STRUCTURED
            values = request.loose(structured)
        else:
            values = request.json()
    except (NotJsonError, UnicodeDecodeError):
        return {"unreadable_bytes": len(request.body)}
    return {name: value for name, value in values.items() if name not in _SECRETS}


class _Server(WSGIServer):  # type: ignore[misc]  # gevent has no types
    def handle(self, client_socket: socket.socket, address: Any) -> None:
        # Head and body leave in two writes; without this the second waits 40 ms for the first one's ACK.
        client_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().handle(client_socket, address)


def serve(state: State, port: int) -> WSGIServer:
    """A started server on loopback; port 0 takes a free one. `server.server_port` tells which."""
    server = _Server(("127.0.0.1", port), Application(state), log=None, backlog=1024)
    server.start()
    return server
