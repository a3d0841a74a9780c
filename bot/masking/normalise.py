"""A normalised copy to detect on, and the way back to the text as it was typed.

NFKC changes lengths (`㈱`, `½`), so slicing the original with offsets of the copy would leak tails; every
character of the copy remembers the one it came from.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_CHINESE: Final = "〇零一二三四五六七八九壹貳參叁肆伍陸柒捌玖贰陆洞么幺兩拐勾"
_VALUES: Final = "0012345678912334567892601127" + "9"
_TO_DIGIT: Final = dict(zip(_CHINESE, _VALUES, strict=True))
_FROM_CHINESE: Final = str.maketrans(_TO_DIGIT)
# '刷四五三九…三千元': what counts a thousand is no digit of the number before it.
_DIGIT: Final = rf"(?:[0-9]|[{_CHINESE}](?![十百千萬億]))"
_LONG_RUN: Final = re.compile(rf"{_DIGIT}(?:[ \n]?[-.(),、]?[ \n]?{_DIGIT}){{7,}}")
_HAS_CHINESE: Final = re.compile(rf"[{_CHINESE}]{{2}}|[0-9a-z][-. ]?[{_CHINESE}][-. ]?[0-9{_CHINESE}]")
_EDGE: Final = re.compile(rf"^[{_CHINESE}]{{1,2}}(?=[^{_CHINESE}])|(?<=[^{_CHINESE}])[{_CHINESE}]{{1,2}}$")

# Marks that turn a digit into an emoji; they belong to the character before them.
_TRAILERS: Final = frozenset("\ufe0e\ufe0f\u20e3")
_DASHES: Final = frozenset("ー‐‑‒–—―−﹘﹣－⁃ｰ─━")
_DOTS: Final = frozenset("·•‧・･∙⋅")
# Letters of other alphabets that look like ours: an id typed on the wrong keyboard is still an id.
_LOOKALIKES: Final = dict(
    zip("АВСЕНІЈКМОРЅТХаеорсух" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "abcehijkmopstxaeopcyx" + "abezhikmnoptyx", strict=True)
)

# The words that name a number are looked for in traditional characters.
_SIMPLIFIED: Final = dict(
    zip(
        "码证验认帐账号户汇转银电话机护统编邮车区楼县卡册龄后动态输简讯国内联络专线给让这个贷缴扣营业厂实",
        "碼證驗認帳帳號戶匯轉銀電話機護統編郵車區樓縣卡冊齡後動態輸簡訊國內聯絡專線給讓這個貸繳扣營業廠實",
        strict=True,
    )
)


@lru_cache(maxsize=8192)
def _fold(char: str) -> str:
    """What one character becomes: lower-case ASCII where it has such a form, nothing where it is invisible."""
    if char.isascii():
        return char.lower() if char.isprintable() or char == "\n" else ("\n" if char == "\r" else " ")
    if char in _TRAILERS or char in _DASHES or char in _DOTS:
        return "" if char in _TRAILERS else "-" if char in _DASHES else "."
    if char in _LOOKALIKES or char in _SIMPLIFIED:
        return _LOOKALIKES.get(char) or _SIMPLIFIED[char]
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    category = unicodedata.category(char)
    if category in ("Cf", "Cc", "Mn", "Me"):
        return ""
    if category in ("Zs", "Zl", "Zp"):
        return " " if category == "Zs" else "\n"
    folded = unicodedata.normalize("NFKC", char)
    if folded == char:
        return char
    return "".join(_fold(part) if part.isascii() or part in _DASHES else part for part in folded)


@dataclass(frozen=True, slots=True)
class Normal:
    """`text` is the copy (ASCII letters in lower case); `starts[i]:ends[i]` is where `text[i]` came from.

    Both maps are None when every character kept its place.
    """

    text: str
    starts: list[int] | None
    ends: list[int] | None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The slice of the original text that a slice of the copy came from."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def normalise(text: str) -> Normal:
    """Fold a text for detection. Never raises, whatever the characters."""
    folded = [_fold(char) for char in text]
    copy = "".join(folded)
    starts: list[int] | None = None
    ends: list[int] | None = None
    if len(copy) != len(text) or not all(folded):
        starts, ends = [], []
        for index, piece in enumerate(folded):
            if not piece and ends and text[index] in _TRAILERS and ends[-1] == index:
                ends[-1] = index + 1
            for _ in piece:
                starts.append(index)
                ends.append(index + 1)
    if _HAS_CHINESE.search(copy):
        copy = _LONG_RUN.sub(_chinese_digits, copy)
    return Normal(copy, starts, ends)


def _chinese_digits(match: re.Match[str]) -> str:
    """Numerals of a long run as digits; one or two at its edge are words ('0912345678一直打不通')."""
    run = match[0]
    if not any(char.isascii() and char.isdigit() for char in run):
        return run.translate(_FROM_CHINESE)
    head, tail = 0, len(run)
    for edge in _EDGE.finditer(run):
        if edge.start() == 0 and edge[0][0] not in "零〇":
            head = edge.end()
        elif edge.start() > 0:
            tail = edge.start()
    return run[:head] + run[head:tail].translate(_FROM_CHINESE) + run[tail:]
