"""Channel accounts: their state, adding one, and asking the platform. Secrets go in and never come out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from bot.contracts import Channel
from bot.errors import NotFound, ServiceError
from bot.model import ChannelAccount, ChannelType
from inbox import channel_forms, words
from inbox.auth import console, requires, staff
from inbox.permissions import AuditAction, Permission
from inbox.sentences import said_by_platform

bp = Blueprint("admin", __name__)


def found(account_id: str) -> ChannelAccount:
    account = console().accounts.get(account_id)
    if account is None:
        raise NotFound("There is no such channel account.")
    return account


def shown(account: ChannelAccount) -> dict[str, Any]:
    """An account for the page: names of its secrets, never their values."""
    web = account.channel is ChannelType.WEB
    return {
        "account": account,
        "secrets": sorted(name for name, value in account.secrets.items() if value),
        "webhook": None if web else console().accounts.webhook_url(account),
        "snippet": console().accounts.snippet(account) if web else None,
    }


@bp.get("/admin")
@requires(Permission.CHANNEL_READ)
def index() -> ResponseReturnValue:
    return redirect(url_for("admin.channels"), 303)


@bp.get("/admin/channels")
@requires(Permission.CHANNEL_READ)
def channels() -> ResponseReturnValue:
    cards = [shown(account) for account in console().accounts.list()]
    return render_template("console/channels.html", cards=cards)


@bp.get("/admin/channels/add")
@requires(Permission.CHANNEL_WRITE)
def choose() -> ResponseReturnValue:
    return render_template("console/channel_choose.html", forms=channel_forms.FORMS)


def _channel(name: str) -> ChannelType:
    try:
        return ChannelType(name)
    except ValueError:
        raise NotFound("There is no such platform.") from None


@bp.get("/admin/channels/add/<channel>")
@requires(Permission.CHANNEL_WRITE)
def add(channel: str) -> ResponseReturnValue:
    kind = _channel(channel)
    return render_template(
        "console/channel_add.html", channel=kind, form=channel_forms.FORMS[kind], faults={}, filled={}
    )


@bp.post("/admin/channels/add/<channel>")
@requires(Permission.CHANNEL_WRITE)
def create(channel: str) -> ResponseReturnValue:
    kind = _channel(channel)
    form = channel_forms.FORMS[kind]
    answers = channel_forms.read(kind, request.form)
    faults = dict(answers.faults)
    if not faults:
        try:
            account = console().accounts.add(
                kind, answers.name, answers.secrets, answers.public, answers.api_base
            )
        except ServiceError as error:
            faults[""] = words.sentence(error)
        else:
            console().audit(
                staff().id, AuditAction.CHANNEL_ADDED, f"channel:{account.id}", {"channel": kind.value}
            )
            flash(gettext("Added. Now finish the steps below."), "success")
            return redirect(url_for("admin.channel", account_id=account.id), 303)
    # Only what is no secret comes back into the form.
    plain = {"name", "api_base", *(f.name for f in form.fields if f.kind != "secret")}
    filled = {name: value for name, value in request.form.items() if name in plain}
    page = render_template("console/channel_add.html", channel=kind, form=form, faults=faults, filled=filled)
    return page, 400


@bp.get("/admin/channels/<account_id>")
@requires(Permission.CHANNEL_READ)
def channel(account_id: str) -> ResponseReturnValue:
    account = found(account_id)
    form = channel_forms.FORMS[account.channel]
    return render_template("console/channel.html", form=form, **shown(account))


def _ask(
    account_id: str, action: AuditAction, ask: Callable[[Channel, ChannelAccount], str]
) -> ResponseReturnValue:
    """Asks the platform something and shows its answer, good or bad, as one sentence."""
    account = found(account_id)
    console().audit(staff().id, action, f"channel:{account_id}", {})
    adapter = console().channels.get(account.channel)
    try:
        if adapter is None:
            raise NotFound("This platform is not installed.")
        flash(f"{account.name}: {said_by_platform(ask(adapter, account))}", "success")
    except ServiceError as error:
        flash(f"{account.name}: {words.sentence(error)}", "error")
    return redirect(url_for("admin.channel", account_id=account_id), 303)


@bp.post("/admin/channels/<account_id>/check")
@requires(Permission.CHANNEL_WRITE)
def check(account_id: str) -> ResponseReturnValue:
    return _ask(account_id, AuditAction.CHANNEL_CHECKED, lambda adapter, account: adapter.check(account))


@bp.post("/admin/channels/<account_id>/register")
@requires(Permission.CHANNEL_WRITE)
def register(account_id: str) -> ResponseReturnValue:
    def ask(adapter: Channel, account: ChannelAccount) -> str:
        return adapter.register(account, console().accounts.webhook_url(account))

    return _ask(account_id, AuditAction.CHANNEL_REGISTERED, ask)


@bp.post("/admin/channels/<account_id>/test")
@requires(Permission.CHANNEL_WRITE)
def test(account_id: str) -> ResponseReturnValue:
    def ask(adapter: Channel, account: ChannelAccount) -> str:
        return adapter.test(account, console().accounts.webhook_url(account))

    return _ask(account_id, AuditAction.CHANNEL_TESTED, ask)


def _switch(account_id: str, on: bool) -> ResponseReturnValue:
    account = found(account_id)
    action = AuditAction.CHANNEL_ENABLED if on else AuditAction.CHANNEL_DISABLED
    console().audit(staff().id, action, f"channel:{account_id}", {})
    console().accounts.set_enabled(account_id, on)
    said = (
        gettext("%(name)s is on.", name=account.name)
        if on
        else gettext("%(name)s is off.", name=account.name)
    )
    flash(said, "success")
    return redirect(url_for("admin.channel", account_id=account_id), 303)


@bp.post("/admin/channels/<account_id>/enable")
@requires(Permission.CHANNEL_WRITE)
def enable(account_id: str) -> ResponseReturnValue:
    return _switch(account_id, True)


@bp.post("/admin/channels/<account_id>/disable")
@requires(Permission.CHANNEL_WRITE)
def disable(account_id: str) -> ResponseReturnValue:
    return _switch(account_id, False)
