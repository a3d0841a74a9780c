"""Telephone numbers: mobiles, landlines with extension, numbers from abroad (compliance.md 1.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bot.masking.checks import is_national_id
from bot.masking.context import Context
from bot.masking.runs import Run, Window, runs, stands_alone
from bot.masking.spans import Candidate

_MOBILE: Final = re.compile(r"(?:(?:00|002)?8860?|0)9[0-9]{8}")
_BARE_MOBILE: Final = re.compile(r"9[0-9]{8}")
# Mistyped beside its name: one digit lost or doubled.
_NEAR_MOBILE: Final = re.compile(r"09[0-9]{6,9}")
_AREA: Final = (
    r"(?:2[2-8][0-9]{7}|3[2-9][0-9]{6,7}|4[2-9][0-9]{6,7}|5[2-9][0-9]{6}|6[2-9][0-9]{6}|7[2-9][0-9]{6,7}|"
    r"8[2-9][0-9]{6}|836[0-9]{5,6}|70[0-9]{8})"
)
_LANDLINE: Final = re.compile(rf"(?:(?:00|002)?8860?|0){_AREA}")
# Grouped or named, the exchange may begin with any digit: people invent '02-1234-5678' and mean it.
_GROUPED_LANDLINE: Final = re.compile(
    r"(?:(?:00|002)?8860?|0)(?:2[0-9]{8}|[347][0-9]{7,8}|[568](?!0[09])[0-9]{7}|836[0-9]{5,6}|70[0-9]{8})"
)
_COMPACT_DATE: Final = re.compile(r"0[2-8](?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_SLASHED: Final = re.compile(
    r"(?<![0-9a-z/.,])09[0-9]{2}([/,、~*]|\.{3})[0-9]{3}(?:\1)?[0-9]{3}(?![0-9a-z/,~*])"
)
_LOCAL: Final = re.compile(r"[2-8][0-9]{6,7}")
# 412 and 449 numbers and the like belong to firms; a date is no telephone.
_NOT_LOCAL: Final = re.compile(
    r"412[0-9]+|449[0-9]+|(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
)
_SPEECH: Final = re.compile(r"(?![a-z0-9])|[a-z]{2,}(?![0-9_-])")
# '1.王小明 2.0912345678'
_LISTED: Final = re.compile(r"(?<![0-9a-z.-])[1-9][.]$")
_EXTENSION: Final = re.compile(
    r"[\s,()]{0,2}(?:#|轉接?|分機|ext\.?|(?<![a-z])x)\s?(?:分機)?[\s.:是]{0,2}[0-9]{1,6}(?![0-9])\)?"
)
# '王小明A1234567890912345678': the telephone typed right behind the id.
_AFTER_ID: Final = re.compile(r"(?<=[a-z][1289a-d][0-9]{8})09[0-9]{8}(?![a-z0-9])")
# O for 0 and l or I for 1.
_MISREAD: Final = re.compile(
    r"(?<![a-z0-9])(?=[0-9-. ]{0,12}[oil])[o0]9[0-9oil]{2}[-. ]?[0-9oil]{3}[-. ]?[0-9oil]{3}(?![a-z0-9])"
)
_ABROAD: Final = re.compile(r"\+[1-9][0-9]{0,3}(?:[-. ()]{0,2}[0-9]{1,5}){2,6}(?![0-9a-z])")


def find_phones(ctx: Context, own: frozenset[str]) -> Iterator[Candidate]:
    """Mobiles and landlines; numbers in `own` (digits only) are the firm's and stay readable."""
    text = ctx.soft
    for run in runs(text):
        first = 0
        while first < len(run):
            # No telephone begins with 1: long lists of numbers cost nothing.
            begins = text[run.groups[first][0]] != "1"
            found = (_mobile(ctx, run, first) or _landline(ctx, run, first)) if begins else None
            if found is None:
                first += 1
                continue
            type_, window, rank = found
            first += len(window.sizes)
            start = _prefix(text, window.start)
            extension = _EXTENSION.match(text, window.end) if type_ == "LANDLINE" else None
            end = extension.end() if extension else window.end
            if window.digits not in own and not (type_ == "LANDLINE" and _is_hotline(ctx, start)):
                yield Candidate(type_, start, end, rank)
    for m in _SLASHED.finditer(ctx.hard):
        yield Candidate("MOBILE", m.start(), m.end(), 3)
    for m in _AFTER_ID.finditer(ctx.hard):
        if is_national_id(ctx.hard[m.start() - 10 : m.start()]):
            yield Candidate("MOBILE", m.start(), m.end(), 3)
    for m in _MISREAD.finditer(text):
        if sum(map(str.isdigit, m[0])) >= 6:
            yield Candidate("MOBILE", m.start(), m.end(), 3)
    for m in _ABROAD.finditer(text):
        digits = re.sub(r"[^0-9]", "", m[0])
        if 10 <= len(digits) <= 15 and not digits.startswith("886"):
            yield Candidate("MOBILE", m.start(), m.end(), 1)


