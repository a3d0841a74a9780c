"""Staff: the list, one person, and what an administrator changes or a supervisor proposes."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from bot.desk.staff import CAPACITIES, PRIVILEGED, Wish
from bot.errors import BadPayload, ServiceError
from bot.model import Role, Staff
from bot.store.staff_requests import StaffRequest
from inbox import auth, language, words
from inbox.auth import console, requires, staff
from inbox.permissions import Permission

bp = Blueprint("people", __name__)


def wish_of(form: MultiDict[str, str], named: bool) -> Wish:
    """What a form asks for. Raises BadPayload."""
    try:
        role, capacity = Role(form.get("role", "")), int(form.get("capacity", ""))
    except ValueError:
        raise BadPayload(gettext("Choose a role, and how many conversations at once.")) from None
    more = form.get("more_skills", "").replace("、", ",").replace("，", ",").replace(" ", ",").split(",")
    return Wish(role, (*form.getlist("skill"), *more), capacity, form.get("name", "") if named else None)


def choices(has: tuple[str, ...] = ()) -> dict[str, Any]:
    """What the fields of a person's form offer."""
    known = [*words.SKILLS, *(one for one in console().door.people.skills() if one not in words.SKILLS)]
    return {
        "roles": list(Role),
        "skills": list(dict.fromkeys([*known, *has])),
        "capacities": CAPACITIES,
        "privileged": PRIVILEGED,
    }


def told(one: StaffRequest) -> list[str]:
    """What a request would change, a phrase each."""
    said: list[str] = []
    change = one.change
    if "role" in change:
        said.append(gettext("Role: %(role)s", role=words.said(words.ROLES, change["role"])))
    if "skills" in change:
        comma = "、" if language.chosen() == "zh-TW" else ", "
        names = comma.join(words.said(words.SKILLS, skill) for skill in change["skills"])
        said.append(gettext("Skills: %(skills)s", skills=names or gettext("none")))
    if "capacity" in change:
        said.append(gettext("At once: %(n)s", n=change["capacity"]))
    if "active" in change:
        said.append(gettext("Open the account again") if change["active"] else gettext("Close the account"))
    return said


def _may_agree(one: StaffRequest) -> bool:
    return auth.can(Permission.STAFF_WRITE) and staff().id not in (one.by, one.staff_id)


@bp.get("/admin/staff")
@requires(Permission.STAFF_READ)
def index() -> ResponseReturnValue:
    door = console().door
    members = door.people.members()
    return render_template(
        "console/staff.html",
        members=members,
        names={one.staff.id: one.staff.name for one in members},
        invitations=door.invitations.pending(),
        requests=door.people.requests(),
        told=told,
        may_agree=_may_agree,
        alone=not door.people.has_second(),
    )


def _page(staff_id: str, trouble: str | None = None) -> str:
    door = console().door
    member = door.people.member(staff_id)
    now = time.time()
    page: str = render_template(
        "console/staff_member.html",
        member=member,
        one=member.staff,
        trouble=trouble,
        requests=door.people.requests(staff_id),
        told=told,
        may_agree=_may_agree,
        person=auth.person,
        seats=[seat for seat in door.sessions.of(staff_id) if auth.ends_at(seat) > now],
        needed=console().settings.security.needs_second_factor(member.staff.role),
        **choices(member.staff.skills),
    )
    return page


@bp.get("/admin/staff/<staff_id>")
@requires(Permission.STAFF_READ)
def member(staff_id: str) -> ResponseReturnValue:
    return _page(staff_id)


def _back(staff_id: str, said: str) -> ResponseReturnValue:
    flash(said, "success")
    return redirect(url_for("people.member", staff_id=staff_id), 303)


def _waits() -> str:
    return str(gettext("Asked for. Another administrator has to agree."))


@bp.post("/admin/staff/<staff_id>")
@requires(Permission.STAFF_PROPOSE)
def change(staff_id: str) -> ResponseReturnValue:
    """Of an administrator at once; of a supervisor a proposal."""
    me: Staff = staff()
    try:
        wish = wish_of(request.form, named=auth.can(Permission.STAFF_WRITE))
        asked = console().door.people.change(me, staff_id, wish)
    except ServiceError as error:
        return _page(staff_id, words.sentence(error)), error.http_status
    return _back(staff_id, _waits() if asked else gettext("Saved. It counts from now on."))


@bp.post("/admin/staff/<staff_id>/close")
@requires(Permission.STAFF_WRITE)
def close(staff_id: str) -> ResponseReturnValue:
    try:
        console().door.people.close(staff(), staff_id)
    except ServiceError as error:
        return _page(staff_id, words.sentence(error)), error.http_status
    return _back(
        staff_id, gettext("Closed. Every session has ended; open conversations go back to the queue.")
    )


@bp.post("/admin/staff/<staff_id>/open")
@requires(Permission.STAFF_WRITE)
def reopen(staff_id: str) -> ResponseReturnValue:
    try:
        asked = console().door.people.reopen(staff(), staff_id)
    except ServiceError as error:
        return _page(staff_id, words.sentence(error)), error.http_status
    return _back(staff_id, _waits() if asked else gettext("Open again. The password is the one from before."))


@bp.post("/admin/staff/<staff_id>/sessions/end")
@requires(Permission.STAFF_WRITE)
def end_sessions(staff_id: str) -> ResponseReturnValue:
    ended = console().door.people.end_sessions(staff(), staff_id)
    return _back(staff_id, gettext("%(n)s sessions ended.", n=ended))


@bp.post("/admin/staff/<staff_id>/second-factor/reset")
@requires(Permission.STAFF_WRITE)
def reset_factor(staff_id: str) -> ResponseReturnValue:
    try:
        console().door.factors.reset(staff(), staff_id, request.form.get("reason", ""))
    except ServiceError as error:
        return _page(staff_id, words.sentence(error)), error.http_status
    return _back(staff_id, gettext("Taken away. The person enrols a new one after the next sign-in."))


@bp.post("/admin/staff/requests/<request_id>/<word>")
@requires(Permission.STAFF_WRITE)
def decide(request_id: str, word: str) -> ResponseReturnValue:
    if word not in ("approve", "decline"):
        raise BadPayload(gettext("A request is approved or declined."))
    try:
        decided = console().door.people.decide(staff(), request_id, approve=word == "approve")
    except ServiceError as error:
        flash(words.sentence(error), "error")
        return redirect(url_for("people.index"), 303)
    said = gettext("Approved. It counts from now on.") if word == "approve" else gettext("Declined.")
    return _back(decided.staff_id, said)
