"""`make seed`: a store as large as a firm's after three months, for looking at lists and figures at size.

    python -m tests.bench.seed --home FOLDER                  an own MongoDB and Redis under FOLDER, as `make run` has
    python -m tests.bench.seed --uri mongodb://... --home FOLDER      FOLDER has the keys

Every conversation's chain of hashes is valid, every status consistent. What is not as in production: customers share a
few hundred sentences and names, sealed under a few keys, so that it takes minutes; nothing waits in the ledger of
events, and no outbox entry is kept of what was sent. An already seeded store is left alone.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bson import ObjectId
from bson.binary import Binary

from bot import samples
from bot.compose import Service, build
from bot.embedded import Servers
from bot.model import GENESIS, ChannelType, Role
from bot.mongo import Mongo
from bot.prepare import audit_of
from bot.settings import Settings
from bot.store import schema
from bot.store.chain import linked
from bot.store.records import whole_ms
from kb import desk
from kb import store as kb_store
from tests.bench.seed_stories import Act, Story, stories

__all__ = ["house", "seed"]

BATCH = 4000
BLOCKS = 40
KEYED = "seed-block"
NAMES = ["陳怡君", "林志明", "黃淑芬", "張家豪", "李雅婷", "王俊傑", "吳美玲", "劉冠宇", "蔡佩珊", "楊承翰"]
SAID = {
    "customer": (
        "信用卡年費多少",
        "我忘記網銀密碼了怎麼辦",
        "貸款申請到哪一步了",
        "提前還款要付違約金嗎",
        "我要真人",
    ),
    "bot": ("您可以在 App 首頁選擇「帳戶」，再選「變更密碼」，依畫面完成。", "以下哪一項最接近您的問題？"),
    "staff": ("您好，這裡是客服，我來為您查詢，請稍候。", "已為您處理完成，謝謝您的耐心等候。"),
}
DAYS = 90
PATIENCE_MS = 900_000


@dataclass
class Sealed:
    """Ciphertexts to be shared: by kind of author, names, and user ids."""

    texts: dict[str, list[Binary]] = field(default_factory=lambda: {who: [] for who in SAID})
    names: list[Binary] = field(default_factory=list)
    users: list[Binary] = field(default_factory=list)


@dataclass
class Bulk:
    """Inserts what it is given in batches; unordered, unjournalled: a half-seeded store is thrown away anyway."""

    mongo: Mongo
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)

    def add(self, collection: str, doc: dict[str, Any]) -> None:
        rows = self.rows.setdefault(collection, [])
        rows.append(doc)
        if len(rows) >= BATCH:
            self.flush(collection)

    def flush(self, collection: str) -> None:
        if rows := self.rows.pop(collection, []):
            self.mongo.light(collection).insert_many(rows, ordered=False)
            self.written[collection] = self.written.get(collection, 0) + len(rows)

    def end(self) -> dict[str, int]:
        for collection in list(self.rows):
            self.flush(collection)
        return self.written


def house(home: Path, mongodb_uri: str, redis_url: str) -> Service:
    """A prepared Teller on those servers, without its search index."""
    environ = {
        "TELLER_HOME": str(home),
        "MONGODB_URI": mongodb_uri,
        "REDIS_URL": redis_url,
        "TELLER_SAMPLE": "off",
    }
    service = build(Settings.from_env(environ))
    service.vault.prepare()
    kb_store.ensure_indexes(service.mongo.db)
    desk.load_shipped(service.kb, audit_of(service))
    return service


def seed(
    service: Service, messages: int, customers: int, *, now: datetime, number: int = 1
) -> dict[str, int]:
    """Documents written, by collection. Indexes come last: building them whole is quicker than growing them."""
    # An index over a million documents takes longer than any request may.
    patient = Mongo(service.settings.mongodb_uri, timeout_ms=PATIENCE_MS)
    samples.add_staff(service)
    people = _people(service)
    accounts = [
        service.accounts.add(channel, f"seed-{channel.value}", {}, {}, None).id for channel in ChannelType
    ]
    channels = dict(zip(accounts, ChannelType, strict=True))
    sealed, chance, bulk = _sealed(service), random.Random(number), Bulk(patient)
    owners = _Owners(customers, accounts, chance)
    for story in stories(messages, DAYS, now, number):
        customer, thread, account = owners.owner(story)
        conversation, lines = _written(
            story, customer, thread, account, channels[account], people, sealed, owners, chance
        )
        for line in lines:
            bulk.add("messages", line)
        bulk.add("conversations", conversation)
        if story.status == "resolved" and chance.random() < 0.3:
            bulk.add("ratings", _rating(conversation, chance))
        if story.handed is None and chance.random() < 0.005:
            bulk.add("labels", _label(conversation, lines, chance))
    for customer, thread, account in owners.all():
        bulk.add("customers", _customer(customer, sealed, now))
        bulk.add(
            "threads", _thread(customer, thread, account, channels[account], sealed, owners.pos(customer))
        )
    for doc in _audit(service, people, now, messages // 5, chance):
        bulk.add("audit", doc)
    months: Counter[str] = Counter()
    for doc in _calls(now, messages // 10, chance):
        bulk.add("model_calls", doc)
        months[doc["month"]] += doc["cost"]
    for month, spent in months.items():
        bulk.add("model_months", {"_id": month, "spent": spent})
    written = bulk.end()
    schema.ensure(patient)
    patient.close()
    return written


class _Owners:
    """Who begins which conversation; nobody has two at a time, and the lines of a thread are numbered through."""

    def __init__(self, count: int, accounts: list[str], chance: random.Random) -> None:
        self._count, self._accounts, self._chance = count, accounts, chance
        self._free: dict[int, datetime] = {}
        self._pos: dict[int, int] = {}

    def owner(self, story: Story) -> tuple[int, str, str]:
        while True:
            number = self._chance.randrange(self._count)
            if self._free.get(number, story.began) <= story.began:
                break
        self._free[number] = story.resolved_at or datetime.max.replace(tzinfo=UTC)
        return number, _thread_id(number), self._accounts[number % len(self._accounts)]

    def next_pos(self, number: int) -> int:
        self._pos[number] = self._pos.get(number, 0) + 1
        return self._pos[number]

    def pos(self, number: int) -> int:
        return self._pos.get(number, 0)

    def all(self) -> Iterator[tuple[int, str, str]]:
        for number in range(self._count):
            yield number, _thread_id(number), self._accounts[number % len(self._accounts)]


def _thread_id(number: int) -> str:
    return hashlib.sha256(f"thread {number}".encode()).hexdigest()[:32]


def _people(service: Service) -> list[str]:
    """Twenty who answer."""
    found = [
        service.staff.by_email(f"{role.value}@{samples.DEMO_DOMAIN}") for role in (Role.AGENT, Role.SENIOR)
    ]
    known = [one.id for one in found if one is not None]
    wanted = range(20 - len(known))
    return known + [
        service.staff.add(
            f"seed-{n}@{samples.DEMO_DOMAIN}", samples.DEMO_PASSWORD, Role.AGENT, name=f"客服 {n + 1}"
        ).id
        for n in wanted
    ]


def _sealed(service: Service) -> Sealed:
    made = Sealed()
    for block in range(BLOCKS):
        key = f"{KEYED}:{block}"
        service.vault.create_key(key)
        made.names += [service.vault.seal(name, key) for name in NAMES]
        for who, texts in SAID.items():
            made.texts[who] += [service.vault.seal(text, key) for text in texts]
        made.users += [service.vault.blind(f"seed-user-{block}-{n}") for n in range(10)]
    return made


def _written(
    story: Story,
    customer: int,
    thread: str,
    account: str,
    channel: ChannelType,
    people: list[str],
    sealed: Sealed,
    owners: _Owners,
    chance: random.Random,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The conversation and its lines, chained."""
    conversation_id, head = str(ObjectId()), GENESIS
    agent = people[story.agent] if story.agent is not None else None
    lines: list[dict[str, Any]] = []
    for seq, act in enumerate(story.acts, 1):
        content = chance.choice(sealed.texts[act.author])
        message_id, at = str(ObjectId()), whole_ms(act.at.astimezone(UTC))
        doc: dict[str, Any] = {
            "_id": message_id,
            "thread": thread,
            "pos": owners.next_pos(customer),
            "conversation": conversation_id,
            "customer": f"seed-{customer}",
            "seq": seq,
            "author": f"staff:{agent}" if act.author == "staff" else act.author,
            "kind": "text",
            "content": content,
            "masked": content,
            "approved": [_REF] if act.author == "bot" else [],
            "locale": "zh-TW" if act.author == "bot" else None,
            "buttons": [],
            "entry": None,
            "client_id": None,
            "event": f"{account}:{message_id}" if act.author == "customer" else None,
            "decision": _decision(act, story, message_id, at),
            "at": at,
        }
        head = linked(head, doc)["hash"]
        lines.append(doc)
    said = {
        who: [doc["at"] for doc in lines if doc["author"].startswith(who)] for who in ("customer", "staff")
    }
    spoken = [doc for doc in lines if doc["author"] != "bot"]
    return {
        "_id": conversation_id,
        "thread": thread,
        "customer": f"seed-{customer}",
        "account": account,
        "channel": channel.value,
        "status": story.status,
        "open": story.status != "resolved",
        "misses": 0,
        "assignee": agent if story.status != "waiting" else None,
        "skill": story.skill,
        "priority": {"fraud": 0, "complaint": 1}.get(story.reason or "", 5),
        "reason": story.reason,
        "offer": None,
        "opened_at": lines[0]["at"],
        "waiting_since": story.handed if story.status == "waiting" else None,
        "seq": len(lines),
        "head_hash": head,
        "last_at": lines[-1]["at"],
        "preview": spoken[-1]["masked"],
        "unread": 0 if story.status in ("bot", "resolved") else 1,
        "recent": [],
        "customer_at": said["customer"][-1],
        **(
            {"handed_at": story.handed, "first_staff_at": said["staff"][0] if said["staff"] else None}
            if story.handed
            else {}
        ),
        **({"staff_at": said["staff"][-1]} if said["staff"] else {}),
        **({"assigned_at": story.assigned} if story.assigned else {}),
        **({"resolved_at": story.resolved_at, "resolved_by": agent or "bot"} if story.resolved_at else {}),
    }, lines


