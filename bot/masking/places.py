"""Postal addresses. Without a house number a road is only a place ('信義路五段的分行')."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bot.masking.context import Context
from bot.masking.spans import Candidate
from bot.masking.tables import CITIES, CITY_STEMS

_N: Final = r"(?:[0-9]{1,4}|[一二三四五六七八九十百零〇]{1,5})"
_CJK: Final = r"[\u4e00-\u9fff]"
_CITY: Final = rf"(?:{'|'.join(CITIES)}|{'|'.join(CITY_STEMS)})"
_HOUSE: Final = (
    rf"(?:\s?{_N}\s?鄰)?(?:\s?[東西南北]?{_N}\s?段)?(?:\s?{_CJK}{{0,3}}{_N}\s?巷)?(?:\s?{_N}\s?弄)?(?:\s?{_N}\s?衖)?"
    rf"\s?(?:[臨附]\s?)?{_N}(?:\s?(?:之|-)\s?{_N}){{0,2}}\s?[號号](?:\s?之\s?{_N})?"
    rf"(?!\s?(?:出口|櫃|窗口|月台|線|店|桌|房間|球場|登機|公車|倉|碼頭|館|通知|函|信箱|公文))"
)
_FLOOR: Final = (
    rf"(?:[\s,、]?(?:[0-9]{{1,2}}|[a-z]|[甲乙丙丁戊一二三四五六東西南北中前後])\s?[棟座])?"
    rf"(?:[\s,、]?(?:地下)?\s?(?:(?:b\s?)?{_N})\s?(?:樓|f(?![a-z]))(?:\s?之\s?{_N}|\s?-\s?[0-9a-z]{{1,3}}(?![0-9a-z]))?)?"
    rf"(?:[\s,、]?b[1-9](?![0-9a-z]))?"
    rf"(?:[\s,、]?(?:{_N}|[a-z])\s?(?:室|房|戶)(?!屋))?"
)
_ROAD: Final = rf"{_CJK}{{1,6}}?\s?(?:大道|路|街|巷(?={_CJK}{{0,3}}{_N}))"
_AREA_WITH_CITY: Final = rf"(?:\s?{_CJK}{{1,3}}[區鄉鎮市])?(?:\s?{_CJK}{{1,4}}[里村])?"
_FULL: Final = re.compile(
    rf"(?:(?<![0-9])[0-9]{{3}}(?:[0-9]{{2,3}})?\s?)?(?:台灣|臺灣)?(?:省)?{_CITY}\s?,?{_AREA_WITH_CITY}"
    rf"(?:(?:\s?{_ROAD}){{1,2}}{_HOUSE}|(?<=[里村區鄉鎮])\s?(?:{_CJK}{{1,6}}?)?{_HOUSE}){_FLOOR}"
)
_DISTRICT: Final = re.compile(
    rf"{_CJK}{{1,3}}[區鄉鎮](?:\s?{_CJK}{{1,4}}[里村])?(?:(?:\s?{_ROAD}){{1,2}}|(?<=[里村])(?:{_CJK}{{1,6}}?)?){_HOUSE}{_FLOOR}"
)
_STREET: Final = re.compile(rf"{_CJK}{{1,6}}(?:大道|路|街)(?:{_CJK}{{1,3}}街)?{_HOUSE}{_FLOOR}")
_VILLAGE: Final = re.compile(rf"{_CJK}{{2,4}}(?:新村|[里村])\s?{_N}\s?鄰?{_HOUSE}{_FLOOR}")
# '我住在中山路100號': what comes before the name of the road is not part of it.
_LEAD: Final = re.compile(
    r".*(?:[我你他她家住在是於為從寄送搬遷址的到了往去]|改成|換成|變成|戶籍|通訊|公司|老家|"
    r"家裡|新家|地點|現居|帳單|資料|請|把|"
    r"銀行|分行|門市|就|跟|還有|一下|附近|旁邊|位於|位在)"
)
_ENGLISH: Final = re.compile(
    r"(?:(?:rm\.?|room|[0-9]{1,3}(?:f|fl|floor|st floor|nd floor|rd floor|th floor)\.?)\s?[0-9a-z-]{0,4},?\s?)?"
    r"(?<![a-z])(?:no\.?|number)\s?[0-9]{1,4}(?:-[0-9]{1,3})?\s?,\s?"
    r"(?:[a-z0-9][a-z0-9.' -]{1,30},\s?){0,5}?[a-z0-9 .'-]{0,30}(?:rd|road|st|street|ave|"
    r"avenue|blvd|boulevard)(?![a-z])\.?"
    r"(?:,\s?[a-z0-9 .'()-]{2,30}){0,5}"
)


def find_addresses(ctx: Context) -> Iterator[Candidate]:
    """Addresses with a house number; a full one begins at its zip code, a short one at its road."""
    text = ctx.text
    if "號" in text or "号" in text:
        for m in _FULL.finditer(text):
            yield Candidate("ADDRESS", m.start(), m.end(), 1)
        for pattern in (_DISTRICT, _STREET, _VILLAGE):
            for m in pattern.finditer(text):
                start = _trim(m[0])
                if start is not None:
                    yield Candidate("ADDRESS", m.start() + start, m.end(), 3)
    if "no" in text or "number" in text:
        for m in _ENGLISH.finditer(text):
            yield Candidate("ADDRESS", m.start(), m.end(), 1)


def area(address: str) -> str:
    """City and district of a normalised address, what the screen may show of it; empty when it names none."""
    m = re.match(rf"(?:[0-9]{{3,6}}\s?)?(?:台灣|臺灣)?省?({_CITY}(?:\s?{_CJK}{{1,3}}?[區鄉鎮市])?)", address)
    return m[1].replace(" ", "") if m else ""


def _trim(found: str) -> int | None:
    road = re.search(r"大道|[路街區鄉鎮里村]", found)
    if road is None:
        return None
    lead = _LEAD.match(found[: road.start()])
    start = lead.end() if lead else 0
    return start if road.start() > start else None
