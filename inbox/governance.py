"""The inventory of AI systems: what runs, who answers for it, what was changed, and that it can be stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from bot import pdf
from bot.errors import Conflict, ServiceError
from bot.governance.register import FACTORS, LEVELS, Entry
from inbox import governance_words as say
from inbox import language, words
from inbox.auth import console, person, requires, staff
from inbox.permissions import AuditAction, Permission

bp = Blueprint("governance", __name__)


@bp.get("/ai/inventory")
@requires(Permission.GOVERNANCE_READ)
def index() -> ResponseReturnValue:
    house = console().quality.register
    return render_template(
        "console/governance.html",
        entries=house.inventory(),
        notices=house.notices(),
        drills=house.drills(),
        changes=[(one, summed(one)) for one in house.changes()],
        off=console().switch.state(),
        factors=FACTORS,
        say=say,
        person=person,
    )


@bp.get("/ai/inventory/<system_id>")
@requires(Permission.GOVERNANCE_READ)
def system(system_id: str) -> ResponseReturnValue:
    return _shown(system_id, {})


def _shown(system_id: str, filled: Mapping[str, str], status: int = 200) -> ResponseReturnValue:
    house = console().quality.register
    entry = house.entry(system_id)
    page = render_template(
        "console/governance_system.html",
        entry=entry,
        history=house.history(system_id),
        filled=filled or _standing(entry),
        seen=entry.said["version"] if entry.said else 0,
        factors=FACTORS,
        levels=LEVELS,
        say=say,
        person=person,
    )
    return page, status


def _standing(entry: Entry) -> Mapping[str, str]:
    """What stands there, as the form's fields."""
    if entry.said is None:
        return {}
    plain = {name: entry.said[name] for name in ("owner", "assessment", "reviewed_on")}
    return plain | {f"factor_{name}": level for name, level in entry.said["factors"].items()}


@bp.post("/ai/inventory/<system_id>")
@requires(Permission.GOVERNANCE_WRITE)
def enter(system_id: str) -> ResponseReturnValue:
    seen = request.form.get("seen", "")
    try:
        house = console().quality.register
        house.enter(staff(), system_id, request.form, int(seen) if seen.isascii() and seen.isdecimal() else 0)
    except ServiceError as error:
        flash(words.sentence(error), "error")
        if isinstance(error, Conflict):
            return redirect(url_for("governance.system", system_id=system_id), 303)
        return _shown(system_id, request.form, error.http_status)
    flash(gettext("Saved. The version before stays."), "success")
    return redirect(url_for("governance.index"), 303)


def summed(event: Mapping[str, Any]) -> str:
    """What an event of the log changed, in a line: figures, versions and reasons, never a customer's."""
    detail = event["detail"]
    if changed := detail.get("changed"):
        return "; ".join(f"{name}: {_word(was)} → {_word(now)}" for name, (was, now) in changed.items())
    shown = ("reason", "from", "to", "version", "owner", "threshold", "effect_s", "ok")
    return ", ".join(f"{name} {detail[name]}" for name in shown if detail.get(name) not in (None, ""))


def _word(value: str | None) -> str:
    return "–" if value is None else value[:12] + ("…" if len(value) > 12 else "")


# -- as files ---------------------------------------------------------------------------------------------------------


@bp.get("/ai/inventory.json")
@requires(Permission.GOVERNANCE_READ)
def as_json() -> ResponseReturnValue:
    house = console().quality.register
    _exported("json")
    told = {
        "systems": [
            {
                "id": one.system.id,
                "name": words.said(say.NAMES, one.system.id),
                "purpose": words.said(say.PURPOSES, one.system.id),
                "data": words.said(say.DATA, one.system.id),
                "version": one.system.version,
                "where": one.system.where,
                "on": one.system.on,
                "facts": dict(one.system.facts),
                "entered": one.said,
                "review_overdue": one.overdue,
            }
            for one in house.inventory()
        ],
        "notices": list(house.notices()),
        "drills": house.drills(),
        "changes": house.changes(),
    }
    text = json.dumps(told, ensure_ascii=False, indent=2, default=str)
    return _file(text.encode(), "application/json", "ai-inventory.json")


@bp.get("/ai/inventory.pdf")
@requires(Permission.GOVERNANCE_READ)
def as_pdf() -> ResponseReturnValue:
    house = console().quality.register
    _exported("pdf")
    blocks: list[pdf.Block] = []
    for one in house.inventory():
        blocks += _pages(one)
    blocks.append(pdf.Heading(gettext("Notice to customers")))
    blocks += [
        pdf.Paragraph(
            f"{words.said(say.NOTICES, one['id'])} (v{one['version']}): {one['text'].get('zh-TW', '')}"
        )
        for one in house.notices()
    ]
    blocks.append(pdf.Heading(gettext("Drills of the switch")))
    blocks += _table(
        (gettext("When"), gettext("Result"), gettext("Seconds to effect")),
        [
            (
                language.full(one["at"]),
                gettext("passed") if one["ok"] else gettext("failed"),
                str(one["effect_s"]),
            )
            for one in house.drills()
        ],
    )
    blocks.append(pdf.Heading(gettext("Changes")))
    blocks += _table(
        (gettext("When"), gettext("Who"), gettext("What"), gettext("Detail")),
        [
            (
                language.full(one["at"]),
                person(one["actor"]),
                words.said(say.ACTIONS, one["action"]),
                summed(one),
            )
            for one in house.changes()
        ],
    )
    made = pdf.write(gettext("Inventory of AI systems"), language.full(house.now()), blocks)
    return _file(made, "application/pdf", "ai-inventory.pdf")


def _pages(one: Entry) -> list[pdf.Block]:
    system = one.system
    rows = [
        (gettext("Purpose"), words.said(say.PURPOSES, system.id)),
        (gettext("Data it sees"), words.said(say.DATA, system.id)),
        (gettext("Runs"), gettext("on this machine") if system.where == "machine" else system.where),
        (gettext("Version"), system.version if system.on else gettext("not in use")),
        *((words.said(say.FACTS, name), value) for name, value in system.facts.items()),
    ]
    if one.said:
        rows += [
            (gettext("Owner"), one.said["owner"]),
            *(
                (words.said(say.FACTORS, name), words.said(say.LEVELS, level))
                for name, level in one.said["factors"].items()
            ),
            (gettext("Assessment"), one.said["assessment"]),
            (gettext("Last review"), one.said["reviewed_on"]),
        ]
    else:
        rows.append((gettext("Owner"), gettext("Nobody has entered one yet")))
    return [
        pdf.Heading(words.said(say.NAMES, system.id)),
        pdf.Table((gettext("Item"), gettext("Value")), rows, (2, 5)),
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[pdf.Block]:
    return [pdf.Table(head, rows)] if rows else [pdf.Paragraph("–")]


def _exported(form: str) -> None:
    console().audit(staff().id, AuditAction.GOVERNANCE_EXPORTED, "ai-inventory", {"form": form})


def _file(data: bytes, kind: str, name: str) -> Response:
    answer = Response(data, mimetype=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
