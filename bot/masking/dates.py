"""Birthdays. A date is only somebody's when the sentence says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bot.masking.context import Context
from bot.masking.spans import Candidate

_CN: Final = r"[0-9〇零一二三四五六七八九十百廿卅]"
_ERA: Final = r"(?:(?:民國|西元|公元|民)\s?)?"
_MONTHS: Final = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]{0,6}\.?"
_M: Final = r"(?:1[0-2]|0?[1-9])"
_D: Final = r"(?:3[01]|[12][0-9]|0?[1-9])"
_LONG: Final = (
    rf"{_ERA}(?:{_CN}{{1,5}}\s?年\s?{_CN}{{1,3}}\s?月(?:\s?{_CN}{{1,3}}\s?[日號号]?)?"
    rf"|(?:[0-9]{{4}}|[01]?[0-9]{{2}})\s?[-/. ]\s?{_M}\s?[-/. ]\s?{_D}(?![0-9])"
    rf"|{_D}\s?[-/.]\s?{_D}\s?[-/.]\s?(?:19|20)[0-9]{{2}}(?![0-9])"
    rf"|{_D}(?:st|nd|rd|th)?\s?[-,]?\s?{_MONTHS}\s?[-,]?\s?[0-9]{{4}}|{_MONTHS}\s?{_D}(?:st|"
    rf"nd|rd|th)?\s?,?\s?[0-9]{{4}}"
    rf"|(?:19[0-9]{{2}}|20[0-3][0-9]|0[0-9]{{2}}|1[0-2][0-9]|[0-9]{{2}})(?:0[1-9]|1[0-2])(?:0[1-9]|"
    r"[12][0-9]|3[01])(?![0-9]))"
)
_SHORT: Final = (
    rf"(?:{_CN}{{1,3}}\s?月\s?{_CN}{{1,3}}\s?[日號号]?|{_M}\s?[/.-]\s?{_D}(?![0-9/.-])"
    r"|(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?![0-9]))"
)
# The birthday of a campaign is nobody's.
_DAY: Final = r"生日(?!\s?(?:禮|優惠|券|月|當|活動|蛋糕|快樂|折|趴|派對|回饋|點數|加碼|大禮|壽星))"
_LABEL: Final = (
    rf"(?:(?:出生)?年月日|{_DAY}|出生(?:年月日|日期|日)?|生於|生辰|出世|"
    r"(?<![a-z])(?:birthday|bday|birth ?date|date of birth|dob|d\.o\.b\.?|born)(?: on| is)?)"
)
_GAP: Final = (
    r"(?:[\s:=,?(「『'\"-]|不是|是在|是|為|在|我的|我|他|她|的|於|寫成?|改成|改為|成|應該|應|正確|國曆|"
    r"農曆|陽曆|登記|資料|日期|填|錯|"
    r"了|到|更正|and|is|西元|民國(?=[):])|\)){0,8}"
)
_AFTER: Final = (
    r"(?:\s?[)」]?\s?(?:出生|出世|生(?![效活產意氣命成前存態動病鮮日])|[,]?\s?born)"
    r"|[\s,]?[(]?(?:才|就)?(?:是|為|的)?(?:我|本人|他|她|我媽|我爸|小孩|媽媽|爸爸|太太|先生)?(?:的)?\s?"
    rf"(?:{_DAY}|birthday))"
)
_NAMED: Final = re.compile(rf"{_LABEL}{_GAP}({_LONG})")
_NAMED_SHORT: Final = re.compile(rf"{_LABEL}{_GAP}({_SHORT})(?!\s?[0-9%]|前|之前|以前|到期|截止)")
# Further from its name only a whole date of somebody who may have been born then ('生日好像登記錯了 1985/6/7').
_FAR: Final = re.compile(
    rf"{_LABEL}[^0-9。!?;\n]{{0,12}}(?<![0-9])({_ERA}((?:19|20)[0-9]{{2}}|[01]?[0-9]{{2}})\s?[-/.年]\s?{_M}\s?[-/.月]\s?{_D}"
    r"(?![0-9])[日號]?)"
)
_NOT_YET: Final = (2025, 114)
# '生日不是74/3/5是75/3/5'
_NEXT: Final = re.compile(rf"[\s,、]*(?:應該|而|現在|才)?(?:不是|才是|是|為|改成|改為|和|跟|與)\s?({_LONG})")
_SAID: Final = re.compile(rf"(?<![0-9a-z])({_LONG}){_AFTER}")
_SAID_SHORT: Final = re.compile(
    rf"(?<![0-9a-z/.年-])({_SHORT})(?:\s?(?:是|為)?\s?(?:我|本人|我媽|我爸|小孩)?(?:的)?{_DAY}|出生)"
)
_HINT: Final = re.compile(r"生|出世|birth|bday|born|dob|d\.o\.b|年月日")


def _born(year: str) -> bool:
    return int(year) < _NOT_YET[len(year) < 4]


def find_birthdays(ctx: Context) -> Iterator[Candidate]:
    """Dates named as a birthday before or after; month and day alone count when they follow the name."""
    text = ctx.text
    if not _HINT.search(text):
        return
    for m in _FAR.finditer(text):
        if _born(m[2]):
            yield Candidate("BIRTHDAY", m.start(1), m.end(1), 4)
    for pattern, rank in ((_NAMED, 1), (_SAID, 1), (_NAMED_SHORT, 3), (_SAID_SHORT, 3)):
        for m in pattern.finditer(text):
            yield Candidate("BIRTHDAY", m.start(1), m.start(1) + len(m[1].rstrip()), rank)
            again = _NEXT.match(text, m.end(1))
            if again is not None:
                yield Candidate("BIRTHDAY", again.start(1), again.end(1), rank)
