"""Every list and page at size: server time through the Flask app, signed in as each role, on a store that
`python -m tests.bench.seed` filled.

What misses the goal is asked for once more with MongoDB's profiler on, so that the report names the query and its plan.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from bot import samples
from bot.app import create_app
from bot.compose import Service
from bot.embedded import Servers
from bot.model import Role
from bot.mongo import Mongo
from bot.store import schema
from inbox import navigation
from tests.bench import machine, seed
from tests.bench.figures import summary
from tests.unit.inbox.forms import token

GOAL_MS = 100.0
MESSAGES, CUSTOMERS = 1_000_000, 500_000
WARM, ROUNDS = 3, 25
SLOW_MS = 5


@dataclass(frozen=True, slots=True)
class Page:
    name: str
    client: FlaskClient
    path: str


@contextmanager
def filled(
    home: Path, messages: int, customers: int, say: Callable[[str], None]
) -> Iterator[tuple[Service, int]]:
    """A Teller on the store below `home`, seeded where it is empty, its figures computed; and MongoDB's process."""
    servers = Servers.start(home)
    try:
        service = seed.house(home, servers.mongodb_uri, servers.redis_url)
        if service.mongo["messages"].find_one({}, {"_id": 1}) is None:
            say(f"seeding {messages:,} messages")
            seed.seed(service, messages, customers, now=datetime.now(UTC))
        patient = Mongo(servers.mongodb_uri, timeout_ms=seed.PATIENCE_MS)
        schema.ensure(patient)
        patient.close()
        if service.figures.as_of().at is None:
            say("computing the figures")
            service.figures.rebuild(None, None, lambda _day: None)
        yield service, servers.processes["mongod"].pid
        service.close()
    finally:
        servers.stop()


def measure(say: Callable[[str], None], home: Path, rounds: int = ROUNDS) -> dict[str, Any]:
    before, began = machine.Snapshot.take(), time.perf_counter()
    with filled(home, MESSAGES, CUSTOMERS, say) as (service, mongod):
        # Before the first sign-in: what a page shows must not depend on the others having been shown.
        app = create_app(service)
        pages = list(_pages(app, service))
        rows = []
        for page in pages:
            say(page.name)
            rows.append(_timed(service, page, rounds, mongod))
        for name, query in _queries(service):
            say(name)
            took, cpu = _times(query, rounds, mongod)
            rows.append({"name": name, "ms": summary(took), "cpu_ms": cpu, "plans": []})
        counted = {
            name: service.mongo[name].estimated_document_count()
            for name in ("messages", "conversations", "customers", "audit")
        }
        others = machine.others(before, machine.Snapshot.take(), time.perf_counter() - began)
    return {"stored": counted, "rounds": rounds, "other_load_cores": others, "pages": rows}


def _timed(service: Service, page: Page, rounds: int, mongod: int) -> dict[str, Any]:
    def once() -> None:
        answer = page.client.get(page.path)
        # A redirect or an error page would be quick, and no list.
        if answer.status_code != 200:
            raise RuntimeError(f"{page.path} answered {answer.status_code}")

    took, cpu = _times(once, rounds, mongod)
    found = summary(took)
    plans = _plans(service, once) if found["p95"] > GOAL_MS else []
    return {"name": page.name, "ms": found, "cpu_ms": cpu, "plans": plans}


def _times(once: Callable[[], object], rounds: int, mongod: int) -> tuple[list[float], float]:
    """Milliseconds of each, and the mean of the CPU's that one took, here and in MongoDB: on a machine that has nothing
    else to do the two are about the same."""
    for _ in range(WARM):
        once()
    took, before = [], _cpu_ms(mongod)
    for _ in range(rounds):
        began = time.perf_counter()
        once()
        took.append((time.perf_counter() - began) * 1000)
    return took, (_cpu_ms(mongod) - before) / rounds


def _cpu_ms(mongod: int) -> float:
    _, ticks = machine.stat(Path(f"/proc/{mongod}/stat").read_text())
    return 1000 * (time.process_time() + ticks / os.sysconf("SC_CLK_TCK"))


def _plans(service: Service, once: Callable[[], object]) -> list[str]:
    """What of one request MongoDB took more than SLOW_MS for, slowest first."""
    db = service.mongo.db
    db.drop_collection("system.profile")
    db.command("profile", 2)
    try:
        once()
    finally:
        db.command("profile", 0)
    slow = db["system.profile"].find({"millis": {"$gte": SLOW_MS}}).sort("millis", -1).limit(5)
    return [
        f"{doc['millis']} ms {doc['ns'].partition('.')[2]} {doc.get('planSummary', doc['op'])}"
        f" keys {doc.get('keysExamined', 0)} docs {doc.get('docsExamined', 0)} for {doc.get('nreturned', 0)}:"
        f" {_shape(doc['command'])}"
        for doc in slow
    ]


