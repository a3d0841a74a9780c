"""The one hash of all records: over what the store gives back, and over every field of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from bson.binary import Binary
from bson.code import Code
from bson.decimal128 import Decimal128
from bson.int64 import Int64

from bot.model import GENESIS, Role
from bot.store.chain import DIGEST, OUTSIDE, canonical, link, linked
from bot.store.notes import NoteStore
from tests.records_tampering import converse
from tests.unit.core.teller import Teller

AT = datetime(2026, 11, 22, 16, 0, 0, 123_999, tzinfo=timezone(timedelta(hours=8)))
KINDS: dict[str, Any] = {
    "_id": "a",
    "at": AT,
    "content": Binary(b"\x00\xff", 6),
    "small": 1,
    "large": 2**40,
    "share": 0.1,
    "whole": 1.0,
    "yes": True,
    "none": None,
    "pair": ("a", 1),
    "deep": {"b": [{"at": AT, "bytes": b"x"}], "a": "中文"},
}


def test_the_form_is_the_agreed_one() -> None:
    doc = {"b": [1, 1.0, True, None], "at": AT, "a": "中", "raw": b"x", "hash": "h", "prev_hash": "p"}
    digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    assert canonical(doc).decode() == (
        '{"a":"中","at":"2026-11-22T08:00:00.123+00:00","b":[1,1.0,true,null],"raw":{"$sha256":"'
        + digest
        + '"}}'
    )
    assert (
        canonical({"at": AT.astimezone(UTC).replace(tzinfo=None)})
        == b'{"at":"2026-11-22T08:00:00.123+00:00"}'
    )
    assert canonical({"n": Int64(5)}) == b'{"n":5}'


def test_the_hash_is_over_what_is_read_back(teller: Teller) -> None:
    kept = teller.service.mongo["chain_of_a_test"]
    kept.insert_one(linked(GENESIS, dict(KINDS)))
    (read,) = kept.find({})
    assert read["at"] != AT, "MongoDB keeps milliseconds"
    assert link(GENESIS, read) == read["hash"] == link(read["prev_hash"], KINDS)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_field_counts_and_so_does_its_absence(name: str) -> None:
    whole = link(GENESIS, KINDS)
    without = {key: value for key, value in KINDS.items() if key != name}
    assert link(GENESIS, without) != whole
    assert link(GENESIS, {**KINDS, name: "something else"}) != whole
    assert link(GENESIS, {**KINDS, f"{name}2": KINDS[name]}) != whole
    assert link("11" * 32, KINDS) != whole


def test_a_digest_may_stand_for_its_ciphertext_and_the_rest_is_outside() -> None:
    digest = canonical({"content": KINDS["content"]}).decode().split('"')[5]
    purged = {**KINDS, "content": {DIGEST: digest}, "purged": "certificate-1"}
    assert link(GENESIS, purged) == link(GENESIS, KINDS)
    assert link(GENESIS, {**KINDS, **dict.fromkeys(OUTSIDE, "anything")}) == link(GENESIS, KINDS)


@pytest.mark.parametrize("value", [Decimal128("1"), {1, 2}, object()])
def test_what_has_no_form_is_not_written(value: object) -> None:
    with pytest.raises(TypeError):
        link(GENESIS, {**KINDS, "odd": value})
    assert isinstance(Code("x"), str), "so the verification has to look at types"


def test_all_four_kinds_of_record_are_chained_by_it(teller: Teller) -> None:
    mongo, agent = teller.service.mongo, teller.staff(Role.AGENT)
    conversation = converse(teller.service, "我要真人", "請稍候")
    mongo.transaction(
        lambda s: NoteStore(mongo, teller.service.vault).add(s, conversation, agent.id, "請看", [agent.id])
    )
    teller.service.console.customers.note(agent, conversation.customer_id, "晚上再打")
    for name, query in (
        ("messages", {"conversation": conversation.id}),
        ("notes", {"conversation": conversation.id}),
        ("customer_notes", {"customer": conversation.customer_id}),
        ("audit", {}),
    ):
        docs = list(mongo[name].find(query).sort("seq", 1))
        assert docs, name
        head = GENESIS
        for seq, doc in enumerate(docs, 1):
            assert (doc["seq"], doc["prev_hash"], doc["hash"]) == (seq, head, link(head, doc)), name
            for field in set(doc) - OUTSIDE:
                assert link(head, {**doc, field: "forged"}) != doc["hash"], (name, field)
            head = doc["hash"]
    counted = mongo["counters"].find_one({"_id": "audit"})
    assert counted is not None
    assert (counted["seq"], counted["hash"]) == (seq, head)


def test_a_cut_tail_of_the_audit_log_stays_a_gap(teller: Teller) -> None:
    audit, mongo = teller.service.audit, teller.service.mongo
    for n in range(3):
        audit.add("command:test", "test:cut", f"test:{n}", {"at": str(datetime.now(UTC))})
    last = mongo["audit"].find_one_and_delete({}, sort=[("seq", -1)])
    assert last is not None
    audit.add("command:test", "test:after", "test:after", {})
    after = mongo["audit"].find_one({}, sort=[("seq", -1)])
    assert after is not None
    assert (after["seq"], after["prev_hash"]) == (last["seq"] + 1, last["hash"])
