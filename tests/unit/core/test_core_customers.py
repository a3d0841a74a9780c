"""The customer over all identities: who may see what, notes, tags, marks, and links by people, through the pages."""

from __future__ import annotations

import pytest
from flask import Flask

from bot.desk.customers import GONE, Customers, standings
from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.model import ChannelType, Role, Staff, Status
from bot.mongo import Doc
from bot.store.chain import link
from bot.store.links import ACCOUNT_LINK
from bot.store.timeline import LINES
from tests.unit.core.teller import Teller, signed_in
from tests.unit.inbox.forms import post

LINE, TELEGRAM, MESSENGER = ChannelType.LINE, ChannelType.TELEGRAM, ChannelType.MESSENGER
WHY = "電話與生日核對相符"


@pytest.fixture(scope="module")
def customers(teller: Teller) -> Customers:
    return teller.service.customers


@pytest.fixture(scope="module")
def people(teller: Teller) -> dict[Role, Staff]:
    return {role: teller.staff(role) for role in Role}


def met(teller: Teller, *lines: str, channel: ChannelType = LINE) -> tuple[str, str]:
    """Somebody who has written these lines: (conversation, customer)."""
    user = teller.person()
    for line in lines:
        teller.hears(user, line, channel)
    found = teller.conversation(user, channel)
    return found["_id"], found["customer"]


def joined(teller: Teller, customers: Customers, one: str, other: str, kind: str = "agent") -> str:
    made = teller.service.mongo.transaction(
        lambda session: customers.links.add(session, one, other, kind, "t", "why")
    )
    assert made is not None
    return made.id


def last_audit(teller: Teller, customer_id: str) -> Doc:
    found = teller.service.mongo["audit"].find_one({"subject": f"customer:{customer_id}"}, sort=[("seq", -1)])
    assert found is not None
    return found


def test_who_answers_sees_a_customer_while_they_wait_or_are_theirs(
    teller: Teller, customers: Customers, people: dict[Role, Staff]
) -> None:
    conversation, customer = met(teller, "你好")
    agent, other = people[Role.AGENT], teller.staff(Role.AGENT)
    reads_all = (Role.SUPERVISOR, Role.COMPLIANCE, Role.AUDITOR)

    def sees(staff: Staff) -> bool:
        if not customers.past.may_read(staff, [customer]):
            with pytest.raises(NotFound, match=GONE):
                customers.person(staff, customer)
            with pytest.raises(NotFound, match=GONE):
                customers.timeline(staff, customer)
            return False
        assert customers.person(staff, customer).face.id == customer
        return bool(customers.timeline(staff, customer).lines)

    assert [role for role in Role if sees(people[role])] == list(reads_all), "with the bot"
    teller.service.mongo["conversations"].update_one(
        {"_id": conversation}, {"$set": {"status": Status.WAITING.value}}
    )
    assert {role for role in Role if sees(people[role])} == set(Role) - {Role.ADMIN}, "they wait"
    teller.service.console.desk.take(agent, conversation)
    assert sees(agent)
    assert not sees(other), "a colleague's"
    assert not sees(people[Role.SENIOR])
    teller.service.console.desk.resolve(agent, conversation)
    assert not sees(agent), "served no more"


def test_serving_one_identity_opens_all_of_the_person(
    teller: Teller, customers: Customers, people: dict[Role, Staff]
) -> None:
    agent = people[Role.AGENT]
    here, one = met(teller, "我要真人")
    there, other = met(teller, "你好，想問貸款", channel=TELEGRAM)
    with pytest.raises(NotFound):
        customers.person(agent, other)
    tie = joined(teller, customers, one, other)
    assert {face.id for face in customers.person(agent, other).faces} == {one, other}
    said = customers.timeline(agent, one)
    assert {line.conversation_id for line in said.lines} == {here, there}
    assert [line.at for line in said.lines] == sorted((line.at for line in said.lines), reverse=True)
    teller.service.console.desk.take(agent, here)
    page = teller.service.console.desk.page(agent, here)
    assert [row.id for row in page.others] == [there]
    assert teller.service.console.desk.page(agent, there).customer.id == other
    teller.service.mongo.transaction(lambda session: customers.links.undo(session, tie, "t", "why"))
    assert {line.conversation_id for line in customers.timeline(agent, one).lines} == {here}
    assert teller.service.console.desk.page(agent, here).others == ()
    with pytest.raises(NotFound):
        teller.service.console.desk.page(agent, there)


