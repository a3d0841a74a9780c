"""The stream: ids only, for those who may, alive while idle, and over when it should be."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import BadPayload, NotAllowed, NotFound
from inbox import live
from tests.unit.inbox.fake import FakeConsole
from tests.unit.inbox.forms import Enter


class Scripted:
    """A `listen` that says what it was told to, then ends as at shutdown."""

    def __init__(self, *said: dict[str, Any] | None) -> None:
        self.said = said

    def listen(self, topics: list[str], timeout: float) -> Iterator[dict[str, Any] | None]:
        yield from self.said


def yes() -> bool:
    return True


def played(
    service: FakeConsole, *said: dict[str, Any] | None, welcome: Callable[[], bool] = yes
) -> list[str]:
    service.live = Scripted(*said)  # type: ignore[assignment]
    return list(live.stream(service, service.staff.people["s-agent"], ["inbox"], welcome))


def test_greets_beats_and_passes_changes_on(service: FakeConsole) -> None:
    hello, beat, change = played(service, None, {"conversation": "c1"})
    assert hello.startswith("retry: 1000\nevent: hello\n")
    assert beat == "event: change\ndata: {}\n\n"
    assert change == 'event: change\ndata: {"conversation": "c1"}\n\n'


def test_ends_with_the_listener(service: FakeConsole) -> None:
    assert len(played(service)) == 1


def test_ends_when_the_session_has_to(service: FakeConsole) -> None:
    assert len(played(service, None, None, None, welcome=lambda: False)) == 2


def test_ends_when_the_account_is_closed(service: FakeConsole) -> None:
    who = service.staff.people["s-agent"]
    service.live = Scripted(None, None, None)  # type: ignore[assignment]
    here = service.door.sessions
    token = here.begin(who.id, time.time(), None, "")
    stream = live.stream(service, who, ["inbox"], lambda: here.find(token) is not None)
    assert [next(stream), next(stream)][1].startswith("event: change")
    service.staff.people["s-agent"] = replace(who, active=False)
    assert list(stream) == []


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ("conversation:c3", NotAllowed),
        ("conversation:nope", NotFound),
        ("secrets", BadPayload),
        ("conversation:", BadPayload),
        ("inbox," * 5, BadPayload),
    ],
)
def test_topics_nobody_may_hear(service: FakeConsole, asked: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        live.topics(service, service.staff.people["s-agent"], asked)


def test_topics_default_to_the_lists_of_the_person(service: FakeConsole) -> None:
    who = service.staff.people["s-agent"]
    lists = ["inbox", f"inbox:staff:{who.id}", "inbox:queue"]
    assert live.topics(service, who, "") == lists
    assert live.topics(service, who, "inbox,conversation:c1") == [*lists, "conversation:c1"]
    for_all = service.staff.people["s-super"]
    assert live.topics(service, for_all, "inbox") == ["inbox", "inbox:all"]


def test_over_http(service: FakeConsole, enter: Enter) -> None:
    service.live = Scripted({"conversation": "c1"})  # type: ignore[assignment]
    answer = enter("agent").get("/inbox/events?topics=inbox")
    assert answer.mimetype == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert answer.text.count("event: change") == 1
    assert enter("admin").get("/inbox/events").status_code == 403


def test_a_stream_is_not_a_person_at_the_desk(service: FakeConsole, enter: Enter) -> None:
    service.live = Scripted()  # type: ignore[assignment]
    client = enter("agent")
    seats = service.door.sessions.seats
    before = {
        name: replace(seat, seen_at=seat.seen_at - timedelta(minutes=10)) for name, seat in seats.items()
    }
    seats.update(before)
    client.get("/inbox/events")
    assert seats == before
