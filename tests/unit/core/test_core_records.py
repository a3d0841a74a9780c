"""Seals and verification over a real store: made for every day, shipped, checked; what was tampered with is named."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from bson import ObjectId

from bot.errors import ConfigError, Conflict, SendError
from bot.model import GENESIS
from bot.records import days, keys
from bot.records.leaves import read
from bot.records.seal import fault, handed_over
from bot.records.sealing import Sealer
from bot.records.shipping import LEAVES, SEAL, Shipping
from bot.records.verify import Report, verify
from bot.settings_records import record_settings
from bot.store.chain import link, linked
from bot.store.chains import ChainStore
from bot.store.seals import SealStore
from tests.records_tampering import converse
from tests.unit.core.teller import Teller

NOW = datetime.now(UTC)
TOMORROW = NOW + timedelta(days=1)


def verified(teller: Teller, **wanted: object) -> Report:
    mongo = teller.service.mongo
    return verify(ChainStore(mongo), SealStore(mongo), **wanted)  # type: ignore[arg-type]


@pytest.fixture
def store(teller: Teller) -> Iterator[SealStore]:
    yield SealStore(teller.service.mongo)
    for name in ("seals", "seal_leaves", "seal_copies"):
        teller.service.mongo[name].delete_many({})
    teller.service.mongo["state"].delete_many({"_id": {"$in": ["seal_key", "sealing"]}})


def sealer(store: SealStore, tmp_path: Path, now: datetime = TOMORROW) -> Sealer:
    return Sealer(store, tmp_path / "seal.key", make_key=True, now=lambda: now)


def talked(teller: Teller, *texts: str) -> str:
    return converse(teller.service, *texts).id


def aged(teller: Teller, day: date, seq: int = 1) -> str:
    """An audit line as of that day at noon, outside of any count: for a store with a past."""
    made = int((days.bounds(day)[0] + timedelta(hours=12)).timestamp())
    record = f"{made:08x}{str(ObjectId())[8:]}"
    doc = linked(GENESIS, {"_id": record, "seq": -seq, "at": NOW})
    teller.service.mongo["audit"].insert_one(doc)
    return record


def test_a_store_at_work_is_found_whole_and_a_day_is_sealed(
    teller: Teller, store: SealStore, tmp_path: Path
) -> None:
    talked(teller, "你好", "我要真人")
    assert verified(teller).ok
    maker = sealer(store, tmp_path)
    assert sealer(store, tmp_path, NOW).missing() == [], "a day that is not over"
    assert maker.seal_missing() == 1
    assert maker.seal_missing() == 0
    (seal,) = store.since("")
    assert fault(seal) is None
    counts = {name: teller.service.mongo[name].count_documents({}) for name in seal["counts"]}
    assert seal["counts"] == counts
    assert seal["total"] == sum(counts.values()) > 4
    found = verified(teller)
    assert (found.ok, found.seals, found.sealed_until) == (True, 1, seal["_id"])
    assert found.records == seal["total"]
    talked(teller, "再問一次")
    assert verified(teller).bad[0].reason == "inserted: its day was sealed without it"


@pytest.mark.usefixtures("_tidy")
def test_every_day_since_the_first_has_one_empty_days_too(
    teller: Teller, store: SealStore, tmp_path: Path
) -> None:
    first = days.last_over(NOW) - timedelta(days=4)
    record = aged(teller, first)
    assert sealer(store, tmp_path, NOW).seal_missing() == 5
    made = list(store.since(""))
    assert [one["total"] for one in made] == [1, 0, 0, 0, 0]
    assert made[0]["first"]["id"] == record
    assert made[1]["root"] == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert [one["prev"] for one in made] == [GENESIS, *(one["hash"] for one in made[:-1])]
    # A clock that was down catches up, and a second one finds nothing left to do.
    store_now = sealer(store, tmp_path, NOW + timedelta(days=3))
    assert [store_now.seal_missing(), store_now.seal_missing()] == [3, 0]
    teller.service.mongo["audit"].delete_one({"_id": record})
    (missing,) = verified(teller).bad
    assert (missing.id, missing.seq, missing.reason) == (record, -1, "missing: it was sealed")


@pytest.mark.usefixtures("_tidy")
def test_what_comes_after_its_day_was_sealed_stands_in_the_next_seal_by_name(
    teller: Teller, store: SealStore, tmp_path: Path
) -> None:
    day = days.last_over(NOW) - timedelta(days=1)
    before = aged(teller, day, 1)
    assert sealer(store, tmp_path, NOW - timedelta(days=1)).seal_missing() == 1
    late = aged(teller, day, 2)
    (unsealed,) = [one for one in verified(teller, most=9).bad if one.id == late and "sealed" in one.reason]
    assert unsealed.reason == "inserted: its day was sealed without it"
    assert sealer(store, tmp_path, NOW).seal_missing() == 1
    _, second = store.since("")
    assert [one["id"] for one in second["late"]] == [late]
    assert second["total"] == 1
    assert not [one for one in verified(teller, most=9).bad if "sealed" in one.reason]
    assert sealer(store, tmp_path, NOW + timedelta(days=1)).seal_missing() == 1
    assert [len(one["late"]) for one in store.since("")] == [0, 1, 0], "named once"
    teller.service.mongo["audit"].delete_many({"_id": {"$in": [before, late]}})
    gone = {one.id for one in verified(teller, most=9).bad}
    assert gone == {before, late}


@pytest.fixture
def _tidy(teller: Teller) -> Iterator[None]:
    yield
    teller.service.mongo["audit"].delete_many({"seq": {"$lt": 0}})


def test_a_history_written_anew_with_all_its_hashes_is_found_by_the_seal(
    teller: Teller, store: SealStore, tmp_path: Path
) -> None:
    """Somebody with the database and our code, but without the key."""
    conversation, mongo = talked(teller, "你好", "我要真人"), teller.service.mongo
    sealer(store, tmp_path).seal_missing()
    docs = list(mongo["messages"].find({"conversation": conversation}).sort("seq", 1))
    head = GENESIS
    for n, doc in enumerate(docs):
        changed = {**doc, "kind": "follow"} if n == 1 else dict(doc)
        linked(head, changed)
        head = changed["hash"]
        mongo["messages"].replace_one({"_id": doc["_id"]}, changed)
    mongo["conversations"].update_one({"_id": conversation}, {"$set": {"head_hash": head}})
    found = verified(teller).bad[0]
    assert (found.id, found.conversation, found.seq) == (docs[1]["_id"], conversation, 2)
    assert found.reason == "rewritten: it was sealed with another hash"
    for doc in docs:
        mongo["messages"].replace_one({"_id": doc["_id"]}, doc)
    mongo["conversations"].update_one({"_id": conversation}, {"$set": {"head_hash": docs[-1]["hash"]}})
    assert verified(teller).ok
    # The conversation vanishes with all that knew of it.
    thread = docs[0]["thread"]
    kept = {
        name: list(mongo[name].find({key: value}))
        for name, key, value in (
            ("messages", "conversation", conversation),
            ("conversations", "_id", conversation),
            ("threads", "_id", thread),
        )
    }
    mongo["messages"].delete_many({"conversation": conversation})
    mongo["conversations"].delete_one({"_id": conversation})
    (gap,) = verified(teller).bad
    assert gap.reason.startswith("missing: message 1 of a customer's")
    mongo["threads"].delete_one({"_id": thread})
    found = verified(teller).bad[0]
    assert (found.id, found.conversation, found.seq) == (docs[0]["_id"], conversation, 1)
    for name, some in kept.items():
        mongo[name].insert_many(some)
    assert verified(teller).ok


def test_a_changed_seal_a_lost_one_and_a_foreign_key_are_named(
    teller: Teller, store: SealStore, tmp_path: Path
) -> None:
    mongo = teller.service.mongo
    sealer(store, tmp_path, NOW + timedelta(days=3)).seal_missing()
    made = list(store.since(""))
    assert len(made) == 3
    for change, reason in (
        ({"total": 5}, "seal changed"),
        ({"signature": "00" * 64}, "seal changed"),
        ({"counts.messages": 1}, "seal changed"),
    ):
        mongo["seals"].update_one({"_id": made[1]["_id"]}, {"$set": change})
        assert [(one.id, one.reason) for one in verified(teller).bad] == [(made[1]["_id"], reason)]
        mongo["seals"].replace_one({"_id": made[1]["_id"]}, made[1])
    forged = {**made[1], "total": 5}
    forged["hash"] = link(forged["prev"], {k: v for k, v in forged.items() if k != "hash"})
    mongo["seals"].replace_one({"_id": made[1]["_id"]}, forged)
    assert verified(teller).bad[0].reason == "seal not signed by its key"
    mongo["seals"].delete_one({"_id": made[1]["_id"]})
    assert verified(teller).bad[0].reason == "missing: there is no seal of this day"
    mongo["seals"].delete_many({"_id": {"$gte": made[1]["_id"]}})
    other = Sealer(store, tmp_path / "other.key", make_key=True, now=lambda: NOW + timedelta(days=3))
    assert other.seal_missing() == 2
    assert verified(teller).bad[0].reason == "signed by a key that the one before does not vouch for"
    assert verified(teller, trusted=["ab"]).bad[0].reason == "signed by a key that is not trusted"
    part = mongo["seal_leaves"].find_one({"day": made[0]["_id"]})
    assert part is not None
    mongo["seals"].delete_many({"_id": {"$gte": made[1]["_id"]}})
    mongo["seal_leaves"].update_one({"_id": part["_id"]}, {"$set": {"part": part["part"][:-9]}})
    assert verified(teller).bad[0].reason == "its list is not the one that was sealed"


def test_a_new_key_is_vouched_for_by_the_old_one_in_a_seal(
    teller: Teller, store: SealStore, tmp_path: Path
) -> None:
    maker = sealer(store, tmp_path)
    with pytest.raises(Conflict):
        maker.change_key()
    maker.seal_missing()
    old, new = maker.change_key()
    assert old != new == maker.key().id
    with pytest.raises(Conflict):
        maker.change_key()
    sealer(store, tmp_path, NOW + timedelta(days=2)).seal_missing()
    first, second = store.since("")
    assert (first["key_id"], second["key_id"]) == (old, new)
    assert handed_over(first, second)
    assert verified(teller, trusted=[old]).ok
    assert not handed_over(first, {**second, "handover": {**second["handover"], "at": "x"}})


def test_the_key_is_made_once_kept_from_others_and_refused_where_they_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "seal.key"
    with pytest.raises(ConfigError):
        keys.load(path, make=False)
    key = keys.load(path, make=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert keys.load(path, make=True).id == key.id
    path.chmod(0o640)
    with pytest.raises(ConfigError, match="others"):
        keys.load(path, make=True)
    path.chmod(0o600)
    path.write_text("nonsense")
    with pytest.raises(ConfigError):
        keys.load(path, make=True)
    with pytest.raises(ConfigError):
        keys.load(None, make=True)


def test_settings_of_copies_are_refused_where_they_would_not_hold(tmp_path: Path) -> None:
    def faults(production: bool = False, **values: str) -> list[str]:
        found: list[str] = []
        record_settings(values, tmp_path, production, found)
        return found

    address = {"TELLER_SEAL_WEBHOOK": "https://archive.example.com/seals"}
    assert faults(**address)
    assert not faults(**address, TELLER_SEAL_WEBHOOK_SECRET="x" * 32)
    assert faults(TELLER_SEAL_WEBHOOK="nonsense", TELLER_SEAL_WEBHOOK_SECRET="x" * 32)
    plain = {"TELLER_SEAL_WEBHOOK": "http://archive.example.com", "TELLER_SEAL_WEBHOOK_SECRET": "x" * 32}
    assert not faults(**plain)
    assert faults(production=True, **plain)
    assert record_settings({}, tmp_path, False, []).key_file == tmp_path / "keys" / "seal.key"
    assert record_settings({}, tmp_path, True, []).key_file is None, "production makes none"


def test_copies_go_to_the_folder_once_and_to_the_address_until_it_takes_them(
    teller: Teller, store: SealStore, tmp_path: Path
) -> None:
    sealer(store, tmp_path, NOW + timedelta(days=2)).seal_missing()
    days_ = [one["_id"] for one in store.since("")]
    posted: list[tuple[str, bytes]] = []
    answers = [SendError("refused", "The custodian answered 500.", retryable=True)]

    def post(day: str, body: bytes) -> None:
        if answers:
            raise answers.pop()
        posted.append((day, body))

    folder, at = tmp_path / "vault", [NOW]
    shipping = Shipping(store, folder, post, now=lambda: at[0])
    assert shipping.tick() == 2
    assert store.copies(days_)[days_[0]]["webhook"]["fault"] == "The custodian answered 500."
    at[0] += timedelta(seconds=1)
    assert shipping.tick() == 1, "the first waits, the next is tried"
    at[0] += timedelta(minutes=1)
    assert shipping.tick() == 1
    assert {day for day, _ in posted} == set(days_)
    assert shipping.tick() == 0
    seal = next(iter(store.since("")))
    copy = folder / f"{days_[0]}{SEAL}"
    assert copy.read_bytes() == dict(posted)[days_[0]]
    assert json.loads(copy.read_bytes()) == seal
    assert copy.stat().st_mode & 0o777 == 0o440
    lines = gzip.decompress((folder / f"{days_[0]}{LEAVES}").read_bytes()).decode().splitlines()
    assert len([read(line) for line in lines]) == seal["total"]
    assert verified(teller, folder=folder).ok
    # The database's keeper takes seals back, or writes another one; the copies tell.
    teller.service.mongo["seals"].delete_one({"_id": days_[1]})
    assert verified(teller, folder=folder).bad[0].reason == "missing: a copy of it was shipped"
    other = Sealer(store, tmp_path / "other.key", make_key=True, now=lambda: NOW + timedelta(days=2))
    other.seal_missing()
    found = verified(teller, folder=folder, most=5).bad
    assert (days_[1], "rewritten: its copy says something else") in [(one.id, one.reason) for one in found]
    teller.service.mongo["seal_copies"].delete_many({})
    shipping.tick()
    assert "says something else" in store.copies(days_)[days_[1]]["folder"]["fault"]
    assert json.loads(copy.read_bytes()) == seal, "never overwritten"
    copy.unlink()
    assert "its copy is missing in the folder" in [
        one.reason for one in verified(teller, folder=folder, most=9).bad
    ]
