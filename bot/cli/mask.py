"""`flask mask`: text lines in, masked JSON lines out; no server needed."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Literal

import click

from bot.cli.common import emit, json_anyway
from bot.masking import mask


@click.command("mask", help="Mask personal data: lines of text on stdin, JSON lines on stdout.")
@click.option("--jsonl", is_flag=True, help='Read {"id", "text"} lines instead of plain text.')
@click.option(
    "--profile",
    type=click.Choice(["screen", "model"]),
    default="screen",
    help="screen: what agents see; model: the stricter one for logs and models.",
)
@json_anyway
def command(jsonl: bool, profile: Literal["screen", "model"]) -> None:
    # Lines end at a line feed only: other separators may be part of a customer's text.
    lines = sys.stdin.buffer.read().split(b"\n")
    if not lines[-1]:
        lines.pop()
    for number, raw in enumerate(lines, start=1):
        if jsonl and not raw.strip():
            continue
        line = raw.decode("utf-8", errors="replace").removesuffix("\r")
        fields: dict[str, object] = {}
        text = line
        if jsonl:
            try:
                parsed = json.loads(line)
                text = parsed["text"]
            except (ValueError, KeyError, TypeError) as error:
                raise click.UsageError(f'line {number} is not a JSON object with "text"') from error
            if not isinstance(text, str):
                raise click.UsageError(f'line {number}: "text" is not a string')
            fields = {"id": parsed["id"]} if "id" in parsed else {}
        masked = mask(text, profile)
        emit({**fields, "masked": masked.masked, "spans": [asdict(span) for span in masked.spans]})
