"""What was done with a conversation, as quiet lines between its messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext

from bot.desk.work import Deed
from inbox import language, words

Name = Callable[[str | None], str]


def said(deed: Deed, name: Name) -> str:
    """One sentence; the act's own name where nobody wrote one. `name` gives a colleague's."""
    who, detail = _actor(deed.actor, name), deed.detail
    verb = deed.action.partition(":")[2]
    if verb == "transfer":
        if "skill" in detail:
            return str(gettext("%(who)s passed it on to: %(skill)s", who=who, skill=_skill(detail)))
        return str(gettext("%(who)s handed it to %(to)s", who=who, to=name(detail.get("to"))))
    if verb == "snooze":
        until = language.minutes(datetime.fromisoformat(detail["until"])) if "until" in detail else ""
        return str(gettext("%(who)s put it off until %(until)s", who=who, until=until))
    if verb == "assign":
        return str(gettext("Assigned to %(to)s", to=name(detail.get("to"))))
    if verb == "return":
        return str(gettext("Taken back from %(owner)s: it waits again", owner=name(detail.get("owner"))))
    if verb == "take":
        return str(gettext("%(who)s took it", who=who))
    if verb == "resolve":
        return str(gettext("%(who)s resolved it", who=who))
    if verb == "reopen":
        return str(gettext("%(who)s reopened it", who=who))
    if verb == "wake":
        return str(gettext("%(who)s took it up again", who=who))
    if verb == "back_to_bot":
        return str(gettext("%(who)s gave it back to the bot", who=who))
    if verb == "snooze_over":
        return str(gettext("The time is up: it is back"))
    return words.said({}, verb)


def _actor(actor: str, name: Name) -> str:
    return str(gettext("System")) if actor.startswith("system:") else name(actor)


def _skill(detail: Mapping[str, Any]) -> str:
    return words.said(words.SKILLS, detail["skill"])
