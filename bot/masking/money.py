"""Payment cards and bank accounts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bot.masking.checks import is_card, is_ean
from bot.masking.context import Context
from bot.masking.runs import Run, Window, card_runs, runs, stands_alone
from bot.masking.spans import Candidate
from bot.masking.tables import BANKS

_CODES: Final = "|".join(BANKS)
# A bank's code is nobody's, so it stays readable unless a dash makes it one number with the account.
_CODED: Final = re.compile(
    rf"(?<![0-9a-z-])(?:\(?(?:{_CODES})\s?[)/ ]\s?|(?={_CODES}))((?:(?:{_CODES})-)?[0-9]{{10,16}})(?![0-9a-z])"
)
_CODE_FIRST: Final = re.compile(rf"(?:{_CODES})[ )\n]+(?=[0-9]{{7,}}(?![0-9]))")
_CODE_DASH: Final = re.compile(rf"(?<![0-9])(?:{_CODES})-$")
# '富邦 006208 3000': a fund of that house, and how much of it.
_FUND: Final = re.compile(r"00[0-9]{2,4} [0-9]{1,6}")
_COMPACT_DATE: Final = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_MOBILE: Final = re.compile(r"(?:(?:00)?886)?09[0-9]{8}|(?:00)?8869[0-9]{8}")
# 16 digits are the rule, so a window of 16 wins over a longer one that also satisfies Luhn.
_CARD_LENGTHS: Final = (16, 15, 14, 19, 18, 17, 13)
# Numbers of a machine that begin with their date: '20260731142355001' is no account even beside 匯款.
_STAMP: Final = re.compile(r"20[0-4][0-9](?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]*")


def find_cards(ctx: Context) -> Iterator[Candidate]:
    """Cards by brand, length and Luhn anywhere; beside their name whatever Luhn says."""
    for run in card_runs(ctx.hard):
        first = 0
        while first < len(run):
            window = _card(run, first, ctx)
            if window is None:
                first += 1
                continue
            yield Candidate("CREDIT_CARD", window.start, window.end, 0)
            first += len(window.sizes)
    listed = -1
    for run in runs(ctx.soft):
        start = run.groups[0][0]
        label = ctx.before(start)
        named = (label is not None and label.kind == "card") or ctx.continues(listed, start)
        if not named:
            after = ctx.after(run.groups[-1][1])
            named = label is None and after is not None and after.kind == "card"
        if named:
            for window in run.windows(0, 12, 19):
                if not _MOBILE.fullmatch(window.digits) and not _STAMP.fullmatch(window.digits):
                    yield Candidate("CREDIT_CARD", window.start, window.end, 2)
                    listed = window.end
                break


def find_accounts(ctx: Context) -> Iterator[Candidate]:
    """Bank accounts: evidence decides, the length only bounds (10 to 16 digits, 7 for the post office's halves)."""
    for m in _CODED.finditer(ctx.soft):
        near = ctx.before(m.start(), 6)
        coded = m.start(1) > m.start() or "-" in m[1]
        if coded and (near is None or near.kind != "other"):
            yield Candidate("BANK_ACCOUNT", m.start(1), m.end(1), 2)
    listed = -1
    for run in runs(ctx.soft):
        start = run.groups[0][0]
        kind = ctx.kind(start, run.groups[-1][1])
        grouped = _after_code(run, kind)
        if grouped is not None:
            yield grouped
        if not kind.startswith("account") and ctx.continues(listed, start):
            kind = "account_weak"
        window = _account(run, kind)
        if window is None:
            continue
        dash = _CODE_DASH.search(ctx.soft, max(0, window.start - 5), window.start)
        code = _CODE_FIRST.match(ctx.soft, window.start, window.end)
        listed = window.end
        start = dash.start() if dash else code.end() if code else window.start
        yield Candidate("BANK_ACCOUNT", start, window.end, 2)


def _after_code(run: Run, kind: str) -> Candidate | None:
    """'822 123-456-789012': the code of a bank names the groups behind it, unless something else does."""
    code = run.text[slice(*run.groups[0])]
    if code not in BANKS or kind in ("other", "phone", "hotline", "card") or not 3 <= len(run) <= 6:
        return None
    window = run.window(1, len(run) - 1)
    if not 10 <= len(window.digits) <= 16 or min(window.sizes) < 2 or _MOBILE.fullmatch(window.digits):
        return None
    dashed = run.text[run.groups[0][1]] == "-"
    return Candidate("BANK_ACCOUNT", run.groups[0][0] if dashed else window.start, window.end, 3)


def _account(run: Run, kind: str) -> Window | None:
    if kind not in ("account", "account_weak"):
        return None
    low, high = (7, 19) if kind == "account" else (10, 19)
    for first in range(min(2, len(run))):
        for window in run.windows(first, low, high):
            if len(window.digits) > 16 and window.sizes[0] != 3:
                continue
            if _MOBILE.fullmatch(window.digits) or _COMPACT_DATE.fullmatch(window.digits):
                return None
            if kind == "account_weak" and (_STAMP.fullmatch(window.digits) or window.sizes.count(1) > 3):
                return None
            if kind == "account_weak" and _FUND.fullmatch(run.text, window.start, window.end):
                return None
            if not stands_alone(run.text, window.start, window.end):
                return None
            return window
    return None


def _card(run: Run, first: int, ctx: Context) -> Window | None:
    found = {len(w.digits): w for w in run.windows(first, 13, 19) if is_card(w.digits)}
    thirteen = found.get(13)
    if thirteen is not None and is_ean(thirteen.digits) and ctx.kind(thirteen.start, thirteen.end) != "card":
        del found[13]
    for length in _CARD_LENGTHS:
        window = found.get(length)
        if window is None:
            continue
        if not _grouped_like_a_card(window) and not ctx.kind(window.start, window.end).startswith("card"):
            continue
        label = ctx.before(window.start, 0)
        if stands_alone(run.text, window.start, window.end) or (label is not None and label.kind == "card"):
            return window
    return None


def _grouped_like_a_card(window: Window) -> bool:
    """Groups of three and more, or every digit alone; pairs are lottery numbers."""
    return len(window.sizes) == 1 or min(window.sizes) >= 3 or max(window.sizes) == 1 or _fours(window)


def _fours(window: Window) -> bool:
    return window.sizes[:2] == (4, 4) and min(window.sizes) >= 1
