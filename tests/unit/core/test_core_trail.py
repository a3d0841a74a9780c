"""Whose data was touched, when, by whom: one query, within what each role may know, and itself in the log."""

from __future__ import annotations

import csv
import io
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from bot import cli, origin
from bot.app import create_app
from bot.desk.trail import ALERTS, MANY, OFF_HOURS, Trail
from bot.errors import BadPayload, NotAllowed
from bot.hours import Hours, Timetable
from bot.model import Role, Staff
from bot.records.verify import verify
from bot.store.audit import AuditStore
from bot.store.audit_kinds import KINDS, kind_of
from bot.store.chains import ChainStore
from bot.store.seals import SealStore
from bot.store.trail import Sought
from tests.unit.core.teller import Teller, signed_in

pytestmark = pytest.mark.servers

VIEW = "inbox:conversation:open"


@pytest.fixture(scope="module")
def app(teller: Teller) -> Flask:
    made = create_app(teller.service)
    cli.register(made)
    return made


@pytest.fixture(scope="module")
def trail(teller: Teller) -> Trail:
    return teller.service.console.trail


def now_and(**changed: object) -> Sought:
    now = datetime.now(UTC)
    return Sought(now - timedelta(hours=1), now + timedelta(hours=1), **changed)  # type: ignore[arg-type]


def touched(teller: Teller, person: Staff) -> tuple[str, str]:
    """A conversation of somebody new that this person opened, and its customer."""
    user = teller.person()
    teller.hears(user, "你好")
    doc = teller.conversation(user)
    teller.service.audit.add(person.id, VIEW, f"conversation:{doc['_id']}", {})
    return doc["_id"], doc["customer"]


def test_each_role_finds_what_it_may_know(teller: Teller, trail: Trail) -> None:
    people = {role: teller.staff(role) for role in Role}
    customers = {role: touched(teller, one)[1] for role, one in people.items()}

    def seen(asking: Role, of: Role) -> bool:
        found = trail.search(people[asking], now_and(customer=customers[of])).rows
        assert {one.actor for one in found} <= {people[of].id}
        return bool(found)

    team = {Role.AGENT, Role.SENIOR, Role.SUPERVISOR}
    for of in Role:
        assert seen(Role.COMPLIANCE, of)
        assert seen(Role.AUDITOR, of)
        assert seen(Role.SUPERVISOR, of) is (of in team)
        assert seen(Role.ADMIN, of) is (of is Role.ADMIN)
    asked = now_and(actor=people[Role.AUDITOR].id)
    assert trail.search(people[Role.SUPERVISOR], asked).rows == (), "who is asked for does not widen it"
    for role in (Role.AGENT, Role.SENIOR):
        with pytest.raises(NotAllowed):
            trail.search(people[role], now_and())
        with pytest.raises(NotAllowed):
            trail.export(people[role], now_and())


def test_a_search_is_one_of_the_events_it_finds(teller: Teller, trail: Trail) -> None:
    auditor = teller.staff(Role.AUDITOR)
    trail.search(auditor, now_and(customer="a name somebody typed"))
    trail.search(auditor, now_and(touched=False))
    found = trail.search(auditor, now_and(actor=auditor.id, touched=False, kind="search")).rows
    assert [one.action for one in found] == ["records:access:search"] * 2
    stored = teller.service.audit.about("records:access:search", ["audit"])
    assert "typed" not in repr(stored)


