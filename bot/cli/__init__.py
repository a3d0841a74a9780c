"""`flask <group> <command>`: channels, staff, kb, rules, triage, model, doctor, mask, simulate. One file a group."""

from __future__ import annotations

from flask import Flask

from bot.cli import channels, doctor, kb, mask, model, rules, simulate, staff, triage


def register(app: Flask) -> None:
    for command in (
        channels.group,
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
