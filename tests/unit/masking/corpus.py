"""Reads the two lists of messages beside this file."""

from __future__ import annotations

import re
from pathlib import Path

from bot.masking import Span

_HERE = Path(__file__).parent
_MARK = re.compile(r"\{([A-Z_]+)\|([^}]*)\}")


def colloquial() -> list[tuple[str, tuple[Span, ...]]]:
    """Messages and the spans that must be found in them, exactly."""
    return [_parse(line.replace("\\n", "\n")) for line in _lines("colloquial.txt")]


def lookalikes() -> list[str]:
    """Messages in which nothing is personal."""
    return _lines("lookalikes.txt")


def _lines(name: str) -> list[str]:
    lines = (_HERE / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("# ")]


def _parse(line: str) -> tuple[str, tuple[Span, ...]]:
    text, spans, done = "", [], 0
    for m in _MARK.finditer(line):
        text += line[done : m.start()]
        spans.append(Span(m[1], len(text), len(text) + len(m[2])))
        text += m[2]
        done = m.end()
    return text + line[done:], tuple(spans)