def test_all_identities_of_a_person_are_found_and_pages_lose_nothing(teller: Teller, trail: Trail) -> None:
    agent, auditor = teller.staff(Role.AGENT), teller.staff(Role.AUDITOR)
    _, one = touched(teller, agent)
    _, other = touched(teller, agent)
    teller.service.mongo["customers"].update_one({"_id": other}, {"$set": {"group": one}})
    assert {c for row in trail.search(auditor, now_and(customer=one)).rows for c in row.customers} == {
        one,
        other,
    }
    reader = teller.staff(Role.SENIOR)
    for _ in range(120):
        teller.service.audit.add(reader.id, VIEW, f"customer:{one}", {})
    seqs: list[int] = []
    after: str | None = None
    while True:
        page = trail.search(auditor, now_and(actor=reader.id), after)
        seqs += [row.seq for row in page.rows]
        after = page.more
        if after is None:
            break
    assert len(seqs) == len(set(seqs)) == 120
    assert seqs == sorted(seqs, reverse=True)
    for wrong in ("x", "1-", "-1", "1-2-3", "9" * 50 + "-1"):
        with pytest.raises(BadPayload):
            trail.search(auditor, now_and(), wrong)


def test_every_question_goes_by_an_index(teller: Teller, trail: Trail) -> None:
    audit = teller.service.mongo["audit"]
    asked = (
        now_and(),
        now_and(customer="6b044fae2185408e6953f409"),
        now_and(actor="s"),
        now_and(kind="view"),
        now_and(touched=False, actors=("a", "b")),
    )
    for sought in asked:
        query = trail.store._query(sought)
        plan = str(
            audit.find(query)
            .sort([("at", -1), ("seq", -1)])
            .limit(50)
            .explain()["queryPlanner"]["winningPlan"]
        )
        assert "COLLSCAN" not in plan, sought
        assert "IXSCAN" in plan


