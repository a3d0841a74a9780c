"""One sandbox for all tests of this folder, with three accounts and a small web server that plays the bot."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.sandbox.client import Sandbox

LINE_TOKEN, LINE_SECRET = "line-token", "8c570fa6dd201bb328f1c1eac23a96d8"
PAGE, PAGE_TOKEN, APP_SECRET = "109000000000001", "page-token", "app-secret"
TELEGRAM_TOKEN = "123456:AAsandbox-token"


@dataclass
class Bot:
    """What the webhook was sent; `status` is what it answers."""

    url: str = ""
    status: int = 200
    posts: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox.start(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
def bot() -> Iterator[Bot]:
    bot = Bot()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            bot.posts.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            bot.arrived.set()
            self._answer(b"")

        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            right = asked.get("hub.verify_token") == ["verify me"]
            self._answer(asked["hub.challenge"][0].encode() if right else b"no")

        def _answer(self, body: bytes) -> None:
            self.send_response(bot.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    bot.url = f"http://127.0.0.1:{server.server_port}/webhook"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield bot
    server.shutdown()
    server.server_close()


@pytest.fixture
def sandbox(running: Sandbox, bot: Bot) -> Sandbox:
    running.reset(accounts=True)
    running.add_line(LINE_TOKEN, LINE_SECRET, bot.url, name="Test OA")
    running.add_messenger(PAGE, PAGE_TOKEN, APP_SECRET, "verify me", bot.url, app_id="77")
    running.add_telegram(TELEGRAM_TOKEN)
    return running
