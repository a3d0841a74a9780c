"""`flask <group> <command>`: ai, channels, desk, figures, staff, kb, rules, triage, model, doctor, mask, simulate."""

from __future__ import annotations

from flask import Flask

from bot.cli import ai, channels, desk, doctor, figures, kb, mask, model, rules, simulate, staff, triage


def register(app: Flask) -> None:
    for command in (
        ai.group,
        channels.group,
        desk.group,
        figures.group,
        staff.group,
        kb.group,
        rules.group,
        triage.group,
        model.group,
        doctor.command,
        mask.command,
        simulate.command,
    ):
        app.cli.add_command(command)
