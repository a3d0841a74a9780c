"""The proof over all that the bot said: what is right passes, every kind of fault is named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from bson.binary import Binary

from bot.model import Button, ProductClass, Ref
from bot.prepare import audit_of
from bot.quality import proof
from bot.quality.proof import Shelf, check, in_force_about, throughout
from bot.quality.proving import Proving
from bot.slots import filled
from bot.store.proofs import ProofStore
from bot.vault import customer_key
from kb import review
from tests.unit.core.quality import article, notice, say, whole
from tests.unit.core.teller import Teller


@pytest.fixture
def ref(teller: Teller) -> Ref:
    return article(teller)


def of(teller: Teller, *ids: str) -> list[str]:
    """The kinds of fault among these messages, in order; `-` where there is none."""
    service = teller.service
    store, shelf = ProofStore(service.mongo), Shelf.of(service.kb.load()[1])
    docs = {doc["_id"]: doc for doc in service.mongo["messages"].find({"_id": {"$in": list(ids)}})}
    found = []
    for one in ids:
        text = service.vault.read(docs[one]["content"])
        why = proof.one_fault(store, shelf, docs[one], text)
        found.append("-" if why is None else why.split(":")[0])
    return found


def test_what_the_bot_really_says_passes(teller: Teller, ref: Ref) -> None:
    teller.hears(teller.person(), None)
    choose = Button(notice(teller, "choose_person"), "person")
    say(teller, whole(teller, ref), [Button(ref, "offer:x:0"), choose])
    say(teller, [filled(notice(teller, "handoff_offhours"), {"opens": "11/24（二）09:00"})])
    report = teller.service.console.quality.proving.run("command:test")
    assert report.ok, report.bad
    assert report.checked == teller.service.mongo["messages"].count_documents({"author": "bot"})
    assert report.per_second > 0
    kept = teller.service.console.quality.proving.latest()[0]
    assert (kept["ok"], kept["checked"]) == (True, report.checked)
    assert teller.service.mongo["audit"].find_one({"action": "audit:proof"}) is not None


@pytest.mark.parametrize("text", ["這是別的答覆。", "", "這是"])
def test_one_byte_that_is_not_the_versions_is_named(teller: Teller, ref: Ref, text: str) -> None:
    right = say(teller, whole(teller, ref))
    assert of(teller, *right) == ["-"]
    assert of(teller, *say(teller, whole(teller, ref), text=text)) == ["text"]


def test_a_slot_holds_only_what_may_stand_there(teller: Teller) -> None:
    opens = notice(teller, "handoff_offhours")
    right = say(teller, [filled(opens, {"opens": "11/24（二）09:00"})])
    written = teller.service.knowledge.text(opens, "zh-TW")
    wrong = say(teller, [filled(opens, {"opens": "x"})], text=written.replace("{opens}", "http://a.tw"))
    assert of(teller, *right, *wrong) == ["-", "text"]


def test_a_message_without_a_citation_and_one_of_what_never_was(teller: Teller, ref: Ref) -> None:
    messages = teller.service.mongo["messages"]
    (bare,), (never,), (other,) = (say(teller, whole(teller, ref)) for _ in range(3))
    messages.update_one({"_id": bare}, {"$set": {"approved": []}})
    messages.update_one({"_id": never}, {"$set": {"approved.0.version": 99}})
    messages.update_one({"_id": other}, {"$set": {"approved.0.sha256": "0" * 64}})
    assert of(teller, bare, never, other) == ["cites", "unknown", "hash"]


def test_a_version_that_was_changed_after_its_approval(teller: Teller, ref: Ref) -> None:
    said = say(teller, whole(teller, ref))
    content = teller.service.mongo["content"]
    before = content.find_one({"id": ref.id})
    content.update_one({"id": ref.id}, {"$set": {"answer": [["zh-TW", "改過的答覆"]]}})
    assert of(teller, *said) == ["hash"]
    assert before is not None
    content.replace_one({"id": ref.id}, before)
    assert of(teller, *said) == ["-"]


def test_the_disclosure_has_to_be_there_in_the_message_or_right_before_it(teller: Teller, ref: Ref) -> None:
    alone = say(teller, [ref])
    assert of(teller, *alone) == ["disclosure"]
    general = article(teller, ProductClass.GENERAL)
    assert of(teller, *say(teller, [general])) == ["-"]
    parts = whole(teller, ref)
    ahead = say(teller, [*parts[1:], ref])
    assert of(teller, *ahead) == ["-"] * len(ahead)
    assert len(ahead) > 1, "as two messages, the disclosure first"


def test_another_class_disclosure_is_none(teller: Teller, ref: Ref) -> None:
    loan = article(teller, ProductClass.LOAN)
    assert of(teller, *say(teller, [ref, *whole(teller, loan)[1:]])) == ["disclosure"]


def test_a_version_that_is_out_of_force_may_not_be_said(teller: Teller, ref: Ref) -> None:
    said = say(teller, whole(teller, ref))
    review.retire(teller.service.kb, ref.id, "somebody", audit_of(teller.service))
    assert of(teller, *said) == ["-"], "it was in force when it was said"
    late = datetime.now(UTC) + timedelta(minutes=10)
    teller.service.mongo["messages"].update_one({"_id": said[0]}, {"$set": {"at": late}})
    assert of(teller, *said) == ["force"]


def test_a_button_says_an_approved_title(teller: Teller, ref: Ref) -> None:
    (said,) = say(teller, whole(teller, ref), [Button(ref, "offer:x:0")])
    assert of(teller, said) == ["-"]
    teller.service.mongo["messages"].update_one({"_id": said}, {"$set": {"buttons": [["保證獲利", "x"]]}})
    assert of(teller, said) == ["button"]


def test_a_fault_fails_the_run_and_who_was_erased_does_not(teller: Teller, ref: Ref) -> None:
    service = teller.service
    (gone,), (bad,) = say(teller, whole(teller, ref)), say(teller, whole(teller, ref), text="錯的")
    first = service.mongo["messages"].find_one({"_id": gone})
    assert first is not None
    service.mongo["keys"].delete_one({"keyAltNames": customer_key(first["customer"])})
    service.vault.forget()
    day = ("0" * 24, "g")
    report = check(ProofStore(service.mongo), service.vault, Shelf.of(service.kb.load()[1]), day)
    assert not report.ok
    assert report.erased >= 1
    assert bad in [one.message for one in report.bad]
    assert gone not in [one.message for one in report.bad]
    purged = {"content": {"$sha256": "0" * 64}, "masked": Binary(b"")}
    service.mongo["messages"].update_one({"_id": gone}, {"$set": purged})
    again = check(ProofStore(service.mongo), service.vault, Shelf.of(service.kb.load()[1]), day)
    assert again.erased == report.erased


def test_the_clock_proves_once_a_week_and_one_clock_does(teller: Teller) -> None:
    house = teller.service.console.quality.proving
    later = datetime(2031, 3, 4, tzinfo=UTC)
    clocks = [Proving(house.store, house.vault, house.audit, house.contents, lambda: later) for _ in range(2)]
    assert [one.weekly() is not None for one in clocks] == [True, False]
    stuck = later + timedelta(days=7)
    assert house.store.begin("2031-W11", stuck, stuck - timedelta(hours=12))
    assert not house.store.begin("2031-W11", stuck, stuck - timedelta(hours=12))
    after = stuck + timedelta(hours=13)
    assert house.store.begin("2031-W11", after, after - timedelta(hours=12)), "its process died"


def test_around_an_approval_the_one_before_counts_too(teller: Teller, ref: Ref) -> None:
    one = teller.service.kb.versions(ref.kind, ref.id)[0]
    assert one.approved_at is not None
    just_before = one.approved_at - timedelta(seconds=30)
    assert in_force_about(one, just_before)
    assert not in_force_about(one, one.approved_at - timedelta(minutes=2))
    assert not throughout(one, just_before)
    assert throughout(one, one.approved_at + timedelta(minutes=2))