def test_complaints_stay_hidden_from_agents_in_every_part(
    teller: Teller, customers: Customers, people: dict[Role, Staff]
) -> None:
    here, one = met(teller, "我要真人")
    secret, other = met(teller, "我要投訴你們的專員", channel=MESSENGER)
    joined(teller, customers, one, other)
    for role, allowed in (
        (Role.AGENT, {here}),
        (Role.SENIOR, {here, secret}),
        (Role.AUDITOR, {here, secret}),
    ):
        shown = customers.timeline(people[role], one)
        assert {line.conversation_id for line in shown.lines} == allowed, role
        assert set(shown.conversations) == allowed
    _, complainer = met(teller, "我要投訴")
    with pytest.raises(NotFound):
        customers.person(people[Role.AGENT], complainer)
    assert customers.person(people[Role.SENIOR], complainer).asked == complainer


def test_the_timeline_is_masked_and_paged_without_a_gap(
    teller: Teller, customers: Customers, people: dict[Role, Staff]
) -> None:
    conversation, customer = met(teller, "我的電話 0912345678，請打給我")
    reader = people[Role.AUDITOR]
    first = customers.timeline(reader, customer).lines[-1]
    assert "0912345678" not in first.text
    assert first.handler
    doc = teller.service.mongo["messages"].find_one({"conversation": conversation, "seq": 1})
    assert doc is not None
    # Many at the same moment: a cursor by time alone would lose or repeat some.
    teller.service.mongo["messages"].insert_many(
        [{**doc, "_id": f"m{n:04}-{customer}", "seq": 100 + n, "pos": 1000 + n} for n in range(2 * LINES + 5)]
    )
    seen: list[str] = []
    before = None
    while True:
        page = customers.timeline(reader, customer, before)
        seen += [line.id for line in page.lines]
        before = page.more
        if before is None:
            break
    total = teller.service.mongo["messages"].count_documents({"customer": customer})
    assert len(seen) == len(set(seen)) == total
    for wrong in ("x", "!", "W10", "a" * 300):
        with pytest.raises(BadPayload):
            customers.timeline(reader, customer, wrong)


def test_notes_are_kept_masked_chained_and_corrected_by_new_ones(
    teller: Teller, customers: Customers, people: dict[Role, Staff]
) -> None:
    _, customer = met(teller, "我要真人")
    agent = people[Role.AGENT]
    customers.note(agent, customer, "晚上再打 0912345678")
    (first,) = customers.person(agent, customer).notes
    assert "0912345678" not in first.text
    customers.note(agent, customer, "白天打", corrects=first.id)
    second, kept = customers.person(agent, customer).notes
    assert (second.corrects, kept) == (first.id, first)
    docs = list(teller.service.mongo["customer_notes"].find({"customer": customer}).sort("seq", 1))
    assert "晚上" not in str(docs), "a note stood in the clear"
    assert [doc["seq"] for doc in docs] == [1, 2]
    previous = docs[0]["prev_hash"]
    for doc in docs:
        assert doc["prev_hash"] == previous
        assert link(previous, doc) == doc["hash"]
        previous = doc["hash"]
    assert last_audit(teller, customer)["action"] == "customer:note"
    assert "白天" not in str(last_audit(teller, customer))
    for wrong in ("", "   ", "長" * 2001):
        with pytest.raises(BadPayload):
            customers.note(agent, customer, wrong)
    with pytest.raises(BadPayload):
        customers.note(agent, customer, "哪一則", corrects="somebody else's")
    with pytest.raises(NotAllowed):
        customers.note(people[Role.COMPLIANCE], customer, "不行")


