"""Requests of data subjects and complaints, on the real stores: roles, four eyes, races, clocks."""

from __future__ import annotations

import io
import json
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cases.ledger import guarded, ledger
from bot.cases.service import Cases, cases_of
from bot.deadlines import due, local, working
from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.model import ChannelType, Role, Staff
from bot.retention.service import RESTRICTED
from bot.store.case_values import DAYS, Case, Kind, State
from bot.store.cases import fingerprint
from bot.store.records import new_id
from bot.vault import ERASED, KEYS, customer_key
from tests.knowledge import notice
from tests.unit.core.teller import Teller, signed_in
from tests.unit.core.test_retention import LATER, at, ended
from tests.unit.inbox.forms import post

pytestmark = pytest.mark.servers

SAID = "請給我你們手上所有關於我的資料"
ID = "A123456789"


def one_of(role: Role) -> Staff:
    return Staff(new_id(), "somebody@example.com", "somebody", role)


AGENT, SENIOR, SUPERVISOR, OFFICER = map(one_of, (Role.AGENT, Role.SENIOR, Role.SUPERVISOR, Role.COMPLIANCE))
ADMIN, AUDITOR = map(one_of, (Role.ADMIN, Role.AUDITOR))


def house(teller: Teller, now: datetime | None = None) -> Cases:
    console = teller.service.console
    made = cases_of(
        teller.service.mongo, teller.service.vault, console.at_hand, console.customers, console.retention
    )
    if now is None:
        return made
    room = replace(made.room, now=lambda: now)
    return replace(
        made,
        room=room,
        requests=replace(made.requests, room=room),
        fulfilment=replace(made.fulfilment, room=room),
        complaints=replace(made.complaints, room=room),
    )


def waiting(teller: Teller, text: str = "我要真人") -> tuple[str, str]:
    """(conversation, customer) of somebody whom everybody who answers may read."""
    user = teller.person()
    teller.hears(user, text)
    found = teller.conversation(user)
    return found["_id"], found["customer"]


def taken_in(teller: Teller, kind: str, by: Staff = AGENT) -> tuple[Cases, Case]:
    cases = house(teller)
    talk, _ = waiting(teller)
    return cases, cases.requests.take_in(by, kind, f"{SAID} {ID}", conversation_id=talk)


def granted(teller: Teller, kind: str, **wanted: str) -> tuple[Cases, Case]:
    cases, case = taken_in(teller, kind)
    cases.requests.identify(AGENT, case.id, "call_back", "回撥登記電話")
    cases.requests.propose(SUPERVISOR, case.id, "granted", "符合規定", **wanted)
    return cases, cases.requests.decide(OFFICER, case.id, agree=True)


def trail(teller: Teller, case: Case) -> list[str]:
    found = teller.service.mongo["audit"].find({"detail.case": case.id}).sort("seq", 1)
    return [doc["action"].rpartition(":")[2] for doc in found]


# -- clocks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("received", "days", "last"),
    [
        ("2026-11-23", 15, "2026-12-08"),  # the first day does not count
        ("2026-12-17", 15, "2027-01-04"),  # 1 January is a holiday, a weekend follows
        ("2026-12-10", 15, "2026-12-28"),  # 25 December, then a weekend
        ("2026-12-02", 30, "2027-01-04"),
        ("2027-01-21", 15, "2027-02-11"),  # the new year of the lunar calendar, with its substitute days
        ("2026-06-04", 15, "2026-06-22"),  # the dragon boat festival, a Friday
    ],
)
def test_a_term_ends_as_the_law_counts(received: str, days: int, last: str) -> None:
    assert due(date.fromisoformat(received), days).isoformat() == last


@given(st.dates(date(2026, 1, 1), date(2029, 12, 31)), st.sampled_from([15, 30, 60]))
@settings(max_examples=60, deadline=None)
def test_a_term_is_never_shorter_and_ends_on_a_working_day(received: date, days: int) -> None:
    last = due(received, days)
    first = received + timedelta(days=days)
    assert last >= first
    assert working(last)
    assert not any(working(first + timedelta(days=n)) for n in range((last - first).days))


def test_the_day_is_that_of_taipei() -> None:
    assert local(datetime(2026, 12, 31, 16, 30, tzinfo=UTC)) == date(2027, 1, 1)


# -- requests ----------------------------------------------------------------------------------------------------------


