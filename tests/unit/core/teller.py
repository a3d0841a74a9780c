"""One whole Teller inside the test's process, on the run's real MongoDB and Redis; only the platforms are ours."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rq import Queue
from rq.serializers import JSONSerializer

from adapters.web import Web
from bot.compose import Service, build
from bot.embedded import Servers
from bot.model import ChannelAccount, ChannelType, Role, Staff
from bot.mongo import Doc, Mongo
from bot.prepare import audit_of
from bot.queue import FIRST, LIVE, begin, mark
from bot.settings import Settings
from bot.store import schema
from bot.store.events import Recorded, thread_of
from kb import desk
from kb import store as kb_store
from tests.conftest import with_path
from tests.house import VECTORS
from tests.unit.core.platform import LIKE_LINE, LIKE_MESSENGER, LIKE_TELEGRAM, SECRET, Platform
from tests.unit.inbox.forms import token

PASSWORD = "a passphrase of a test"
LONG_AGO = timedelta(minutes=10)
_people = itertools.count(1)
SHIPPED = ("content", "kb_revision", "audit", "counters")
_shipped: dict[str, list[Doc]] = {}
_databases = itertools.count(1)
_empty: list[str] = []
"""Databases of this process that nobody uses now: nothing in them but indexes."""


def signed_in(app: Flask, person: Staff) -> FlaskClient:
    """The browser of one of the staff that `Teller.staff` made, in English."""
    client = app.test_client()
    client.set_cookie("teller_lang", "en")
    form = {"email": person.email, "password": PASSWORD, "csrf_token": token(client.get("/").text)}
    assert client.post("/", data=form).status_code == 303
    return client


@dataclass
class Teller:
    service: Service
    platforms: dict[ChannelType, Platform]
    accounts: dict[ChannelType, ChannelAccount] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def line(self) -> Platform:
        return self.platforms[ChannelType.LINE]

    def person(self, name: str = "U") -> str:
        return f"{name}-{next(_people)}"

    def posts(self, *events: dict[str, Any], channel: ChannelType = ChannelType.LINE) -> Recorded:
        """One webhook, signed; what the intake made of it."""
        rows = [{"event_id": f"e{next(self.numbers)}", **event} for event in events]
        for row in rows:
            if row.get("reply_token"):
                self.platforms[channel].tokens[row["reply_token"]] = row["user_id"]
        body = json.dumps(rows, ensure_ascii=False).encode()
        account = self.accounts[channel]
        return self.service.intake.receive(channel.value, account.id, {"secret": SECRET}, body)

    def token(self) -> str:
        """A reply token nobody has used."""
        return f"token-{next(self.numbers)}"

    def hears(
        self, user: str, text: str | None, channel: ChannelType = ChannelType.LINE, **event: Any
    ) -> None:
        """A webhook and the drain that it causes."""
        self.posts({"user_id": user, "text": text, **event}, channel=channel)
        self.drain(user, channel)

    def drain(self, user: str, channel: ChannelType = ChannelType.LINE) -> None:
        thread = self.thread(user, channel)
        self.service.queue.redis.delete(mark(thread))
        self.service.mailbox.drain(thread)

    def thread(self, user: str, channel: ChannelType = ChannelType.LINE) -> str:
        return thread_of(self.service.vault, self.accounts[channel].id, user)

    def conversation(self, user: str, channel: ChannelType = ChannelType.LINE) -> Doc:
        """The latest of this customer."""
        found = self.service.mongo["conversations"].find_one(
            {"thread": self.thread(user, channel)}, sort=[("opened_at", -1)]
        )
        assert found is not None
        return found

    def rows(self, collection: str, user: str, channel: ChannelType = ChannelType.LINE) -> list[Doc]:
        """The customer's documents, in order."""
        order = {"messages": "pos", "outbox": "pos"}.get(collection, "_id")
        found = self.service.mongo[collection].find({"thread": self.thread(user, channel)}).sort(order, 1)
        return list(found)

    def said(self, user: str, channel: ChannelType = ChannelType.LINE) -> list[str]:
        """Everything in the record, oldest first, as `author: text`."""
        opened = self.service.vault.open
        return [f"{m['author']}: {opened(m['content'])}" for m in self.rows("messages", user, channel)]

    def decisions(self, user: str, channel: ChannelType = ChannelType.LINE) -> list[Doc]:
        return [doc["decision"] for doc in self.rows("messages", user, channel) if doc["decision"]]

    def delivery(self, user: str, channel: ChannelType = ChannelType.LINE) -> Doc:
        """What became of the last message."""
        message = self.rows("messages", user, channel)[-1]
        return next(doc for doc in self.rows("outbox", user, channel) if doc["_id"] == message["entry"])

    def later(self, user: str, channel: ChannelType = ChannelType.LINE) -> None:
        """Time passes: what was to be tried later is due."""
        self.service.mongo["outbox"].update_many(
            {"thread": self.thread(user, channel), "open": True},
            {"$set": {"next_at": datetime.now(UTC) - timedelta(seconds=1)}},
        )
        self.drain(user, channel)

    def jobs(self) -> list[str]:
        """The live queues emptied, as workers do it: the thread of each wake-up, in order."""
        threads = []
        for name in (FIRST, LIVE):
            queue = Queue(name, connection=self.service.queue.redis, serializer=JSONSerializer)
            for job in queue.jobs:
                assert job.func_name == "bot.jobs.drain"
                threads.append(job.args[0])
                queue.remove(job.id)
                begin(self.service.queue.redis, queue, job)
        return threads

    def work(self) -> int:
        """Do what the queue holds; how many jobs that were."""
        threads = self.jobs()
        for thread in threads:
            self.service.mailbox.drain(thread)
        return len(threads)

    def never_closes(self) -> None:
        """People answer round the clock: what is about deadlines then holds at any hour of a test's day."""
        week = [["00:00-24:00"]] * 7
        document = {"week": week, "calendar": None, "exceptions": [], "skills": {}}
        version = {"document": document, "by": None, "at": datetime.now(UTC), "note": "test"}
        self.service.mongo["hours"].replace_one({"_id": 1}, version, upsert=True)
        self.service.hours.forget()

    def staff(self, role: Role, *skills: str) -> Staff:
        address = f"{role.value}-{next(_people)}@example.com"
        return self.service.staff.add(address, PASSWORD, role, skills=skills)


