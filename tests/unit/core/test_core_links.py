"""Who belongs together: edges come and go in any order, and only those that stand count."""

from __future__ import annotations

import itertools
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.desk.customers import Customers
from bot.errors import Conflict, NotFound
from bot.model import ChannelType
from bot.store.customers import CustomerStore
from bot.store.links import ACCOUNT_LINK, AGENT, SIGNED_TOKEN, Link, LinkStore, components
from tests.unit.core.teller import Teller

KINDS = (SIGNED_TOKEN, ACCOUNT_LINK, AGENT)
PAIRS = [(one, other) for one, other in itertools.permutations(range(5), 2)]


@pytest.fixture(scope="module")
def links(teller: Teller) -> LinkStore:
    return LinkStore(teller.service.mongo, teller.service.vault)


@pytest.fixture(scope="module")
def customers(teller: Teller, links: LinkStore) -> Customers:
    return teller.service.customers


def identity(teller: Teller, firm_id: str | None = None) -> str:
    """A customer as the pipeline makes one."""
    service = teller.service
    made = service.conversations.new_customer()
    service.mongo.transaction(
        lambda session: service.conversations.insert_customer(session, made, None, None)
    )
    if firm_id:
        account = teller.accounts[ChannelType.WEB].id
        store = CustomerStore(service.mongo, service.vault)
        service.mongo.transaction(lambda session: store.verify(session, made, firm_id, account))
    return made


def tie(teller: Teller, links: LinkStore, one: str, other: str, kind: str = AGENT) -> Link:
    made = teller.service.mongo.transaction(
        lambda session: links.add(session, one, other, kind, "test", "why")
    )
    assert made is not None
    return made


def untie(teller: Teller, links: LinkStore, link: Link) -> Link:
    return teller.service.mongo.transaction(lambda session: links.undo(session, link.id, "test", "a mistake"))


def _groups(teller: Teller, ids: list[str]) -> dict[str, str]:
    found = teller.service.mongo["customers"].find({"_id": {"$in": ids}}, {"group": 1})
    return {doc["_id"]: doc["group"] for doc in found}


def _joined(groups: dict[str, str]) -> set[frozenset[str]]:
    return {frozenset(one for one in groups if groups[one] == group) for group in groups.values()}


