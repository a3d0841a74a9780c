"""Customers' words on their way to an author: none is stored without a person's deliberate act."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.errors import BadPayload, Conflict, NotAllowed, NotFound, ServiceError
from bot.model import ContentKind, Role, Staff
from bot.prepare import audit_of
from bot.vault import customer_key
from bot.wordings import Wish, draft_of
from kb import review
from kb.articles import Content
from kb.lint.single import faults
from kb.review import UNWRITTEN
from tests.unit.core.teller import Teller

pytestmark = pytest.mark.servers
SAFE, OTHER = "保管箱怎麼租", "保管箱要怎麼租用"
MOBILE = "0912345678"
ARTICLE = ContentKind.ARTICLE


def asks(teller: Teller, text: str) -> str:
    user = teller.person()
    teller.hears(user, text)
    return str(next(row["_id"] for row in teller.rows("messages", user) if row["decision"]))


def drafted(teller: Teller, wish: Wish, *offered: str, role: Role = Role.SUPERVISOR) -> Content:
    house = teller.service
    return draft_of(
        wish, offered, Staff(role.value, "", "", role), house.runs.questions, house.kb, audit_of(house)
    )


def refused(teller: Teller, error: type[ServiceError], wish: Wish, *offered: str, **more: Any) -> None:
    before = teller.service.kb.count(ARTICLE)
    with pytest.raises(error):
        drafted(teller, wish, *offered, **more)
    assert teller.service.kb.count(ARTICLE) == before


def test_a_draft_holds_what_was_chosen_and_written_and_waits_for_its_answer(teller: Teller) -> None:
    one, other = asks(teller, SAFE), asks(teller, OTHER)
    made = drafted(teller, Wish("safe", 0, (other,), ("租 保管箱\n的費用", " "), clean=True), one, other)
    assert made.questions == (OTHER, "租 保管箱 的費用")
    assert (made.author, made.answer) == ("supervisor", {"zh-TW": UNWRITTEN})
    with pytest.raises(BadPayload, match="write the answer first"):
        review.approve(teller.service.kb, "safe", "officer", audit_of(teller.service))
    assert "placeholder" in {fault.kind for fault in faults(made, datetime.now(UTC), ZoneInfo("Asia/Taipei"))}
    line = teller.service.mongo["audit"].find_one({"subject": "article:safe", "action": "kb.draft"})
    assert line is not None
    assert line["detail"] | {"taken": [other], "written": 1} == line["detail"]
    assert SAFE not in str(teller.service.kb.versions(ARTICLE, "safe"))


def test_without_a_deliberate_act_no_customers_word_is_stored(teller: Teller) -> None:
    one = asks(teller, SAFE)
    assert drafted(teller, Wish("bare"), one).questions == ()
    refused(teller, BadPayload, Wish("unread", 0, (one,), clean=False), one)
    refused(teller, BadPayload, Wish("unread", 0, (), ("保管箱",), clean=False), one)
    other = asks(teller, OTHER)
    refused(teller, BadPayload, Wish("of another group", 0, (other,), clean=True), one)
    for role in (Role.AGENT, Role.SENIOR, Role.ADMIN, Role.AUDITOR):
        refused(teller, NotAllowed, Wish("not theirs", 0, (one,), clean=True), one, role=role)


def test_personal_data_is_not_taken_over_nor_typed(teller: Teller) -> None:
    one = asks(teller, f"{SAFE} 我的手機 {MOBILE}")
    refused(teller, BadPayload, Wish("number", 0, (one,), clean=True), one)
    refused(teller, BadPayload, Wish("number", 0, (), (f"打 {MOBILE}",), clean=True), one)
    refused(teller, BadPayload, Wish("no id with spaces", 0, (), (SAFE,), clean=True), one)


def test_what_was_erased_meanwhile_is_not_taken_over(teller: Teller) -> None:
    erased = asks(teller, SAFE)
    message = teller.service.mongo["messages"].find_one({"_id": erased})
    assert message is not None
    teller.service.mongo["keys"].delete_one({"keyAltNames": customer_key(message["customer"])})
    teller.service.vault.close()
    refused(teller, NotFound, Wish("erased", 0, (erased,), clean=True), erased)
    refused(teller, NotFound, Wish("gone", 0, ("x",), clean=True), "x")


def test_wordings_go_into_the_next_version_of_a_known_article(teller: Teller) -> None:
    house, one = teller.service, asks(teller, OTHER)
    known = review.Draft("known", {"zh-TW": "請至分行。", "en": "At a branch."}, (SAFE,), tags=("箱",))
    review.create(house.kb, [known], "ann", audit_of(house))
    review.approve(house.kb, "known", "bob", audit_of(house))
    made = drafted(teller, Wish("known", 1, (one,), (SAFE,), clean=True), one)
    assert (made.version, made.questions, made.answer) == (2, (SAFE, OTHER), known.answer)
    assert made.tags == ("箱",)
    # Somebody saved version 2: whoever still looks at 1 has to read it first.
    refused(teller, Conflict, Wish("known", 1, (), ("保管箱租金",), clean=True))
    refused(teller, Conflict, Wish("known", 0, (), ("保管箱租金",), clean=True))
    refused(teller, BadPayload, Wish("known", 2, (one,), clean=True), one)
    review.approve(house.kb, "known", "bob", audit_of(house))
    review.retire(house.kb, "known", "bob", audit_of(house))
    refused(teller, Conflict, Wish("known", 2, (), ("保管箱租金",), clean=True))
