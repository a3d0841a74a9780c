"""`flask <group> <command>`: ai, audit, backup, channels, desk, figures, staff, kb, keys, records, rules, triage and
model; doctor, mask and simulate are commands by themselves."""

from __future__ import annotations

from flask import Flask

from bot.cli import (
    ai,
    ai_drill,  # noqa: F401 - a command of `ai`
    audit,
    backup,
    channels,
    desk,
    doctor,
    figures,
    kb,
    keys,
    mask,
    model,
    records,
    records_access,  # noqa: F401 - its command joins the group
    records_export,  # noqa: F401 - its command joins the group
    records_retention,  # noqa: F401 - its commands join the group
    rules,
    simulate,
    staff,
    staff_review,  # noqa: F401 - its command joins the group
    triage,
)


def register(app: Flask) -> None:
    for command in (
        ai.group,
        audit.group,
        backup.group,
        channels.group,
        desk.group,
        figures.group,
        staff.group,
        kb.group,
        keys.group,
        records.group,
        rules.group,
        triage.group,
        model.group,
        doctor.command,
        mask.command,
        simulate.command,
    ):
        app.cli.add_command(command)