@given(st.lists(st.sampled_from(PAIRS), max_size=12))
def test_components_are_what_a_walk_from_each_member_finds(edges: list[tuple[int, int]]) -> None:
    named = [(str(one), str(other)) for one, other in edges]
    groups = components([str(n) for n in range(5)], named)
    for one, other in itertools.product(groups, repeat=2):
        near, seen = {one}, {one}
        while near:
            near = {b for a, b in [*named, *((y, x) for x, y in named)] if a in near} - seen
            seen |= near
        assert (groups[one] == groups[other]) is (other in seen)
    assert all(groups[one] <= one for one in groups)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(PAIRS), st.sampled_from(KINDS), st.integers(0, 6)), max_size=9),
)
def test_whatever_is_linked_and_unlinked_the_standing_edges_decide(
    teller: Teller, links: LinkStore, steps: list[tuple[tuple[int, int], str, int]]
) -> None:
    ids = sorted(identity(teller) for _ in range(5))
    standing: list[Link] = []
    for (one, other), kind, back in steps:
        before = _groups(teller, ids)
        made = teller.service.mongo.transaction(
            lambda session, pair=(ids[one], ids[other]), of=kind: links.add(session, *pair, of, "test")
        )
        pair = tuple(sorted((ids[one], ids[other])))
        known = any((link.customers, link.kind) == (pair, kind) for link in standing)
        assert (made is None) is known
        if made is not None and back == 0:
            # Taken back at once, everything is as it was.
            untie(teller, links, made)
            assert _groups(teller, ids) == before
        elif made is not None:
            standing.append(made)
        if back == 1 and standing:
            untie(teller, links, standing.pop(0))
        assert _groups(teller, ids) == components(ids, [link.customers for link in standing])
        for member in ids:
            group = _groups(teller, ids)
            assert links.members(member) == [one for one in ids if group[one] == group[member]]
    while standing:
        untie(teller, links, standing.pop(len(standing) // 2))
    assert _groups(teller, ids) == {one: one for one in ids}


def test_an_undone_link_is_kept_with_who_and_why(teller: Teller, links: LinkStore) -> None:
    one, other = identity(teller), identity(teller)
    link = tie(teller, links, one, other)
    undone = untie(teller, links, link)
    (kept,) = links.of([one])
    assert kept == undone
    assert (kept.reason, kept.undone_by, kept.undone_reason) == ("why", "test", "a mistake")
    assert not kept.stands
    with pytest.raises(Conflict):
        untie(teller, links, link)
    again = tie(teller, links, one, other)
    assert [link.id for link in links.of([other])] == [again.id, link.id]


def test_reasons_are_masked_and_sealed(teller: Teller, links: LinkStore) -> None:
    one, other = identity(teller), identity(teller)
    made = teller.service.mongo.transaction(
        lambda session: links.add(session, one, other, AGENT, "test", "電話同為 0912345678")
    )
    assert made is not None
    stored = teller.service.mongo["links"].find_one({"_id": made.id})
    assert stored is not None
    assert isinstance(stored["reason"], bytes)
    assert "0912345678" not in (links.one(made.id).reason or "")


def test_nobody_is_linked_with_nobody_or_with_themselves(teller: Teller, links: LinkStore) -> None:
    one = identity(teller)
    for other in (one, "nobody"):
        with pytest.raises(NotFound):
            tie(teller, links, one, other)
    assert links.of([one]) == []


def test_links_at_the_same_moment_all_count(teller: Teller, links: LinkStore) -> None:
    ids = sorted(identity(teller) for _ in range(6))
    start = threading.Barrier(5)

    def run(one: str, other: str) -> None:
        start.wait()
        tie(teller, links, one, other)

    pairs = [*zip(ids[::2], ids[1::2], strict=True), (ids[1], ids[2]), (ids[3], ids[4])]
    threads = [threading.Thread(target=run, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _joined(_groups(teller, ids)) == {frozenset(ids)}


def test_identities_from_before_there_were_groups_are_their_own(teller: Teller, links: LinkStore) -> None:
    old, other = identity(teller), identity(teller)
    teller.service.mongo["customers"].update_one({"_id": old}, {"$unset": {"group": ""}})
    assert links.members(old) == [old]
    link = tie(teller, links, other, old)
    assert links.members(old) == links.members(other) == sorted((old, other))
    untie(teller, links, link)
    assert links.members(old) == [old]


def test_only_proof_carries_what_was_proven(teller: Teller, links: LinkStore, customers: Customers) -> None:
    web, line, telegram = identity(teller, "firm-17"), identity(teller), identity(teller)
    assert customers.verified_as(web) == "firm-17"
    tie(teller, links, web, line, AGENT)
    assert customers.verified_as(line) is None, "an agent's opinion made somebody verified"
    proof = tie(teller, links, web, telegram, ACCOUNT_LINK)
    assert customers.verified_as(telegram) == "firm-17"
    assert customers.verified_as(line) is None
    by_agent = tie(teller, links, telegram, line, AGENT)
    assert customers.verified_as(line) is None, "not through a proven one either"
    untie(teller, links, proof)
    assert customers.verified_as(telegram) is None
    assert links.members(line) == sorted((web, line, telegram)), "the agent's links stand"
    untie(teller, links, by_agent)
    assert links.members(telegram) == [telegram]


def test_proof_of_two_customers_is_proof_of_none(
    teller: Teller, links: LinkStore, customers: Customers
) -> None:
    first, second, line = identity(teller, "firm-1"), identity(teller, "firm-2"), identity(teller)
    tie(teller, links, first, line, ACCOUNT_LINK)
    assert customers.verified_as(line) == "firm-1"
    link = tie(teller, links, second, line, ACCOUNT_LINK)
    assert customers.verified_as(line) is None
    untie(teller, links, link)
    assert customers.verified_as(line) == "firm-1"


def test_who_was_erased_is_not_verified(teller: Teller, links: LinkStore, customers: Customers) -> None:
    web, line = identity(teller, "firm-gone"), identity(teller)
    tie(teller, links, web, line, ACCOUNT_LINK)
    service = teller.service
    service.mongo["keys"].delete_one({"keyAltNames": f"cust:{web}"})
    service.vault.close()
    assert customers.verified_as(web) is None
    assert customers.verified_as(line) is None
