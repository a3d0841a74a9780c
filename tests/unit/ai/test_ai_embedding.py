"""The embedding model compares what the local search found; slow, broken or unpaid for, it changes nothing."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from typing import Any

import pytest

from bot.ai import embedding as embedding_module
from bot.ai.advised import AdvisedFinder
from bot.ai.adviser import Adviser
from bot.ai.breaker import FAILURES
from bot.ai.embedding import Embedding
from bot.ai.ledger import Ledger
from bot.ai.model import Model
from bot.ai.prices import Prices
from bot.ai.setup import adviser_of
from bot.ai.wire import Wire
from bot.model import Finding
from bot.mongo import Mongo
from bot.settings import Settings
from tests.sandbox.client import Sandbox
from tests.unit.ai.conftest import TAIPEI, Search, found

NAME = "text-embedding-3-small"
ASKED = "年費要多少"
OFFERED = ["問題1怎麼辦", "問題2怎麼辦", "問題3怎麼辦"]
DOUBTFUL = Finding("answer", (found(1, 0.93), found(2, 0.4), found(3, 0.3), found(4, 0.2)))
TITLES = Finding("ask", (found(1, 0.6), found(2, 0.4), found(3, 0.3)))
Embed = Callable[..., Embedding]


@pytest.fixture
def embed(endpoint: Sandbox, ledger: Ledger) -> Embed:
    wire = Wire("sk-test", endpoint.openai_base)
    wire.warm()

    def make(deadline: float = 3.0, budget: Ledger = ledger) -> Embedding:
        return Embedding(wire, budget, NAME, deadline)

    return make


@pytest.fixture
def advised(embed: Embed, endpoint: Sandbox, ledger: Ledger) -> Callable[..., AdvisedFinder]:
    def make(finding: Finding, *purposes: str) -> AdvisedFinder:
        model = Model(Wire("sk-test", endpoint.openai_base), ledger)
        return AdvisedFinder(Search(finding), Adviser(model, purposes, embed()))

    return make


def nearest(endpoint: Sandbox, which: int, **script: Any) -> None:
    """The stand-in's vectors: the customer's text lies on the `which`-th of the offered questions."""
    axes = [[float(n == m) for m in range(4)] for n in range(3)]
    vectors = dict(zip(OFFERED, axes, strict=True)) | {ASKED: [x * 5 for x in axes[which]]}
    endpoint.openai("echo_choice", values=vectors, width=4, **script)


def sent(endpoint: Sandbox) -> list[list[str]]:
    rows = [row for row in endpoint.received("openai", all=1) if row["path"].endswith("/embeddings")]
    return [row["body"]["input"] for row in rows]


def ids(finding: Finding) -> list[str]:
    return [one.ref.id for one in finding.candidates]


def test_nearness_is_a_cosine_for_each(embed: Embed, endpoint: Sandbox, ledger: Ledger) -> None:
    nearest(endpoint, 1)
    advice = embed().nearness(ASKED, OFFERED)
    assert advice.value == pytest.approx((0.0, 1.0, 0.0))
    assert advice.call is not None
    assert advice.call.trace() | {"ms": 0} == {
        "purpose": "embed",
        "outcome": "ok",
        "ms": 0,
        "model": NAME,
        "prompt": "embed-1",
    }
    (row,) = ledger.costs()
    assert (row["purpose"], row["calls"], row["outcome"], row["tokens_out"]) == ("embed", 1, "ok", 0)
    assert 0 < ledger.spent() < 1000, "millionths of NT$"


def test_knowledge_is_embedded_once_and_a_customer_never_remembered(embed: Embed, endpoint: Sandbox) -> None:
    embedding = embed()
    for _ in range(2):
        assert embedding.nearness(ASKED, OFFERED).value is not None
    assert embedding.nearness("別的", [OFFERED[2], "新的"]).value is not None
    assert sent(endpoint) == [[ASKED, *OFFERED], [ASKED], ["別的", "新的"]]


def test_what_is_remembered_has_an_end(
    embed: Embed, endpoint: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding_module, "REMEMBERED", 2)
    embedding = embed()
    embedding.nearness(ASKED, OFFERED)
    embedding.nearness(ASKED, OFFERED)
    assert sent(endpoint)[1] == [ASKED, OFFERED[0]]


def test_what_leaves_is_masked_and_looked_at_again(
    embed: Embed, endpoint: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedding = embed()
    assert embedding.nearness("我是 Z149877252，電話 0912-345-678\u200b", ["卡號 4111 1111 1111 1111"]).value
    out = json.dumps(sent(endpoint), ensure_ascii=False)
    for personal in ("Z149877252", "0912", "345", "4111", "\\u200b", "\u200b"):
        assert personal not in out
    assert embedding.nearness("我罹患癌症能投保嗎", OFFERED).call.outcome == "special"  # type: ignore[union-attr]
    monkeypatch.setattr(embedding_module, "tokenised", lambda text: text)
    assert embedding.nearness("我是 Z149877252", OFFERED).call.outcome == "unmasked"  # type: ignore[union-attr]
    assert len(sent(endpoint)) == 1


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        ({"mode": "html"}, "broken"),
        ({"mode": "broken_json"}, "broken"),
        ({"mode": "echo_choice", "values": {OFFERED[1]: [1.0, 2.0]}}, "broken"),
        ({"mode": "echo_choice", "values": {OFFERED[1]: [0.0] * 1536}}, "broken"),
        ({"mode": "echo_choice", "values": {OFFERED[1]: ["x"] * 1536}}, "broken"),
        ({"mode": "echo_choice", "values": {OFFERED[1]: [[1.0]] * 1536}}, "broken"),
    ],
)
def test_vectors_that_are_none_change_nothing(
    advised: Callable[..., AdvisedFinder], endpoint: Sandbox, script: dict[str, Any], outcome: str
) -> None:
    endpoint.openai(**script)
    for local in (DOUBTFUL, TITLES):
        finding = advised(local).find(ASKED, "zh-TW")
        assert (finding.verdict, finding.candidates) == (local.verdict, local.candidates)
        assert finding.trace["model"]["outcome"] == outcome
        assert "near" not in finding.trace["model"]


def test_another_width_under_the_same_name_is_noticed(embed: Embed, endpoint: Sandbox) -> None:
    embedding = embed()
    assert embedding.nearness(ASKED, OFFERED).value
    endpoint.openai("echo_choice", width=8)
    assert embedding.nearness(ASKED, OFFERED).value is None
    assert embedding.nearness(ASKED, OFFERED).value, "what was remembered of the old one is gone"


def test_a_slow_endpoint_ends_at_the_deadline_and_is_charged(
    embed: Embed, endpoint: Sandbox, ledger: Ledger
) -> None:
    endpoint.openai("slow", delay_ms=800)
    started = time.monotonic()
    advice = embed(deadline=0.25).nearness(ASKED, OFFERED)
    assert time.monotonic() - started < 0.7
    assert (advice.value, advice.call.outcome if advice.call else None) == (None, "timeout")
    assert ledger.spent() > 0
    endpoint.wait("openai")


def test_failures_shut_this_endpoint_and_not_the_other(
    embed: Embed, endpoint: Sandbox, ledger: Ledger
) -> None:
    embedding = embed()
    endpoint.fail("openai", "404", times=FAILURES)
    outcomes = [embedding.nearness(ASKED, OFFERED).call.outcome for _ in range(FAILURES + 1)]  # type: ignore[union-attr]
    assert outcomes == ["http_404"] * FAILURES + ["open"]
    assert ledger.spent() == 0
    adviser = Adviser(Model(Wire("sk-test", endpoint.openai_base), ledger), ("check",), embedding)
    assert adviser.check(ASKED, "年費怎麼收", "年費").value is True


def test_over_budget_nothing_is_sent(embed: Embed, endpoint: Sandbox, mongo: Mongo) -> None:
    poor = Ledger(mongo, Prices({}, 32.0), 0.000001, TAIPEI)
    assert embed(budget=poor).nearness(ASKED, OFFERED).call.outcome == "budget"  # type: ignore[union-attr]
    assert sent(endpoint) == []


# -- where its word counts -------------------------------------------------------------------------------------------


def test_an_answer_that_is_nearest_is_said(advised: Callable[..., AdvisedFinder], endpoint: Sandbox) -> None:
    nearest(endpoint, 0)
    finding = advised(DOUBTFUL).find(ASKED, "zh-TW")
    assert (finding.verdict, finding.candidates) == ("answer", DOUBTFUL.candidates)
    assert finding.trace["model"]["near"] == [1.0, 0.0, 0.0]


def test_an_answer_that_is_not_is_asked_back(
    advised: Callable[..., AdvisedFinder], endpoint: Sandbox
) -> None:
    nearest(endpoint, 2)
    finding = advised(DOUBTFUL).find(ASKED, "zh-TW")
    assert (finding.verdict, ids(finding)) == ("ask", ["a3", "a1", "a2"])
    assert finding.trace["model"]["effect"] == "veto"
    assert max(one.confidence for one in finding.candidates) <= 0.9
    assert ASKED not in str(finding.trace)


def test_titles_are_put_in_its_order_and_never_answered(
    advised: Callable[..., AdvisedFinder], endpoint: Sandbox
) -> None:
    nearest(endpoint, 1)
    finding = advised(TITLES).find(ASKED, "zh-TW")
    assert (finding.verdict, ids(finding)) == ("ask", ["a2", "a1", "a3"])
    assert finding.trace["model"]["effect"] == "reordered"
    nearest(endpoint, 0)
    assert "effect" not in advised(TITLES).find(ASKED, "zh-TW").trace["model"]


@pytest.mark.parametrize(
    "local",
    [
        Finding("answer", (found(1, 0.999), found(2, 0.2))),
        Finding("answer", (found(1, 0.93),)),
        Finding("ask", (found(1, 0.3),)),
        Finding("miss", (found(1, 0.01), found(2, 0.01))),
    ],
)
def test_where_there_is_nothing_to_compare_nothing_is_sent(
    advised: Callable[..., AdvisedFinder], endpoint: Sandbox, local: Finding
) -> None:
    assert advised(local).find(ASKED, "zh-TW") is local
    assert sent(endpoint) == []


def test_one_call_a_question_the_checker_first(
    advised: Callable[..., AdvisedFinder], endpoint: Sandbox
) -> None:
    advised(DOUBTFUL, "check").find(ASKED, "zh-TW")
    advised(TITLES, "choose").find(ASKED, "zh-TW")
    assert sent(endpoint) == []
    assert len(endpoint.received("openai", all=1)) == 2


def test_it_is_on_where_a_model_is_named(settings: Settings, mongo: Mongo) -> None:
    def made(**values: str) -> Adviser | None:
        given = {"TELLER_HOME": str(settings.home), "OPENAI_API_KEY": "k", **values}
        return adviser_of(Settings.from_env(given), mongo)

    without, with_one = made(), made(OPENAI_EMBEDDING_MODEL=NAME)
    assert without is not None
    assert without.embedding is None
    assert without.nearness(ASKED, OFFERED).call is None
    assert with_one is not None
    assert with_one.embedding is not None
    assert with_one.embedding.name == NAME


def test_its_price_is_known() -> None:
    assert Prices({}, 32.0).cost(NAME, 1_000_000, 0) == math.ceil(0.02 * 32 * 1_000_000)
