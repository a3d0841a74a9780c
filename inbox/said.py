"""The last words of an open conversation: what a page asks for when words came and nothing else changed.

A hundred pages look at each message that comes; all that stands beside the words would cost six times as much.
"""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from inbox import agent, beside, seen
from inbox.auth import console, requires, staff
from inbox.permissions import Permission
from inbox.thread import Line

bp = Blueprint("said", __name__)

LAST = 13
"""Messages; the page's script asks for the whole conversation where it has none of them."""


@bp.get("/inbox/<conversation_id>/said")
@requires(Permission.INBOX_READ)
def lines(conversation_id: str) -> ResponseReturnValue:
    # To note a view one has to know the customer's other conversations; a page that is open has been noted.
    last = LAST if seen.noted(conversation_id) else None
    page = console().desk.page(staff(), conversation_id, last=last)
    seen.conversation(page, again=True)
    story = console().work.story(staff(), page)
    now = agent.opened_of(page, story, beside.of_words(page, agent.mode(page)))
    shown = _surely_grouped(now.lines) if len(page.messages) == last else now.lines
    return render_template("console/_said.html", opened=replace(now, lines=shown), view=agent.chosen_view())


def _surely_grouped(found: list[Line]) -> list[Line]:
    """Without the first message: there may be others before it, so what day and group it begins nobody knows."""
    first = next(n for n, line in enumerate(found) if line.message is not None)
    return found[first + 1 :]
