"""The one stream of an open page: ids of what changed, never content; the page then fetches what it may see."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from flask import Blueprint, Response, request

from bot.desk.pokes import EVERYONE, hears
from bot.errors import BadPayload
from bot.model import Staff
from inbox import auth
from inbox.permissions import Permission, may
from inbox.service import Console

bp = Blueprint("live", __name__)

# Proxies and gevent both notice a dead peer only when something is written to it.
HEARTBEAT_S = 15.0
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


def _still_welcome(service: Console, who: Staff, deadline: float) -> bool:
    """A stream outlives the request that opened it, so it looks again: closed accounts and idle sessions end."""
    if time.time() > deadline:
        return False
    now = service.staff.by_id(who.id)
    return now is not None and now.active and may(now.role, Permission.INBOX_READ)


def stream(service: Console, who: Staff, names: list[str], deadline: float) -> Iterator[str]:
    """Server-sent events. Ends when `listen` does (shutdown) and at `deadline`; the page then asks again."""
    yield f"retry: {RECONNECT_MS}\nevent: hello\ndata: {{}}\n\n"
    looked = time.monotonic()
    for change in service.live.listen(names, HEARTBEAT_S):
        # Silence may mean lost news: an empty change makes the page look, and the write finds dead peers.
        yield f"event: change\ndata: {json.dumps(change or {})}\n\n"
        if time.monotonic() - looked >= HEARTBEAT_S or change is None:
            looked = time.monotonic()
            if not _still_welcome(service, who, deadline):
                return


@bp.get("/inbox/events")
@auth.requires(Permission.INBOX_READ)
def events() -> Response:
    service, who = auth.console(), auth.staff()
    names = topics(service, who, request.args.get("topics", ""))
    answer = Response(stream(service, who, names, auth.idle_deadline()), mimetype="text/event-stream")
    # nginx buffers otherwise, and a live list that comes in lumps is not live.
    answer.headers["X-Accel-Buffering"] = "no"
    return answer
