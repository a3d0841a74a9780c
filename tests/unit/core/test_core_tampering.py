"""Whatever is changed in a chained record, a seal or its list: the verification says so, and names it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from threading import Event, Thread

import pytest
from bson.binary import Binary

from bot.records.sealing import Sealer
from bot.records.verify import verify
from bot.store.chain import DIGEST, PURGED
from bot.store.chains import BEGUN, CERTIFICATE, ChainStore
from bot.store.seals import SealStore
from tests.records_tampering import converse, populated, speaks, tamper
from tests.unit.core.teller import Teller

MUTATIONS = 110


@pytest.fixture(scope="module")
def sealed(teller: Teller, tmp_path_factory: pytest.TempPathFactory) -> Teller:
    populated(teller)
    later, key = datetime.now(UTC) + timedelta(days=1), tmp_path_factory.mktemp("key") / "seal.key"
    Sealer(SealStore(teller.service.mongo), key, make_key=True, now=lambda: later).seal_missing()
    return teller


def found(teller: Teller) -> list[tuple[str | None, str]]:
    mongo = teller.service.mongo
    return [(one.id, one.reason) for one in verify(ChainStore(mongo), SealStore(mongo), most=9).bad]


def test_what_was_done_is_named(sealed: Teller) -> None:
    assert found(sealed) == []
    seen = set()
    for done, bad in tamper(sealed.service.mongo, MUTATIONS, seed=20261123):
        assert bad is not None, done
        assert done.named(bad), (done, bad)
        seen.add(done.what.split()[0])
    assert seen >= {"flip", "drop", "swap", "duplicate", "insert", "truncate", "redate", "relink"}
    assert found(sealed) == [], "each was put back"


def test_a_purged_record_verifies_only_with_the_certificate_that_names_its_customer(sealed: Teller) -> None:
    mongo, audit = sealed.service.mongo, sealed.service.audit
    doc = next(iter(mongo["messages"].find().sort("_id", 1).limit(1)))
    digests = {name: {DIGEST: sha256(doc[name]).hexdigest()} for name in ("content", "masked")}
    mongo["messages"].update_one({"_id": doc["_id"]}, {"$set": digests})
    assert found(sealed) == [(doc["_id"], "purged without a certificate")]
    mongo["messages"].update_one({"_id": doc["_id"]}, {"$set": {PURGED: "cert-1"}})
    assert found(sealed) == [(doc["_id"], "purged without a certificate")]
    seals = list(mongo["seals"].find())
    mongo["seals"].delete_many({})
    audit.add("system", BEGUN, "certificate:cert-1", {"customers": ["somebody else"]})
    audit.add("system", CERTIFICATE, "certificate:cert-1", {"sha256": "00"})
    assert found(sealed) == [(doc["_id"], "purged without a certificate")]
    audit.add("system", BEGUN, "certificate:cert-2", {"customers": [doc["customer"]]})
    mongo["messages"].update_one({"_id": doc["_id"]}, {"$set": {PURGED: "cert-2"}})
    assert found(sealed) == []
    forged = {"content": {DIGEST: "00" * 32}}
    mongo["messages"].update_one({"_id": doc["_id"]}, {"$set": forged})
    assert found(sealed) == [(doc["_id"], "changed: its hash is another")]
    mongo["messages"].replace_one({"_id": doc["_id"]}, doc)
    # What is destroyed says so: neither does a mark alone pass, nor another kind of bytes.
    mongo["messages"].update_one({"_id": doc["_id"]}, {"$set": {PURGED: "cert-2"}})
    assert found(sealed) == [(doc["_id"], "changed: it names a certificate and has its ciphertext")]
    mongo["messages"].replace_one({"_id": doc["_id"]}, {**doc, "content": Binary(doc["content"], 0)})
    assert found(sealed) == [(doc["_id"], "changed: its ciphertext is marked as something else")]
    mongo["messages"].replace_one({"_id": doc["_id"]}, doc)
    mongo["seals"].insert_many(seals)


def test_work_may_go_on_while_it_verifies(sealed: Teller) -> None:
    """A record is either seen whole, with the head that counts it, or not at all."""
    over, talk_id = Event(), converse(sealed.service, "你好").id

    def talk() -> None:
        while not over.is_set():
            speaks(sealed.service, talk_id, "還在嗎")

    mongo = sealed.service.mongo
    seals = list(mongo["seals"].find())
    mongo["seals"].delete_many({})
    writer = Thread(target=talk)
    writer.start()
    try:
        for _ in range(12):
            assert found(sealed) == []
    finally:
        over.set()
        writer.join()
    mongo["seals"].insert_many(seals)
    assert mongo["messages"].count_documents({"conversation": talk_id}) > 5
