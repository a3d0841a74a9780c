"""The widget's API as interface.md has it: session, send once, history, a stream that resumes without doubles."""

from __future__ import annotations

import http.client
import json
import secrets
import threading
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.house import House, until
from tests.knowledge import answer, disclosure, notice, question


class Visitor:
    """A browser without a screen: one session on the demo web account."""

    def __init__(self, house: House, account: str) -> None:
        self.house, self.base = house, f"/webchat/{account}"
        status, body = self.call("POST", "/session", token="")
        assert status == 200
        self.token = body["token"]

    def call(
        self, method: str, path: str, body: Any = None, token: str | None = None, **headers: str
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.house.port, timeout=10)
        bearer = self.token if token is None else token
        sent = {"Content-Type": "application/json", **headers}
        if bearer:
            sent["Authorization"] = f"Bearer {bearer}"
        connection.request(method, self.base + path, json.dumps(body) if body is not None else None, sent)
        response = connection.getresponse()
        raw = response.read()
        connection.close()
        return response.status, json.loads(raw) if raw else None

    def says(self, text: str, client_id: str | None = None) -> int:
        return self.call("POST", "/messages", {"text": text, "client_id": client_id or secrets.token_hex(8)})[
            0
        ]

    def history(self) -> list[dict[str, Any]]:
        return list(self.call("GET", "/messages")[1]["messages"])

    def heard(self, count: int) -> list[dict[str, Any]]:
        return until(
            lambda: (found := self.history()) and len(found) >= count and found, 15, f"{count} messages"
        )

    def stream(self, last: str | None = None) -> Stream:
        return Stream(self, last)


class Stream:
    """The server-sent events of a visitor, read in the background."""

    def __init__(self, visitor: Visitor, last: str | None) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})}
        url = f"{visitor.house.url}{visitor.base}/stream?token={visitor.token}"
        self._response = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30)
        assert self._response.headers["Content-Type"].startswith("text/event-stream")
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        time.sleep(0.3)

    def _read(self) -> None:
        event_id = ""
        for raw in self._response:
            line = raw.decode().rstrip("\n")
            if line.startswith("id: "):
                event_id = line[4:]
            elif line.startswith("data: "):
                self.events.append((event_id, json.loads(line[6:])))

    def close(self) -> None:
        self._response.fp.raw._sock.close()  # type: ignore[union-attr]


@pytest.fixture
def visitor(house: House, ids: dict[str, str]) -> Iterator[Visitor]:
    return Visitor(house, ids["web"])


def test_a_question_is_accepted_answered_and_kept_in_the_history(visitor) -> None:
    assert visitor.says(question("card-annual-fee"), "c-1") == 202
    said = visitor.heard(3)
    assert [one["author"] for one in said] == ["customer", "bot", "bot"]
    assert said[0]["client_id"] == "c-1"
    assert said[1]["text"] == notice("greeting")
    assert said[2]["text"] == answer("card-annual-fee") + "\n\n" + disclosure("card")
    assert all(one["id"] and one["at"] for one in said)


def test_the_same_client_id_twice_is_one_message(visitor) -> None:
    assert visitor.says(question("card-annual-fee"), "twice") == 202
    assert visitor.says(question("card-annual-fee"), "twice") == 202
    visitor.heard(3)
    time.sleep(1)
    assert len(visitor.history()) == 3


def test_without_a_token_or_with_a_forged_one_it_is_401(visitor) -> None:
    assert visitor.call("GET", "/messages", token="")[0] == 401
    assert visitor.call("GET", "/messages", token="forged")[0] == 401
    assert visitor.call("POST", "/messages", {"text": "x", "client_id": "1"}, token="forged")[0] == 401
    assert visitor.call("GET", "/stream", token="forged")[0] == 401


def test_another_site_may_not_open_a_session(visitor) -> None:
    assert visitor.call("POST", "/session", token="", Origin="https://evil.example")[0] == 403
    assert visitor.call("POST", "/session", token="", Origin=visitor.house.url)[0] == 200


@pytest.mark.parametrize(
    "body", [{}, {"text": ""}, {"text": "x"}, {"text": "x" * 2001, "client_id": "1"}, [], "x"]
)
def test_bad_messages_are_400_with_a_sentence(visitor, body) -> None:
    status, said = visitor.call("POST", "/messages", body)
    assert status == 400
    assert said["error"]


def test_the_stream_starts_at_the_present_and_brings_each_message_once(visitor) -> None:
    visitor.says(question("card-annual-fee"))
    visitor.heard(3)
    stream = visitor.stream()
    assert stream.events == []
    visitor.says(question("account-password-reset"))
    until(lambda: len(stream.events) >= 2, 10, "question and answer on the stream")
    time.sleep(0.7)
    assert [one["author"] for _, one in stream.events] == ["customer", "bot"]
    assert stream.events[1][1]["text"] == answer("account-password-reset")
    assert all(event_id == one["id"] for event_id, one in stream.events)


def test_a_resumed_stream_sends_all_that_came_after_and_nothing_twice(visitor) -> None:
    visitor.says(question("card-annual-fee"))
    first = visitor.heard(3)
    visitor.says(question("account-password-reset"))
    visitor.heard(5)
    resumed = visitor.stream(last=first[1]["id"])
    until(lambda: len(resumed.events) >= 3, 10, "what came after")
    time.sleep(0.7)
    assert [one["id"] for _, one in resumed.events] == [one["id"] for one in visitor.history()[2:]]


def test_a_signed_customer_keeps_one_history_over_sessions(house: House) -> None:
    import hashlib
    import hmac

    added = house.json(
        *("channels", "add", "web", "--name", "app", "--origin", "https://app.example"),
        *("--identity-secret", "shared-secret", "--json"),
    )
    signature = hmac.new(b"shared-secret", b"member-77", hashlib.sha256).hexdigest()
    identity = {"identity": {"user_id": "member-77", "signature": signature}}
    one = Visitor(house, added["id"])
    status, body = one.call("POST", "/session", identity, token="")
    assert status == 200
    one.token = body["token"]
    one.says(question("card-annual-fee"))
    one.heard(3)
    two = Visitor(house, added["id"])
    two.token = two.call("POST", "/session", identity, token="")[1]["token"]
    assert len(two.history()) == 3
    wrong = {"identity": {"user_id": "member-77", "signature": "0" * 64}}
    assert two.call("POST", "/session", wrong, token="")[0] == 401


def test_the_widget_script_is_small_and_cacheable(house: House, ids) -> None:
    with urllib.request.urlopen(f"{house.url}/webchat/{ids['web']}/widget.js", timeout=5) as response:
        script = response.read()
        assert response.headers["Content-Type"].startswith("text/javascript")
    assert 1000 < len(script) < 15 * 1024
