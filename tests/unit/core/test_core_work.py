"""Handing on, putting off, tagging, noting, reopening: who may, what it leaves behind, and two at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.desk.snoozes import Choice
from bot.desk.work import Work
from bot.errors import BadPayload, Conflict, NotAllowed, NotFound, SendError, ServiceError
from bot.hours import Hours, Timetable
from bot.model import ChannelType, Conversation, Role, Staff
from tests.unit.core.teller import Teller

pytestmark = pytest.mark.servers
TAIPEI = ZoneInfo("Asia/Taipei")


def waiting(
    teller: Teller, text: str = "我要真人", channel: ChannelType = ChannelType.LINE
) -> tuple[str, str]:
    """Customer and conversation."""
    user = teller.person("work")
    teller.hears(user, text, channel)
    return user, str(teller.conversation(user, channel)["_id"])


def taken(
    teller: Teller, role: Role = Role.AGENT, text: str = "我要真人", channel: ChannelType = ChannelType.LINE
) -> tuple[str, str, Staff]:
    user, conversation = waiting(teller, text, channel)
    person = teller.staff(role)
    teller.service.console.desk.take(person, conversation)
    return user, conversation, person


def work(teller: Teller) -> Work:
    return teller.service.console.work


def doc(teller: Teller, conversation: str) -> dict[str, Any]:
    found = teller.service.mongo["conversations"].find_one({"_id": conversation})
    assert found is not None
    return found


def of(teller: Teller, staff: Staff, conversation: str) -> Conversation:
    return teller.service.console.desk.page(staff, conversation).conversation


def audited(teller: Teller, conversation: str) -> list[tuple[str, str]]:
    events = teller.service.mongo["audit"].find({"subject": conversation}).sort("seq", 1)
    return [(one["actor"], one["action"]) for one in events]


def listed(teller: Teller, staff: Staff, view: str) -> list[str]:
    return [row.id for row in teller.service.console.desk.rows(staff, view)]


def together(*deeds: Callable[[], object]) -> list[object]:
    """All at once; what each returned or raised."""

    def run(deed: Callable[[], object]) -> object:
        try:
            return deed()
        except ServiceError as error:
            return error

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


# -- transfer ----------------------------------------------------------------------------------------------------------


def test_a_colleague_gets_it_as_new_with_the_note_of_who_gave_it(teller: Teller) -> None:
    user, conversation, agent = taken(teller)
    colleague = teller.staff(Role.SENIOR)
    work(teller).transfers.to_colleague(agent, conversation, colleague.id, " 客戶急著要 ")
    (row,) = teller.service.console.desk.listing(colleague, "mine").rows
    assert (row.id, row.unread, row.notes) == (conversation, 1, 1)
    assert row.news is not None
    assert (row.news.kind, row.news.by) == ("transfer", agent.id)
    assert listed(teller, agent, "mine") == []
    with pytest.raises(NotFound):
        teller.service.console.desk.page(agent, conversation)
    page = teller.service.console.desk.page(colleague, conversation)
    story = work(teller).story(colleague, page)
    assert [note.text for note in story.notes] == ["客戶急著要"]
    assert [deed.action.partition(":")[2] for deed in story.deeds] == ["take", "transfer"]
    assert story.deeds[-1].detail["to"] == colleague.id
    teller.service.console.desk.reply(colleague, conversation, "我來協助您", "c1")
    (row,) = teller.service.console.desk.listing(colleague, "mine").rows
    assert (row.news, row.unread) == (None, 0)
    assert "客戶急著要" not in "".join(teller.line.texts(user))


def test_to_a_skill_it_waits_again_from_now_with_its_priority(teller: Teller) -> None:
    _, conversation, agent = taken(teller)
    before = doc(teller, conversation)
    work(teller).transfers.to_skill(agent, conversation, "loan")
    after = doc(teller, conversation)
    assert (after["status"], after["assignee"], after["skill"]) == ("waiting", None, "loan")
    assert after["priority"] == before["priority"]
    assert datetime.now(UTC) - after["waiting_since"] < timedelta(seconds=5)
    assert after["passed_by"] == [agent.id]
    assert conversation in listed(teller, agent, "waiting")
    with pytest.raises(Conflict):
        work(teller).transfers.to_skill(agent, conversation, "card")


def test_who_does_not_answer_is_no_choice(teller: Teller) -> None:
    _, conversation, agent = taken(teller)
    others = [teller.staff(role) for role in (Role.COMPLIANCE, Role.AUDITOR, Role.ADMIN)]
    gone = teller.staff(Role.AGENT)
    teller.service.mongo["staff"].update_one({"_id": gone.id}, {"$set": {"active": False}})
    refused = {"nobody", agent.id, gone.id, *(one.id for one in others)}
    assert not refused & {one.id for one in work(teller).transfers.people(of(teller, agent, conversation))}
    for colleague in refused:
        with pytest.raises(BadPayload):
            work(teller).transfers.to_colleague(agent, conversation, colleague)
    assert doc(teller, conversation)["assignee"] == agent.id


def test_a_complaint_stays_with_those_who_may_read_it(teller: Teller) -> None:
    _, conversation, senior = taken(teller, Role.SENIOR, "我要投訴你們")
    agent, other, boss = teller.staff(Role.AGENT), teller.staff(Role.SENIOR), teller.staff(Role.SUPERVISOR)
    people = {one.id for one in work(teller).transfers.people(of(teller, senior, conversation))}
    assert agent.id not in people
    assert {other.id, boss.id} <= people
    with pytest.raises(NotAllowed):
        work(teller).transfers.to_colleague(senior, conversation, agent.id)
    with pytest.raises(NotAllowed):
        work(teller).transfers.to_skill(senior, conversation, "general")
    assert work(teller).transfers.skills(senior, of(teller, senior, conversation)) == ["complaint"]
    work(teller).transfers.to_colleague(senior, conversation, other.id)
    work(teller).transfers.to_skill(boss, conversation, "general")
    assert conversation in listed(teller, agent, "waiting")


def test_of_two_who_hand_on_at_once_one_is_told(teller: Teller) -> None:
    for _ in range(2):
        _, conversation, agent = taken(teller)
        boss, colleague = teller.staff(Role.SUPERVISOR), teller.staff(Role.AGENT)
        done = together(
            lambda: work(teller).transfers.to_colleague(agent, conversation, colleague.id, "一"),  # noqa: B023
            lambda: work(teller).transfers.to_skill(boss, conversation, "loan", "二"),  # noqa: B023
        )
        lost = [one for one in done if one is not None]
        now = doc(teller, conversation)
        # One after the other is a supervisor's right: then the second word counts. Otherwise one of them lost.
        assert len(lost) <= 1
        assert all(isinstance(one, Conflict | NotFound) for one in lost)
        assert now["notes"] == 2 - len(lost)
        assert (now["assignee"], now["status"]) in {(colleague.id, "assigned"), (None, "waiting")}


# -- snooze ------------------------------------------------------------------------------------------------------------


def test_put_off_it_leaves_the_list_and_comes_back_by_the_clock_with_a_reason(teller: Teller) -> None:
    _, conversation, agent = taken(teller)
    until = datetime.now(UTC) + timedelta(hours=1)
    work(teller).snoozes.until(agent, conversation, until)
    assert (listed(teller, agent, "mine"), listed(teller, agent, "snoozed")) == ([], [conversation])
    counts = teller.service.console.desk.counts(agent)
    assert (counts["mine"], counts["snoozed"]) == (0, 1)
    assert doc(teller, conversation)["assignee"] == agent.id
    assert work(teller).snoozes.tick() == 0
    teller.service.mongo["conversations"].update_one(
        {"_id": conversation}, {"$set": {"snoozed_until": datetime.now(UTC) - timedelta(seconds=1)}}
    )
    assert listed(teller, agent, "mine") == [conversation], "the list knows without the clock"
    assert sum(together(*[lambda: work(teller).snoozes.tick()] * 4)) == 1  # type: ignore[arg-type]
    (row,) = teller.service.console.desk.listing(agent, "mine").rows
    assert row.news is not None
    assert (row.news.kind, row.unread) == ("time", 1)
    assert audited(teller, conversation)[-1] == ("system:clock", "conversation:snooze_over")


def test_it_comes_back_at_once_when_the_customer_writes(teller: Teller) -> None:
    user, conversation, agent = taken(teller)
    work(teller).snoozes.until(agent, conversation, datetime.now(UTC) + timedelta(days=1))
    teller.hears(user, "我想到了")
    (row,) = teller.service.console.desk.listing(agent, "mine").rows
    assert row.news is not None
    assert (row.news.kind, row.unread, row.snoozed_until) == ("customer", 1, None)
    assert work(teller).snoozes.tick(datetime.now(UTC) + timedelta(days=2)) == 0


def test_one_wakes_it_oneself_and_a_past_or_far_moment_is_refused(teller: Teller) -> None:
    _, conversation, agent = taken(teller)
    for wrong in (timedelta(minutes=-1), timedelta(seconds=20), timedelta(days=91)):
        with pytest.raises(BadPayload):
            work(teller).snoozes.until(agent, conversation, datetime.now(UTC) + wrong)
    work(teller).snoozes.until(agent, conversation, datetime.now(UTC) + timedelta(days=1))
    work(teller).snoozes.wake(agent, conversation)
    assert listed(teller, agent, "mine") == [conversation]
    boss = teller.staff(Role.SUPERVISOR)
    with pytest.raises(Conflict):
        work(teller).snoozes.until(boss, conversation, datetime.now(UTC) + timedelta(days=1))


def test_choices_are_the_moments_people_mean(teller: Teller) -> None:
    _, conversation, agent = taken(teller)
    one = of(teller, agent, conversation)

    def offered(*local: int) -> dict[str, str]:
        choices: tuple[Choice, ...] = work(teller).snoozes.choices(one, datetime(*local, tzinfo=TAIPEI))  # type: ignore[misc, arg-type]
        return {each.name: each.at.astimezone(TAIPEI).strftime("%m-%d %H:%M") for each in choices}

    # A Wednesday morning, then a Friday night before a Monday.
    assert offered(2026, 11, 25, 10, 30) == {
        "hour": "11-25 11:30",
        "tonight": "11-25 18:00",
        "morning": "11-26 09:00",
    }
    assert offered(2026, 11, 27, 20, 0) == {
        "hour": "11-27 21:00",
        "morning": "11-28 09:00",
        "workday": "11-30 09:00",
    }
    nobody = work(teller).snoozes
    closed = Timetable(Hours(week={}))
    bare = type(nobody)(nobody.access, nobody.changes, nobody.store, lambda: closed, TAIPEI)
    assert [each.name for each in bare.choices(one)][-1] != "workday"


# -- tags --------------------------------------------------------------------------------------------------------------


def test_tags_have_one_form_and_nobody_undoes_a_colleagues(teller: Teller) -> None:
    _, conversation, agent = taken(teller)
    boss = teller.staff(Role.SUPERVISOR)
    tags = work(teller).tags
    assert tags.set(agent, conversation, ["  #VIP ", "vip", "房貸  急件"]) == (["vip", "房貸 急件"], [])
    # Both saw the same two; each changes one.
    seen = ["vip", "房貸 急件"]
    together(
        lambda: tags.set(agent, conversation, ["房貸 急件"], seen),
        lambda: tags.set(boss, conversation, [*seen, "回電"], seen),
    )
    assert sorted(doc(teller, conversation)["tags"]) == sorted(["房貸 急件", "回電"])
    assert "vip" not in tags.known()
    assert {"房貸 急件", "回電"} <= set(tags.known())
    assert tags.set(boss, conversation, ["房貸 急件", "回電"]) == ([], [])
    assert len([1 for _, action in audited(teller, conversation) if action == "conversation:tag"]) == 3


@pytest.mark.parametrize("tag", ["0912345678", "A123456789", "a@example.com", "x" * 31, "a,b", "#", "\x07"])
def test_what_is_no_tag_is_refused(teller: Teller, tag: str) -> None:
    _, conversation, agent = taken(teller)
    with pytest.raises(BadPayload):
        work(teller).tags.set(agent, conversation, [tag])
    assert "tags" not in doc(teller, conversation)


def test_there_are_at_most_ten_tags_whoever_adds_them(teller: Teller) -> None:
    _, conversation, agent = taken(teller)
    nine = [f"t{n}" for n in range(9)]
    work(teller).tags.set(agent, conversation, nine)
    done = together(
        *[lambda n=n: work(teller).tags.set(agent, conversation, [*nine, f"more{n}"], nine) for n in range(4)]
    )
    assert len([one for one in done if isinstance(one, BadPayload)]) == 3
    assert len(doc(teller, conversation)["tags"]) == 10


# -- notes -------------------------------------------------------------------------------------------------------------


def test_a_note_calls_those_who_may_read_and_refuses_for_those_who_may_not(teller: Teller) -> None:
    _, conversation, agent = taken(teller)
    boss, other = teller.staff(Role.SUPERVISOR), teller.staff(Role.AGENT)
    noting = work(teller).noting
    called = {one.id for one in noting.people(agent, of(teller, agent, conversation))}
    assert boss.id in called
    assert not {other.id, agent.id} & called
    note = noting.add(agent, conversation, f"請 @{boss.name} 看一下 0912345678")
    assert note.mentions == (boss.id,)
    assert listed(teller, boss, "mentions")[0] == conversation
    assert teller.service.console.desk.counts(boss)["mentions"] == 1
    assert teller.service.console.desk.counts(agent)["mentions"] == 0
    assert teller.service.console.desk.listing(boss, "mentions").rows[0].called
    noting.read(boss, conversation)
    assert teller.service.console.desk.counts(boss)["mentions"] == 0
    assert not teller.service.console.desk.listing(boss, "mentions").rows[0].called
    with pytest.raises(BadPayload, match="may not read"):
        noting.add(agent, conversation, f"@{other.name} 呢")
    for empty in ("", "  \n", "長" * 2001):
        with pytest.raises(BadPayload):
            noting.add(agent, conversation, empty)
    assert doc(teller, conversation)["notes"] == 1


def test_a_call_does_not_open_what_went_elsewhere(teller: Teller) -> None:
    _, conversation = waiting(teller)
    agent, other = teller.staff(Role.AGENT), teller.staff(Role.AGENT)
    work(teller).noting.add(agent, conversation, f"@{other.name} 你熟這個")
    assert listed(teller, other, "mentions") == [conversation]
    teller.service.console.desk.take(agent, conversation)
    assert listed(teller, other, "mentions") == []
    assert teller.service.console.desk.counts(other)["mentions"] == 0


@pytest.mark.parametrize("channel", [ChannelType.LINE, ChannelType.MESSENGER, ChannelType.TELEGRAM])
def test_no_note_ever_leads_to_a_customer(teller: Teller, channel: ChannelType) -> None:
    user, conversation, agent = taken(teller, channel=channel)
    boss, secret = teller.staff(Role.SUPERVISOR), "客戶信用不佳的備註"
    thread = teller.thread(user, channel)
    before = (len(teller.rows("messages", user, channel)), len(teller.rows("outbox", user, channel)))
    heard: list[object] = []
    changes = work(teller).changes
    publish = changes.live.publish
    changes.live.publish = lambda topics, data: (heard.extend(topics), publish(topics, data))[1]  # type: ignore[method-assign]
    try:
        work(teller).noting.add(agent, conversation, f"@{boss.name} {secret}")
    finally:
        changes.live.publish = publish  # type: ignore[method-assign]
    assert f"conversation:{conversation}" in heard
    assert f"thread:{thread}" not in heard
    teller.work()
    views = teller.service.views
    assert secret not in "".join(one.text for one in [*views.since(thread, 0), *views.latest(thread, 500)])
    assert (len(teller.rows("messages", user, channel)), len(teller.rows("outbox", user, channel))) == before
    assert secret not in "".join(teller.platforms[channel].texts(user))
    last = doc(teller, conversation)["preview"]
    assert secret not in teller.service.vault.open(last)


# -- reopen, again -----------------------------------------------------------------------------------------------------


def test_a_resolved_conversation_goes_on_unless_there_is_a_newer_one(teller: Teller) -> None:
    user, conversation, agent = taken(teller)
    desk = teller.service.console.desk
    with pytest.raises(Conflict):
        work(teller).reopen(agent, conversation)
    desk.resolve(agent, conversation)
    assert work(teller).story(agent, desk.page(agent, conversation)).reopens
    work(teller).reopen(agent, conversation)
    now = doc(teller, conversation)
    assert (now["status"], now["open"], now["assignee"], now["resolved_at"]) == (
        "assigned",
        True,
        agent.id,
        None,
    )
    desk.reply(agent, conversation, "補充一點", "c9")
    desk.resolve(agent, conversation)
    teller.hears(user, "還有一個問題")
    newer = teller.conversation(user)["_id"]
    assert newer != conversation
    story = work(teller).story(agent, desk.page(agent, conversation))
    assert (story.reopens, story.newer) == (False, newer)
    with pytest.raises(Conflict, match="newer"):
        work(teller).reopen(agent, conversation)


def test_reopened_while_the_customer_writes_there_is_still_one_open_conversation(teller: Teller) -> None:
    for _ in range(2):
        user, conversation, agent = taken(teller)
        teller.service.console.desk.resolve(agent, conversation)
        together(
            lambda: teller.hears(user, "又有問題"),  # noqa: B023
            lambda: work(teller).reopen(agent, conversation),  # noqa: B023
        )
        teller.drain(user)
        rows = teller.rows("conversations", user)
        assert len([one for one in rows if one["open"]]) == 1
        assert teller.said(user).count("customer: 又有問題") == 1


def test_only_what_certainly_did_not_arrive_is_written_again_by_who_wrote_it(teller: Teller) -> None:
    user, conversation, agent = taken(teller)
    boss = teller.staff(Role.SUPERVISOR)
    desk = teller.service.console.desk
    sent = desk.reply(agent, conversation, "您好", "c1")
    teller.work()
    teller.line.answers.append(SendError("blocked", "blocked", retryable=False))
    failed = desk.reply(agent, conversation, "電話 0912345678", "c2")
    teller.work()
    assert teller.delivery(user)["status"] == "failed"
    assert work(teller).again(agent, conversation, failed) == "電話 0912345678"
    with pytest.raises(Conflict, match="certainly"):
        work(teller).again(agent, conversation, sent)
    with pytest.raises(Conflict):
        work(teller).again(boss, conversation, failed)
    desk.take(boss, conversation)
    with pytest.raises(NotFound):
        work(teller).again(boss, conversation, failed)


# -- rights ------------------------------------------------------------------------------------------------------------

VERBS: dict[str, Callable[[Work, Staff, str, str], object]] = {
    "transfer": lambda w, s, c, other: w.transfers.to_colleague(s, c, other),
    "skill": lambda w, s, c, _: w.transfers.to_skill(s, c, "fraud"),
    "snooze": lambda w, s, c, _: w.snoozes.until(s, c, datetime.now(UTC) + timedelta(hours=2)),
    "wake": lambda w, s, c, _: w.snoozes.wake(s, c),
    "tag": lambda w, s, c, _: w.tags.set(s, c, ["測試"]),
    "note": lambda w, s, c, _: w.noting.add(s, c, "備註"),
    "reopen": lambda w, s, c, _: w.reopen(s, c),
}
# Of a colleague's conversation a supervisor may do what needs no voice of their own.
BOSS = {"transfer", "skill", "tag", "note"}


@pytest.mark.parametrize("role", list(Role))
def test_a_colleagues_conversation_is_the_supervisors_only(teller: Teller, role: Role) -> None:
    _, conversation, owner = taken(teller)
    person, other = teller.staff(role), teller.staff(Role.AGENT)
    allowed = BOSS if role is Role.SUPERVISOR else set()
    before, audits = doc(teller, conversation), len(audited(teller, conversation))
    for verb in VERBS.keys() - allowed:
        with pytest.raises((NotFound, NotAllowed, Conflict)):
            VERBS[verb](work(teller), person, conversation, other.id)
    assert doc(teller, conversation) == before
    assert len(audited(teller, conversation)) == audits
    # Handing it on comes last: then it is a third one's.
    for verb in sorted(allowed, key=lambda one: (one == "skill", one == "transfer")):
        VERBS[verb](work(teller), person, conversation, other.id)
        assert audited(teller, conversation)[-1][0] == person.id
    assert (doc(teller, conversation)["assignee"] == owner.id) is (not allowed)


@pytest.mark.parametrize("role", [Role.AGENT, Role.SENIOR, Role.SUPERVISOR])
def test_ones_own_conversation_is_ones_own(teller: Teller, role: Role) -> None:
    _, conversation, person = taken(teller, role)
    other = teller.staff(Role.AGENT)
    for verb in ("snooze", "wake", "tag", "note", "reopen", "transfer"):
        if verb == "reopen":
            teller.service.console.desk.resolve(person, conversation)
        VERBS[verb](work(teller), person, conversation, other.id)
        assert audited(teller, conversation)[-1][0] == person.id, verb