_REF = {"kind": "article", "id": "card-annual-fee", "version": 1, "sha256": "0" * 64}


def _decision(act: Act, story: Story, turn: str, at: datetime) -> dict[str, Any] | None:
    if act.author != "customer":
        return None
    name, handler, reason = {
        "asks": ("Reply", "approved_answer", "answer"),
        "hands_over": ("HandOff", story.reason or "human_request", story.reason or "human_request"),
        "adds": ("StaySilent", "agent_owned", "conversation is assigned"),
    }[act.what]
    candidate = {"article": "card-annual-fee", "version": 1, "confidence": 0.91}
    trace = {"verdict": "answer", "search": "hybrid", "confidence": 0.91, "candidates": [candidate]}
    return {
        "turn": turn,
        "handler": handler,
        "decision": name,
        "reason": reason,
        "trace": trace if act.what == "asks" else {},
        "events": [],
        "at": at,
    }


def _customer(number: int, sealed: Sealed, now: datetime) -> dict[str, Any]:
    return {
        "_id": f"seed-{number}",
        "name": sealed.names[number % len(sealed.names)],
        "language": "zh-TW",
        "verified_as": None,
        "tags": [],
        "created_at": now - timedelta(days=DAYS),
    }


def _thread(
    number: int, thread: str, account: str, channel: ChannelType, sealed: Sealed, pos: int
) -> dict[str, Any]:
    return {
        "_id": thread,
        "customer": f"seed-{number}",
        "account": account,
        "channel": channel.value,
        "user_id": sealed.users[number % len(sealed.users)],
        "pos": pos,
        "greeted": True,
        "lease_until": datetime(1970, 1, 1, tzinfo=UTC),
        "fence": 0,
    }


