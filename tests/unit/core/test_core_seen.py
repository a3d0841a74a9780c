"""Nothing of customers is seen unseen: each page writes the event it states, and those who may not see it do not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.errors import NotFound
from bot.model import Role, Staff
from bot.mongo import Doc
from inbox import BLUEPRINTS
from inbox.permissions import Permission, may
from inbox.seen import Shown
from inbox.stated import NOTHING, STATED
from tests.unit.core.teller import Teller, signed_in
from tests.unit.inbox.forms import post

pytestmark = pytest.mark.servers

ROOT = Path(__file__).parents[3]
WORDS = "楓葉信箋七號"
NOTE = "內部備註珊瑚"
TAG = "琥珀標籤"
# Where a page needs a world of its own, another test holds it to its event.
ELSEWHERE = {
    "applications.of_conversation": "unit/core/test_core_applications.py",
    "files.show": "unit/core/test_core_attachments.py",
    "knowledge.gaps": "unit/core/test_core_runs.py",
    "knowledge.gaps_result": "unit/core/test_core_runs.py",
    "knowledge.gaps_write": "unit/core/test_core_runs.py",
    "knowledge.rehearsal": "unit/inbox/test_slow_work.py",
    "knowledge.rehearsal_result": "unit/inbox/test_slow_work.py",
    "phrasings.article": "unit/core/test_core_phrasings.py",
    "dashboard.index": "unit/figures/test_figures_dashboard.py",
    "dashboard.export": "unit/figures/test_figures_dashboard.py",
    "knowledge.export": "unit/inbox/test_knowledge.py",
}


@dataclass(frozen=True)
class World:
    """A customer of one agent, with words, a note and a tag."""

    user: str
    conversation: str
    customer: str
    message: str
    people: dict[Role, Staff]
    clients: dict[Role, FlaskClient]


@pytest.fixture(scope="module")
def world(teller: Teller, app: Flask) -> World:
    people = {role: teller.staff(role) for role in Role}
    user, agent = teller.person(), people[Role.SUPERVISOR]
    teller.hears(user, f"我要真人 {WORDS} 0912345678")
    doc = teller.conversation(user)
    teller.service.console.desk.take(agent, doc["_id"])
    teller.service.console.work.noting.add(agent, doc["_id"], NOTE)
    teller.service.console.customers.note(agent, doc["customer"], NOTE)
    teller.service.console.customers.tag(agent, doc["customer"], TAG)
    message = next(row["_id"] for row in teller.rows("messages", user) if row["author"] == "customer")
    clients = {role: signed_in(app, one) for role, one in people.items()}
    return World(user, doc["_id"], doc["customer"], message, people, clients)


def events(teller: Teller, person: Staff, action: str) -> list[Doc]:
    return list(teller.service.mongo["audit"].find({"actor": person.id, "action": action}).sort("seq", 1))


def routes(app: Flask, method: str) -> Iterator[tuple[str, str, Permission]]:
    """Endpoint, rule and permission of every page of the console."""
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or ()) and rule.endpoint.partition(".")[0] in BLUEPRINTS:
            yield rule.endpoint, rule.rule, app.view_functions[rule.endpoint].permission  # type: ignore[attr-defined]


def address(rule: str, world: World) -> str:
    """The rule with the world's ids in it; what has no such thing gets a name that nothing has."""
    known = {
        "conversation_id": world.conversation,
        "customer_id": world.customer,
        "message_id": world.message,
        "staff_id": world.people[Role.AGENT].id,
        "kind": "article",
        "part": "words",
        "number": "1",
        "suffix": "jsonl",
        "digest": "x",
        "name": "console.css",
        "state": "done",
        "answer": "agree",
    }
    return re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda found: known.get(found.group(1), "nothing"), rule)


def test_every_route_says_what_it_notes(app: Flask) -> None:
    known = {endpoint for method in ("GET", "POST") for endpoint, _, _ in routes(app, method)}
    assert known - STATED.keys() == set(), "a line in inbox/stated.py for each"
    assert STATED.keys() - known == set(), "gone"
    for endpoint, test in ELSEWHERE.items():
        assert STATED[endpoint] in (ROOT / "tests" / test).read_text(), endpoint


def test_a_page_with_customers_writes_its_event(teller: Teller, app: Flask, world: World) -> None:
    quiet: list[str] = []
    walked = 0
    for endpoint, rule, permission in routes(app, "GET"):
        if STATED[endpoint] == NOTHING or endpoint in ELSEWHERE:
            continue
        role = next(one for one in (Role.SUPERVISOR, Role.COMPLIANCE, Role.ADMIN) if may(one, permission))
        person, client = world.people[role], world.clients[role]
        app.extensions["teller_shown"] = Shown()  # as a session that was shown none of it yet
        before = len(events(teller, person, STATED[endpoint]))
        answer = client.get(address(rule, world), query_string={"view": "all"})
        if answer.status_code in (303, 404):
            continue  # what it shows is not there: nothing was shown
        walked += 1
        if len(events(teller, person, STATED[endpoint])) == before:
            quiet.append(f"{endpoint} {answer.status_code}")
    assert quiet == []
    assert walked >= 14


def test_pages_that_say_they_show_nothing_of_customers_show_nothing(
    teller: Teller, app: Flask, world: World
) -> None:
    """Nor does any page that an administrator may open, whatever it says."""
    shown: list[str] = []
    for endpoint, rule, permission in routes(app, "GET"):
        for role in (Role.SUPERVISOR, Role.ADMIN):
            if STATED[endpoint] != NOTHING and role is not Role.ADMIN:
                continue
            if endpoint == "live.events" or not may(role, permission):
                continue
            page = world.clients[role].get(address(rule, world)).get_data().decode(errors="replace")
            names = (WORDS, NOTE, "0912345678")
            shown += [f"{role} {endpoint} {word}" for word in names if word in page]
            if role is Role.ADMIN and (world.conversation in page or world.customer in page):
                shown.append(f"{endpoint} an id")
    assert shown == []


