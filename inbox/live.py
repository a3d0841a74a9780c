"""The one stream of an open page: ids of what changed, never content; the page then fetches what it may see."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence

from flask import Blueprint, Response, request

from bot.desk.pokes import EVERYONE, hears
from bot.desk.presence import presence_topic
from bot.errors import BadPayload
from bot.model import Staff
from inbox import auth
from inbox.permissions import Permission
from inbox.service import Console

bp = Blueprint("live", __name__)

# Proxies and gevent both notice a dead peer only when something is written to it.
HEARTBEAT_S = 15.0
# How often a page that shows a conversation says so; a reader who leaves is gone from the others' pages after two.
SEEN_S = 4.0
RECONNECT_MS = 1000
MAX_TOPICS = 4


def topics(service: Console, who: Staff, asked: str) -> list[str]:
    """Topics this person may hear. Raises BadPayload, NotFound, NotAllowed."""
    names = [name for name in asked.split(",") if name] or [EVERYONE]
    if len(names) > MAX_TOPICS:
        raise BadPayload("Too many topics for one stream.")
    for name in names:
        kind, _, conversation_id = name.partition(":")
        if kind == "conversation" and conversation_id:
            service.desk.page(who, conversation_id)
        elif name != EVERYONE:
            raise BadPayload("There is no such topic.")
    # A page hears of the lists of its person, not of every message of the house.
    return [topic for name in names for topic in (hears(who) if name == EVERYONE else (name,))]


def open_conversation(names: Sequence[str]) -> str | None:
    """The conversation that a stream with these topics shows."""
    return next((name.partition(":")[2] for name in names if name.startswith("conversation:")), None)


def stream(service: Console, who: Staff, names: list[str], welcome: Callable[[], bool]) -> Iterator[str]:
    """Server-sent events. Ends when `listen` does (shutdown) and when `welcome` says no; the page then asks again.

    `change` carries ids of what changed; `around` says that others came to or left the conversation shown, or began
    to write. Whoever has such a stream open counts as here.
    """
    shown = open_conversation(names)
    if shown:
        changes = service.live.listen([*names, presence_topic(shown)], HEARTBEAT_S, SEEN_S)
    else:
        changes = service.live.listen(names, HEARTBEAT_S)
    yield f"retry: {RECONNECT_MS}\nevent: hello\ndata: {{}}\n\n"
    looked = seen = time.monotonic()
    service.presence.beat(who.id, shown)
    around: object = ()
    try:
        if shown:
            service.live.publish(presence_topic(shown), {"around": shown})
        for change in changes:
            now = time.monotonic()
            if now - seen >= SEEN_S:
                seen = now
                service.presence.beat(who.id, shown)
            if change == {}:
                # Written for the peer's sake: one that is dead shows itself, and is no longer said to be reading.
                yield ": here\n\n"
            elif change is None or "around" not in change:
                # Silence may mean lost news: an empty change makes the page look, and the write finds dead peers.
                yield f"event: change\ndata: {json.dumps(change or {})}\n\n"
            # Who is there changes with a word of it or with time, not with each message.
            asked = not change or "around" in change
            if shown and asked and around != (around := service.presence.around(shown)):
                yield "event: around\ndata: {}\n\n"
            if now - looked >= HEARTBEAT_S or change is None:
                looked = now
                if not welcome():
                    return
    finally:
        if shown:
            service.presence.stops(who.id, shown)
            service.live.publish(presence_topic(shown), {"around": shown})


@bp.get("/inbox/events")
@auth.requires(Permission.INBOX_READ)
def events() -> Response:
    service, who = auth.console(), auth.staff()
    names = topics(service, who, request.args.get("topics", ""))
    answer = Response(
        stream(service, who, names, auth.welcome(Permission.INBOX_READ)), mimetype="text/event-stream"
    )
    # nginx buffers otherwise, and a live list that comes in lumps is not live.
    answer.headers["X-Accel-Buffering"] = "no"
    return answer