def _rating(conversation: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    at = conversation["resolved_at"] + timedelta(minutes=1)
    score = chance.choices((1, 2, 3, 4, 5, None), (3, 3, 6, 22, 26, 40))[0]
    return {
        "_id": conversation["_id"],
        "conversation": conversation["_id"],
        "customer": conversation["customer"],
        "account": conversation["account"],
        "skill": conversation["skill"],
        "assignee": conversation["assignee"],
        "score": score,
        "at": at,
    }


def _label(
    conversation: dict[str, Any], lines: list[dict[str, Any]], chance: random.Random
) -> dict[str, Any]:
    asked = lines[0]
    return {
        "_id": f"review:{asked['_id']}",
        "question": asked["_id"],
        "conversation": conversation["_id"],
        "article": "card-annual-fee",
        "version": 1,
        "product_class": "card",
        "confidence": 0.91,
        "score": None,
        "direct": True,
        "asked_at": asked["at"],
        "right": chance.random() < 0.993,
        "source": "review",
        "by": "seed",
        "at": asked["at"] + timedelta(hours=6),
    }


def _audit(
    service: Service, people: list[str], now: datetime, count: int, chance: random.Random
) -> Iterator[dict[str, Any]]:
    """Goes on where the log has got to, and leaves the counter where the next writer looks for it."""
    last = service.mongo["audit"].find_one(sort=[("seq", -1)]) or {"seq": 0, "hash": GENESIS}
    first, head, step = last["seq"] + 1, last["hash"], timedelta(days=DAYS) / max(1, count)
    acts = ("conversation:take", "conversation:reply", "inbox:conversation:open", "conversation:resolve")
    for seq in range(first, first + count):
        at = (now - timedelta(days=DAYS) + step * (seq - first)).replace(microsecond=0)
        doc: dict[str, Any] = {
            "_id": str(ObjectId()),
            "seq": seq,
            "at": at,
            "actor": chance.choice(people),
            "action": chance.choice(acts),
            "subject": f"seed-{chance.randrange(300_000)}",
            "detail": {"from": "assigned"},
        }
        head = linked(head, doc)["hash"]
        yield doc
    service.mongo["counters"].update_one(
        {"_id": "audit"}, {"$set": {"seq": first + count - 1, "hash": head}}, upsert=True
    )


def _calls(now: datetime, count: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    for _ in range(count):
        at = now - timedelta(seconds=chance.random() * DAYS * 86_400)
        yield {
            "purpose": "check",
            "model": "gpt-4.1-mini",
            "prompt": "seed",
            "month": f"{at:%Y-%m}",
            "at": at,
            "outcome": "done",
            "cost": chance.randrange(20_000, 120_000),
            "ms": 600,
            "tokens_in": 900,
            "tokens_out": 20,
        }


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.seed", description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--customers", type=int, default=500_000)
    parser.add_argument("--home", type=Path, default=Path("var/seed"), help="keys, and the servers' files")
    parser.add_argument("--uri", help="a MongoDB of yours instead of one under --home")
    given = parser.parse_args(arguments)
    servers = Servers.start(given.home, mongodb_uri=given.uri)
    try:
        service = house(given.home, servers.mongodb_uri, servers.redis_url)
        if service.mongo["messages"].find_one({}, {"_id": 1}):
            print("this store holds messages already: it is left as it is", file=sys.stderr)
            return 1
        began = time.monotonic()
        written = seed(service, given.messages, given.customers, now=datetime.now(UTC))
        print(
            f"{', '.join(f'{n:,} {name}' for name, n in written.items())} in {time.monotonic() - began:.0f} s"
        )
        print("sign in as", ", ".join(f"{role.value}@{samples.DEMO_DOMAIN}" for role in Role))
        service.close()
    finally:
        servers.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
