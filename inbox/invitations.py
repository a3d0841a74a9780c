"""Invitations: made and handed over by an administrator, and the page behind the link."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from bot.errors import ServiceError
from bot.passwords import MIN
from bot.store.invitations import HOURS, Invitation
from inbox import words
from inbox.account import attempts, come_in
from inbox.auth import console, requires, staff
from inbox.permissions import Permission
from inbox.problems import too_often
from inbox.staff import choices, wish_of

bp = Blueprint("invitations", __name__)


def _form(trouble: str | None = None) -> str:
    return render_template(
        "console/invite.html",
        trouble=trouble,
        typed=request.form,
        alone=not console().door.people.has_second(),
        **choices(),
    )


def _handed(one: Invitation, token: str) -> str:
    """The link, this once: only its digest is kept."""
    link = console().settings.public_url + url_for("invitations.welcome", token=token)
    return render_template("console/invitation_link.html", one=one, link=link, hours=HOURS)


@bp.get("/admin/staff/invite")
@requires(Permission.STAFF_WRITE)
def new() -> ResponseReturnValue:
    return _form()


@bp.post("/admin/staff/invite")
@requires(Permission.STAFF_WRITE)
def invite() -> ResponseReturnValue:
    try:
        email = request.form.get("email", "")
        made, token = console().door.invitations.invite(staff(), email, wish_of(request.form, named=True))
    except ServiceError as error:
        return _form(words.sentence(error)), error.http_status
    if token is None:
        flash(gettext("Asked for. Another administrator has to agree, and hands the link over."), "success")
        return redirect(url_for("people.index"), 303)
    return _handed(made, token)


def _act(invitation_id: str, act: str) -> ResponseReturnValue:
    invitations = console().door.invitations
    try:
        if act == "revoke":
            invitations.revoke(staff(), invitation_id)
            flash(gettext("Taken back. The link opens nothing any more."), "success")
            return redirect(url_for("people.index"), 303)
        renew = invitations.approve if act == "approve" else invitations.again
        return _handed(*renew(staff(), invitation_id))
    except ServiceError as error:
        flash(words.sentence(error), "error")
        return redirect(url_for("people.index"), 303)


@bp.post("/admin/staff/invitations/<invitation_id>/approve")
@requires(Permission.STAFF_WRITE)
def approve(invitation_id: str) -> ResponseReturnValue:
    return _act(invitation_id, "approve")


@bp.post("/admin/staff/invitations/<invitation_id>/again")
@requires(Permission.STAFF_WRITE)
def again(invitation_id: str) -> ResponseReturnValue:
    return _act(invitation_id, "again")


@bp.post("/admin/staff/invitations/<invitation_id>/revoke")
@requires(Permission.STAFF_WRITE)
def revoke(invitation_id: str) -> ResponseReturnValue:
    return _act(invitation_id, "revoke")


def _welcome(one: Invitation, trouble: str | None = None) -> str:
    return render_template(
        "console/welcome.html",
        one=one,
        trouble=trouble,
        name=request.form.get("name", one.name),
        least=MIN,
        factor=console().settings.security.needs_second_factor(one.role),
    )


@bp.get("/welcome/<token>")
@requires(Permission.ANYONE)
def welcome(token: str) -> ResponseReturnValue:
    if wait := attempts().allow_link():
        return too_often(wait)
    try:
        return _welcome(console().door.invitations.opened(token))
    except ServiceError as error:
        return render_template("console/welcome_gone.html", said=words.sentence(error)), error.http_status


@bp.post("/welcome/<token>")
@requires(Permission.ANYONE)
def accept(token: str) -> ResponseReturnValue:
    if wait := attempts().allow_link():
        return too_often(wait)
    invitations = console().door.invitations
    try:
        one = invitations.opened(token)
    except ServiceError as error:
        return render_template("console/welcome_gone.html", said=words.sentence(error)), error.http_status
    name, password = request.form.get("name", "")[:200], request.form.get("password", "")[:1024]
    if password != request.form.get("again", "")[:1024]:
        return _welcome(one, gettext("The two passwords are not the same.")), 400
    try:
        person = invitations.accept(token, name, password)
    except ServiceError as error:
        return _welcome(one, words.sentence(error)), error.http_status
    return come_in(person, None)
