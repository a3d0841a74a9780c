"""One call and everything that can go wrong with it: the local decision stands, in time."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.ai import model as model_module
from bot.ai.adviser import Adviser
from bot.ai.breaker import FAILURES, OPEN_S, WITHIN_S, Breaker
from bot.ai.ledger import Ledger
from bot.ai.model import Model
from bot.ai.prices import Prices
from bot.ai.prompts import NONE, allowed, choose
from bot.ai.wire import Wire
from bot.mongo import Mongo
from tests.sandbox.client import Sandbox
from tests.unit.ai.conftest import TAIPEI

Advise = Callable[..., Adviser]


def outcome(advice: Any) -> str:
    assert advice.call is not None
    return str(advice.call.outcome)


def test_a_check_is_yes_or_no(advise: Advise, endpoint: Sandbox, ledger: Ledger) -> None:
    adviser = advise()
    assert adviser.check("年費多少", "年費怎麼收", "年費").value is True
    endpoint.openai("echo_choice", choice="no")
    assert adviser.check("年費多少", "年費怎麼收", "年費").value is False
    sent = endpoint.received("openai")[-1]["body"]
    assert sent["response_format"]["json_schema"]["strict"] is True
    assert sent["store"] is False
    assert json.loads(sent["messages"][-1]["content"]) == {
        "customer": "年費多少",
        "question": "年費怎麼收",
        "title": "年費",
    }
    (row,) = ledger.costs()
    assert (row["purpose"], row["calls"], row["outcome"]) == ("check", 2, "ok")
    assert row["tokens_in"] > 100
    assert 0 < row["ntd"] < 0.1


def test_a_choice_is_one_of_those_offered_or_none(advise: Advise, endpoint: Sandbox) -> None:
    adviser = advise()
    assert adviser.choose("年費", ["甲", "乙"]).value == NONE
    endpoint.openai("echo_choice", choice=1)
    assert adviser.choose("年費", ["甲", "乙"]).value == 1
    for given in (2, -2, 1.0, "1", True, None, [1]):
        endpoint.openai("fixed", content={"choice": given})
        advice = adviser.choose("年費", ["甲", "乙"])
        assert (advice.value, outcome(advice)) == (None, "broken"), given


def test_schemas_leave_no_room() -> None:
    schema = choose(3).schema
    assert allowed(schema, {"choice": 2})
    for value in ({}, {"choice": 3}, {"choice": True}, {"choice": 1, "text": "x"}, [1], None, "1"):
        assert not allowed(schema, value)


@pytest.mark.parametrize(
    ("mode", "expected"), [("broken_json", "broken"), ("refuse", "refused"), ("html", "broken")]
)
def test_misbehaviour_is_no_answer(advise: Advise, endpoint: Sandbox, mode: str, expected: str) -> None:
    endpoint.openai(mode)
    advice = advise().check("年費多少", "年費怎麼收", "年費")
    assert (advice.value, outcome(advice)) == (None, expected)


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_refused_calls_cost_nothing_and_are_not_repeated(
    advise: Advise, endpoint: Sandbox, ledger: Ledger, status: int
) -> None:
    endpoint.fail("openai", str(status), times=5)
    advice = advise().check("年費多少", "年費怎麼收", "年費")
    assert (advice.value, outcome(advice)) == (None, f"http_{status}")
    assert len(endpoint.received("openai", all=1)) == 1
    assert ledger.spent() == 0


def test_slow_answers_end_at_the_deadline_and_count_in_full(
    advise: Advise, endpoint: Sandbox, ledger: Ledger
) -> None:
    endpoint.openai("slow", delay_ms=800)
    started = time.monotonic()
    advice = advise(deadline=0.25).check("年費多少", "年費怎麼收", "年費")
    assert time.monotonic() - started < 0.7
    assert (advice.value, outcome(advice)) == (None, "timeout")
    assert ledger.spent() > 0
    # The stand-in notes a slow call when it is over: not in the next test's log.
    endpoint.wait("openai")


@pytest.fixture
def trickle() -> Iterator[str]:
    """A server that sends one byte of its answer every 50 ms, for ever: no timeout of a connection ends that."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
            while not stop.wait(0.05):
                try:
                    connection.sendall(b" ")
                except OSError:
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    stop.set()
    listener.close()


def test_the_deadline_holds_against_a_server_that_trickles(advise: Advise, trickle: str) -> None:
    adviser = advise(trickle, deadline=0.4)
    started = time.monotonic()
    assert outcome(adviser.check("年費多少", "年費怎麼收", "年費")) == "timeout"
    assert time.monotonic() - started < 1.2