def test_a_copy_goes_its_way_and_every_step_is_in_the_audit_log(teller: Teller) -> None:
    cases, case = granted(teller, "copy")
    made = cases.fulfilment.package(SUPERVISOR, case.id)
    closed = cases.requests.answer(AGENT, case.id, "letter", "掛號寄出")
    assert closed.state is State.CLOSED
    assert closed.due == due(local(closed.received_at), 15)
    steps = ["taken_in", "identified", "proposed", "agreed", "export", "answered"]
    assert trail(teller, case) == steps == [one.step for one in cases.room.store.events(case.id)]
    with zipfile.ZipFile(io.BytesIO(made.data)) as archive:
        data = json.loads(archive.read("data.json"))
        assert archive.read("data.pdf").startswith(b"%PDF")
    assert next(one["text"] for one in data["messages"]) == "我要真人"
    assert {one["from"] for one in data["messages"]} == {"customer", "bot"}
    noted = teller.service.mongo["audit"].find_one({"action": "cases:case:export", "detail.case": case.id})
    assert noted is not None
    assert noted["detail"]["package"] == made.sha256


def test_the_copy_holds_no_note_of_staff_and_nothing_of_others(teller: Teller) -> None:
    other, _ = waiting(teller, "我要真人，我是別人")
    cases, case = granted(teller, "copy")
    secret = "疑似人頭戶，留意"
    teller.service.console.customers.note(SUPERVISOR, case.customer, secret)
    teller.service.console.customers.mark(SUPERVISOR, case.customer, "high", secret)
    data = zipfile.ZipFile(io.BytesIO(cases.fulfilment.package(SUPERVISOR, case.id).data)).read("data.json")
    assert secret not in data.decode()
    assert other not in data.decode()


def test_text_is_sealed_and_people_read_it_masked(teller: Teller) -> None:
    cases, case = taken_in(teller, "copy")
    doc = teller.service.mongo["case_events"].find_one({"case": case.id, "seq": 1})
    assert doc is not None
    assert ID.encode() not in doc["content"]
    assert ID not in str(doc["detail"])
    shown = cases.one(AGENT, case.id)[1][0].text
    assert ID not in shown
    assert SAID in shown
    assert ID in teller.service.vault.open(doc["content"])


def test_a_line_of_the_history_that_is_changed_no_longer_fits_the_audit_log(teller: Teller) -> None:
    _, case = taken_in(teller, "copy")
    mongo = teller.service.mongo
    doc = mongo["case_events"].find_one({"case": case.id})
    noted = mongo["audit"].find_one({"detail.case": case.id})
    assert doc is not None
    assert noted is not None
    assert fingerprint(doc) == noted["detail"]["sha256"]
    for field, value in {"step": "granted", "actor": "x", "content": b"x", "at": datetime.now(UTC)}.items():
        assert fingerprint({**doc, field: value}) != noted["detail"]["sha256"]


def test_four_eyes(teller: Teller) -> None:
    cases, case = taken_in(teller, "stop", by=SUPERVISOR)
    cases.requests.identify(SUPERVISOR, case.id, "document", "看過證件")
    cases.requests.propose(SUPERVISOR, case.id, "granted", "符合規定")
    for other in (AGENT, SENIOR, SUPERVISOR, AUDITOR, ADMIN):
        with pytest.raises(NotAllowed):
            cases.requests.decide(other, case.id, agree=True)
    # Somebody who became a compliance officer meanwhile is still who proposed it.
    with pytest.raises(NotAllowed):
        cases.requests.decide(replace(SUPERVISOR, role=Role.COMPLIANCE), case.id, agree=True)
    assert cases.requests.decide(OFFICER, case.id, agree=True).agreed_by == OFFICER.id


def test_of_two_who_decide_at_once_one_does(teller: Teller) -> None:
    cases, case = taken_in(teller, "stop")
    cases.requests.identify(AGENT, case.id, "document", "看過證件")
    cases.requests.propose(SUPERVISOR, case.id, "granted", "符合規定")
    both = [one_of(Role.COMPLIANCE), one_of(Role.COMPLIANCE)]

    def decide(officer: Staff) -> str:
        try:
            cases.requests.decide(officer, case.id, "不同意", agree=officer is both[0])
            return "done"
        except Conflict:
            return "late"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(decide, both)) == ["done", "late"]
    assert len([one for one in trail(teller, case) if one in ("agreed", "handed_back")]) == 1


