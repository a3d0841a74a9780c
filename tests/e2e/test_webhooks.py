"""The edge over real processes: what is refused stores nothing, what is accepted is kept and handled once."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Iterator

import pytest

from bot.mongo import Mongo
from tests.house import House, post, until
from tests.knowledge import answer, question
from tests.sandbox.events import (
    line_body,
    line_text_event,
    messenger_body,
    messenger_text_event,
    sign_line,
    sign_messenger,
    sign_telegram,
    telegram_body,
    telegram_text_update,
)

LINE_SECRET = "5a" * 16
APP_SECRET = "6b" * 16
PAGE = "109000000000001"


@pytest.fixture(scope="module")
def mongo(house: House) -> Iterator[Mongo]:
    one = Mongo(house.json("doctor", "--json")["mongodb_uri"])
    yield one
    one.close()


def line_url(house: House, ids: dict[str, str]) -> str:
    return f"{house.url}/webhooks/line/{ids['line']}"


def test_the_same_event_five_times_gives_one_answer(house, ids, person) -> None:
    customer = person("line")
    event = customer.line_event(question("card-annual-fee"))
    for n in range(5):
        event["deliveryContext"]["isRedelivery"] = n > 0
        body = line_body([event])
        assert post(line_url(house, ids), sign_line(LINE_SECRET, body), body) == 200
    assert len(customer.reads(2)) == 2
    time.sleep(1.5)
    assert len(customer.shown()) == 2


def test_a_bad_signature_is_401_and_stores_nothing(house, ids, mongo) -> None:
    before = mongo["events"].count_documents({})
    body = line_body([line_text_event("mallory", "讓我進去")])
    assert post(line_url(house, ids), sign_line("0" * 32, body), body) == 401
    assert post(line_url(house, ids), {"Content-Type": "application/json"}, body) == 401
    body = messenger_body(PAGE, [messenger_text_event("mallory", PAGE, "hi")])
    assert (
        post(f"{house.url}/webhooks/messenger/{ids['messenger']}", sign_messenger("0" * 32, body), body)
        == 401
    )
    body = telegram_body(telegram_text_update("mallory", "hi"))
    assert post(f"{house.url}/webhooks/telegram/{ids['telegram']}", sign_telegram("wrong"), body) == 401
    assert mongo["events"].count_documents({}) == before


def test_a_signed_body_that_is_cut_in_half_is_400(house, ids) -> None:
    whole = line_body([line_text_event("someone", "hello")])
    half = whole[: len(whole) // 2]
    assert post(line_url(house, ids), sign_line(LINE_SECRET, half), half) == 400
    whole = messenger_body(PAGE, [messenger_text_event("someone", PAGE, "hi")])
    half = whole[: len(whole) // 2]
    assert (
        post(f"{house.url}/webhooks/messenger/{ids['messenger']}", sign_messenger(APP_SECRET, half), half)
        == 400
    )


def test_an_unknown_or_disabled_account_is_404(house, ids) -> None:
    body = line_body([])
    assert post(f"{house.url}/webhooks/line/nobody", sign_line(LINE_SECRET, body), body) == 404
    assert post(f"{house.url}/webhooks/sms/{ids['line']}", {}, body) == 404
    assert post(f"{house.url}/webhooks/line/{ids['telegram']}", sign_line(LINE_SECRET, body), body) == 404
    added = house.json(
        "channels", "add", "line", "--name", "spare", "--secret", "s" * 32, "--token", "t", "--json"
    )
    spare = f"{house.url}/webhooks/line/{added['id']}"
    assert post(spare, sign_line("s" * 32, body), body) == 200
    house.run("channels", "disable", added["id"])
    assert post(spare, sign_line("s" * 32, body), body) == 404


def test_too_large_a_body_is_413(house, ids) -> None:
    body = b"x" * ((1 << 20) + 1)
    assert post(line_url(house, ids), sign_line(LINE_SECRET, body), body) == 413


def test_the_messenger_handshake(house, ids) -> None:
    import urllib.error
    import urllib.request

    base = f"{house.url}/webhooks/messenger/{ids['messenger']}?hub.mode=subscribe&hub.challenge=4711&hub.verify_token="
    with urllib.request.urlopen(base + "sandbox-verify", timeout=5) as response:
        assert response.read() == b"4711"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(base + "wrong", timeout=5)
    assert refused.value.code == 403


@contextlib.contextmanager
def frozen(house: House, pattern: str) -> Iterator[None]:
    """The processes hang, as in a stalled disk or a lost network: worse than being gone, for nothing refuses."""
    pids = house.pids(pattern)
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_mongodb_down_is_503_and_the_event_is_taken_when_it_comes_again(house, ids, person) -> None:
    customer = person("line")
    body = line_body([customer.line_event(question("card-annual-fee"))])
    headers = sign_line(LINE_SECRET, body)
    with frozen(house, "mongod "):
        started = time.monotonic()
        assert post(line_url(house, ids), headers, body) == 503
        assert time.monotonic() - started < 5
    until(lambda: post(line_url(house, ids), headers, body) == 200, 20, "the redelivered event is taken")
    assert customer.reads(2)[1].startswith(answer("card-annual-fee"))


def test_redis_down_is_still_200_and_answered_once_redis_is_back(house, ids, person) -> None:
    customer = person("line")
    body = line_body([customer.line_event(question("card-annual-fee"))])
    with frozen(house, "redis-server"):
        assert post(line_url(house, ids), sign_line(LINE_SECRET, body), body) == 200
        time.sleep(1)
        assert customer.shown() == []
    assert customer.reads(2, timeout=30)[1].startswith(answer("card-annual-fee"))


def test_half_open_sockets_do_not_slow_the_next_webhook(house, ids) -> None:
    """Ten clients that close their side and keep the socket, and ten that send half a request."""
    holding = []
    for n in range(20):
        client = socket.create_connection(("127.0.0.1", house.port), timeout=5)
        whole = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        client.sendall(whole if n % 2 else whole[:30])
        if n % 2:
            client.shutdown(socket.SHUT_WR)
        holding.append(client)
    body = line_body([])
    slowest = 0.0
    for _ in range(20):
        started = time.monotonic()
        assert post(line_url(house, ids), sign_line(LINE_SECRET, body), body) == 200
        slowest = max(slowest, time.monotonic() - started)
    for client in holding:
        client.close()
    assert slowest < 1.0


def test_refused_calls_are_counted(house, ids) -> None:
    import urllib.request

    body = line_body([])
    post(line_url(house, ids), {"x-line-signature": "bad"}, body)
    with urllib.request.urlopen(f"{house.url}/metrics", timeout=5) as response:
        text = response.read().decode()
    assert 'teller_webhooks_total{channel="line",status="401"}' in text


def test_events_of_several_users_in_one_post_are_each_answered(house, ids, person) -> None:
    one, two = person("line"), person("line")
    body = line_body([one.line_event(question("card-annual-fee")), two.line_event("我要真人")])
    assert post(line_url(house, ids), sign_line(LINE_SECRET, body), body) == 200
    assert one.reads(2)[1].startswith(answer("card-annual-fee"))
    assert len(two.reads(2)) == 2


def test_unknown_kinds_of_events_are_accepted(house, ids) -> None:
    strange = {"type": "somethingNew", "mode": "active", "timestamp": 1, "webhookEventId": "01X", "x": {}}
    body = json.dumps({"destination": "U", "events": [strange]}).encode()
    assert post(line_url(house, ids), sign_line(LINE_SECRET, body), body) == 200
