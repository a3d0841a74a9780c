"""Lists: what each role finds in each view, in which order, page by page, and from an index however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from bot.embedded import Servers
from bot.errors import BadPayload
from bot.model import Role, Staff
from bot.store.reading import EVERYTHING, UNCOUNTED, VIEWS, Wanted, cursor_of, order_of, query_of
from bot.store.views import ROWS
from tests.unit.core.teller import Teller, apart

pytestmark = pytest.mark.servers

NOW = datetime.now(UTC).replace(microsecond=0)
MANY = 2400
# A filter may find so few that sorting them is the cheaper way.
FEW = 60
SKILLS = ("loan", "card", "complaint", "general")
STATUSES = ("waiting", "assigned", "bot", "resolved", "resolved", "resolved")
ANSWERING = (Role.AGENT, Role.SENIOR, Role.SUPERVISOR)
READING = (*ANSWERING, Role.COMPLIANCE, Role.AUDITOR)


@pytest.fixture(scope="module")
def people() -> dict[Role, Staff]:
    return {role: Staff(f"s-{role}", f"{role}@example.com", role.value, role, ("card",)) for role in Role}


@pytest.fixture(scope="module")
def full(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory, people: dict[Role, Staff]
) -> Iterator[Teller]:
    """A house with many conversations, some of each kind for everybody."""
    with apart(servers, tmp_path_factory, "test_core_lists_full") as teller:
        owners = [people[role].id for role in ANSWERING]
        teller.service.mongo["conversations"].insert_many([_made(n, owners) for n in range(MANY)])
        yield teller


def _made(n: int, owners: list[str]) -> dict[str, Any]:
    status = STATUSES[n % len(STATUSES)]
    owner = owners[n // 6 % 3] if status in ("assigned", "resolved") else None
    # Several share a moment: a cursor must not lose or repeat any of them.
    at = NOW - timedelta(seconds=n // 4)
    return {
        "_id": f"c{n:06}",
        "thread": f"t{n}",
        "customer": f"k{n % 500}",
        "account": "a1",
        "channel": ("line", "web")[n % 2],
        "status": status,
        "open": status != "resolved",
        "misses": 0,
        "assignee": owner,
        "skill": SKILLS[n // 18 % 4],
        "priority": (0, 5, 5)[n // 7 % 3],
        "reason": None,
        "offer": None,
        "seq": 1,
        "opened_at": at,
        "waiting_since": at if status == "waiting" else None,
        "last_at": at,
        "unread": 0,
        "head_hash": "0" * 64,
        **({"tags": ["vip"]} if n % 90 == 1 else {}),
        **({"snoozed_until": NOW + timedelta(days=1)} if status == "assigned" and n % 4 == 3 else {}),
    }


def ids(teller: Teller, staff: Staff, view: str, wanted: Wanted = EVERYTHING) -> list[str]:
    """All of a list, page by page."""
    found: list[str] = []
    after: str | None = None
    while True:
        part = teller.service.views.listing(staff, view, wanted, after)
        found.extend(row.id for row in part.rows)
        if part.more is None:
            return found
        assert len(part.rows) == ROWS
        after = part.more


@pytest.mark.parametrize("role", READING)
@pytest.mark.parametrize("view", [one for one in VIEWS if one != "mentions"])
def test_pages_hold_each_once_in_order_and_only_what_the_role_may_read(
    full: Teller, people: dict[Role, Staff], role: Role, view: str
) -> None:
    staff = people[role]
    found = ids(full, staff, view)
    assert len(found) == len(set(found))
    docs = {doc["_id"]: doc for doc in full.service.mongo["conversations"].find({"_id": {"$in": found}})}
    listed = [docs[one] for one in found]
    order = order_of(view)
    for before, after in pairwise(listed):
        assert _key(before, order) < _key(after, order)
    if role in ANSWERING[:2]:
        assert {d["assignee"] for d in listed if d["status"] != "waiting"} <= {staff.id}
        assert {d["assignee"] for d in listed if d["status"] == "waiting"} <= {None}
    if role is Role.AGENT:
        assert "complaint" not in {d["skill"] for d in listed}
    every = full.service.mongo["conversations"].find({})
    assert set(found) == {d["_id"] for d in every if _belongs(d, view, staff)}
    if view not in UNCOUNTED:
        assert full.service.views.counts(staff)[view] == len(found)


def _key(doc: dict[str, Any], order: Any) -> tuple[Any, ...]:
    values = (doc[name] for name, _ in order)
    pairs = zip(values, (way for _, way in order), strict=True)
    return tuple(_turned(value, way) for value, way in pairs)


def _turned(value: Any, way: int) -> Any:
    if isinstance(value, datetime):
        return way * value.timestamp()
    return way * int(value[1:]) if isinstance(value, str) else way * value


def _belongs(doc: dict[str, Any], view: str, staff: Staff) -> bool:
    """The same rule, said a second time on purpose."""
    theirs = doc["assignee"] == staff.id
    if staff.role is Role.AGENT and doc["skill"] == "complaint":
        return False
    if staff.role in (Role.AGENT, Role.SENIOR) and not theirs and doc["status"] != "waiting":
        return False
    asleep = bool(doc.get("snoozed_until"))
    return {
        "mine": theirs and doc["status"] == "assigned" and not asleep,
        "snoozed": theirs and doc["status"] == "assigned" and asleep,
        "complaints": doc["skill"] == "complaint" and doc["open"],
        "all": True,
    }.get(view, doc["status"] == view)


def test_the_administrator_lists_nothing(full: Teller, people: dict[Role, Staff]) -> None:
    admin = people[Role.ADMIN]
    assert [ids(full, admin, view) for view in VIEWS] == [[] for _ in VIEWS]
    assert set(full.service.views.counts(admin).values()) == {0}
    assert full.service.views.skills(admin) == {}


def test_filters_narrow_and_never_widen(full: Teller, people: dict[Role, Staff]) -> None:
    agent, supervisor = people[Role.AGENT], people[Role.SUPERVISOR]
    assert ids(full, agent, "waiting", Wanted(skill="complaint")) == []
    assert ids(full, agent, "complaints") == []
    loans = ids(full, agent, "waiting", Wanted(skill="loan"))
    assert 0 < len(loans) == full.service.views.skills(agent)["loan"]
    assert "complaint" not in full.service.views.skills(agent)
    assert full.service.views.skills(supervisor)["complaint"] > 0
    tagged = ids(full, supervisor, "all", Wanted(tag="vip"))
    assert len(tagged) == len([n for n in range(MANY) if n % 90 == 1])
    assert set(ids(full, agent, "all", Wanted(tag="vip"))) < set(tagged)
    one = ids(full, supervisor, "all", Wanted(customer="k7"))
    assert one == sorted(f"c{n:06}" for n in range(MANY) if n % 500 == 7)
    assert ids(full, supervisor, "all", Wanted(customer="k7", channel="line")) == []


@pytest.mark.parametrize(
    "cursor", ["nonsense", "e30", "W10", "WyJhIl0", "W3siJGd0IjogMX0sICJjMSJd", "x" * 5000]
)
def test_a_cursor_somebody_made_up_is_refused(full: Teller, people: dict[Role, Staff], cursor: str) -> None:
    with pytest.raises(BadPayload):
        full.service.views.listing(people[Role.SUPERVISOR], "all", after=cursor)


def _stages(plan: Any) -> Iterator[str]:
    if isinstance(plan, dict):
        if "stage" in plan:
            yield plan["stage"]
        for value in plan.values():
            yield from _stages(value)
    elif isinstance(plan, list):
        for value in plan:
            yield from _stages(value)


@pytest.mark.parametrize("role", READING)
@pytest.mark.parametrize(
    "wanted", [EVERYTHING, Wanted(tag="vip"), Wanted(channel="web"), Wanted(skill="card")]
)
def test_every_list_is_read_from_an_index_in_its_order(
    full: Teller, people: dict[Role, Staff], role: Role, wanted: Wanted
) -> None:
    conversations = full.service.mongo["conversations"]
    for view in VIEWS:
        if view == "mentions":
            continue
        staff = people[role]
        first = query_of(view, staff, wanted, NOW)
        assert first is not None
        row = conversations.find_one(first) or conversations.find_one({"waiting_since": {"$ne": None}})
        assert row is not None
        second = query_of(view, staff, wanted, NOW, cursor_of(view, row))
        for query in (first, second):
            asked = conversations.find(query).sort(list(order_of(view))).limit(ROWS + 1).explain()
            stages = set(_stages(asked["queryPlanner"]["winningPlan"]))
            assert "COLLSCAN" not in stages, (view, query)
            examined = asked["executionStats"]["totalDocsExamined"]
            if "SORT" in stages:
                assert examined <= FEW, (view, query)
            # What is shown, what ties with the cursor, and in a queue what a filter leaves out of it.
            assert examined <= MANY / 4, (view, query, examined)
