"""One-time codes, CVVs and passwords do not outlive the request they came in: no key opens what was never written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bot.masking.detect import find

GONE: Final = "[機密]"
# A line that may be a code on its own; the line before it says whether it is one.
_CODE: Final = re.compile(r"(?=\D*\d)[\w!@#$%^&*.\- ]{3,24}|[零〇一二三四五六七八九壹貳參肆伍陸柒捌玖]{4,8}")


def destroy(text: str) -> str:
    """`text` with every secret replaced for good; the same object where it has none."""
    return _cut(text, 0)


def destroy_lines(before: str, lines: Sequence[str]) -> list[str]:
    """`lines` that came one after the other, without secrets; `before` is what was said just before them.

    People send '驗證碼' and the six digits as two messages: neither is a secret alone.
    """
    whole: list[str] = []
    for line in lines:
        kept = destroy(line)
        if before and kept == line and _CODE.fullmatch(line):
            head = f"{before}\n"
            kept = _cut(head + line, len(head))
        whole.append(kept)
        before = line
    return whole


def _cut(text: str, begin: int) -> str:
    """`text` from `begin` on, without secrets; a span that begins before it counts from there."""
    secrets = [span for span in find(text) if span.type == "SECRET" and span.end > begin]
    if not secrets:
        return text[begin:] if begin else text
    parts, done = [], begin
    for span in secrets:
        parts += [text[done : max(span.start, done)], GONE]
        done = span.end
    return "".join([*parts, text[done:]])