def test_a_mark_is_raised_by_anybody_who_answers_and_lowered_by_seniors(
    teller: Teller, customers: Customers, people: dict[Role, Staff]
) -> None:
    _, one = met(teller, "我要真人")
    _, other = met(teller, "你好", channel=TELEGRAM)
    agent, senior = people[Role.AGENT], people[Role.SENIOR]
    customers.mark(agent, one, "high", "自稱是 A123456789 的家人")
    risk = customers.person(agent, one).risk
    assert risk is not None
    assert (risk.level, risk.by) == ("high", agent.id)
    assert "A123456789" not in risk.reason
    assert "A123456789" not in str(last_audit(teller, one))
    with pytest.raises(NotAllowed):
        customers.mark(agent, one, "watch", "好像沒事")
    tie = joined(teller, customers, one, other)
    linked = customers.person(agent, other).risk
    assert linked == risk, "the worst mark of all identities counts"
    customers.tag(agent, one, "VIP，房貸, VIP")
    assert customers.person(agent, other).tags == ("VIP", "房貸")
    customers.mark(senior, one, "watch", "已查證")
    customers.mark(senior, one, "none", "已查證")
    assert customers.person(senior, one).risk is None
    teller.service.mongo.transaction(lambda session: customers.links.undo(session, tie, "t", "why"))
    for level, why in (("grave", "一個理由"), ("high", " ")):
        with pytest.raises(BadPayload):
            customers.mark(senior, one, level, why)
    with pytest.raises(BadPayload):
        customers.tag(agent, one, "x" * 21)


def test_people_link_and_unlink_with_a_reason_and_prove_nothing(
    teller: Teller, customers: Customers, people: dict[Role, Staff]
) -> None:
    _, one = met(teller, "我要真人")
    _, other = met(teller, "我要真人", channel=TELEGRAM)
    senior, agent = people[Role.SENIOR], people[Role.AGENT]
    store = customers.store
    teller.service.mongo.transaction(
        lambda session: store.verify(session, other, "F-1", teller.accounts[ChannelType.WEB].id)
    )
    with pytest.raises(NotAllowed):
        customers.link(agent, one, other, WHY)
    with pytest.raises(BadPayload):
        customers.link(senior, one, other, "x")
    with pytest.raises(NotFound):
        customers.link(senior, one, met(teller, "你好")[1], WHY)
    link = customers.link(senior, one, other, WHY)
    entry = last_audit(teller, one)
    assert (entry["actor"], entry["action"]) == (senior.id, "customer:link")
    person = customers.person(agent, one)
    assert person.standings[other].firm_id == "F-1"
    assert person.standings[one].firm_id is None, "a colleague's judgement made somebody verified"
    assert customers.verified_as(one) is None
    with pytest.raises(Conflict):
        customers.link(senior, other, one, WHY)
    with pytest.raises(NotAllowed):
        customers.unlink(agent, one, link.id, WHY)
    with pytest.raises(NotFound):
        customers.unlink(senior, one, "no link", WHY)
    customers.unlink(senior, one, link.id, "認錯人了")
    assert last_audit(teller, one)["action"] == "customer:unlink"
    parted = customers.person(senior, one)
    assert [face.id for face in parted.faces] == [one]
    assert [kept.undone_reason for kept in parted.links] == ["認錯人了"], "the history of links is kept"
    with pytest.raises(Conflict):
        customers.unlink(senior, one, link.id, WHY)


def test_standings_say_what_verified_as_says(teller: Teller, customers: Customers) -> None:
    ids = [met(teller, "你好")[1] for _ in range(5)]
    verify, web = customers.store.verify, teller.accounts[ChannelType.WEB].id
    transaction = teller.service.mongo.transaction
    for customer, firm_id in ((ids[0], "F-8"), (ids[4], "F-9")):
        transaction(lambda session, c=customer, f=firm_id: verify(session, c, f, web))
    joined(teller, customers, ids[0], ids[1], ACCOUNT_LINK)
    joined(teller, customers, ids[1], ids[2], ACCOUNT_LINK)
    joined(teller, customers, ids[2], ids[3])

    def same() -> dict[str, bool]:
        found = standings(customers.store.faces(ids), customers.links.of(ids))
        assert {one: found[one].firm_id for one in ids} == {one: customers.verified_as(one) for one in ids}
        return {one: found[one].disputed for one in ids}

    assert not any(same().values())
    assert customers.verified_as(ids[2]) == "F-8"
    joined(teller, customers, ids[4], ids[2], ACCOUNT_LINK)
    assert [same()[one] for one in ids] == [True, True, True, False, True]


