"""The web chat's API over plain lists, for the widget alone: cross-origin, and able to fail when told to.

Run `python -m tests.unit.webchat.stub` to try the widget in a browser without any database.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, request
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

WIDGET = Path(__file__).parents[3] / "adapters" / "webchat" / "widget.js"
ACCOUNT = "5f0000000000000000000001"
CHOICES = [("信用卡年費", "offer:1:0"), ("如何免信用卡年費", "offer:1:1"), ("都不是", "offer:1:none")]


@dataclass
class Stub:
    """What a test sees and sets. Positions of messages start at 1; `fail` holds answers of the next posts.

    `forgetful` streams begin with the first message, whatever was seen.
    """

    messages: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    sessions: list[dict[str, Any]] = field(default_factory=list)
    resumed_from: list[str] = field(default_factory=list)
    fail: list[int] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    answering: bool = True
    forgetful: bool = False
    epoch: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def say(self, author: str, text: str, buttons: list[tuple[str, str]] | None = None, **more: Any) -> None:
        with self.changed:
            self.messages.append(
                {
                    "id": str(len(self.messages) + 1),
                    "author": author,
                    "text": text,
                    "at": (datetime.now(UTC) - timedelta(minutes=more.get("ago", 0))).isoformat(),
                    "kind": "text",
                    "buttons": [{"label": label, "value": value} for label, value in buttons or ()],
                    "client_id": more.get("client_id"),
                }
            )
            self.changed.notify_all()

    def hang_up(self) -> None:
        """End every stream, as a restart of the web process does."""
        with self.changed:
            self.epoch += 1
            self.changed.notify_all()

    def accept(self, body: dict[str, Any]) -> None:
        if body["client_id"] in [one["client_id"] for one in self.posts]:
            return
        self.posts.append(body)
        self.say("customer", body["text"], client_id=body["client_id"])
        if not self.answering:
            return
        if body.get("choice"):
            self.say("bot", f"晴光卡首年免年費。（{body['choice']}）")
        elif "年費" in body["text"]:
            self.say("bot", "請問您想了解的是下列哪一項？", CHOICES)
        else:
            self.say("bot", f"已收到：{body['text']}")

    def events(self, last: int) -> Iterator[str]:
        epoch = self.epoch
        yield "retry: 100\n\n"
        while True:
            with self.changed:
                if len(self.messages) <= last and self.epoch == epoch:
                    self.changed.wait(1)
                fresh, over = self.messages[last:], self.epoch != epoch
            if over:
                return
            for message in fresh:
                last = int(message["id"])
                yield f"id: {last}\ndata: {json.dumps(message, ensure_ascii=False)}\n\n"
            if not fresh:
                yield ": still here\n\n"


def api(stub: Stub) -> Flask:
    app = Flask("webchat_stub")
    at = f"/webchat/{ACCOUNT}"

    @app.after_request
    def cross_origin(response: Response) -> Response:
        if request.headers.get("Origin"):
            response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Last-Event-ID"
        return response

    @app.before_request
    def signed() -> tuple[str, int] | None:
        if request.method == "OPTIONS" or not request.path.endswith(("/messages", "/stream")):
            return None
        token = request.args.get("token") or request.headers.get("Authorization", "").removeprefix("Bearer ")
        return ("no such token", 401) if not token.startswith("token-") or token in stub.refused else None

    @app.get(f"{at}/widget.js")
    def widget() -> Response:
        return Response(WIDGET.read_bytes(), mimetype="text/javascript")

    @app.post(f"{at}/session")
    def session() -> Response:
        stub.sessions.append(request.get_json())
        return jsonify(token=f"token-{len(stub.sessions)}")

    @app.post(f"{at}/messages")
    def send() -> tuple[Response, int]:
        body = request.get_json()
        if stub.fail:
            status = stub.fail.pop(0)
            stub.posts.append({"failed": status, "client_id": None, "tried": body["client_id"]})
            return jsonify(error="on purpose"), status
        stub.accept(body)
        return jsonify(client_id=body["client_id"], accepted=True), 202

    @app.get(f"{at}/messages")
    def history() -> Response:
        return jsonify(messages=stub.messages)

    @app.get(f"{at}/stream")
    def stream() -> Response:
        last = request.headers.get("Last-Event-ID") or request.args["last_event_id"]
        stub.resumed_from.append(last)
        return Response(stub.events(0 if stub.forgetful else int(last)), mimetype="text/event-stream")

    return app


def site(pages: dict[str, tuple[str, str]]) -> Flask:
    """Somebody's web site: path -> (HTML, Content-Security-Policy)."""
    app = Flask("some_site")

    @app.get("/<name>")
    def page(name: str) -> Response:
        html, policy = pages.get(name, ("", ""))
        response = Response(html, mimetype="text/html")
        if policy:
            response.headers["Content-Security-Policy"] = policy
        return response

    return app


class Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Says nothing: a test's output is about the test."""


def serve(app: Flask) -> tuple[BaseWSGIServer, str]:
    """Listen on a free loopback port; the address is without a trailing slash."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    server.daemon_threads = True  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server, f"http://127.0.0.1:{server.port}"


def page(origin: str, attributes: str = "", head: str = "", lang: str = "zh-TW") -> str:
    """A page of that site with the widget."""
    source = f"{origin}/webchat/{ACCOUNT}/widget.js"
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>Some bank</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{head}</head><body><h1>Some bank</h1>'
        f'<p>{"Interest, fees and terms. " * 60}</p><script async src="{source}" {attributes}></script></body></html>'
    )


if __name__ == "__main__":
    _, address = serve(api(Stub()))
    pages = {"zh": (page(address, "data-open"), ""), "en": (page(address, "data-open", lang="en"), "")}
    print(serve(site(pages))[1] + "/zh", urlsplit(address).netloc)
    threading.Event().wait()