def test_the_auditor_changes_nothing(teller: Teller, app: Flask, world: World) -> None:
    own = ("account.", "security.", "invitations.accept", "phrasings_page.")
    # A cookie of the browser, a trial that is kept nowhere, a reading of the chains, one field shown to oneself.
    harmless = {
        "notify.keep",
        "rules.try_out",
        "records.verify",
        "records.cancel",
        "reveal.show_line",
        "reveal.show_firm_id",
    }
    client, refused = world.clients[Role.AUDITOR], 0
    page = client.get("/account").text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    for endpoint, rule, _ in routes(app, "POST"):
        if endpoint.startswith(own) or endpoint in harmless:
            continue
        answer = client.post(address(rule, world), data={"csrf_token": found.group(1), "reason": "x"})
        assert answer.status_code == 403, endpoint
        refused += 1
    assert refused > 60


def test_an_event_says_who_from_where_and_why(teller: Teller, app: Flask, world: World) -> None:
    supervisor = world.people[Role.SUPERVISOR]
    signed_in(app, supervisor).get(
        f"/inbox/{world.conversation}", environ_base={"REMOTE_ADDR": "203.0.113.9"}
    )
    event = events(teller, supervisor, "inbox:conversation:open")[-1]
    assert event["where"]["address"] == "203.0.113.9"
    assert re.fullmatch(r"[0-9a-f]{16}", event["where"]["session"])
    assert (event["why"], event["role"], event["kind"]) == (
        "page:inbox.conversation#own",
        "supervisor",
        "view",
    )
    assert event["customers"] == [world.customer]


def test_a_list_is_noted_once_an_hour_and_a_search_each_time(
    teller: Teller, app: Flask, world: World
) -> None:
    person, action = teller.staff(Role.AUDITOR), "inbox:conversations:list"
    client, live = signed_in(app, person), {"X-Background": "1"}
    client.get("/inbox?view=all")
    (first,) = events(teller, person, action)
    assert world.conversation in first["shown"]
    assert world.customer in first["customers"]
    for _ in range(3):
        client.get("/inbox/list?view=all", headers=live)
    assert len(events(teller, person, action)) == 1, "nothing new was shown"
    user = teller.person()
    teller.hears(user, "你好")
    client.get("/inbox/list?view=all", headers=live)
    assert events(teller, person, action)[-1]["shown"] == [teller.conversation(user)["_id"]], (
        "only the new one"
    )
    for _ in range(2):
        client.get(f"/inbox?view=all&tag={TAG}")
    found = events(teller, person, "inbox:conversations:search")
    assert [one["detail"] for one in found] == [{"filters": ["tag"]}] * 2
    assert TAG not in repr(found)


def test_no_record_no_view(teller: Teller, app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(app, teller.staff(Role.AUDITOR))

    def broken(*_: object) -> None:
        raise ConnectionError("the log is away")

    monkeypatch.setattr(teller.service.audit, "_append", broken)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    paths = (
        "/inbox?view=all",
        "/inbox/list?view=all",
        f"/inbox/{world.conversation}",
        f"/inbox/{world.conversation}/thread",
        f"/inbox/{world.conversation}/said",
        f"/inbox/customers/{world.customer}",
        "/monitor",
        "/monitor/rows",
        "/records/access",
        f"/inbox/{'0' * 24}",
    )
    for path in paths:
        answer = client.get(path)
        assert answer.status_code in (500, 503), path
        assert WORDS not in answer.text


def test_what_is_not_theirs_is_not_there_and_the_try_is_noted(
    teller: Teller, app: Flask, world: World
) -> None:
    """A colleague's conversation, a complaint, one with the bot: by every address that takes its id."""
    user = teller.person()
    teller.hears(user, "我要投訴你們的服務")
    teller.service.mongo["conversations"].update_one(
        {"_id": teller.conversation(user)["_id"]}, {"$set": {"skill": "complaint", "status": "waiting"}}
    )
    bots = teller.person()
    teller.hears(bots, "你好")
    agent = teller.staff(Role.AGENT)
    client, desk = signed_in(app, agent), teller.service.console.desk
    doors = [
        rule
        for endpoint, rule, permission in routes(app, "GET")
        if "<conversation_id>" in rule and may(Role.AGENT, permission)
    ]
    assert len(doors) > 10
    for conversation in (
        world.conversation,
        teller.conversation(user)["_id"],
        teller.conversation(bots)["_id"],
    ):
        with pytest.raises(NotFound):
            desk.page(agent, conversation)
        for rule in doors:
            path = address(rule.replace("<conversation_id>", conversation), world)
            assert client.get(path).status_code == 404, path
        (event, *_) = teller.service.audit.about("account:object:denied", [f"conversation:{conversation}"])
        assert (event["actor"], event["kind"]) == (agent.id, "denial")
        assert event["customers"]
    for customer in (world.customer, teller.conversation(user)["customer"]):
        assert client.get(f"/inbox/customers/{customer}").status_code == 404
        assert post(client, f"/inbox/customers/{customer}/notes", text="x").status_code in (403, 404)
    for verb in ("take", "reply", "resolve", "bot", "note", "tags", "snooze", "transfer", "wake", "reopen"):
        answer = post(client, f"/inbox/{world.conversation}/{verb}", scripted=True, text="x")
        assert answer.status_code in (400, 403, 404, 409), verb
    assert not list(teller.service.mongo["audit"].find({"actor": agent.id, "kind": "change"}))
