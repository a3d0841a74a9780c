"""The last words of an open conversation: what a page asks for when words came and nothing else changed.

A hundred pages look at each message that comes; all that stands beside the words would cost six times as much.
"""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from bot.desk.work import Story
from bot.model import Page
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
    """The last words; those after the message `after`, which the page shows last, where that is one of them."""
    # To note a view one has to know the customer's other conversations; a page that is open has been noted.
    last = LAST if seen.noted(conversation_id) else None
    page = console().desk.page(staff(), conversation_id, last=last)
    seen.conversation(page, again=True)
    stands = beside.of_words(page, agent.mode(page))
    new = _from(page, request.args.get("after", ""))
    if new is not None:
        # What was done stands before or comes with all the rest.
        now = agent.opened_of(new, Story(), stands)
        shown, after = now.lines[1:], new.messages[0].id
    else:
        now, after = agent.opened_of(page, console().work.story(staff(), page), stands), None
        shown = _surely_grouped(now.lines) if len(page.messages) == last else now.lines
    return render_template(
        "console/_said.html", opened=replace(now, lines=shown), after=after, view=agent.chosen_view()
    )


def _from(page: Page, after: str) -> Page | None:
    """With the message `after` and those that followed; None where it is none of the last."""
    at = next((n for n, one in enumerate(page.messages) if one.id == after), None)
    return None if at is None else replace(page, messages=page.messages[at:])


def _surely_grouped(found: list[Line]) -> list[Line]:
    """Without the first message: there may be others before it, so what day and group it begins nobody knows."""
    first = next(n for n, line in enumerate(found) if line.message is not None)
    return found[first + 1 :]