def test_who_may_not(teller: Teller) -> None:
    cases, case = taken_in(teller, "copy")
    talk, customer = waiting(teller)
    for nobody in (OFFICER, AUDITOR, ADMIN):
        with pytest.raises(NotAllowed):
            cases.requests.take_in(nobody, "copy", SAID, conversation_id=talk)
    for writes in (AGENT, SENIOR, OFFICER, AUDITOR):
        with pytest.raises(NotAllowed):
            cases.requests.propose(writes, case.id, "refused", "理由足夠")
        with pytest.raises(NotAllowed):
            cases.requests.extend(writes, case.id, "理由足夠")
        with pytest.raises(NotAllowed):
            cases.fulfilment.package(writes, case.id)
    for reads in (SUPERVISOR, OFFICER, AUDITOR, AGENT):
        assert cases.one(reads, case.id)[0].id == case.id
    for reads_not in (ADMIN, SENIOR, one_of(Role.AGENT)):
        with pytest.raises(NotFound):
            cases.one(reads_not, case.id)
        assert case.id not in [one.id for one in cases.listing(reads_not)]
    assert trail(teller, case).count("denied") == 3
    assert cases.listing(ADMIN, open_=None) == []
    # Nobody takes in for a customer whom they do not serve.
    teller.service.mongo["conversations"].update_one(
        {"_id": talk}, {"$set": {"status": "resolved", "open": False}}
    )
    with pytest.raises(NotFound):
        cases.requests.take_in(AGENT, "copy", SAID, customer_id=customer)


def test_nothing_is_granted_to_somebody_unknown_and_a_refusal_is_told(teller: Teller) -> None:
    cases, case = taken_in(teller, "copy")
    with pytest.raises(Conflict):
        cases.requests.propose(SUPERVISOR, case.id, "granted", "符合規定")
    with pytest.raises(BadPayload):
        cases.requests.propose(SUPERVISOR, case.id, "refused", " ")
    cases.requests.propose(SUPERVISOR, case.id, "refused", "無法確認身分")
    cases.requests.decide(OFFICER, case.id, agree=True)
    with pytest.raises(Conflict):
        cases.fulfilment.package(SUPERVISOR, case.id)
    assert cases.requests.answer(AGENT, case.id, "conversation", "已告知理由").outcome == "refused"


def test_a_term_is_made_longer_once_and_not_after_it_is_over(teller: Teller) -> None:
    cases, case = taken_in(teller, "deletion")
    with pytest.raises(BadPayload):
        cases.requests.extend(SUPERVISOR, case.id, "")
    longer = cases.requests.extend(SUPERVISOR, case.id, "資料量大，需逐筆確認")
    assert longer.due == due(local(case.received_at), 2 * DAYS[Kind.DELETION]) > case.due
    with pytest.raises(Conflict):
        cases.requests.extend(SUPERVISOR, case.id, "再一次")
    _, late = taken_in(teller, "copy")
    after = house(teller, datetime.now(UTC) + timedelta(days=40))
    with pytest.raises(Conflict):
        after.requests.extend(SUPERVISOR, late.id, "太晚了")


def test_the_clock_tells_once_of_a_term_that_is_over(teller: Teller) -> None:
    _, case = taken_in(teller, "copy")
    before = house(teller, datetime.now(UTC) + timedelta(days=10))
    after = house(teller, datetime.now(UTC) + timedelta(days=60))
    before.tick()
    assert "overdue" not in trail(teller, case)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: after.tick(), range(2)))
    assert after.tick() == 0
    assert trail(teller, case).count("overdue") == 1
    assert case.id in [one.id for one in after.listing(SUPERVISOR, late=True)]
    assert case.id not in [one.id for one in before.listing(SUPERVISOR, late=True)]


def test_a_correction_keeps_what_stood_there(teller: Teller) -> None:
    cases, case = granted(teller, "correction", field="name", value="林小明")
    cases.fulfilment.fulfil(SUPERVISOR, case.id)
    person = teller.service.console.customers.person(SUPERVISOR, case.customer)
    assert person.face.name == "林小明"
    assert "→ 林小明" in cases.room.store.events(case.id)[-1].text


def test_marketing_stops_with_the_request_itself(teller: Teller) -> None:
    for kind in ("stop", "deletion"):
        cases, case = taken_in(teller, kind)
        assert cases.room.effects.marketing_stopped(case.customer) is not None
    _, copy = taken_in(teller, "copy")
    assert cases.room.effects.marketing_stopped(copy.customer) is None


