"""Tampering with a real store in every way we know, and looking whether the verification names what was done.

    python -m tests.records_tampering [--mutations 10000] [--seed 1]

starts a MongoDB of its own, lets a few customers talk, seals the day, and then again and again changes one thing,
verifies and puts it back. Prints how many of each were found and named; exits 1 where one was not.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bson
from bson import ObjectId
from bson.codec_options import CodecOptions
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from pymongo.errors import PyMongoError

from bot.embedded import Servers
from bot.model import GENESIS, ChannelType, Conversation, Role, Status
from bot.mongo import Mongo
from bot.records.check import Bad
from bot.records.sealing import Sealer
from bot.records.verify import verify
from bot.store.chain import linked
from bot.store.chains import ChainStore
from bot.store.documents import conversation_of
from bot.store.notes import NoteStore
from bot.store.records import Draft, new_id
from bot.store.seals import SealStore
from bot.store.threads import Lease

Doc = dict[str, Any]
CHAINED = {"messages": "conversation", "notes": "conversation", "customer_notes": "customer", "audit": ""}
RAW: CodecOptions[Any] = CodecOptions(document_class=RawBSONDocument)


@dataclass(frozen=True)
class Done:
    """A mutation: what it is called, what may be named for it, and how to undo it."""

    what: str
    ids: frozenset[Any]
    places: frozenset[tuple[Any, Any]]
    undo: Callable[[], None] = field(repr=False)

    def named(self, bad: Bad) -> bool:
        return bad.id in self.ids or (bad.conversation, bad.seq) in self.places


def converse(service: Any, *texts: str) -> Conversation:
    """A conversation that waits, written as the pipeline writes it; nobody decides anything, which spares models."""
    talks, thread = service.conversations, new_id()
    customer = talks.new_customer()
    opened = Conversation(
        id=new_id(),
        thread=thread,
        customer_id=customer,
        account_id="account",
        channel=ChannelType.LINE,
        status=Status.WAITING,
    )
    service.mongo["threads"].insert_one({"_id": thread, "customer": customer, "pos": 0, "fence": 1})
    drafts = [Draft(("customer", "bot")[n % 2], text, datetime.now(UTC)) for n, text in enumerate(texts)]
    sealed = talks.seal(customer, drafts)

    def write(session: Any) -> None:
        talks.insert_customer(session, customer, None, None)
        talks.write(
            session,
            thread=thread,
            sealed=sealed,
            conversation=opened,
            is_new=True,
            changes={},
            lease=Lease(thread, 1),
        )

    service.mongo.transaction(write)
    return speaks(service, opened.id)


def speaks(service: Any, conversation_id: str, *texts: str) -> Conversation:
    """The conversation, after the customer said these."""
    for text in texts:
        now = conversation_of(service.mongo["conversations"].find_one({"_id": conversation_id}))
        sealed = service.conversations.seal(now.customer_id, [Draft("customer", text, datetime.now(UTC))])
        service.mongo.transaction(
            lambda s, now=now, sealed=sealed: service.conversations.write(
                s, thread=now.thread, sealed=sealed, conversation=now, is_new=False, changes={}
            )
        )
    return conversation_of(service.mongo["conversations"].find_one({"_id": conversation_id}))


def populated(teller: Any) -> None:
    """Some conversations, notes of both kinds, and the log of it."""
    mongo, agent = teller.service.mongo, teller.staff(Role.AGENT)
    for n in range(4):
        conversation = converse(
            teller.service, "你好", "您好", f"我想問第 {n} 件事", "請稍候", "我的電話 0912345678"
        )
        notes = NoteStore(mongo, teller.service.vault)
        for text in ("請先看這則", "已看過"):
            called = ["colleague", "another"]
            mongo.transaction(
                lambda s, c=conversation, t=text, n=notes, who=called: n.add(s, c, agent.id, t, who)
            )
            teller.service.console.customers.note(agent, conversation.customer_id, text)
    notes.read("colleague", conversation.id)


class Tampering:
    """Mutations by chance over one store, which has to be quiet meanwhile."""

    def __init__(self, mongo: Mongo, chance: random.Random) -> None:
        self.mongo, self.chance = mongo, chance
        self.kinds: list[Callable[[], Done | None]] = [
            *[self.flip] * 6,
            self.drop,
            self.swap,
            self.exchange,
            self.duplicate,
            self.insert,
            self.truncate,
            self.redate,
            self.retype,
            self.relink,
            self.seal,
            self.leaf_list,
        ]

    def once(self) -> Done:
        while True:
            made = self.chance.choice(self.kinds)()
            if made is not None:
                return made

    # -- mutations ----------------------------------------------------------------------------------------------------

    def flip(self) -> Done | None:
        """One bit of one byte of a stored record, wherever it is."""
        name, raw = self._raw(self.chance.choice(list(CHAINED)))
        return self._flipped(name, raw)

    def seal(self) -> Done | None:
        return self._flipped(*self._raw("seals"))

    def leaf_list(self) -> Done | None:
        name, raw = self._raw("seal_leaves")
        done = self._flipped(name, raw, only=("part",))
        if done is None:
            return None
        return Done(done.what, frozenset({bson.decode(raw)["day"]}), frozenset(), done.undo)

    def drop(self) -> Done:
        name, doc = self._any()
        self.mongo[name].delete_one({"_id": doc["_id"]})
        return Done(f"drop {name}", *self._names(name, doc), lambda: self._back(name, doc))

    def swap(self) -> Done | None:
        """Two records of a chain change places."""
        name, one = self._any()
        other = self._beside(name, one)
        if other is None:
            return None
        kept = ("_id", "seq", "pos", "hash", "prev_hash")
        self.mongo[name].replace_one({"_id": one["_id"]}, {**other, **_some(one, kept)})
        self.mongo[name].replace_one({"_id": other["_id"]}, {**one, **_some(other, kept)})
        return self._both(f"swap {name}", name, one, other)

    def exchange(self) -> Done | None:
        """Two records change their numbers, as if they had come in the other order."""
        name, one = self._any()
        other = self._beside(name, one)
        if other is None:
            return None
        self.mongo[name].delete_many({"_id": {"$in": [one["_id"], other["_id"]]}})
        places = ("seq", "prev_hash", "hash") + (("pos",) if "pos" in one else ())
        self.mongo[name].insert_many([{**one, **_some(other, places)}, {**other, **_some(one, places)}])
        return self._both(f"exchange {name}", name, one, other)

    def duplicate(self) -> Done:
        """The last record of a chain once more, rightly linked, under a new id."""
        name, last = self._last()
        copy = linked(last["hash"], {**last, "_id": str(ObjectId()), "seq": last["seq"] + 1, **_far(last)})
        self.mongo[name].insert_one(copy)
        return self._slipped(f"duplicate {name}", name, copy)

    def insert(self) -> Done:
        """A record that nobody wrote, rightly linked and counted where it can be."""
        name, last = self._last()
        made = {**last, "_id": str(ObjectId()), "seq": last["seq"] + self.chance.randint(1, 3), **_far(last)}
        self.mongo[name].insert_one(linked(last["hash"], made))
        return self._slipped(f"insert {name}", name, made)

    def truncate(self) -> Done:
        """The end of a chain is cut off."""
        name, last = self._last()
        chain = {CHAINED[name]: last[CHAINED[name]]} if CHAINED[name] else {}
        cut = list(self.mongo[name].find({**chain, "seq": {"$gt": last["seq"] - self.chance.randint(1, 3)}}))
        self.mongo[name].delete_many({"_id": {"$in": [doc["_id"] for doc in cut]}})

        def undo() -> None:
            self.mongo[name].insert_many(cut)

        ids, places = zip(*(self._names(name, doc) for doc in cut), strict=True)
        return Done(f"truncate {name}", frozenset().union(*ids), frozenset().union(*places), undo)

    def redate(self) -> Done:
        name, doc = self._any()
        by = self.chance.choice([1, 1000, 86_400_000]) * self.chance.choice([-1, 1])
        at = doc["at"] + timedelta(milliseconds=by)
        self.mongo[name].update_one({"_id": doc["_id"]}, {"$set": {"at": at}})
        return Done(f"redate {name}", *self._names(name, doc), lambda: self._put(name, doc))

    def retype(self) -> Done:
        """A field with the same look and another type, a field more, or a field less."""
        name, doc = self._any()
        field_ = self.chance.choice([one for one in doc if one not in ("_id", "unread")])
        change: Doc = self.chance.choice(
            [
                {"$unset": {field_: ""}},
                {"$set": {"extra": 1}},
                {"$set": {"purged": "no certificate"}},
                {"$set": {"at": f"{doc['at'].isoformat(timespec='milliseconds')}"}},
                {"$set": {"seq": float(doc["seq"])}},
            ]
        )
        self.mongo[name].update_one({"_id": doc["_id"]}, change)
        return Done(f"retype {name}", *self._names(name, doc), lambda: self._put(name, doc))

    def relink(self) -> Done:
        """A history written anew by somebody with our code: every hash is right, up to the head."""
        found = list(self.mongo["conversations"].find())
        owner = self.chance.choice(found)
        docs = list(self.mongo["messages"].find({"conversation": owner["_id"]}).sort("seq", 1))
        at, head = self.chance.randrange(len(docs)), GENESIS
        for n, doc in enumerate(docs):
            forged = {**doc, "locale": "forged"} if n == at else dict(doc)
            head = linked(head, forged)["hash"]
            self.mongo["messages"].replace_one({"_id": doc["_id"]}, forged)
        self.mongo["conversations"].update_one({"_id": owner["_id"]}, {"$set": {"head_hash": head}})

        def undo() -> None:
            for doc in docs:
                self._put("messages", doc)
            self._put("conversations", owner)

        return Done("relink messages", *self._names("messages", docs[at]), undo)

    # -- parts --------------------------------------------------------------------------------------------------------

    def _flipped(self, name: str, raw: bytes, only: tuple[str, ...] = ()) -> Done | None:
        doc = bson.decode(raw, CodecOptions(tz_aware=True))
        at = self.chance.randrange(4, len(raw) - 1)
        if only:
            value = bytes(doc[only[0]])
            at = raw.index(value) + self.chance.randrange(len(value))
        changed = bytearray(raw)
        changed[at] ^= 1 << self.chance.randrange(8)
        try:
            identity = bson.decode(bytes(changed)).get("_id")
        except (BSONError, ValueError, OverflowError):
            identity = doc["_id"]
        ids, places = self._names(name, doc)
        others = [one["_id"] for one in self.mongo[name].find({"_id": {"$ne": doc["_id"]}}, {"_id": 1})]
        self.mongo[name].delete_one({"_id": doc["_id"]})
        try:
            self.mongo[name].insert_one(RawBSONDocument(bytes(changed)))
        except (PyMongoError, BSONError, ValueError, TypeError, KeyError, OverflowError, AttributeError):
            # MongoDB takes no such document, or it would collide with another.
            self.mongo[name].insert_one(doc)
            return None

        def undo() -> None:
            # Its very name may have been changed.
            self.mongo[name].delete_many({"_id": {"$nin": others}})
            self.mongo[name].insert_one(doc)

        return Done(f"flip {name}", ids | {identity}, places, undo)

    def _names(self, name: str, doc: Doc) -> tuple[frozenset[Any], frozenset[tuple[Any, Any]]]:
        chain = doc[CHAINED[name]] if CHAINED.get(name) else None
        return frozenset({doc["_id"]}), frozenset({(chain, doc["seq"])} if "seq" in doc else ())

    def _both(self, what: str, name: str, one: Doc, other: Doc) -> Done:
        def undo() -> None:
            self.mongo[name].delete_many({"_id": {"$in": [one["_id"], other["_id"]]}})
            self.mongo[name].insert_many([one, other])

        (ids, places), (more, others) = self._names(name, one), self._names(name, other)
        return Done(what, ids | more, places | others, undo)

    def _slipped(self, what: str, name: str, doc: Doc) -> Done:
        ids, places = self._names(name, doc)
        gap = {(chain, seq - n) for chain, seq in places for n in (1, 2)}
        return Done(what, ids, places | gap, lambda: _drop(self.mongo, name, doc["_id"]))

    def _raw(self, name: str) -> tuple[str, bytes]:
        docs = list(self.mongo[name].with_options(codec_options=RAW).find())
        return name, bytes(self.chance.choice(docs).raw)

    def _any(self) -> tuple[str, Doc]:
        name = self.chance.choice(list(CHAINED))
        return name, self.chance.choice(list(self.mongo[name].find()))

    def _beside(self, name: str, doc: Doc) -> Doc | None:
        chain = {CHAINED[name]: doc[CHAINED[name]]} if CHAINED[name] else {}
        others = list(self.mongo[name].find({**chain, "_id": {"$ne": doc["_id"]}}))
        return self.chance.choice(others) if others else None

    def _last(self) -> tuple[str, Doc]:
        name, doc = self._any()
        chain = {CHAINED[name]: doc[CHAINED[name]]} if CHAINED[name] else {}
        found = self.mongo[name].find_one(chain, sort=[("seq", -1)])
        assert found is not None
        return name, found

    def _put(self, name: str, doc: Doc) -> None:
        self.mongo[name].replace_one({"_id": doc["_id"]}, doc, upsert=True)

    def _back(self, name: str, doc: Doc) -> None:
        self.mongo[name].insert_one(doc)


def _some(doc: Doc, names: tuple[str, ...]) -> Doc:
    return {name: doc[name] for name in names if name in doc}


def _far(doc: Doc) -> Doc:
    """A place in the thread that is free."""
    return {"pos": 1000} if "pos" in doc else {}


def _drop(mongo: Mongo, name: str, record: str) -> None:
    mongo[name].delete_one({"_id": record})


def tamper(mongo: Mongo, mutations: int, seed: int) -> Iterator[tuple[Done, Bad | None]]:
    """Each mutation and what the verification named first; the store is as before after each."""
    chains, seals = ChainStore(mongo), SealStore(mongo)
    tampering = Tampering(mongo, random.Random(seed))
    for _ in range(mutations):
        done = tampering.once()
        report = verify(chains, seals)
        yield done, report.bad[0] if report.bad else None
        done.undo()


def main() -> int:
    from tests.unit.core.teller import own_settings, running

    asked = argparse.ArgumentParser(prog="python -m tests.records_tampering")
    asked.add_argument("--mutations", type=int, default=10_000)
    asked.add_argument("--seed", type=int, default=1)
    wanted = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        servers = Servers.start(home / "servers", mongodb_uri=None, redis_url=None)
        try:
            settings = own_settings(home / "home", servers.mongodb_uri, servers.redis_url)
            with running(settings) as teller:
                populated(teller)
                mongo, later = teller.service.mongo, datetime.now(UTC) + timedelta(days=1)
                Sealer(SealStore(mongo), home / "seal.key", make_key=True, now=lambda: later).seal_missing()
                assert verify(ChainStore(mongo), SealStore(mongo)).ok
                return _tell(mongo, wanted.mutations, wanted.seed)
        finally:
            servers.stop()


def _tell(mongo: Mongo, mutations: int, seed: int) -> int:
    began, made, found = time.perf_counter(), Counter[str](), Counter[str]()
    for done, bad in tamper(mongo, mutations, seed):
        made[done.what] += 1
        if bad is not None and done.named(bad):
            found[done.what] += 1
        else:
            print(f"NOT NAMED: {done} -> {bad}", file=sys.stderr)
    for what in sorted(made):
        print(f"{what:28} {found[what]} of {made[what]}")
    seconds, named = time.perf_counter() - began, sum(found.values())
    print(f"{named} of {sum(made.values())} named, in {seconds:.0f} s")
    whole = verify(ChainStore(mongo), SealStore(mongo))
    return 0 if named == sum(made.values()) and whole.ok else 1


if __name__ == "__main__":
    sys.exit(main())
