"""Questions without an answer: grouped by meaning, masked, one step from a draft that nobody can approve unwritten."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from bot import cli, gaps
from bot.app import create_app
from bot.errors import BadPayload
from bot.gaps import Gaps
from bot.model import ChannelType, Role
from bot.prepare import audit_of
from bot.store.questions import QuestionStore, window
from bot.vault import customer_key
from bot.wordings import masked
from kb import review
from kb.search import leading
from kb.search.leading import led
from tests.unit.core.teller import Teller

pytestmark = pytest.mark.servers
TAIPEI = ZoneInfo("Asia/Taipei")
SAFE = "保管箱怎麼租"
MOBILE = "0912345678"


@pytest.fixture(autouse=True)
def _empty_record(teller: Teller) -> None:
    for collection in ("messages", "labels"):
        teller.service.mongo[collection].delete_many({})


def store(teller: Teller) -> QuestionStore:
    return QuestionStore(teller.service.mongo, teller.service.vault)


def found(teller: Teller) -> Gaps:
    return gaps.grouped(store(teller), None, *window(7), TAIPEI)


def asks(teller: Teller, text: str, channel: ChannelType = ChannelType.LINE) -> str:
    """A new customer's question; the id of its line."""
    user = teller.person()
    teller.hears(user, text, channel)
    return str(next(row["_id"] for row in teller.rows("messages", user, channel) if row["decision"]))


def command(teller: Teller, *arguments: str) -> Any:
    return create_app(teller.service).test_cli_runner().invoke(cli.kb.group, arguments)


def test_what_means_the_same_is_one_group_and_the_most_frequent_wording_leads(teller: Teller) -> None:
    first = asks(teller, "請問保管箱怎麼租?")
    asks(teller, SAFE, ChannelType.TELEGRAM)
    other = asks(teller, "保管箱要怎麼租用")
    lone = asks(teller, "蘋果手錶可以付款嗎")
    report = found(teller)
    assert (report.questions, report.open) == (4, 4)
    assert [(one.id, one.size, one.wordings) for one in report.groups] == [(first, 3, 2), (lone, 1, 1)]
    leading = report.groups[0]
    assert leading.examples == (first, other)
    assert leading.channels == {"line": 2, "telegram": 1}
    assert leading.days == {datetime.now(TAIPEI).date(): 3}
    assert (leading.missed, leading.asked, leading.wrong, leading.share) == (3, 0, 0, 0.75)
    assert found(teller).groups == report.groups


def test_answers_that_were_rated_wrong_are_gaps_and_those_rated_right_are_not(teller: Teller) -> None:
    wrong, right = asks(teller, SAFE), asks(teller, "蘋果手錶可以付款嗎")
    answered = {"decision.handler": "approved_answer", "decision.reason": "answer"}
    teller.service.mongo["messages"].update_many({"decision.handler": "miss"}, {"$set": answered})
    label = {"source": "review", "asked_at": datetime.now(UTC)}
    teller.service.mongo["labels"].insert_many(
        [
            {**label, "_id": "a", "question": wrong, "right": False},
            {**label, "_id": "b", "question": right, "right": True},
        ]
    )
    (group,) = found(teller).groups
    assert (group.id, group.wrong, group.missed) == (wrong, 1, 0)


def test_only_the_days_asked_for_count(teller: Teller) -> None:
    asks(teller, SAFE)
    soon = datetime.now(UTC) + timedelta(days=8)
    assert gaps.grouped(store(teller), None, *window(7, soon), TAIPEI).groups == ()
    assert gaps.grouped(store(teller), None, *window(9, soon), TAIPEI).open == 1
    for days in (0, 93):
        with pytest.raises(BadPayload):
            window(days)


def test_pages_neither_lose_nor_repeat_a_question(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {asks(teller, f"第{n}種問題") for n in range(5)}
    # Of one moment: the page has to end between equals.
    at = datetime.now(UTC).replace(microsecond=0)
    teller.service.mongo["messages"].update_many({"decision": {"$ne": None}}, {"$set": {"decision.at": at}})
    monkeypatch.setattr("bot.store.questions.PAGE", 2)
    seen = [one.id for one in store(teller).unanswered(*window(1))]
    assert sorted(seen) == sorted(asked)


def test_people_see_masked_texts_and_an_erased_customer_is_gone(teller: Teller) -> None:
    kept, erased = asks(teller, f"{SAFE} 我的手機 {MOBILE}"), asks(teller, "蘋果手錶可以付款嗎")
    texts = masked(store(teller), [kept, erased])
    assert SAFE in texts[kept]
    assert MOBILE not in texts[kept]
    message = teller.service.mongo["messages"].find_one({"_id": erased})
    assert message is not None
    teller.service.mongo["keys"].delete_one({"keyAltNames": customer_key(message["customer"])})
    teller.service.vault.close()
    assert list(masked(store(teller), [kept, erased])) == [kept]
    assert found(teller).blank == 1


def test_the_command_prints_masked_groups_with_the_nearest_article_and_makes_drafts(teller: Teller) -> None:
    house = teller.service
    near = [review.Draft("lost-card", {"zh-TW": "請來電掛失。"}, ("信用卡遺失了",))]
    review.create(house.kb, near, "ann", audit_of(house))
    review.approve(house.kb, "lost-card", "bob", audit_of(house))
    house.knowledge.refresh()
    leader = asks(teller, f"{SAFE} {MOBILE}")
    report = json.loads(command(teller, "gaps", "--json").stdout)
    (group,) = report["groups"]
    assert (group["id"], group["nearest"]["article"]) == (leader, "lost-card")
    assert MOBILE not in json.dumps(group, ensure_ascii=False)
    printed = command(teller, "gaps").stdout
    assert SAFE in printed
    assert MOBILE not in printed
    assert house.mongo["audit"].count_documents({"action": "kb.gaps"}) == 2
    author = teller.staff(Role.SUPERVISOR)
    drafted = ("gaps", "--draft", leader, "--author", author.email, "--json")
    made = command(teller, *drafted)
    assert json.loads(made.stdout) == {"id": f"gap-{leader}", "version": 1, "questions": 0}
    # Nobody takes over what holds a number, also not by a command.
    assert command(teller, *drafted, "--into", f"gap-{leader}", "--take", leader).exit_code == 1
    clean = asks(teller, f"{SAFE}多少錢")
    into = command(teller, "gaps", "--draft", clean, "--author", author.email, "--take", clean, "--json")
    assert json.loads(into.stdout) == {"id": f"gap-{clean}", "version": 1, "questions": 1}
    more = command(teller, *drafted, "--into", "nobody")
    assert more.exit_code == 1
    assert command(teller, "gaps", "--take", leader).exit_code == 2
    assert command(teller, "gaps", "--draft", "nobody", "--author", author.email).exit_code == 1
    assert command(teller, "gaps", "--draft", leader).exit_code == 2


def test_groups_are_the_same_whatever_the_size_of_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(3).standard_normal((300, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    whole = led(rows, 0.7)
    monkeypatch.setattr(leading, "BLOCK", 7)
    assert (led(rows, 0.7) == whole).all()
    leaders = [int(np.flatnonzero(whole == n)[0]) for n in range(whole.max() + 1)]
    # Leaders are apart, and each row is with the likest of those before it.
    likeness = rows[leaders] @ rows[leaders].T
    assert (likeness[~np.eye(len(leaders), dtype=bool)] < 0.7).all()
    for n, owner in enumerate(whole):
        before = [k for k, leader in enumerate(leaders) if leader <= n]
        assert owner == before[int((rows[[leaders[k] for k in before]] @ rows[n]).argmax())]