def test_deletion_within_the_term_restricts_and_the_case_can_still_be_closed(teller: Teller) -> None:
    cases, case = granted(teller, "deletion")
    done = cases.fulfilment.fulfil(SUPERVISOR, case.id)
    assert done.state is State.FULFILLED
    assert done.restricted
    assert done.certificate is None
    event = cases.room.store.events(case.id)[-1]
    assert (event.step, event.detail["became"]) == ("restricted", RESTRICTED)
    with pytest.raises(NotFound):
        cases.one(AGENT, case.id)
    with pytest.raises(NotFound):
        teller.service.console.customers.person(SUPERVISOR, case.customer)
    assert cases.requests.answer(SUPERVISOR, case.id, "letter", "已通知限制利用").state is State.CLOSED


def test_a_case_outlives_the_key_of_its_customer(teller: Teller) -> None:
    cases, case = granted(teller, "deletion")
    teller.service.mongo[KEYS].delete_many({"keyAltNames": customer_key(case.customer)})
    teller.service.vault.forget()
    assert {one.text for one in cases.one(OFFICER, case.id)[1]} <= {ERASED, ""}
    cases.requests.withdraw(SUPERVISOR, case.id, f"本人來電取消 {ID}")
    last = cases.one(OFFICER, case.id)[1][-1]
    assert "本人來電取消" in last.text
    assert ID not in last.text


def test_deletion_after_every_term_erases_and_the_history_still_fits_the_audit_log(teller: Teller) -> None:
    cases, case = granted(teller, "deletion")
    ended(teller, case.customer)
    over = replace(cases.fulfilment, retention=at(teller, datetime.now(UTC) + LATER))
    # A process that died between the erasure and its note: the next try finds what was done.
    before = over.retention.request_deletion(SUPERVISOR.id, case.customer, "請求刪除", case.id)
    done = over.fulfil(SUPERVISOR, case.id)
    assert done.certificate == before.certificate
    assert done.certificate is not None
    assert cases.requests.answer(SUPERVISOR, case.id, "letter", "已通知刪除").state is State.CLOSED
    mongo = teller.service.mongo
    lines = list(mongo["case_events"].find({"case": case.id}).sort("seq", 1))
    noted = {
        doc["detail"]["seq"]: doc["detail"]["sha256"]
        for doc in mongo["audit"].find({"detail.case": case.id, "detail.seq": {"$exists": True}})
    }
    assert {doc["seq"]: fingerprint(doc) for doc in lines} == noted
    assert lines[0]["purged"] == done.certificate
    assert not isinstance(lines[0]["content"], bytes)
    shown = [one.text for one in cases.one(OFFICER, case.id)[1]]
    assert shown[0] == ERASED
    assert shown[-1] == "已通知刪除"


# -- complaints --------------------------------------------------------------------------------------------------------


def complaint(teller: Teller, channel: ChannelType = ChannelType.LINE) -> tuple[str, Case]:
    user = teller.person()
    teller.hears(user, "你好", channel)
    teller.hears(user, "我要投訴你們的專員", channel)
    talk = teller.conversation(user, channel)
    found = house(teller).room.store.listing(SUPERVISOR, customer=talk["customer"])
    assert len(found) == 1
    return talk["_id"], found[0]


@pytest.mark.parametrize("channel", [ChannelType.LINE, ChannelType.TELEGRAM])
def test_a_complaint_opens_its_case_with_the_first_word(teller: Teller, channel: ChannelType) -> None:
    talk, case = complaint(teller, channel)
    first = teller.service.mongo["messages"].find_one({"conversation": talk}, sort=[("seq", 1)])
    assert first is not None
    assert case.received_at == first["at"]
    assert (case.kind, case.conversations, case.due) == (Kind.COMPLAINT, (talk,), due(local(first["at"]), 30))
    assert trail(teller, case) == ["opened"]


def test_no_second_case_while_one_is_open(teller: Teller) -> None:
    talk, case = complaint(teller)
    mongo, store = teller.service.mongo, house(teller).room.store
    # Two more conversations of the customer's become complaints at the same moment.
    others = [new_id(), new_id()]

    def again(one: str) -> None:
        mongo.transaction(lambda s: store.complained(s, one, case.customer, datetime.now(UTC)))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(again, others))
    again(talk)
    found = store.listing(SUPERVISOR, customer=case.customer)
    assert len(found) == 1
    assert set(found[0].conversations) == {talk, *others}


