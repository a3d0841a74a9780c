"""Where the model's word counts: it may take an answer back and find words for a search, and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from bot.ai.advised import SURE, AdvisedFinder
from bot.ai.adviser import Adviser
from bot.ai.setup import adviser_of, readable, where
from bot.contracts import Finder
from bot.errors import ConfigError
from bot.model import Finding
from bot.mongo import Mongo
from bot.settings import Settings
from tests.sandbox.client import Sandbox
from tests.unit.ai.conftest import Search, found

Advise = Callable[..., Adviser]
DOUBTFUL = Finding(
    "answer", (found(1, 0.93), found(2, 0.4), found(3, 0.3), found(4, 0.2)), {"search": "ranked"}
)
ASKED = Finding("ask", (found(1, 0.6), found(2, 0.4), found(3, 0.3)))


def ids(finding: Finding) -> list[str]:
    return [one.ref.id for one in finding.candidates]


def test_a_doubtful_answer_the_model_agrees_with_is_said(advise: Advise) -> None:
    finding = AdvisedFinder(Search(DOUBTFUL), advise()).find("年費", "zh-TW")
    assert (finding.verdict, finding.candidates) == ("answer", DOUBTFUL.candidates)
    kept = finding.trace["model"]
    assert (kept["purpose"], kept["outcome"], kept["prompt"]) == ("check", "ok", "check-1")
    assert finding.trace["search"] == "ranked"


def test_a_veto_turns_it_into_a_question_back(advise: Advise, endpoint: Sandbox) -> None:
    endpoint.openai("echo_choice", choice="no")
    finding = AdvisedFinder(Search(DOUBTFUL), advise()).find("年費", "zh-TW")
    assert (finding.verdict, ids(finding)) == ("ask", ["a1", "a2", "a3"])
    assert finding.trace["model"]["effect"] == "veto"
    assert "年費" not in str(finding.trace)


@pytest.mark.parametrize("sure", [SURE + 0.005, 1.0])
def test_a_sure_answer_is_never_doubted(advise: Advise, endpoint: Sandbox, sure: float) -> None:
    endpoint.openai("echo_choice", choice="no")
    local = Finding("answer", (found(1, sure),))
    assert AdvisedFinder(Search(local), advise()).find("年費", "zh-TW", ("你好",)) is local
    assert endpoint.received("openai", all=1) == []


@pytest.mark.parametrize("mode", ["html", "broken_json", "refuse"])
def test_without_a_usable_word_the_local_decision_stands(
    advise: Advise, endpoint: Sandbox, mode: str
) -> None:
    endpoint.openai(mode)
    for local in (DOUBTFUL, ASKED, Finding("miss")):
        finding = AdvisedFinder(Search(local), advise()).find("那利率呢", "zh-TW", ("房貸",))
        assert (finding.verdict, finding.candidates) == (local.verdict, local.candidates)


def test_a_follow_up_is_worded_anew_and_at_best_asked_back(advise: Advise, endpoint: Sandbox) -> None:
    endpoint.openai("echo_choice", values={"question": "房貸的利率是多少"})
    search = Search(Finding("miss"), {"房貸的利率是多少": Finding("answer", (found(7, 0.99), found(8, 0.2)))})
    finding = AdvisedFinder(search, advise()).find("那利率呢", "zh-TW", ("房貸怎麼申請",))
    assert (finding.verdict, ids(finding)) == ("ask", ["a7", "a8"])
    assert finding.candidates[0].confidence <= 0.9
    assert finding.trace["model"]["effect"] == "reworded"
    assert search.asked == ["那利率呢", "房貸的利率是多少"]


def test_what_was_found_before_stays_on_offer(advise: Advise, endpoint: Sandbox) -> None:
    endpoint.openai("echo_choice", values={"question": "改寫"})
    search = Search(
        Finding("ask", (found(1, 0.2),)),
        {"改寫": Finding("ask", (found(7, 0.8), found(8, 0.5), found(9, 0.4)))},
    )
    finding = AdvisedFinder(search, advise()).find("那利率呢", "zh-TW", ("房貸",))
    assert ids(finding) == ["a7", "a8", "a1"]


@pytest.mark.parametrize("local", [ASKED, Finding("ask", (found(1, 0.3),)), Finding("miss")])
def test_a_rewriting_that_finds_nothing_better_changes_nothing(
    advise: Advise, endpoint: Sandbox, local: Finding
) -> None:
    endpoint.openai("echo_choice", values={"question": "改寫"})
    search = Search(local, {"改寫": Finding("miss", (found(9, 0.05),))})
    finding = AdvisedFinder(search, advise(purposes=("rewrite",))).find("那利率呢", "zh-TW", ("房貸",))
    assert (finding.verdict, finding.candidates) == (local.verdict, local.candidates)


@pytest.mark.parametrize(
    ("text", "history"), [("那利率呢", ()), ("請問貴公司的房屋貸款利率目前是多少呢", ("你好",))]
)
def test_only_short_messages_after_another_are_follow_ups(
    advise: Advise, endpoint: Sandbox, text: str, history: tuple[str, ...]
) -> None:
    local = Finding("miss")
    assert AdvisedFinder(Search(local), advise()).find(text, "zh-TW", history) is local
    assert endpoint.received("openai", all=1) == []


def test_choosing_puts_a_title_first_and_never_answers(advise: Advise, endpoint: Sandbox) -> None:
    endpoint.openai("echo_choice", choice=2)
    finding = AdvisedFinder(Search(ASKED), advise()).find("年費", "zh-TW")
    assert (finding.verdict, ids(finding)) == ("ask", ["a3", "a1", "a2"])
    endpoint.openai("echo_choice", choice=-1)
    finding = AdvisedFinder(Search(ASKED), advise()).find("年費", "zh-TW")
    assert (finding.verdict, finding.candidates) == ("ask", ASKED.candidates)
    assert finding.trace["model"]["effect"] == "none"


def test_all_else_is_the_local_knowledges(advise: Advise) -> None:
    local = Search(DOUBTFUL)
    finder: Finder = AdvisedFinder(local, advise())
    ref = found(1, 1.0).ref
    assert finder.worded_so("同字")
    assert not finder.worded_so("別的")
    assert (finder.article("a1"), finder.article("a2")) == (ref, None)
    assert finder.notice("greeting") == local.notice("greeting")
    assert finder.disclosures(ref) == local.disclosures(ref)
    assert (finder.text(ref, "en"), finder.title(ref, "en")) == ("a1 en", "a1 en title")
    assert finder.product_class(ref) == "a1 class"


def test_without_a_key_there_is_no_adviser(settings: Settings, mongo: Mongo) -> None:
    assert settings.openai_api_key is None
    assert adviser_of(settings, mongo) is None


def settings_with(settings: Settings, **values: str) -> Settings:
    return Settings.from_env({"TELLER_HOME": str(settings.home), **values})


def test_settings_of_the_model(settings: Settings, mongo: Mongo) -> None:
    given = settings_with(
        settings,
        OPENAI_API_KEY="k",
        OPENAI_BASE_URL="http://llm.bank.internal:8000/v1",
        OPENAI_MODEL="qwen",
        OPENAI_MONTHLY_BUDGET="3000",
        OPENAI_PRICES='{"qwen": [0, 0]}',
        OPENAI_PURPOSES="check, draft",
    )
    adviser = adviser_of(given, mongo)
    assert adviser is not None
    assert (adviser.model.name, adviser.purposes) == ("qwen", {"check", "draft"})
    assert adviser.model.ledger.budget == 3_000_000_000
    assert adviser.model.ledger.prices.cost("qwen", 9, 9) == 0
    assert readable("http://llm.bank.internal:8000/v1")
    assert not readable("http://127.0.0.1:11434/v1")
    assert where("https://user:secret@host/v1") == "host"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENAI_BASE_URL", "llm.internal"),
        ("OPENAI_MONTHLY_BUDGET", "NT$3000"),
        ("OPENAI_MONTHLY_BUDGET", "-1"),
        ("OPENAI_MONTHLY_BUDGET", "nan"),
        ("OPENAI_PRICES", '{"m": 3}'),
        ("OPENAI_PRICES", '{"m": [-1, 2]}'),
        ("OPENAI_PURPOSES", "check,answer"),
    ],
)
def test_faulty_settings_are_named(settings: Settings, name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        settings_with(settings, **{name: value})


def test_the_client_is_not_imported_by_the_package() -> None:
    # In a process of its own: this one has imported it long ago.
    import subprocess

    code = "import bot.compose, sys; sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