@contextmanager
def running(settings: Settings, *, articles: bool = False) -> Iterator[Teller]:
    """Prepared as at a first start. Without `articles` the bot knows its notices only, which spares the encoders."""
    if VECTORS.exists():
        shutil.copytree(VECTORS, settings.home / "cache", dirs_exist_ok=True)
    platforms = {
        ChannelType.LINE: Platform(LIKE_LINE),
        ChannelType.MESSENGER: Platform(LIKE_MESSENGER),
        ChannelType.TELEGRAM: Platform(LIKE_TELEGRAM),
    }
    service = build(settings, channels={**platforms, ChannelType.WEB: Web()})
    service.queue.redis.flushdb()
    schema.ensure(service.mongo)
    service.vault.prepare()
    kb_store.ensure_indexes(service.mongo.db)
    shipped(service)
    if articles:
        desk.load_sample(service.kb, "author", "approver", audit_of(service))
        service.knowledge.build()
    teller = Teller(service, platforms)
    for channel in ChannelType:
        public = {"origins": ["https://bank.example"]} if channel is ChannelType.WEB else {}
        teller.accounts[channel] = service.accounts.add(channel, channel.value, {}, public, None)
    try:
        yield teller
    finally:
        service.knowledge.stop()
        service.close()


@contextmanager
def apart(
    servers: Servers, homes: pytest.TempPathFactory, name: str, *, articles: bool = False, **changed: Any
) -> Iterator[Teller]:
    """A Teller with a database of its own on the run's servers; `changed` are settings."""
    database = _empty.pop() if _empty else f"apart_{next(_databases)}"
    settings = own_settings(
        homes.mktemp(name) / "home",
        with_path(servers.mongodb_uri, f"/{database}"),
        with_path(servers.redis_url, "/15"),
    )
    with running(replace(settings, **changed), articles=articles) as one:
        yield one
        emptied(one.service.mongo)
    _empty.append(database)


def shipped(service: Service) -> None:
    """The shipped texts, approved. Each approval is a transaction, so what they left the first time is put in again."""
    if not _shipped:
        desk.load_shipped(service.kb, audit_of(service))
        _shipped.update({name: list(service.mongo[name].find()) for name in SHIPPED})
        return
    for name, docs in _shipped.items():
        service.mongo[name].delete_many({})
        service.mongo[name].insert_many(docs)


def emptied(mongo: Mongo) -> None:
    """Making all collections with their indexes costs seconds, which the next Teller here need not pay again."""
    for collection in mongo.db.list_collection_names():
        if not collection.startswith("system."):
            mongo.light(collection).delete_many({})


def own_settings(home: Path, mongodb_uri: str, redis_url: str) -> Settings:
    return Settings.from_env(
        {"TELLER_HOME": str(home), "MONGODB_URI": mongodb_uri, "REDIS_URL": redis_url, "TELLER_SAMPLE": "off"}
    )