def _mobile(ctx: Context, run: Run, first: int) -> tuple[str, Window, int] | None:
    for window in run.windows(first, 8, 16):
        full = _MOBILE.fullmatch(window.digits) is not None
        if not full and not (_NEAR_MOBILE.fullmatch(window.digits) or _BARE_MOBILE.fullmatch(window.digits)):
            continue
        if not _alone(ctx, window):
            continue
        named = ctx.kind(window.start, window.end, 10) == "phone"
        if named:
            return "MOBILE", window, 2
        if full and _usual_groups(window) and not _joined(run, window) and not _reference(ctx, window):
            return "MOBILE", window, 3
    return None


def _landline(ctx: Context, run: Run, first: int) -> tuple[str, Window, int] | None:
    for window in run.windows(first, 7, 15):
        if not _alone(ctx, window):
            continue
        named = ctx.kind(window.start, window.end, 8) == "phone"
        full = _LANDLINE.fullmatch(window.digits) is not None
        if not full and (named or 2 <= window.sizes[0] <= 4):
            full = _GROUPED_LANDLINE.fullmatch(window.digits) is not None
        if full and not named and _COMPACT_DATE.fullmatch(window.digits):
            continue
        local = _LOCAL.fullmatch(window.digits) and not _NOT_LOCAL.fullmatch(window.digits)
        if not full and not local:
            continue
        if named and (full or len(window.sizes) <= 2):
            return "LANDLINE", window, 2
        if full and _area_groups(window) and not _joined(run, window) and not _reference(ctx, window):
            return "LANDLINE", window, 3
        if local and first == 0 and _EXTENSION.match(run.text, window.end) and not _reference(ctx, window):
            return "LANDLINE", window, 3
    return None


def _alone(ctx: Context, window: Window) -> bool:
    """Not inside a code: 'tel0912...' and '0912...OK' are speech, '0912...A' and 'X0912...' are not."""
    if stands_alone(ctx.text, window.start, window.end):
        return True
    near = ctx.before(window.start, 0)
    before = ctx.text[window.start - 1 : window.start]
    if before.isascii() and before.isalnum() and (near is None or near.kind not in ("phone", "line")):
        return False
    after = _SPEECH.match(ctx.text, window.end)
    return after is not None


def _usual_groups(window: Window) -> bool:
    """Pairs are lottery numbers; a telephone comes in at most five pieces or digit by digit."""
    return max(window.sizes) == 1 or (len(window.sizes) <= 5 and sum(n <= 2 for n in window.sizes) <= 3)


def _area_groups(window: Window) -> bool:
    if len(window.sizes) == 1 or max(window.sizes) == 1:
        return True
    return len(window.sizes) <= 5 and sum(n <= 2 for n in window.sizes) <= 3 and max(window.sizes) >= 3


def _joined(run: Run, window: Window) -> bool:
    """Whether a dash or dot ties the window to further digits: then it is a slice of a longer number."""
    text = run.text
    left = window.start >= 2 and text[window.start - 1] in "-." and text[window.start - 2].isalnum()
    left = left and text[window.start - 2].isascii()
    if left and _LISTED.search(text, max(0, window.start - 4), window.start):
        left = False
    right = window.end + 1 < len(text) and text[window.end] in "-." and text[window.end + 1].isdigit()
    return left or right


def _reference(ctx: Context, window: Window) -> bool:
    """Whether an order, a policy or the like is named right before the number."""
    near = ctx.before(window.start, 4)
    return near is not None and near.kind == "other"


def _is_hotline(ctx: Context, start: int) -> bool:
    near = ctx.before(start, 4)
    return near is not None and near.kind == "hotline"


def _prefix(text: str, start: int) -> int:
    """The start with the '(' and '+' typed before it."""
    if start and text[start - 1] == "+":
        start -= 1
    if start and text[start - 1] == "(" and ")" in text[start : start + 8]:
        start -= 1
    if start and text[start - 1] == "+":
        start -= 1
    return start