def test_complaints_are_for_seniors_and_up_in_the_store_itself(teller: Teller) -> None:
    _, case = complaint(teller)
    cases = house(teller)
    for reads in (SENIOR, SUPERVISOR, OFFICER, AUDITOR):
        assert case.id in [one.id for one in cases.listing(reads, (Kind.COMPLAINT,))]
    for not_ in (AGENT, ADMIN):
        assert cases.listing(not_, (Kind.COMPLAINT,)) == [] == cases.complaints_since(not_)
        with pytest.raises(NotFound):
            cases.one(not_, case.id)
    for not_ in (AGENT, OFFICER, AUDITOR, ADMIN):
        with pytest.raises(NotAllowed):
            cases.complaints.reply(not_, case.id, "letter", "已回覆")


def test_closing_wants_the_reply_and_the_text_on_the_ombudsman(teller: Teller) -> None:
    talk, case = complaint(teller)
    cases = house(teller)
    senior = teller.staff(Role.SENIOR)
    with pytest.raises(Conflict):
        cases.complaints.close(senior, case.id, "upheld", "已賠償")
    cases.complaints.reply(senior, case.id, "conversation", "說明處理結果")
    with pytest.raises(Conflict):
        cases.complaints.close(senior, case.id, "upheld", "已賠償")
    with pytest.raises(Conflict):
        cases.complaints.tell(senior, case.id, talk, "c1")  # not theirs to speak in yet
    teller.service.console.desk.take(senior, talk)
    told = cases.complaints.tell(senior, case.id, talk, "c1")
    again = cases.complaints.tell(senior, case.id, talk, "c1")
    assert told.told == again.told == "sent"
    lines = list(teller.service.mongo["messages"].find({"conversation": talk, "approved.id": "ombudsman"}))
    assert [teller.service.vault.open(one["content"]) for one in lines] == [notice("ombudsman")]
    assert "評議中心" in notice("ombudsman")
    assert "60 日" in notice("ombudsman")
    closed = cases.complaints.close(senior, case.id, "upheld", "已賠償")
    assert closed.state is State.CLOSED
    assert trail(teller, case) == ["opened", "replied", "told", "closed"]
    with pytest.raises(Conflict):
        cases.complaints.note(senior, case.id, "太晚")


def test_a_letter_is_a_complaint_of_the_day_it_came_and_may_be_told_otherwise(teller: Teller) -> None:
    _, customer = waiting(teller)
    cases = house(teller)
    day = cases.room.today() - timedelta(days=5)
    case = cases.complaints.open(SENIOR, "來信申訴", customer_id=customer, received_on=day)
    assert case.due == due(day, 30)
    for wrong in (cases.room.today() + timedelta(days=1), day - timedelta(days=800)):
        with pytest.raises(BadPayload):
            cases.complaints.open(SENIOR, "來信申訴", customer_id=customer, received_on=wrong)
    cases.complaints.reply(SENIOR, case.id, "letter", "函覆")
    cases.complaints.told_otherwise(SENIOR, case.id, "函覆內載明")
    cases.complaints.close(SENIOR, case.id, "rejected", "查無疏失")
    assert (case.id, None) not in cases.room.store.disputes([customer])
    reasons = teller.service.console.retention.clock(customer).reasons
    assert case.id in [one.of for one in reasons if one.kind == "dispute"]


def test_the_ledger_has_no_formula_and_tells_who_was_late(teller: Teller) -> None:
    _, case = complaint(teller)
    late = replace(case, due=case.due - timedelta(days=400), owner="x")
    rows = ledger([case, late], local(datetime.now(UTC)), lambda _: "=cmd|x").splitlines()
    assert [row.split(",")[5] for row in rows[1:]] == ["yes", "no"]
    assert "'=cmd|x" in rows[2]
    assert case.customer not in "".join(rows)
    assert [guarded(one)[0] for one in ("=1", "+1", "-1", "@a", "\ta")] == ["'"] * 5


# -- pages -------------------------------------------------------------------------------------------------------------