def test_nobody_there(advise: Advise, ledger: Ledger) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    advice = advise(f"http://127.0.0.1:{port}/v1").check("年費多少", "年費怎麼收", "年費")
    assert outcome(advice) == "unreachable"
    assert ledger.spent() == 0


def test_after_five_failures_nobody_waits_any_more(advise: Advise, endpoint: Sandbox) -> None:
    adviser = advise()
    endpoint.fail("openai", "500", times=FAILURES)
    seen = [outcome(adviser.check("年費多少", "年費怎麼收", "年費")) for _ in range(FAILURES + 2)]
    assert seen == ["http_500"] * FAILURES + ["open"] * 2
    assert len(endpoint.received("openai", all=1)) == FAILURES


def test_what_one_customers_text_brings_about_opens_no_breaker(advise: Advise, endpoint: Sandbox) -> None:
    adviser = advise()
    endpoint.fail("openai", "400", times=FAILURES + 1)
    for _ in range(FAILURES + 1):
        adviser.check("年費多少", "年費怎麼收", "年費")
    assert adviser.check("年費多少", "年費怎麼收", "年費").value is True


def test_the_breaker_opens_tries_once_and_closes() -> None:
    now = 0.0
    breaker = Breaker(lambda: now)
    for _ in range(FAILURES):
        assert breaker.enter()
        breaker.failed()
    assert not breaker.enter()
    now = OPEN_S
    assert breaker.enter()
    assert not breaker.enter(), "one trial at a time"
    breaker.failed()
    now += OPEN_S - 1
    assert not breaker.enter()
    now += 1
    assert breaker.enter()
    breaker.left()
    assert breaker.enter(), "a trial that was not made is made by the next"
    breaker.succeeded()
    assert breaker.enter()
    # Failures far apart are no outage.
    for _ in range(2 * FAILURES):
        now += WITHIN_S / (FAILURES - 2)
        breaker.failed()
        assert breaker.enter()


def test_over_budget_nothing_is_sent(endpoint: Sandbox, mongo: Mongo) -> None:
    ledger = Ledger(mongo, Prices({}, 32.0), 0.0001, TAIPEI)
    adviser = Adviser(Model(Wire("sk-test", endpoint.openai_base), ledger))
    advice = adviser.check("年費多少", "年費怎麼收", "年費")
    assert (advice.value, outcome(advice)) == (None, "budget")
    assert endpoint.received("openai", all=1) == []


def test_a_purpose_the_firm_did_not_allow_is_not_asked(advise: Advise, endpoint: Sandbox) -> None:
    advice = advise(purposes=("check",)).choose("年費", ["甲", "乙"])
    assert (advice.value, advice.call) == (None, None)
    assert endpoint.received("openai", all=1) == []


def test_special_data_and_a_forgetful_caller_are_held_back(
    advise: Advise, endpoint: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    adviser = advise()
    assert outcome(adviser.check("我罹患癌症能投保嗎", "如何投保", "投保")) == "special"
    monkeypatch.setattr(model_module, "_masked", lambda value: value)
    assert outcome(adviser.check("我是 Z149877252", "如何投保", "投保")) == "unmasked"
    assert endpoint.received("openai", all=1) == []


def test_masked_text_follows_no_redirect(advise: Advise, endpoint: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        target = endpoint.openai_base + "/chat/completions"

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                head = f"HTTP/1.1 307 Moved\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"
                connection.sendall(head.encode())

        threading.Thread(target=serve, daemon=True).start()
        assert outcome(advise(url).check("年費多少", "年費怎麼收", "年費")) == "http_307"
    assert endpoint.received("openai", all=1) == []


def test_a_draft_is_marked_and_comes_from_approved_text(advise: Advise, endpoint: Sandbox) -> None:
    endpoint.openai("echo_choice", values={"draft": "您好，年費 1,200 元。\u200b\n謝謝"})
    draft = advise().draft(["我是 Z149877252", "年費多少"], ["年費新臺幣 1,200 元。"]).value
    assert draft is not None
    assert draft.text == "您好，年費 1,200 元。\n謝謝"
    assert "草稿" in draft.mark
    assert "Z149877252" not in json.dumps(endpoint.received("openai")[-1]["body"], ensure_ascii=False)


def test_paraphrases_are_new_short_and_about_nobody(advise: Advise, endpoint: Sandbox) -> None:
    given = [
        "年費怎麼收？",
        "年費要多少錢",
        "年費要多少錢!",
        "x" * 200,
        "",
        "我是 Z149877252 年費",
        "卡費一年多少",
    ]
    endpoint.openai("echo_choice", values={"questions": given})
    advice = advise().paraphrase("年費怎麼收", ["年費是多少"], 5)
    assert advice.value == ("年費要多少錢", "卡費一年多少")
