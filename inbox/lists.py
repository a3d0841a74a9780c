"""The lists of the inbox: what of them is asked for, their rows, and the numbers beside their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from bot.store.reading import Wanted
from bot.store.shared import Moment
from inbox import navigation, seen
from inbox.auth import console, staff
from inbox.row_cache import row_html

FILTERS = ("skill", "tag", "channel", "customer")
MAX_FILTER = 60
BY_SKILL = ("waiting", "mine", "snoozed", "assigned")


def listing(view: str) -> dict[str, Any]:
    """A list for its template, noted as seen."""
    service, who, asked = console(), staff(), _filter(view)
    now = service.desk.moment(who)
    listed = service.desk.listing(who, view, Wanted(**asked), request.args.get("after") or None, now)
    seen.listed(f"inbox:{view}", [row.id for row in listed.rows], asked)
    return {
        **_head(view, asked, now),
        "rows": listed.rows,
        "row_html": row_html,
        "more": listed.more,
        # What keeps a list's place in the page: another view or filter is another list.
        "place": "&".join((view, *(f"{name}={value}" for name, value in asked.items()))),
        "skills": _skills(view, now),
        "tags_known": service.work.tags.known,
    }


def head(view: str) -> dict[str, Any]:
    """The names of the lists and how many each holds."""
    return _head(view, _filter(view), console().desk.moment(staff()))


def _head(view: str, asked: Mapping[str, str], moment: Moment) -> dict[str, Any]:
    return {
        "view": view,
        "views": navigation.views(staff().role),
        "counts": console().desk.counts(staff(), moment),
        "filter": asked,
    }


def _filter(view: str) -> dict[str, str]:
    """What of the list is asked for: skill, tag, channel, customer."""
    asked = ((name, request.args.get(name, "").strip()[:MAX_FILTER]) for name in FILTERS)
    # What is over has no skill to find it by: nobody waits in it, and there is no end of it.
    return {name: value for name, value in asked if value and (name != "skill" or view in BY_SKILL)}


def _skills(view: str, moment: Moment) -> list[tuple[str, int]]:
    """How many wait for each skill, the person's own first, then where most wait."""
    if view != "waiting":
        return []
    own, waiting = staff().skills, console().desk.skills(staff(), moment)
    for skill in own:
        waiting.setdefault(skill, 0)
    return sorted(waiting.items(), key=lambda one: (one[0] not in own, -one[1], one[0]))
