"""Clocks, restriction, purge: on the real stores, with time injected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.model import GENESIS, Role
from bot.retention.clock import HOLD, MESSAGE, RELATIONSHIP, Reason, longest, years_after
from bot.retention.purging import BEGUN, CERTIFIED
from bot.retention.service import ERASED as KIND_ERASED
from bot.retention.service import RESTRICTED
from bot.store.chain import link
from bot.store.documents import conversation_of
from bot.store.notes import NoteStore, intact
from bot.store.purging import digest
from bot.store.records import Draft, Sealed
from bot.store.retention import ENDED, NONE
from bot.vault import ERASED
from tests.unit.core.kept import LATER, at, chain_stands, ended, one_of, talked
from tests.unit.core.teller import Teller


def test_a_relationship_nobody_spoke_of_goes_on(teller: Teller) -> None:
    _, customer = talked(teller)
    clock = teller.service.console.retention.clock(customer)
    assert clock.until is None
    assert [reason.kind for reason in clock.open] == [RELATIONSHIP]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.none(), st.datetimes(timezones=st.just(UTC))), min_size=1, max_size=6))
def test_a_clock_ends_with_its_last_reason(ends: list[datetime | None]) -> None:
    clock = longest(Reason(MESSAGE, end) for end in ends)
    known = [end for end in ends if end is not None]
    assert clock.until == (max(known) if len(known) == len(ends) else None)
    assert len(clock.open) == len(ends) - len(known)
    for end in known:
        # Over only when each of them is.
        assert not clock.over(end - timedelta(microseconds=1)) or end == datetime.min.replace(tzinfo=UTC)


@settings(max_examples=50, deadline=None)
@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(5, 100))
def test_years_are_never_shorter_than_said(day: date, years: int) -> None:
    at_ = datetime(day.year, day.month, day.day, tzinfo=UTC)
    end = years_after(at_, years)
    assert end.year == at_.year + years
    assert end - at_ >= timedelta(days=365 * years + years // 4 - 1)


def test_the_longest_clock_wins(teller: Teller) -> None:
    house, officer = teller.service.console.retention, one_of(Role.COMPLIANCE)
    user, customer = talked(teller)
    day = datetime(2020, 2, 29, tzinfo=UTC)
    clock = house.state(officer, customer, ENDED, day)
    said = teller.rows("messages", user)[-1]["at"]
    ends = {reason.kind: reason.until for reason in clock.reasons}
    assert ends == {RELATIONSHIP: datetime(2025, 3, 1, tzinfo=UTC), MESSAGE: clock.until}
    assert clock.until is not None
    assert clock.until.year == said.year + 5
    later = house.state(officer, customer, ENDED, day, datetime(2090, 1, 1, tzinfo=UTC))
    assert later.until is not None
    assert later.until.year == 2090
    teller.service.mongo["conversations"].update_one({"customer": customer}, {"$set": {"skill": "complaint"}})
    assert house.clock(customer).until is None
    talk = {"open": False, "status": "resolved", "resolved_at": datetime(2089, 1, 1, tzinfo=UTC)}
    teller.service.mongo["conversations"].update_one({"customer": customer}, {"$set": talk})
    dispute = house.clock(customer).until
    assert dispute is not None
    assert dispute.year == 2094
    house.holds.propose(officer, customer, "court file 1")
    assert [reason.kind for reason in house.clock(customer).open] == [HOLD]


def test_statements_are_compliances_and_make_sense(teller: Teller) -> None:
    house, officer = teller.service.console.retention, one_of(Role.COMPLIANCE)
    _, customer = talked(teller)
    for role in Role:
        if role is not Role.COMPLIANCE:
            with pytest.raises(NotAllowed):
                house.state(one_of(role), customer, NONE)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    for said, end in ((ENDED, None), (NONE, tomorrow), (ENDED, tomorrow), ("gone", None)):
        with pytest.raises(BadPayload):
            house.state(officer, customer, said, end)
    with pytest.raises(NotFound):
        house.state(officer, "nobody", NONE)


def test_within_the_term_a_request_restricts(teller: Teller) -> None:
    user, customer = talked(teller, "我想問定存利率")
    ended(teller, customer)
    talk, mongo = teller.conversation(user)["_id"], teller.service.mongo
    outcome = teller.service.console.retention.request_deletion(
        "system:test", customer, "個資法 11", "case-1"
    )
    assert outcome.kind == RESTRICTED
    assert outcome.until is not None
    assert outcome.certificate is None
    views, people = teller.service.views, teller.service.customers
    for role in Role:
        person, reads = one_of(role), role in (Role.COMPLIANCE, Role.AUDITOR)
        page = views.page(person, talk)
        assert (page is not None) is reads
        listed = {row.id for row in views.rows(person, "resolved")} if role is not Role.ADMIN else set()
        assert (talk in listed) is reads
        if reads:
            assert page is not None
            assert getattr(page.row, "restricted", False)
            assert people.person(person, customer).face.id == customer
            assert people.timeline(person, customer).lines
        else:
            with pytest.raises(NotFound):
                people.person(person, customer)
    assert chain_stands(teller, talk)
    # Twice is once, and one line in the audit log.
    teller.service.console.retention.request_deletion("system:test", customer, "個資法 11", "case-1")
    noted = {"action": "records:customer:restrict", "subject": f"customer:{customer}"}
    assert mongo["audit"].count_documents(noted) == 1


def test_who_is_restricted_is_in_no_statistic_and_no_suggestion(teller: Teller) -> None:
    service = teller.service
    user, customer = talked(teller, "請問海外刷卡手續費")
    since, until = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1)
    questions, figures = service.runs.questions, service.figures.store
    talk = teller.conversation(user)["_id"]
    line = next(row["_id"] for row in teller.rows("messages", user) if row["decision"])
    before = questions.count(since, until)
    assert questions.some([line])
    assert talk in {doc["_id"] for doc in figures.conversations(since, until)}
    service.console.retention.request_deletion("system:test", customer, "個資法 11", None)
    assert questions.count(since, until) == before - 1
    assert questions.some([line]) == []
    assert talk not in {one.conversation for talks in questions.talks(since, until) for one in talks}
    assert talk not in {doc["_id"] for doc in figures.conversations(since, until)}


def test_who_writes_again_begins_anew(teller: Teller) -> None:
    user, customer = talked(teller)
    old = teller.conversation(user)["_id"]
    teller.service.console.retention.request_deletion("system:test", customer, "個資法 11", None)
    teller.hears(user, "你好，請問營業時間")
    fresh = teller.conversation(user)
    assert fresh["_id"] != old
    assert fresh["customer"] != customer
    assert not fresh.get("restricted")
    thread = teller.thread(user)
    own = teller.service.views.latest(thread, 50)
    assert own
    assert {one.conversation_id for one in own} == {fresh["_id"]}
    assert teller.service.views.since(thread, 0)[0].conversation_id == fresh["_id"]
    assert teller.service.views.page(one_of(Role.SUPERVISOR), fresh["_id"]) is not None


def test_a_turn_under_way_does_not_write_to_who_was_just_restricted(
    teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, customer = talked(teller)
    service, seal = teller.service, teller.service.conversations.seal
    restricted: list[str] = []

    def late(customer_id: str, drafts: Sequence[Draft]) -> list[Sealed]:
        # Between what the turn has read and what it writes.
        if not restricted:
            restricted.append(customer_id)
            service.console.retention.request_deletion("system:test", customer, "個資法 11", None)
        return seal(customer_id, drafts)

    before = service.mongo["messages"].count_documents({"customer": customer})
    monkeypatch.setattr(service.conversations, "seal", late)
    teller.hears(user, "還有一個問題")
    teller.drain(user)
    assert restricted == [customer]
    assert service.mongo["messages"].count_documents({"customer": customer}) == before
    assert teller.conversation(user)["customer"] != customer
    assert any("還有一個問題" in line for line in teller.said(user))


def test_nothing_young_can_be_erased(teller: Teller) -> None:
    _, customer = talked(teller)
    ended(teller, customer)
    house = teller.service.console.retention
    members = house.members(customer)
    with pytest.raises(Conflict):
        house.purger.customer(members, "command:root", "because", house.clock_of)
    assert customer not in {one for due in house.due() for one in due.customers}
    until = house.clock(customer).until
    assert until is not None
    almost = at(teller, until - timedelta(seconds=1))
    with pytest.raises(Conflict):
        almost.purger.customer(members, "command:root", "because", almost.clock_of)
    assert teller.service.mongo["keys"].count_documents({"keyAltNames": f"cust:{customer}"}) == 1


def test_purge_after_the_term_keeps_the_chain(teller: Teller) -> None:
    user, customer = talked(teller)
    ended(teller, customer)
    service, talk = teller.service, teller.conversation(user)["_id"]
    mongo, vault = service.mongo, service.vault
    due = at(teller, datetime.now(UTC) + LATER)
    assert customer in {one for each in due.due() for one in each.customers}
    outcome = due.request_deletion("system:test", customer, "個資法 11-III", None)
    assert outcome.kind == KIND_ERASED
    assert outcome.certificate
    assert chain_stands(teller, talk)
    lines = list(mongo["messages"].find({"conversation": talk}))
    assert len(lines) >= 2
    assert {vault.read(line["content"]) for line in lines} == {ERASED}
    assert all(line["purged"] == outcome.certificate for line in lines)
    assert due.purger.store.left([customer]) == 0
    person = mongo["customers"].find_one({"_id": customer})
    assert person is not None
    assert {"name", "verified_as", "tags", "risk"}.isdisjoint(person)
    assert "user_id" not in (mongo["threads"].find_one({"_id": teller.thread(user)}) or {})
    certificate = mongo["certificates"].find_one({"_id": outcome.certificate})
    assert certificate is not None
    assert certificate["state"] == "done"
    assert certificate["counts"]["messages"] == len(lines)
    assert certificate["counts"]["keys"] == 1
    assert certificate["counts"]["events"] >= 1
    assert certificate["counts"]["outbox"] >= 1
    assert digest(certificate) == certificate["sha256"]
    subject = {"subject": f"certificate:{outcome.certificate}"}
    noted = {doc["action"]: doc["detail"] for doc in mongo["audit"].find(subject)}
    assert noted[CERTIFIED]["counts"] == certificate["counts"]
    assert noted[CERTIFIED]["sha256"] == certificate["sha256"]
    assert noted[BEGUN]["customers"] == [customer]
    assert outcome.certificate in {doc["_id"] for doc in due.purger.erasures.read()}
    # And the customer who comes back is greeted as a new one.
    teller.hears(user, "你好")
    assert teller.conversation(user)["customer"] != customer


PARTS = ("keys", "messages", "notes", "outbox", "conversations", "links", "customers", "list", "certificate")


@pytest.mark.parametrize("part", PARTS)
def test_a_purge_that_is_killed_ends_right_the_next_time(teller: Teller, part: str) -> None:
    class Killed(BaseException):
        pass

    def step(name: str) -> None:
        if name == part:
            raise Killed

    user, customer = talked(teller)
    ended(teller, customer)
    due = at(teller, datetime.now(UTC) + LATER)
    due = replace(due, purger=replace(due.purger, step=step))
    with pytest.raises(Killed):
        due.request_deletion("system:test", customer, "個資法 11-III", None)
    again = at(teller, datetime.now(UTC) + LATER)
    (certificate,) = [one for one in again.purger.resume() if customer in one.customers]
    assert certificate.state == "done"
    assert again.purger.store.left([customer]) == 0
    assert again.purger.resume() == []
    assert chain_stands(teller, teller.conversation(user)["_id"])
    noted = {"subject": f"certificate:{certificate.id}", "action": CERTIFIED}
    assert teller.service.mongo["audit"].count_documents(noted) == 1


def test_two_purges_at_once_are_one(teller: Teller) -> None:
    """The second begins and ends while the first is about to certify."""
    _, customer = talked(teller)
    ended(teller, customer)
    plain, seconds = at(teller, datetime.now(UTC) + LATER), []

    def step(name: str) -> None:
        if name == "certificate":
            seconds.append(plain.request_deletion("system:other", customer, "個資法 11-III", None))

    first = replace(plain, purger=replace(plain.purger, step=step))
    outcome = first.request_deletion("system:test", customer, "個資法 11-III", None)
    assert [one.certificate for one in seconds] == [outcome.certificate]
    noted = {"subject": f"certificate:{outcome.certificate}", "action": CERTIFIED}
    assert teller.service.mongo["audit"].count_documents(noted) == 1


def test_notes_and_links_go_with_the_customer(teller: Teller) -> None:
    service, agent = teller.service, one_of(Role.SUPERVISOR)
    user, customer = talked(teller)
    other_user, other = talked(teller)
    service.customers.note(agent, customer, "喜歡早上接電話")
    service.customers.link(agent, customer, other, "同一個人說的話")
    talk = conversation_of(teller.conversation(user))
    service.mongo.transaction(
        lambda session: NoteStore(service.mongo, service.vault).add(session, talk, "s", "備註")
    )
    service.mongo.transaction(lambda session: service.ratings.add(session, talk, datetime.now(UTC)))
    ended(teller, customer)
    due = at(teller, datetime.now(UTC) + LATER)
    kinds = {reason.of for reason in due.clock(customer).reasons if reason.kind == MESSAGE}
    assert kinds == {"messages", "notes", "customer_notes", "ratings"}
    assert due.request_deletion("system:test", customer, "個資法 11-III", None).kind == KIND_ERASED
    (note,) = service.mongo["customer_notes"].find({"customer": customer})
    assert link(GENESIS, note) == note["hash"]
    docs, head = NoteStore(service.mongo, service.vault).chain(talk.id)
    assert intact(docs, head)
    assert [service.vault.read(doc["content"]) for doc in docs] == [ERASED]
    assert service.mongo["ratings"].count_documents({"_id": talk.id}) == 0
    (tie,) = service.mongo["links"].find({"customers": customer})
    assert not tie["standing"]
    assert "reason" not in tie
    # The one beside them is whole, and alone.
    assert service.customers.person(one_of(Role.SUPERVISOR), other).faces[0].kept is None
    assert any("帳單" in line for line in teller.said(other_user))


def test_the_clock_purges_weekly_once_it_is_switched_on(teller: Teller) -> None:
    _, customer = talked(teller)
    ended(teller, customer)
    due = at(teller, datetime.now(UTC) + LATER)
    assert due.tick() == []
    on = replace(due, settings=replace(due.settings, purge=True))
    assert customer in {one for each in on.tick() for one in each.customers}
    assert on.tick() == []


def test_facts_without_customers_go_by_age(teller: Teller) -> None:
    calls, old = teller.service.mongo["model_calls"], datetime.now(UTC) - LATER
    calls.insert_many([{"_id": "old", "at": old}, {"_id": "young", "at": old + timedelta(days=30)}])
    house = teller.service.console.retention
    assert house.aged() == {"model_calls": 1}
    (certificate,) = [one for one in house.purge("system:test") if one.kind == "age"]
    assert certificate.counts["model_calls"] == 1
    assert calls.find_one({"_id": "young"}) is not None
