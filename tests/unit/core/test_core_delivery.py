"""What a platform's answer makes of a message: sent, later, failed, or honestly unknown; and what order survives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.contracts import Capabilities
from bot.model import ChannelType
from bot.mongo import Doc
from tests.knowledge import notice
from tests.unit.core.platform import Platform, lost, nothing, refused
from tests.unit.core.teller import Teller

pytestmark = pytest.mark.servers

LINE, MESSENGER, TELEGRAM = ChannelType.LINE, ChannelType.MESSENGER, ChannelType.TELEGRAM
GREETING, UNSUPPORTED = notice("greeting"), notice("unsupported")


def say_hello(teller: Teller, channel: ChannelType = LINE, **event: str) -> str:
    """A new customer, greeted or about to be; their user id."""
    user = teller.person()
    teller.hears(user, "你好", channel, **event)
    return user


def entry(teller: Teller, user: str, channel: ChannelType = LINE) -> Doc:
    return teller.rows("outbox", user, channel)[-1]


def sweep_after(teller: Teller, user: str, channel: ChannelType, **back: datetime) -> None:
    teller.service.mongo["outbox"].update_many({"thread": teller.thread(user, channel)}, {"$set": back})
    teller.service.sweeper.sweep()


def minutes_ago(minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


# -- known outcomes ------------------------------------------------------------------------------------------------


def test_sent_is_recorded_with_the_platforms_receipt(teller: Teller) -> None:
    user = say_hello(teller)
    assert entry(teller, user)["status"] == "sent"
    assert not entry(teller, user)["open"]
    assert entry(teller, user)["receipt"]["ids"]
    assert teller.delivery(user) == entry(teller, user)
    assert teller.line.texts(user) == [GREETING]


@pytest.mark.parametrize("channel", [LINE, MESSENGER, TELEGRAM])
@pytest.mark.parametrize(("wish", "least", "most"), [(None, 0.5, 30), (0.1, 0.5, 30), (45.0, 44, 50)])
def test_a_retryable_refusal_is_tried_again_in_time(
    teller: Teller, channel: ChannelType, wish: float | None, least: float, most: float
) -> None:
    teller.platforms[channel].answers.append(refused(after=wish))
    user = say_hello(teller, channel)
    waiting = entry(teller, user, channel)
    seconds = (waiting["next_at"] - datetime.now(UTC)).total_seconds()
    assert waiting["status"] == "queued"
    assert least < seconds < most
    # Not before: a drain in between sends nothing.
    calls = len(teller.platforms[channel].calls)
    teller.drain(user, channel)
    assert len(teller.platforms[channel].calls) == calls
    teller.later(user, channel)
    assert teller.platforms[channel].texts(user) == [GREETING]
    assert entry(teller, user, channel)["status"] == "sent"


def test_however_often_it_fails_the_next_try_is_within_thirty_seconds(teller: Teller) -> None:
    teller.line.answers.extend([refused()] * 12)
    user = say_hello(teller)
    waits = []
    for _ in range(11):
        teller.later(user)
        waits.append((entry(teller, user)["next_at"] - datetime.now(UTC)).total_seconds())
    assert max(waits) < 30
    assert waits[5] > waits[0]
    teller.later(user)
    assert teller.line.texts(user) == [GREETING]


@pytest.mark.parametrize("channel", [LINE, MESSENGER, TELEGRAM])
def test_a_permanent_refusal_is_tried_once_and_calls_a_person(teller: Teller, channel: ChannelType) -> None:
    teller.platforms[channel].answers.append(refused("blocked", retryable=False))
    user = say_hello(teller, channel)
    calls = len(teller.platforms[channel].calls)
    assert entry(teller, user, channel)["status"] == "failed"
    last = teller.delivery(user, channel)
    assert (last["status"], last["error"]) == ("failed", "blocked")
    sweep_after(teller, user, channel, settled_at=minutes_ago(1))
    found = teller.conversation(user, channel)
    assert (found["status"], found["reason"]) == ("waiting", "delivery_failed")
    assert found["waiting_since"] is not None
    teller.drain(user, channel)
    assert len(teller.platforms[channel].calls) == calls


def test_a_person_is_called_once_not_at_every_sweep(teller: Teller) -> None:
    teller.line.answers.append(refused("blocked", retryable=False))
    user = say_hello(teller)
    sweep_after(teller, user, LINE, settled_at=minutes_ago(1))
    teller.service.mongo["conversations"].update_one(
        {"_id": teller.conversation(user)["_id"]}, {"$set": {"status": "bot"}}
    )
    teller.service.sweeper.sweep()
    assert teller.conversation(user)["status"] == "bot"


def test_after_hours_of_refusals_it_is_given_up_and_a_person_called(teller: Teller) -> None:
    teller.line.answers.extend([refused(), refused()])
    user = say_hello(teller)
    teller.service.mongo["outbox"].update_one(
        {"_id": entry(teller, user)["_id"]}, {"$set": {"created_at": minutes_ago(7 * 60)}}
    )
    teller.later(user)
    assert entry(teller, user)["status"] == "failed"


# -- nobody knows --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arrives", [True, False])
@pytest.mark.parametrize("channel", [MESSENGER, TELEGRAM])
def test_without_a_key_an_unknown_outcome_is_said_to_be_unknown(
    teller: Teller, channel: ChannelType, arrives: bool
) -> None:
    platform = teller.platforms[channel]
    platform.answers.append(lost if arrives else nothing)
    user = say_hello(teller, channel)
    assert entry(teller, user, channel)["status"] == "unknown"
    assert teller.delivery(user, channel)["status"] == "unknown"
    teller.later(user, channel)
    assert len(platform.texts(user)) == int(arrives)
    sweep_after(teller, user, channel, settled_at=minutes_ago(1))
    assert teller.conversation(user, channel)["reason"] == "delivery_unknown"


@pytest.mark.parametrize("token", [True, False])
@pytest.mark.parametrize("arrives", [True, False])
def test_with_a_key_an_unknown_outcome_is_repeated_and_shown_once(
    teller: Teller, arrives: bool, token: bool
) -> None:
    teller.line.answers.append(lost if arrives else nothing)
    user = say_hello(teller, **({"reply_token": teller.token()} if token else {}))
    assert entry(teller, user)["status"] == "queued"
    teller.later(user)
    assert teller.line.texts(user) == [GREETING]
    assert entry(teller, user)["status"] == "sent"


def test_an_echo_settles_what_was_unknown(teller: Teller) -> None:
    teller.platforms[MESSENGER].answers.append(lost)
    user = say_hello(teller, MESSENGER)
    unknown = entry(teller, user, MESSENGER)
    teller.hears(user, None, MESSENGER, kind="echo", echo_of=unknown["_id"])
    assert entry(teller, user, MESSENGER)["status"] == "sent"
    sweep_after(teller, user, MESSENGER, settled_at=minutes_ago(1))
    assert teller.conversation(user, MESSENGER)["status"] == "bot"


def test_an_adapter_that_raises_is_a_fault_like_any_other(teller: Teller) -> None:
    def broken(_platform: Platform, _out: object) -> None:
        raise ZeroDivisionError

    teller.platforms[TELEGRAM].answers.append(broken)  # type: ignore[arg-type]
    user = say_hello(teller, TELEGRAM)
    assert entry(teller, user, TELEGRAM)["status"] == "unknown"
    teller.line.answers.append(broken)  # type: ignore[arg-type]
    user = say_hello(teller)
    teller.later(user)
    assert teller.line.texts(user) == [GREETING]


@pytest.mark.parametrize(
    ("channel", "status", "shown"), [(LINE, "sent", 1), (MESSENGER, "unknown", 0), (TELEGRAM, "unknown", 0)]
)
def test_found_sending_after_a_crash(teller: Teller, channel: ChannelType, status: str, shown: int) -> None:
    """Claimed by a process that died before its call."""
    platform = teller.platforms[channel]
    platform.answers.append(refused())
    user = say_hello(teller, channel)
    teller.service.mongo["outbox"].update_one(
        {"_id": entry(teller, user, channel)["_id"]}, {"$set": {"status": "sending", "route": "push"}}
    )
    teller.later(user, channel)
    assert entry(teller, user, channel)["status"] == status
    assert len(platform.texts(user)) == shown


# -- LINE's reply tokens -------------------------------------------------------------------------------------------


def last_via(teller: Teller, user: str) -> str:
    return str(teller.delivery(user)["receipt"]["via"])


def test_a_fresh_token_is_used_without_the_users_id(teller: Teller) -> None:
    token = teller.token()
    user = say_hello(teller, reply_token=token)
    assert last_via(teller, user) == "reply"
    assert teller.line.calls[-1].reply_token == token
    assert teller.line.texts(user) == [GREETING]
    assert "reply_token" not in entry(teller, user)


def test_a_token_older_than_line_keeps_it_is_not_tried(teller: Teller) -> None:
    user, token = teller.person(), teller.token()
    teller.posts({"user_id": user, "text": "你好", "reply_token": token})
    teller.service.mongo["events"].update_many(
        {"thread": teller.thread(user)}, {"$set": {"delivered_at": minutes_ago(2)}}
    )
    teller.drain(user)
    assert last_via(teller, user) == "push"
    assert token not in teller.line.dead_tokens


def test_a_redelivery_gives_the_token_its_minute_again(teller: Teller) -> None:
    user, token = teller.person(), teller.token()
    event = {"event_id": f"again-{user}", "user_id": user, "text": "你好", "reply_token": token}
    teller.posts(event)
    teller.service.mongo["events"].update_many(
        {"thread": teller.thread(user)}, {"$set": {"delivered_at": minutes_ago(2)}}
    )
    assert teller.posts(event).known == 1
    teller.drain(user)
    assert last_via(teller, user) == "reply"


def test_a_spent_token_falls_back_to_a_push_in_the_same_breath(teller: Teller) -> None:
    token = teller.token()
    teller.line.dead_tokens.add(token)
    user = say_hello(teller, reply_token=token)
    assert teller.line.texts(user) == [GREETING]
    assert last_via(teller, user) == "push"
    assert [call.reply_token for call in teller.line.calls[-2:]] == [token, None]


def test_after_a_push_was_tried_the_token_is_never_tried_again(teller: Teller) -> None:
    """Then its refusal would prove nothing."""
    token = teller.token()
    teller.line.dead_tokens.add(token)
    teller.line.answers.extend([refused("reply_token_invalid", retryable=False), lost])
    user = say_hello(teller, reply_token=token)
    teller.later(user)
    assert teller.line.texts(user) == [GREETING]
    assert teller.line.calls[-1].reply_token is None


# -- order ---------------------------------------------------------------------------------------------------------


def test_a_later_entry_waits_for_an_earlier_one(teller: Teller) -> None:
    teller.platforms[TELEGRAM].answers.append(refused())
    user = say_hello(teller, TELEGRAM)
    teller.hears(user, None, TELEGRAM, kind="other", kind_detail="sticker")
    assert teller.platforms[TELEGRAM].texts(user) == []
    assert [one["status"] for one in teller.rows("outbox", user, TELEGRAM)] == ["queued", "queued"]
    teller.later(user, TELEGRAM)
    assert teller.platforms[TELEGRAM].texts(user) == [GREETING, UNSUPPORTED]


def test_messages_travel_in_the_platforms_batches(teller: Teller) -> None:
    """Five to a LINE call, one to a Telegram call; the token goes with the first call only."""
    small = Capabilities(text=5000, batch=1, settles="retry_key")
    platform = teller.line
    was, platform.capabilities = platform.capabilities, small
    try:
        user, token = teller.person(), teller.token()
        teller.hears(user, None, kind="other", kind_detail="image", reply_token=token)
    finally:
        platform.capabilities = was
    assert platform.texts(user) == [GREETING, UNSUPPORTED]
    assert [call.reply_token for call in platform.calls[-2:]] == [token, None]