def test_the_pages_show_link_and_unlink(teller: Teller, app: Flask, people: dict[Role, Staff]) -> None:
    _, one = met(teller, "我要真人，電話 0912345678")
    _, other = met(teller, "我要真人", channel=TELEGRAM)
    senior, agent = signed_in(app, people[Role.SENIOR]), signed_in(app, people[Role.AGENT])
    path = f"/inbox/customers/{one}"
    page = senior.get(path)
    assert page.status_code == 200
    assert "0912345678" not in page.text
    assert last_audit(teller, one)["action"] == "inbox:customer:open"
    assert "Link another identity" not in agent.get(path).text
    assert agent.get(f"{path}/link").status_code == 403
    assert post(agent, f"{path}/link", other=other, reason=WHY).status_code == 403
    assert f"other={other}" in senior.get(f"{path}/link").text
    both = senior.get(f"{path}/link", query_string={"other": f"http://localhost/inbox/customers/{other}?x=1"})
    assert both.status_code == 200
    assert "They are one customer" in both.text
    refused = post(senior, f"{path}/link", other=other, reason="x")
    assert refused.status_code == 400
    assert 'role="alert"' in refused.text
    assert post(senior, f"{path}/link", other=other, reason=WHY).status_code == 303
    shown = senior.get(path).text
    assert WHY in shown
    assert "Telegram" in shown
    (link,) = teller.service.customers.links.of([one])
    undo = f"{path}/links/{link.id}"
    assert agent.get(undo).status_code == 403
    assert "Undo the link" in senior.get(undo).text
    assert post(senior, undo, reason="").status_code == 400
    assert post(senior, undo, reason="認錯人了").status_code == 303
    assert "認錯人了" in senior.get(path).text
    assert post(senior, f"{path}/notes", text="請用 A123456789 查").status_code == 303
    assert post(senior, f"{path}/tags", tags="VIP").status_code == 303
    assert post(senior, f"{path}/risk", level="watch", reason="多次改電話").status_code == 303
    shown = agent.get(path).text
    assert "A123456789" not in shown
    assert all(word in shown for word in ("VIP", "Take care", "多次改電話"))
    assert post(agent, f"{path}/risk", level="none", reason="應該沒事").status_code == 403


def test_the_conversation_shows_the_person_beside_it(
    teller: Teller, app: Flask, people: dict[Role, Staff], customers: Customers
) -> None:
    here, one = met(teller, "我要真人")
    _, other = met(teller, "你好", channel=TELEGRAM)
    senior = people[Role.SENIOR]
    customers.note(senior, one, "只在早上方便")
    joined(teller, customers, one, other)
    page = signed_in(app, people[Role.AGENT]).get(f"/inbox/{here}").text
    assert all(word in page for word in ("只在早上方便", "Also on", f"/inbox/customers/{one}"))
    assert "Not verified" in page


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_and_changes_what_the_matrix_says(
    teller: Teller, app: Flask, people: dict[Role, Staff], role: Role
) -> None:
    _, customer = met(teller, "我要真人")
    client, path = signed_in(app, people[role]), f"/inbox/customers/{customer}"
    writes = role in (Role.AGENT, Role.SENIOR, Role.SUPERVISOR)
    assert client.get(path).status_code == (403 if role is Role.ADMIN else 200)
    assert post(client, f"{path}/notes", text="一則備註").status_code == (303 if writes else 403)
    assert post(client, f"{path}/tags", tags="VIP").status_code == (303 if writes else 403)
    assert client.get(f"{path}/link").status_code == (200 if role in (Role.SENIOR, Role.SUPERVISOR) else 403)
    assert client.get("/inbox/customers/nobody").status_code == (403 if role is Role.ADMIN else 404)


def test_reading_a_person_goes_by_indexes(teller: Teller) -> None:
    """What is asked for a page walks through no collection, however many customers there are."""
    mongo = teller.service.mongo
    _, customer = met(teller, "你好")
    asked = {
        "customers": {"$or": [{"group": customer}, {"_id": {"$in": [customer]}}]},
        "links": {"customers": {"$in": [customer]}, "standing": True},
        "customer_notes": {"customer": {"$in": [customer]}},
        "threads": {"customer": {"$in": [customer]}},
        "messages": {"customer": {"$in": [customer]}},
    }
    for name, query in asked.items():
        plan = mongo[name].find(query).explain()["queryPlanner"]["winningPlan"]
        assert "COLLSCAN" not in str(plan), name
