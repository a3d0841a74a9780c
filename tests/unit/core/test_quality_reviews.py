"""The weekly audit over real stores: the sealed seed, the draw, reviews that nobody sees too early; what follows."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.model import ProductClass, Role, Staff
from bot.quality import weeks
from bot.quality.audits import Audits
from bot.quality.draw import commitment
from bot.quality.drawn import AD_HOC, COMMITTED, Drawn
from bot.quality.reviewing import Reviewing, digest
from bot.settings_quality import QualitySettings
from bot.vault import SERVICE
from tests.unit.core.quality import article, notice, person, say, whole
from tests.unit.core.teller import Teller

NOW = datetime.now(UTC)
WEEK = weeks.week_of(NOW)
AFTER = weeks.bounds(WEEK)[1] + timedelta(hours=1)
COLLECTIONS = ("audit_weeks", "audit_items", "audit_populations")


@pytest.fixture(autouse=True)
def _fresh(teller: Teller) -> Iterator[None]:
    yield
    for name in (*COLLECTIONS, "messages"):
        teller.service.mongo[name].delete_many({})


def audits(teller: Teller, *, at: datetime = NOW, size: int = 100, double: float = 0.0) -> Audits:
    house = teller.service.console.quality.audits
    return replace(house, settings=QualitySettings(size, double, 14), now=lambda: at)


def reviewing(teller: Teller, of: Audits) -> Reviewing:
    return replace(teller.service.console.quality.reviewing, audits=of, now=of.now)


def some(teller: Teller, n: int = 6) -> list[str]:
    """Replies that can be drawn, of two strata, and one that cannot."""
    card = article(teller)
    said = [say(teller, whole(teller, card))[0] for _ in range(n - 2)]
    said += [say(teller, [notice(teller, "miss")])[0] for _ in range(2)]
    say(teller, [notice(teller, "greeting")])
    teller.service.mongo["messages"].delete_many({"approved.id": {"$in": ["unsupported", "greeting"]}})
    return said


def one_item(teller: Teller, *, double: bool) -> tuple[Reviewing, str]:
    """A sample of a single reply."""
    some(teller, 3)
    teller.service.mongo["messages"].delete_many({"approved.kind": "notice"})
    house = audits(teller, double=1.0 if double else 0.0)
    drawn = house.draw_ad_hoc(WEEK, 1, "command:test", 1)
    (item,) = house.store.items(drawn.id)
    return reviewing(teller, house), item["_id"]


def entries(teller: Teller, action: str) -> list[dict[str, object]]:
    return [dict(one) for one in teller.service.mongo["audit"].find({"action": action}).sort("seq", 1)]


# -- the seed and the draw --------------------------------------------------------------------------------------------


def test_the_seed_is_promised_before_sealed_until_and_shown_after(teller: Teller) -> None:
    said = some(teller)
    house = audits(teller)
    assert house.commit(WEEK)
    assert not house.commit(WEEK), "once"
    kept = house.store.week(WEEK)
    assert kept is not None
    seed = bytes.fromhex(teller.service.vault.open(kept["sealed"]))
    assert seed.hex().encode() not in bytes(kept["sealed"])
    assert kept["commitment"] == commitment(seed, WEEK)
    promised = entries(teller, "audit:seed:commit")[-1]
    assert promised["detail"]["commitment"] == kept["commitment"]  # type: ignore[index]
    assert seed.hex() not in str(house.this_week())
    with pytest.raises(Conflict):
        house.draw_week(WEEK, "command:test")
    with pytest.raises(NotFound):
        house.report(WEEK)
    drawn = audits(teller, at=AFTER).draw_week(WEEK, "system:clock")
    assert (drawn.kind, drawn.population, drawn.whole) == (COMMITTED, len(said), True)
    assert drawn.proof["seed"] == seed.hex()
    assert sorted(one["message"] for one in house.store.items(WEEK)) == sorted(said)
    told = entries(teller, "audit:sample:draw")[-1]
    assert told["detail"]["population_digest"] == drawn.proof["population_digest"]  # type: ignore[index]
    assert house.again(WEEK) == []


def test_the_clock_commits_and_draws_when_the_week_is_over(teller: Teller) -> None:
    some(teller, 3)
    audits(teller).tick()
    assert audits(teller).draws() == []
    late = audits(teller, at=AFTER)
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(late.tick) for _ in range(2)]
    errors = [one.exception() for one in done]
    assert all(error is None or isinstance(error, Conflict) for error in errors)
    (drawn,) = late.draws()
    assert drawn.id == WEEK
    assert len(late.store.items(WEEK)) == 3
    assert late.this_week() is not None, "the next week has its seed"


def test_nobody_promises_a_week_that_is_over_and_a_late_promise_says_so(teller: Teller) -> None:
    with pytest.raises(BadPayload):
        audits(teller, at=AFTER).commit(WEEK)
    begin = weeks.bounds(WEEK)[0]
    assert audits(teller, at=begin + timedelta(days=3)).commit(WEEK)
    kept = audits(teller).this_week()
    assert kept is not None
    assert kept["late"]


def test_another_seed_than_the_promised_one_is_not_drawn_with(teller: Teller) -> None:
    house = audits(teller)
    house.commit(WEEK)
    forged = teller.service.vault.seal("00" * 32, SERVICE)
    teller.service.mongo["audit_weeks"].update_one({"_id": WEEK}, {"$set": {"sealed": forged}})
    with pytest.raises(Conflict):
        audits(teller, at=AFTER).draw_week(WEEK, "system:clock")


@pytest.mark.parametrize("harm", ["item", "population", "seed"])
def test_drawing_again_finds_what_was_changed(teller: Teller, harm: str) -> None:
    some(teller)
    house = audits(teller, size=4)
    drawn = house.draw_ad_hoc(WEEK, 7, "command:test")
    assert house.again(drawn.id) == []
    mongo = teller.service.mongo
    if harm == "item":
        mongo["audit_items"].update_one({"draw": drawn.id, "n": 2}, {"$set": {"message": "f" * 24}})
    elif harm == "population":
        less = house.store.population(drawn.proof["population_digest"]).splitlines(keepends=True)[1:]
        house.store.keep_population(drawn.proof["population_digest"], b"".join(less))
    else:
        mongo["audit_weeks"].update_one({"_id": drawn.id}, {"$set": {"seed": "8"}})
    found = {
        "item": "The sample is not the one that seed and population give.",
        "population": "The population is not the one that was drawn from.",
        "seed": "The seed is not the one that was drawn with.",
    }
    assert found[harm] in house.again(drawn.id)


def test_a_chosen_seed_is_ad_hoc_and_draws_the_same_again(teller: Teller) -> None:
    some(teller)
    house = audits(teller, size=4)
    first, again = (house.draw_ad_hoc(WEEK, 7, "command:test") for _ in range(2))
    assert first == again
    assert (first.kind, sum(n for _, n in first.strata.values())) == (AD_HOC, 4)
    other = house.draw_ad_hoc(WEEK, 8, "command:test")
    assert other.id != first.id
    more = say(teller, [notice(teller, "miss")])
    assert more
    assert house.draw_ad_hoc(WEEK, 7, "command:test").id != first.id, "there are more replies now"
    assert house.trend() == [], "only the weeks' own samples make the trend"


def test_a_restricted_customer_is_in_no_sample(teller: Teller) -> None:
    said = some(teller, 3)
    found = teller.service.mongo["messages"].find_one({"_id": said[0]})
    assert found is not None
    teller.service.mongo["customers"].update_one({"_id": found["customer"]}, {"$set": {"restricted": True}})
    assert {one.id for one in audits(teller).population(WEEK)} == set(said[1:])


# -- reviews ----------------------------------------------------------------------------------------------------------


def test_neither_of_two_sees_the_other_before_both_are_in(teller: Teller) -> None:
    house, item = one_item(teller, double=True)
    first, second = person(Role.SENIOR), person(Role.SUPERVISOR)
    draw = house.audits.draws()[0].id
    shown = house.review(first, item, "right", "")
    assert [one["by"] for one in shown["reviews"]] == [first.id]
    seen = house.open(second, item)
    assert seen["reviews"] == []
    assert "needed" not in seen
    assert house.audits.report(draw).result.reviewed == 0
    with pytest.raises(NotFound):
        house.open(person(Role.AUDITOR), item)
    logged = entries(teller, "audit:reply:review")[-1]["detail"]
    assert set(logged) == {"item", "message", "digest"}, "the log tells no verdict either"  # type: ignore[call-overload]
    done = house.review(second, item, "right", "")
    assert (done["state"], len(done["reviews"])) == ("settled", 2)
    told = entries(teller, "audit:reply:settle")[-1]["detail"]
    verdicts = told["verdicts"]  # type: ignore[index,call-overload]
    assert {one["by"]: one["verdict"] for one in verdicts} == {first.id: "right", second.id: "right"}
    assert logged["digest"] == digest({**verdicts[0], "reason": ""})  # type: ignore[index,call-overload]
    assert house.audits.report(draw).result.rate == 1.0


def test_where_two_disagree_a_third_decides(teller: Teller) -> None:
    house, item = one_item(teller, double=True)
    first, second, officer = person(Role.SENIOR), person(Role.SUPERVISOR), person(Role.COMPLIANCE)
    with pytest.raises(Conflict):
        house.resolve(officer, item, "wrong", "too early")
    house.review(first, item, "right", "")
    assert house.review(second, item, "misleading", "the fee is of last year")["state"] == "disputed"
    draw = house.audits.draws()[0].id
    assert (house.audits.report(draw).result.reviewed, house.audits.report(draw).disputed) == (0, 1)
    with pytest.raises(NotAllowed):
        house.resolve(second, item, "misleading", "I said so")
    with pytest.raises(NotAllowed):
        house.resolve(person(Role.SENIOR), item, "right", "not a senior's")
    with pytest.raises(BadPayload):
        house.resolve(officer, item, "right", " ")
    assert [one["_id"] for one in house.disputed(officer, draw)] == [item]
    assert house.disputed(second, draw) == []
    assert len(house.open(officer, item)["reviews"]) == 2
    done = house.resolve(officer, item, "misleading", "the notice of March says otherwise")
    assert (done["verdict"], done["resolved_by"]) == ("misleading", officer.id)
    with pytest.raises(Conflict):
        house.resolve(person(Role.COMPLIANCE), item, "right", "too late")


@pytest.mark.parametrize("role", [Role.AGENT, Role.COMPLIANCE, Role.ADMIN, Role.AUDITOR])
def test_who_may_not_review_does_not(teller: Teller, role: Role) -> None:
    house, item = one_item(teller, double=False)
    with pytest.raises(NotAllowed):
        house.review(person(role), item, "right", "")
    assert house.queue(person(role), house.audits.draws()[0].id) == []
    assert house.store.item(item)["reviews"] == []  # type: ignore[index]


@pytest.mark.parametrize("hand", ["author", "approver"])
def test_nobody_reviews_what_they_wrote_or_approved(teller: Teller, hand: str) -> None:
    me, by_mail = person(Role.SUPERVISOR), person(Role.SENIOR)
    for who, own in ((me, me.id), (by_mail, by_mail.email.upper())):
        say(teller, whole(teller, article(teller, **{hand: own})))
        teller.service.mongo["messages"].delete_many({"approved.kind": "notice"})
        house = audits(teller)
        drawn = house.draw_ad_hoc(WEEK, 1, "command:test")
        item = house.store.items(drawn.id)[-1]["_id"]
        room = reviewing(teller, house)
        with pytest.raises(NotAllowed):
            room.review(who, item, "right", "")
        assert item not in [one["_id"] for one in room.queue(who, drawn.id)]
        assert item in [one["_id"] for one in room.queue(person(Role.SENIOR), drawn.id)]


def test_of_two_at_the_same_moment_one_is_told(teller: Teller) -> None:
    house, item = one_item(teller, double=False)
    people = [person(Role.SENIOR), person(Role.SUPERVISOR)]

    def go(one: Staff) -> str:
        try:
            house.review(one, item, "right", "")
        except Conflict:
            return "late"
        return "in"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(go, people)) == ["in", "late"]
    found = house.store.item(item)
    assert found is not None
    assert len(found["reviews"]) == 1


def test_a_fault_needs_a_reason_and_personal_data_in_it_is_masked(teller: Teller) -> None:
    house, item = one_item(teller, double=False)
    reader = person(Role.SENIOR)
    for verdict, reason in (("wrong", ""), ("wrong", " x "), ("splendid", "why not"), ("wrong", "x" * 501)):
        with pytest.raises(BadPayload):
            house.review(reader, item, verdict, reason)
    done = house.review(reader, item, "wrong", "the customer at 0912345678 was told an old fee")
    assert "0912345678" not in str(done)
    assert "0912345678" not in str(entries(teller, "audit:reply:review")[-1])


def test_opening_is_noted_before_and_a_senior_reads_what_is_theirs(teller: Teller) -> None:
    house, item = one_item(teller, double=False)
    reader, other = person(Role.SENIOR), person(Role.SENIOR)
    conversation = house.open(reader, item)["conversation"]
    noted = entries(teller, "audit:reply:open")[-1]
    assert (noted["actor"], noted["subject"]) == (reader.id, conversation)
    house.review(reader, item, "right", "")
    assert house.open(reader, item)["state"] == "settled"
    with pytest.raises(NotFound):
        house.open(other, item)
    with pytest.raises(NotAllowed):
        house.open(person(Role.ADMIN), item)


def test_who_is_restricted_after_the_draw_is_read_by_no_reviewer_and_holds_nothing_up(teller: Teller) -> None:
    house, item = one_item(teller, double=False)
    reader, draw = person(Role.SUPERVISOR), house.audits.draws()[0].id
    conversation = house.open(reader, item)["conversation"]
    with pytest.raises(Conflict):
        house.sign(person(Role.COMPLIANCE), draw)
    found = teller.service.mongo["conversations"]
    found.update_one({"_id": conversation}, {"$set": {"restricted": True}})
    assert house.queue(reader, draw) == []
    with pytest.raises(NotFound):
        house.open(reader, item)
    house.sign(person(Role.COMPLIANCE), draw)
    assert house.audits.report(draw).draw.state == "signed"


# -- what follows -----------------------------------------------------------------------------------------------------


def test_a_fault_is_a_task_of_the_articles_editor_and_takes_it_out_of_force_at_once(teller: Teller) -> None:
    service = teller.service
    editor, chief = teller.staff(Role.SENIOR), person(Role.SUPERVISOR)
    ref = article(teller, author=editor.id)
    say(teller, whole(teller, ref))
    service.mongo["messages"].delete_many({"approved.kind": "notice"})
    drawn = audits(teller).draw_ad_hoc(WEEK, 1, "command:test")
    room = reviewing(teller, audits(teller))
    (item,) = (one["_id"] for one in room.store.items(drawn.id))
    room.review(chief, item, "wrong", "the fee is wrong")
    (finding,) = room.findings(owner=editor.id)
    assert finding["finding"]["due"] - finding["settled_at"] == timedelta(days=14)
    with pytest.raises(NotAllowed):
        room.suspend(editor, item, "seniors do not recall")
    assert room.suspend(chief, item, "the fee is wrong") == ref.id
    service.knowledge.refresh()
    assert service.knowledge.article(ref.id) is None, "shown to nobody from now on"
    assert service.recalls.recall(ref.id).versions == (ref.version,)
    assert room.findings()[0]["finding"]["suspended_at"] is not None
    stranger = person(Role.SENIOR)
    with pytest.raises(Conflict):
        room.close(stranger, item, "none of mine")
    room.take(stranger, item)
    room.close(stranger, item, "version 2 says the new fee")
    assert room.findings() == []
    with pytest.raises(Conflict):
        room.close(stranger, item, "twice")


def test_a_notice_cannot_be_suspended_nor_what_is_right(teller: Teller) -> None:
    say(teller, [notice(teller, "miss")])
    drawn = audits(teller).draw_ad_hoc(WEEK, 1, "command:test")
    room, chief = reviewing(teller, audits(teller)), person(Role.SUPERVISOR)
    item = room.store.items(drawn.id)[-1]["_id"]
    with pytest.raises(BadPayload):
        room.suspend(chief, item, "the bot needs it")
    house, right = one_item(teller, double=False)
    house.review(chief, right, "right", "")
    with pytest.raises(BadPayload):
        house.suspend(chief, right, "it was right")


def test_compliance_signs_what_was_read_to_the_end(teller: Teller) -> None:
    some(teller, 4)
    audits(teller).commit(WEEK)
    late = audits(teller, at=AFTER)
    drawn: Drawn = late.draw_week(WEEK, "system:clock")
    room, reader, officer = reviewing(teller, late), person(Role.SENIOR), person(Role.COMPLIANCE)
    with pytest.raises(Conflict):
        room.sign(officer, drawn.id)
    for n, item in enumerate(room.queue(reader, drawn.id)):
        room.review(reader, item["_id"], "right" if n else "wrong", "" if n else "not true")
    with pytest.raises(NotAllowed):
        room.sign(reader, drawn.id)
    room.sign(officer, drawn.id)
    report = late.report(drawn.id)
    assert (report.draw.state, report.draw.signed_by) == ("signed", officer.id)
    assert (report.result.passed, report.result.n) == (3, 4)
    assert report.result.low == pytest.approx(0.3006, abs=1e-4)
    assert report.verdicts == {"right": 3, "wrong": 1}
    assert len(report.findings) == 1
    assert [(week, one.rate) for week, one in late.trend()] == [(WEEK, 0.75)]
    with pytest.raises(Conflict):
        room.sign(officer, drawn.id)


def test_the_order_of_a_queue_is_ones_own(teller: Teller) -> None:
    some(teller, 8)
    drawn = audits(teller).draw_ad_hoc(WEEK, 3, "command:test")
    room = reviewing(teller, audits(teller))
    queues = [[one["_id"] for one in room.queue(person(Role.SENIOR), drawn.id)] for _ in range(3)]
    assert len({tuple(sorted(one)) for one in queues}) == 1
    assert len({tuple(one) for one in queues}) > 1


def test_class_of_a_loan_is_a_stratum_of_its_own(teller: Teller) -> None:
    say(teller, whole(teller, article(teller, ProductClass.LOAN)))
    strata = {one.stratum for one in audits(teller).population(WEEK)}
    assert "line/loan/sure" in strata
