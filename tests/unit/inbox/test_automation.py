"""The page of direct answers: no figure without its bound, what is missing in a sentence, the limit for compliance."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from kb.bounds import percent
from tests.unit.inbox.fake import FakeConsole
from tests.unit.inbox.forms import Enter, post

PAGE = "/knowledge/automation"


def cards(page: str) -> dict[str, str]:
    """The words of each class's card."""
    found = re.findall(r'<li class="card" data-class="(\w+)">(.*?)</li>', page, re.S)
    return {name: " ".join(re.sub(r"<[^>]+>", " ", html).split()) for name, html in found}


def test_every_class_is_there_and_no_count_without_its_bound(enter: Enter) -> None:
    shown = cards(enter("auditor").get(PAGE).text)
    assert set(shown) == {"deposit", "loan", "card", "investment", "insurance", "account", "general"}
    for words in shown.values():
        assert re.search(r"\d+ of \d+; with 95 % certainty at most \d+\.\d\d % are wrong", words), words
    assert "0 of 720; with 95 % certainty at most 0.47 %" in shown["card"]
    assert "Answers directly" in shown["card"]
    assert "from confidence 0.8123 on" in shown["card"]
    assert "120 reviews, 600 choices" in shown["card"]
    assert "0 of 0; with 95 % certainty at most 100.00 %" in shown["general"]


def test_what_is_missing_is_a_sentence(enter: Enter) -> None:
    shown = cards(enter("supervisor").get(PAGE).text)
    assert "394 more without a fault in the proof, about 591 reviewed replies." in shown["loan"]
    assert "1140 more without another fault in the proof, about 1710 reviewed replies." in shown["deposit"]
    assert "No confidence in its 40 labelled questions is free of faults" in shown["investment"]
    assert "Nothing labelled yet: 822 right ones" in shown["insurance"]
    assert all("Asks back" in shown[name] for name in ("loan", "deposit", "investment", "insurance"))


def test_a_bound_never_looks_better_than_it_is() -> None:
    assert percent(0.00498) == "0.50 %"
    assert percent(0.005001) == "0.51 %"
    assert percent(0.005) == "0.50 %"
    assert percent(0.29) == "29.00 %"
    assert percent(1.0) == "100.00 %"


def test_compliance_sets_the_limit(service: FakeConsole, enter: Enter) -> None:
    client = enter("compliance")
    assert "Nobody yet" in client.get(PAGE).text
    answer = post(client, PAGE, PAGE, limit=" 0,25 % ", reason="less for the start")
    assert (answer.status_code, answer.location) == (303, PAGE)
    state = service.automation.state()
    assert (state.limit, state.set_by, state.reason) == (0.0025, "s-comp", "less for the start")
    page = client.get(PAGE).text
    assert "The limit is now 0.25 %." in page
    assert "張文德" in page


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"limit": "0", "reason": "x"}, "limit"),
        ({"limit": "5.1", "reason": "x"}, "limit"),
        ({"limit": "nan", "reason": "x"}, "limit"),
        ({"limit": "little", "reason": "x"}, "limit"),
        ({"limit": "1", "reason": " "}, "reason"),
    ],
)
def test_a_form_that_does_not_fit_changes_nothing(
    service: FakeConsole, enter: Enter, form: dict[str, str], field: str
) -> None:
    answer = post(enter("compliance"), PAGE, PAGE, **form)
    assert answer.status_code == 400
    assert f'id="fault-{field}"' in answer.text
    assert answer.text.count('aria-invalid="true"') == 1
    assert f'value="{form["limit"]}"' in answer.text
    assert service.automation.state().set_by is None


def test_somebody_was_quicker(service: FakeConsole, enter: Enter) -> None:
    service.automation.busy = True
    answer = post(enter("compliance"), PAGE, PAGE, limit="1", reason="x")
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text


def test_the_others_see_no_form(enter: Enter) -> None:
    for who in ("supervisor", "auditor"):
        page = enter(who).get(PAGE).text
        assert 'name="limit"' not in page
        assert "Only compliance sets the limit." in page


@pytest.mark.parametrize("mode", ["ask", "confident", "proven"])
def test_the_mode_is_explained(service: FakeConsole, enter: Enter, mode: str) -> None:
    service.automation.mode = mode
    page = enter("auditor").get(PAGE).text
    assert ("counts in mode" in page) is (mode != "proven")
    assert ("Answers directly" in page) is (mode == "proven")
    assert ("Not earned yet" in page) is (mode != "proven")


def test_no_english_is_left_in_chinese(app: Flask, enter: Enter) -> None:
    client = enter("compliance")
    client.set_cookie("teller_lang", "zh-TW")
    text = re.sub(r"<(script|style|svg|code|title)\b.*?</\1>|<[^>]+>", " ", client.get(PAGE).text, flags=re.S)
    assert "直接回答" in text
    assert re.findall(r"[A-Za-z]+", re.sub(r"\b(Teller|English|proven|AI)\b", " ", text)) == []
