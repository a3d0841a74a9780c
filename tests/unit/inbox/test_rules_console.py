"""The pages of the hand-off rules over a real store: written per table, tried, compared, decided by another person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.embedded import Servers
from bot.errors import Unavailable
from bot.model import Role, Staff
from bot.mongo import Mongo
from bot.policies import Policies
from bot.rules_trial import Workshop
from bot.store.audit import AuditStore
from bot.store.policies import PolicyStore
from inbox.rules_diff import changes
from tests.conftest import with_path
from tests.unit.inbox.fake import FakeConsole, an_app
from tests.unit.inbox.forms import Enter, token

RULES = "/knowledge/rules"
LINE = {"text": "紫色的大象", "label": "smalltalk", "before": "smalltalk", "after": "complaint", "new": True}
FOUND = {"lines": 2058, "misread": [LINE], "changed": [LINE]}
JUDGED = {
    "before": {"handler": None, "label": "ordinary_question", "evidence": [], "shares": []},
    "after": {"handler": "fraud", "label": "x", "evidence": ["elephants"], "shares": [["complaint", 0.25]]},
}


@pytest.fixture(scope="module")
def mongo(servers: Servers) -> Iterator[Mongo]:
    one = Mongo(with_path(servers.mongodb_uri, "/rules_console"), timeout_ms=5000)
    for name in ("policies", "counters", "audit"):
        one.db.create_collection(name)
    yield one
    one.client.drop_database(one.db.name)
    one.close()


@pytest.fixture
def policies(mongo: Mongo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Policies:
    """Readings are answered at once: what a child finds out is for other tests."""
    for name in ("policies", "counters", "audit"):
        mongo[name].delete_many({})
    monkeypatch.setattr("bot.rules_trial._child", lambda wish, step: JUDGED if "text" in wish else FOUND)
    one = Policies(mongo, PolicyStore(mongo), AuditStore(mongo), Workshop(tmp_path))
    monkeypatch.setattr(Policies, "begin_trial", lambda self, number: bool(self.try_now(number)))
    return one


@pytest.fixture
def app(service: FakeConsole, policies: Policies) -> Flask:
    service.policies = policies
    return an_app(service)


def save(client: FlaskClient, part: str, do: str = "draft", **fields: str) -> TestResponse:
    """The form of a part as it stands, with these fields filled in."""
    page = client.get(f"{RULES}/edit/{part}")
    assert page.status_code == 200
    return client.post(f"{RULES}/edit/{part}", data={**form(page.text), "do": do, **fields})


def form(page: str) -> dict[str, str]:
    import html

    areas = re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>(.*?)</textarea>', page, re.S)
    inputs = re.findall(r'<input[^>]* name="([^"]+)" value="([^"]*)"', page)
    ticked = re.findall(r'<input type="checkbox" name="([^"]+)" checked', page)
    filled = {name: html.unescape(value) for name, value in [*inputs, *areas]}
    return {**filled, **dict.fromkeys(ticked, "on")}


def new_rule(client: FlaskClient, do: str = "draft", note: str = "大象很可疑", **rule: str) -> TestResponse:
    n = int(form(client.get(f"{RULES}/edit/fraud").text)["rules"]) - 1
    fields = {
        f"{name}-{n}": value for name, value in {"id": "elephants", "when": "紫色的大象", **rule}.items()
    }
    return save(client, "fraud", do, note=note, **fields)


def act(client: FlaskClient, number: int, verb: str, **fields: str) -> str:
    page = client.get(f"{RULES}/version/{number}").text
    sha256 = re.search(r'name="sha256" value="(\w+)"', page)
    data = {"csrf_token": token(page), "sha256": sha256[1] if sha256 else "", **fields}
    return client.post(f"{RULES}/version/{number}/{verb}", data=data, follow_redirects=True).text


def test_the_rules_in_force_in_plain_words(enter: Enter) -> None:
    page = enter("agent").get(RULES).text
    assert "The rules that ship are in force" in page
    cards = dict(
        re.findall(
            r'<li class="card" id="\w+" data-table="(\w+)">(.*?)</li>\s*(?=<li class="card"|</ol>)',
            page,
            re.S,
        )
    )
    assert len(cards) == 9
    assert "first in line" in cards["fraud"]
    assert "/knowledge/notice/view/emergency" in cards["fraud"]
    assert "Licensed adviser" in cards["advice"]
    assert re.search(r"Rules: \d+, patterns: \d+, exceptions: \d+", cards["complaint"])
    assert "lost instrument" in cards["fraud"]
    assert "Change</a>" not in page
    assert "No version yet" in page
    assert enter("auditor").get(RULES).status_code == 200
    assert enter("admin").get(RULES).status_code == 403


def test_the_editor_changes_nothing_by_itself(enter: Enter, policies: Policies) -> None:
    client = enter("senior")
    for part in ("fraud", "words", "examples", "thanks"):
        answer = save(client, part, note="nothing at all")
        assert answer.status_code == 400, part
        assert "Nothing differs from the rules in force." in answer.text
    assert policies.versions() == []
    assert client.get(f"{RULES}/edit/thresholds").status_code == 404


def test_written_handed_in_compared_and_approved(enter: Enter, policies: Policies) -> None:
    author, officer = enter("senior"), enter("compliance")
    assert new_rule(author, "submit").status_code == 303
    page = officer.get(f"{RULES}/version/1").text
    for seen in ("大象很可疑", "<ins>紫色的大象</ins>", "<code>elephants</code>", "2058 labelled sentences"):
        assert seen in page
    assert page.count("<td>紫色的大象") == 2
    assert "Approve</span>" in page
    assert "Approve</span>" not in author.get(f"{RULES}/version/1").text
    assert "Approved. Every process decides by it within seconds." in act(officer, 1, "approve")
    assert policies.in_force() == 1
    index = author.get(RULES).text
    assert "Version 1 is in force" in index
    assert "elephants" in index


def test_sent_back_mended_and_rejected(enter: Enter, policies: Policies) -> None:
    author, officer = enter("senior"), enter("compliance")
    new_rule(author, "submit")
    assert "Say what the author should change." in act(officer, 1, "changes", comment=" ")
    act(officer, 1, "changes", comment="哪一種大象？")
    assert "哪一種大象？" in author.get(f"{RULES}/version/1").text
    page = form(author.get(f"{RULES}/edit/fraud").text)
    assert "elephants" in page.values()
    save(author, "examples", "submit", **{"add-smalltalk": "大象好可愛"})
    assert [(v.number, v.state) for v in policies.versions()] == [(2, "in_review"), (1, "replaced")]
    examples = policies.document(2)["examples"]["smalltalk"]
    assert "大象好可愛" in examples
    assert policies.document(2)["rules"]["fraud"][-1]["id"] == "elephants"
    assert "Rejected." in act(officer, 2, "reject", comment="不需要")
    assert policies.open_one() is None


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(enter: Enter) -> None:
    answer = new_rule(enter("senior"), when="(大象|大象大象)*走\n{elephant}")
    assert answer.status_code == 400
    assert "can be read in two ways" in answer.text
    assert "there is no word list" in answer.text
    assert "(大象|大象大象)*走" in form(answer.text).values() or "{elephant}" in answer.text
    assert "elephants" in form(answer.text).values()


def test_a_colleague_who_was_quicker(enter: Enter, policies: Policies) -> None:
    mine = form(enter("senior").get(f"{RULES}/edit/examples").text)
    new_rule(enter("supervisor"))
    client = enter("senior")
    mine |= {
        "csrf_token": token(client.get(RULES + "/edit/words").text),
        "note": "x",
        "add-complaint": "大象亂叫",
    }
    answer = client.post(f"{RULES}/edit/examples", data=mine)
    assert answer.status_code == 409
    again = form(answer.text)
    assert again["add-complaint"] == "大象亂叫"
    assert client.post(f"{RULES}/edit/examples", data=again).status_code == 303
    assert policies.document(2)["rules"]["fraud"][-1]["id"] == "elephants"
    assert "大象亂叫" in policies.document(2)["examples"]["complaint"]


def test_words_typos_and_a_rule_taken_out(enter: Enter, policies: Policies) -> None:
    client = enter("supervisor")
    typos = form(client.get(f"{RULES}/edit/words").text)["typos"]
    new = {"new-list": "elephants", "new-words": "大象\n象", "typos": f"{typos}\n大像 = 大象"}
    assert save(client, "words", note="大象", **new).status_code == 303
    made = policies.document(1)
    assert (made["words"]["elephants"], made["typos"]["大像"]) == (["大象", "象"], "大象")
    assert save(client, "crisis", note="大象", **{"gone-0": "on"}).status_code == 400
    assert save(client, "ordinary", note="大象", **{"gone-0": "on"}).status_code == 303
    how = [(one.part, one.name, one.how) for one in changes(policies.document(0), policies.document(2))]
    assert ("ordinary", "asks for a fact about service", "gone") in how
    assert ("words", "elephants", "new") in how
    assert ("typos", "", "changed") in how


def test_a_sentence_is_tried_and_kept_nowhere(
    enter: Enter, policies: Policies, service: FakeConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = enter("senior")
    new_rule(client)
    page = act(client, 1, "try", sentence="王小明的紫色大象")
    assert "Nobody: the search answers, asks or misses" in page
    assert "Because of" in page
    assert "Complaint and agitation 25 %" in page
    assert "王小明" not in str(list(policies.mongo["audit"].find())) + str(service.audited)
    assert "Write a sentence first." in act(client, 1, "try", sentence=" ")

    def away(wish: Any, step: Any) -> None:
        raise Unavailable("Another trial is at work: try again in a moment.")

    monkeypatch.setattr("bot.rules_trial._child", away)
    assert 'value="大象"' in act(client, 1, "try", sentence="大象")


def test_nobody_approves_his_own_or_what_was_not_read(enter: Enter, policies: Policies) -> None:
    officer = enter("compliance")
    new_rule(officer, "submit")
    page = officer.get(f"{RULES}/version/1").text
    assert "another compliance officer has to approve it" in page
    assert "disabled" in page
    assert "The author never approves his own rules." in act(officer, 1, "approve")
    author = Staff("s-senior-2", "x@example.com", "x", Role.SENIOR)
    other = policies.draft(author, policies.document(1) | {"typos": {"大像": "大象"}}, "x")
    assert policies.in_force() == 0
    assert "have not been read" in officer.get(f"{RULES}/version/{other.number}").text