def test_writers_at_once_leave_one_whole_chain(teller: Teller) -> None:
    audit, count = teller.service.audit, teller.service.mongo["audit"].count_documents({})
    second = AuditStore(teller.service.mongo)  # as another process has it

    def write(store: AuditStore) -> None:
        for n in range(15):
            store.add("s", VIEW, f"page:{n}", {})

    threads = [threading.Thread(target=write, args=(one,)) for one in (audit, audit, audit, second)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert teller.service.mongo["audit"].count_documents({}) == count + 60
    report = verify(ChainStore(teller.service.mongo), SealStore(teller.service.mongo))
    assert report.ok, report.bad


def test_one_bad_event_holds_up_no_other(teller: Teller) -> None:
    audit, failed = teller.service.audit, []

    def bad() -> None:
        try:
            audit.add("s", VIEW, "page:bad", {"x": object()})
        except TypeError:
            failed.append(1)

    threads = [threading.Thread(target=bad) for _ in range(3)]
    threads += [threading.Thread(target=lambda: audit.add("s", VIEW, "page:good", {})) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == [1, 1, 1]
    assert len(audit.about(VIEW, ["page:good"])) == 3
    assert audit.about(VIEW, ["page:bad"]) == []


def test_many_of_others_and_the_small_hours_raise_one_alert_each(teller: Teller, trail: Trail) -> None:
    watcher, auditor, now = teller.staff(Role.SUPERVISOR), teller.staff(Role.AUDITOR), datetime.now(UTC)
    always = Timetable(Hours(week={day: ((datetime.min.time(), datetime.min.time()),) for day in range(7)}))
    few = Trail(trail.store, trail.audit, trail.staff, lambda: always, opens_per_hour=3)
    origin.begin(origin.Origin({"address": "203.0.113.9"}, "page:inbox.conversation#others"))
    try:
        for n in range(6):
            teller.service.audit.add(watcher.id, VIEW, f"page:{n}", {})
            few.opened(watcher, "others", now)
    finally:
        origin.begin(None)
    for _ in range(9):
        few.opened(watcher, "own", now)
    (alert,) = teller.service.audit.about(MANY, [f"staff:{watcher.id}"])
    assert alert["detail"] == {"opened": 4, "limit": 3}
    never = Trail(trail.store, trail.audit, trail.staff, lambda: Timetable(Hours(week={})))
    never.opened(watcher, "own", now)
    never.opened(watcher, "own", now)
    assert len(teller.service.audit.about(OFF_HOURS, [f"staff:{watcher.id}"])) == 1
    listed = [one for one in trail.alerts(auditor, now_and()) if one.actor == watcher.id]
    assert {one.action for one in listed} == set(ALERTS)
    assert trail.alerts(teller.staff(Role.ADMIN), now_and()) == ()


def test_the_page_and_its_file(teller: Teller, app: Flask) -> None:
    agent = teller.staff(Role.AGENT)
    _, customer = touched(teller, agent)
    client = signed_in(app, teller.staff(Role.COMPLIANCE))
    page = client.get(f"/records/access?customer={customer}").text
    assert customer[-8:] in page
    assert "inbox:conversation:open" in page
    rows = list(
        csv.DictReader(
            io.StringIO(client.get(f"/records/access.csv?customer={customer}").text.lstrip("\ufeff"))
        )
    )
    assert rows[-1]["customers"] == customer
    assert rows[-1]["actor"] == agent.id
    assert len(rows[-1]["hash"]) == 64
    assert client.get("/records/access?from=yesterday").status_code == 200
    assert client.get("/records/access?after=x").status_code == 400
    assert customer not in signed_in(app, teller.staff(Role.ADMIN)).get("/records/access").text
    for role in (Role.AGENT, Role.SENIOR):
        assert signed_in(app, teller.staff(role)).get("/records/access").status_code == 403


def test_the_command(teller: Teller, app: Flask) -> None:
    agent = teller.staff(Role.AGENT)
    _, customer = touched(teller, agent)
    today = datetime.now(UTC).astimezone().date()
    days = ["--from", str(today - timedelta(days=1)), "--to", str(today + timedelta(days=1))]
    run = app.test_cli_runner().invoke
    done = run(args=["records", "access", *days, "--customer", customer, "--json"])
    search, row = [json.loads(line) for line in done.stdout.splitlines()]
    assert search["action"] == "records:access:export", "the search is of this customer too"
    assert (row["actor"], row["customers"], row["kind"]) == (agent.id, [customer], "view")
    (noted,) = teller.service.audit.about("records:access:export", [f"customer:{customer}"])
    assert noted["why"].startswith("command:")
    assert noted["why"].endswith("records access")
    assert noted["where"]["host"]
    assert noted["customers"] == [customer]
    assert run(args=["records", "access", "--from", "2026-02-02", "--to", "2026-01-01"]).exit_code == 2


def test_the_yearly_review_of_rights(teller: Teller, app: Flask) -> None:
    agent, admin, run = teller.staff(Role.AGENT), teller.staff(Role.ADMIN), app.test_cli_runner().invoke

    def row() -> dict[str, object]:
        lines = [json.loads(line) for line in run(args=["staff", "review", "--json"]).stdout.splitlines()]
        return next(line for line in lines if line["id"] == agent.id)

    assert (row()["reviewed_at"], row()["due"]) == (None, False), "a new account has a year"
    year_ago = datetime.now(UTC) - timedelta(days=366)
    teller.service.mongo["staff"].update_one({"_id": agent.id}, {"$set": {"created_at": year_ago}})
    assert row()["due"] is True
    assert run(args=["staff", "review", agent.email]).exit_code == 2
    assert run(args=["staff", "review", agent.email, "--as", agent.email]).exit_code == 1
    assert run(args=["staff", "review", admin.email, "--as", agent.email]).exit_code == 1
    assert run(args=["staff", "review", admin.email, "--as", admin.email]).exit_code == 1, "not their own"
    assert run(args=["staff", "review", agent.email, "--as", admin.email]).exit_code == 0
    assert (row()["reviewed_by"], row()["due"]) == (admin.id, False)


def test_kinds() -> None:
    told = {
        "inbox:conversation:open": "view",
        "inbox:conversations:list": "list",
        "inbox:conversations:search": "search",
        "records:access:export": "export",
        "inbox:field:reveal": "reveal",
        "account:permission:denied": "denial",
        "account:session:refused": "signin",
        "conversation:take": "change",
        MANY: "alert",
    }
    assert {action: kind_of(action) for action in told} == told
    assert set(told.values()) == set(KINDS)
