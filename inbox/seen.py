"""What of customers was shown is noted before it is shown, by the statement of each page (inbox/stated.py).

A list that is open all day asks again at each change. An event each time would tell nothing and drown the rest, so a
session's list is noted with the ids that it had not been shown within the clock hour: who sees what stays true to the
hour. A search is noted whenever a person asks for it.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import cast

from flask import Flask, current_app, request, session

from bot import origin
from bot.model import Page, Status
from bot.store.sessions import named
from inbox import auth
from inbox.permissions import AuditAction

SESSIONS = 4000
HOUR_S = 3600
SHORT = 16
"""So many hex digits of a session's hash name it in the log."""


class Shown:
    """What each session was shown within the hour. Each web process knows its own: another one notes it once more."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._of: OrderedDict[tuple[str, int], set[str]] = OrderedDict()

    def fresh(self, session: str, ids: Sequence[str]) -> list[str]:
        with self._lock:
            known = self._of.get((session, int(time.time()) // HOUR_S), set())
            return [one for one in ids if one not in known]

    def keep(self, session: str, ids: Sequence[str]) -> None:
        """Only after it was noted: what could not be noted was not shown."""
        key = (session, int(time.time()) // HOUR_S)
        with self._lock:
            self._of.setdefault(key, set()).update(ids)
            self._of.move_to_end(key)
            while len(self._of) > SESSIONS:
                self._of.popitem(last=False)


def install(app: Flask) -> None:
    app.extensions["teller_shown"] = Shown()


def begin() -> None:
    """From where this request comes, for every event it causes."""
    token = session.get("sid")
    where = {"address": request.remote_addr or ""}
    if isinstance(token, str):
        where["session"] = named(token)[:SHORT]
    origin.begin(origin.Origin(where, f"page:{request.endpoint}"))


def _shown() -> Shown:
    return cast(Shown, current_app.extensions["teller_shown"])


def _background() -> bool:
    return auth.BACKGROUND in request.headers


def listed(
    place: str, ids: Sequence[str], filters: Mapping[str, str], more: Mapping[str, str] | None = None
) -> None:
    """A list of conversations. Of `filters` the names are noted, never the words. Raises where it cannot be noted."""
    mine, shown = auth.present().seat.id, _shown()
    searched = bool(filters) and not _background()
    new = list(ids) if searched else shown.fresh(mine, ids)
    if not new and not searched:
        return
    action = AuditAction.CONVERSATIONS_SEARCHED if searched else AuditAction.CONVERSATIONS_LISTED
    detail: dict[str, object] = {**(more or {})}
    if filters:
        detail["filters"] = sorted(filters)
    auth.console().audit(auth.staff().id, action, place, detail, shown=new)
    shown.keep(mine, new)


def basis(page: Page) -> str:
    """What entitles the person who looks: their `own`, the queue's `waiting`, an earlier one of whom they are `serving`
    now, else the permission to read those of `others`."""
    me, conversation = auth.staff(), page.conversation
    if conversation.assignee == me.id:
        return "own"
    if conversation.status is Status.WAITING:
        return "waiting"
    serving = any(one.assignee_id == me.id and one.status is Status.ASSIGNED for one in page.others)
    return "serving" if serving else "others"


def noted(conversation_id: str) -> bool:
    """Whether this session's view of it is in the log, as this process knows."""
    return not _shown().fresh(auth.present().seat.id, [f"open:{conversation_id}"])


def conversation(page: Page, *, again: bool = False) -> None:
    """A conversation with what stands beside it. `again`: a page that was opened asks for what is new of it."""
    mine, shown, one = auth.present().seat.id, _shown(), page.conversation.id
    key = f"open:{one}"
    if again and not shown.fresh(mine, [key]):
        return
    why = basis(page)
    origin.because(why)
    beside = [row.id for row in page.others]
    who = auth.staff()
    auth.console().audit(who.id, AuditAction.CONVERSATION_OPENED, f"conversation:{one}", {}, shown=beside)
    shown.keep(mine, [key, one])
    # Pages without a house behind them (a rehearsal of the console in a test) have no trail.
    trail = getattr(auth.console(), "trail", None)
    if trail is not None:
        trail.opened(who, why, datetime.now(UTC))
