"""What a model or a log must not see although nobody can say what it is: long bare numbers, tails, id shapes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bot.masking.checks import is_national_id
from bot.masking.context import Context
from bot.masking.runs import runs
from bot.masking.spans import Candidate

_ID_SHAPE: Final = re.compile(r"(?<![a-z0-9])[a-z][1289a-d][0-9]{8}(?![0-9])")
_INNER: Final = re.compile(r"(?!080[09])[0-9]{10,40}+(?!\s?(?:元(?!大)|塊|圓|萬(?!事)|億))")
_TAIL: Final = re.compile(
    r"(?:卡號?|信用卡|帳號|帳戶|卡片|手機|電話)(?:的|\s)*(?:末|後|最後)[三四五六3-6]\s?(?:碼|"
    r"位)(?:數字)?(?:[\s:=,「(]|是|為)*([0-9]{3,6})(?![0-9])"
)


def find_bare(ctx: Context) -> Iterator[Candidate]:
    """Runs of ten digits and more, id shapes whose check digit fails, and the tails callers are verified with."""
    text = ctx.hard
    for m in _ID_SHAPE.finditer(text):
        kind = "ARC_OLD" if m[0][1] in "abcd" else "ARC_NEW" if m[0][1] in "89" else "TW_ID"
        if kind != "ARC_OLD" or is_national_id(m[0]):
            yield Candidate(kind, m.start(), m.end(), 9)
    for m in _INNER.finditer(text):
        yield Candidate("BANK_ACCOUNT", m.start(), m.end(), 9)
    for m in _TAIL.finditer(text):
        type_ = "CREDIT_CARD" if "卡" in m[0] else "BANK_ACCOUNT" if m[0][0] == "帳" else "MOBILE"
        yield Candidate(type_, m.start(1), m.end(1), 9)
    for run in runs(ctx.soft):
        window = run.window(0, len(run) - 1)
        if window.digits.startswith(("0800", "0809")):
            continue
        if 10 <= len(window.digits) <= 40 and len(window.sizes) > 1 and max(window.sizes) >= 3:
            yield Candidate("BANK_ACCOUNT", window.start, window.end, 10)