def test_a_request_is_guided_from_the_conversation_to_the_answer(teller: Teller, app: Flask) -> None:
    talk, customer = waiting(teller)
    agent = signed_in(app, teller.staff(Role.AGENT))
    supervisor, officer = (signed_in(app, teller.staff(role)) for role in (Role.SUPERVISOR, Role.COMPLIANCE))
    assert f"/cases/new?conversation={talk}" in agent.get(f"/inbox/{talk}").text
    form = f"/cases/new?conversation={talk}"
    assert (
        post(agent, "/cases/requests", form, conversation=talk, kind="correction", text="").status_code == 400
    )
    done = post(agent, "/cases/requests", form, conversation=talk, kind="correction", text=f"{SAID} {ID}")
    page = done.location
    shown = agent.get(page).text
    assert SAID in shown
    assert ID not in shown
    assert post(agent, f"{page}/identify", page, how="call_back", text="回撥").status_code == 303
    assert post(agent, f"{page}/propose", page, outcome="granted", text="符合").status_code == 403
    wanted = {"outcome": "granted", "text": "符合規定", "field": "name"}
    assert post(supervisor, f"{page}/propose", page, **wanted, value="").status_code == 400
    assert post(supervisor, f"{page}/propose", page, **wanted, value="林小明").status_code == 303
    assert post(supervisor, f"{page}/agree", page).status_code == 403
    assert "Agree: Granted" in officer.get(page).text
    assert "Agree: Granted" not in supervisor.get(page).text
    assert post(officer, f"{page}/agree", page).status_code == 303
    assert post(supervisor, f"{page}/fulfil", page).status_code == 303
    assert post(agent, f"{page}/answer", page, how="call", text="已更正").status_code == 303
    assert "林小明" in supervisor.get(f"/inbox/customers/{customer}").text
    assert "Next step" not in agent.get(page).text


def test_the_copy_wants_a_second_factor(teller: Teller, app: Flask) -> None:
    _, case = granted(teller, "copy")
    supervisor = signed_in(app, teller.staff(Role.SUPERVISOR))
    asked = post(supervisor, f"/cases/{case.id}/package", f"/cases/{case.id}")
    assert asked.status_code == 303
    assert "/account" in asked.location or "second" in asked.location
    assert teller.service.mongo["audit"].count_documents({"detail.case": case.id, "kind": "export"}) == 0


def test_a_complaint_is_worked_on_and_its_ledger_told(teller: Teller, app: Flask) -> None:
    _, case = complaint(teller)
    senior, auditor = (signed_in(app, teller.staff(role)) for role in (Role.SENIOR, Role.AUDITOR))
    page = f"/cases/{case.id}"
    assert case.id[-6:] in senior.get("/cases?kind=complaint").text
    for step, form in {
        "take": {},
        "note": {"text": "已聯絡分行"},
        "reply": {"how": "letter", "text": "函覆結果"},
        "told": {"text": "函覆載明"},
        "close": {"outcome": "rejected", "text": "查無疏失"},
    }.items():
        assert post(auditor, f"{page}/{step}", page, **form).status_code == 403
        assert post(senior, f"{page}/{step}", page, **form).status_code == 303, step
    assert case.id in auditor.get("/cases/complaints.csv").text
    assert case.id[-6:] in auditor.get("/cases?show=closed").text


def test_what_is_seen_is_noted_and_who_may_not_sees_nothing(teller: Teller, app: Flask) -> None:
    _, case = complaint(teller)
    someone = {role: teller.staff(role) for role in (Role.AGENT, Role.ADMIN, Role.AUDITOR)}
    agent, admin, auditor = (signed_in(app, one) for one in someone.values())
    assert agent.get(f"/cases/{case.id}").status_code == 404
    assert case.id[-6:] not in agent.get("/cases?kind=complaint").text
    assert agent.get("/cases/complaints.csv").status_code == 403
    assert admin.get("/cases").status_code == admin.get(f"/cases/{case.id}").status_code == 403
    assert 'href="/cases"' not in admin.get("/start", follow_redirects=True).text
    assert auditor.get(f"/cases/{case.id}").status_code == 200
    audit = teller.service.mongo["audit"]
    noted = audit.find_one({"actor": someone[Role.AUDITOR].id, "action": "cases:case:open"})
    assert noted is not None
    assert noted["customers"] == [case.customer]
    assert audit.count_documents({"actor": someone[Role.AGENT].id, "action": "cases:case:denied"}) == 1


def test_empty_lists_say_what_to_do(app: Flask, teller: Teller) -> None:
    agent = signed_in(app, teller.staff(Role.AGENT))
    for show in ("open", "late", "closed", "nonsense"):
        assert re.search(r'class="empty"', agent.get(f"/cases?show={show}&kind=nonsense").text)
    assert house(teller).listing(teller.staff(Role.AGENT)) == []