def _shape(command: dict[str, Any]) -> str:
    kept = {
        name: command[name] for name in ("filter", "query", "sort", "pipeline", "limit") if name in command
    }
    return str(kept)[:300]


def _client(app: Flask, role: Role) -> FlaskClient:
    client = app.test_client()
    client.set_cookie("teller_lang", "zh-TW")
    form = {
        "email": f"{role.value}@{samples.DEMO_DOMAIN}",
        "password": samples.DEMO_PASSWORD,
        "csrf_token": token(client.get("/").text),
    }
    answer = client.post("/", data=form)
    if answer.status_code != 303:
        raise RuntimeError(f"{role} could not sign in: {answer.status_code}")
    return client


def _pages(app: Flask, service: Service) -> Iterator[Page]:
    clients = {role: _client(app, role) for role in Role}
    for role in (Role.AGENT, Role.SENIOR, Role.SUPERVISOR, Role.COMPLIANCE, Role.AUDITOR):
        for view in navigation.views(role):
            yield Page(f"{role.value}: list {view}", clients[role], f"/inbox?view={view}")
    one = service.mongo["conversations"].find_one({"status": "waiting", "skill": {"$ne": "complaint"}})
    if one is None:
        raise RuntimeError("the store has nobody waiting: seed it anew")
    known = {str(rule) for rule in app.url_map.iter_rules()}
    for role in (Role.AGENT, Role.SUPERVISOR):
        yield Page(f"{role.value}: conversation", clients[role], f"/inbox/{one['_id']}")
        if "/inbox/customers/<customer_id>" in known:
            yield Page(f"{role.value}: customer", clients[role], f"/inbox/customers/{one['customer']}")
    boss = clients[Role.SUPERVISOR]
    for name, path in (
        ("monitor", "/monitor"),
        ("monitor rows", "/monitor/rows"),
        ("notifications", "/notifications/calls"),
        ("dashboard, 90 days", "/dashboard?period=90"),
        ("dashboard, 30 days of one account and skill", _part(service)),
        ("dashboard as CSV", "/dashboard/figures.csv?period=90"),
        ("recalls", "/knowledge/recalls"),
        ("direct answers", "/knowledge/automation"),
    ):
        if path.partition("?")[0] in known:
            yield Page(f"supervisor: {name}", boss, path)
    for name, path in (
        ("channels", "/admin/channels"),
        ("staff", "/admin/staff"),
        ("dashboard", "/dashboard?period=30"),
    ):
        if path.partition("?")[0] in known:
            yield Page(f"admin: {name}", clients[Role.ADMIN], path)


def _part(service: Service) -> str:
    return f"/dashboard?period=30&account={service.accounts.list()[0].id}&skill=loan"


def _queries(service: Service) -> Iterator[tuple[str, Callable[[], object]]]:
    """What has no page of its own yet, or is asked by the clock."""
    subject = service.mongo["audit"].find_one({"action": "conversation:take"}, {"subject": 1}) or {
        "subject": ""
    }
    yield (
        "audit log of one conversation",
        lambda: service.audit.about("conversation:take", [subject["subject"]]),
    )
    yield "the clock's look for changed figures", lambda: service.figures.look()
    yield "the clock's sweep", lambda: service.sweeper.sweep()


def lines(found: dict[str, Any]) -> Iterator[str]:
    stored = ", ".join(f"{n:,} {name}" for name, n in found["stored"].items())
    yield ""
    yield f"Lists and pages at size: {stored}; {found['rounds']} requests each, one at a time, ms in the server"
    others = found["other_load_cores"]
    yield f"CPU: of this process and MongoDB, a request. Other programs used {others:.2f} cores meanwhile."
    yield f"{'':52}{'CPU':>8}{'p50':>8}{'p95':>8}{'max':>8}"
    for row in found["pages"]:
        ms = row["ms"]
        yield f"{row['name'][:52]:52}{row['cpu_ms']:8.1f}{ms['p50']:8.1f}{ms['p95']:8.1f}{ms['max']:8.1f}"
        for plan in row["plans"]:
            yield f"    {plan}"


def goals(found: dict[str, Any]) -> Iterator[tuple[str, float, float, bool]]:
    for row in found["pages"]:
        p95 = row["ms"]["p95"]
        yield f"{row['name']}, p95, ms", p95, GOAL_MS, p95 <= GOAL_MS
