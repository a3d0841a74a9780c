"""The second factor of one's own: enrolling an app, recovery codes, and the code asked for once more (step-up)."""

from __future__ import annotations

import io
import time

import segno
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup

from bot.errors import ServiceError
from inbox import auth, words
from inbox.account import attempts, landing, local_path
from inbox.auth import console, requires
from inbox.permissions import AuditAction, Permission
from inbox.problems import too_often
from inbox.sessions import bp


def picture(uri: str) -> Markup:
    """A QR code as SVG without a style attribute, which the policy would refuse; black on white in every theme."""
    out = io.BytesIO()
    code = segno.make(uri, error="m", micro=False)
    code.save(out, kind="svg", xmldecl=False, svgns=False, omitsize=True, dark="#000", light="#fff", border=3)
    return Markup(out.getvalue().decode())  # noqa: S704 - made here, of squares


def _enrol(trouble: str | None = None) -> str:
    here = auth.present()
    factors = console().door.factors
    secret = factors.offer(here.staff)
    uri = factors.uri(here.staff, secret)
    return render_template(
        "console/second_factor.html",
        trouble=trouble,
        picture=picture(uri),
        uri=uri,
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        needed=console().settings.security.needs_second_factor(here.staff.role) and not here.enrolled,
        after=local_path(request.values.get("next")),
        again=here.enrolled,
    )


@bp.get("/account/second-factor")
@requires(Permission.SIGNED_IN)
def enrol() -> ResponseReturnValue:
    here = auth.present()
    if here.enrolled:
        # Whoever sits down at an open desk must not put their own phone in the place of the owner's.
        auth.step_up()
    return _enrol()


@bp.post("/account/second-factor")
@requires(Permission.SIGNED_IN)
def confirm_enrol() -> ResponseReturnValue:
    here = auth.present()
    if here.enrolled:
        auth.step_up()
    if wait := attempts().allow_code(here.staff.id):
        return too_often(wait)
    now = time.time()
    try:
        codes = console().door.factors.enrol(here.staff, request.form.get("code", ""), now)
    except ServiceError as error:
        return _enrol(words.sentence(error)), error.http_status
    attempts().forget_code(here.staff.id)
    auth.renamed(console().door.sessions.stepped(here.seat, now))
    return _codes(codes)


def _codes(codes: list[str]) -> str:
    """Shown once: they are stored as digests only."""
    after = local_path(request.form.get("next")) or landing(auth.present().staff)
    return render_template("console/recovery_codes.html", codes=codes, after=after)


@bp.post("/account/recovery-codes")
@requires(Permission.SIGNED_IN)
def recovery_codes() -> ResponseReturnValue:
    auth.step_up()
    return _codes(console().door.factors.renew_codes(auth.present().staff))


@bp.get("/account/confirm")
@requires(Permission.SIGNED_IN)
def confirm() -> ResponseReturnValue:
    if not auth.present().enrolled:
        return redirect(url_for("security.enrol", next=local_path(request.args.get("next"))), 303)
    return render_template("console/confirm.html", after=local_path(request.args.get("next")))


@bp.post("/account/confirm")
@requires(Permission.SIGNED_IN)
def step_up() -> ResponseReturnValue:
    here, after = auth.present(), local_path(request.form.get("next"))
    if wait := attempts().allow_code(here.staff.id):
        return too_often(wait)
    now = time.time()
    if not console().door.factors.accept(here.staff.id, request.form.get("code", ""), now):
        console().audit(here.staff.id, AuditAction.STEP_UP_FAILED, f"staff:{here.staff.id}", {})
        flash(gettext("This code is not right, or was used already. Take the next one."), "error")
        return render_template("console/confirm.html", after=after), 401
    attempts().forget_code(here.staff.id)
    console().audit(here.staff.id, AuditAction.STEPPED_UP, f"staff:{here.staff.id}", {})
    auth.renamed(console().door.sessions.stepped(here.seat, now))
    return redirect(after or url_for("security.index"), 303)
