"""Numbers the state or an insurer issued: national id, ARC, passport, health card, company number, plate."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bot.masking.checks import is_company_number, is_national_id
from bot.masking.context import Context
from bot.masking.runs import SEP, part_of_code, runs
from bot.masking.spans import Candidate

_ID: Final = re.compile(
    rf"(?<![a-z0-9])[a-z](?:{SEP})?[1289a-d](?:(?:{SEP})?[0-9]){{8}}(?:(?![a-z0-9])|(?=09[0-9]{{8}}(?![a-z0-9])))"
)
# Beside its name: one digit lost or doubled, O for 0 and l for 1 are still nine true characters.
_ID_NEAR: Final = re.compile(
    rf"(?<![a-z0-9])[a-z](?:{SEP})?[0-9a-dol](?:(?:{SEP})?[0-9ol]){{6,9}}(?![a-z0-9])"
)
_ID_DIGITS: Final = re.compile(rf"(?<![a-z0-9])[0-9](?:(?:{SEP})?[0-9]){{8,9}}(?![a-z0-9])")
_UI_TWELVE: Final = re.compile(rf"(?<![a-z0-9])[0-9](?:(?:{SEP})?[0-9]){{11}}(?![a-z0-9])")
# Shown next to 'Z14****252' the last four leave 100 candidates instead of 1,000: one more piece of the same id.
_ID_TAIL: Final = re.compile(
    r"(?:身[分份]證(?:字號|號碼|號)?|居留證(?:號碼|號)?)(?:的|我的|\s)*(?:末|後|最後)(?:面)?(?:[三四五3-5])\s?(?:碼|"
    r"位|個數字|位數)"
    r"(?:數字)?(?:[\s:=,「(]|是|為)*([0-9]{3,5})(?![0-9])"
)
_PASSPORT: Final = re.compile(
    rf"(?<![a-z0-9])(?:[a-z]{{1,2}}-?|[a-z] )?[0-9](?:(?:{SEP})?[0-9]){{5,8}}[a-z]?(?![a-z0-9])"
)
_PLATE: Final = re.compile(
    r"(?<![a-z0-9])(?:[a-z]{3}\s?-?\s?[0-9]{3,4}|[0-9]{3,4}\s?-?\s?[a-z]{2,3}|[a-z]{2}\s?-?\s?[0-9]{4,5}|"
    r"[a-z][0-9]\s?-\s?[0-9]{4}|[0-9][a-z]\s?-\s?[0-9]{4}|[0-9]{4}\s?-\s?[a-z][0-9]|[0-9]{4}\s?-\s?[0-9][a-z]|"
    r"[a-z]{3}\s?-?\s?[0-9]{2}\s[0-9]{2}|[0-9]{3}\s?-\s?[a-z]{3})(?![a-z0-9])"
)
_PLATE_GAP: Final = re.compile(
    r"(?:[\s:=,、「(]|是|為|的|號碼|號|我|這台|那台|一台|新|舊|改成|換成|改為|變成|改|換|應該|原本|打錯|更正|要|想|續保|加保|辦|查)*"
)
# The numbers of things; a member's or a customer's number often *is* the national id.
_ITEM: Final = re.compile(
    r"(?:訂單|定單|商品|產品|料件|貨|批|發票|包裹|物流|保單|契約|合約|案件|交易|序|料|型|機台|設備|錯誤|基金|優惠|"
    r"兌換|折扣|工單|取貨|取件|憑證)\s?的?(?:編號|號碼|單號|序號|代碼|代號|號|碼|id)[\s:=,(「]{0,3}(?:是|為)?\s?$"
)
# Without its name only the shape of today's plates (no I, O or 4), and only where insurance or a loan is about it.
_INSURED: Final = re.compile(
    r"(?<![a-z0-9-])[a-hj-np-z]{3}-[0-35-9]{4}(?=的?(?:保單|強制險|任意險|車險|車貸|保費|行照))"
)
_COMPACT_DATE: Final = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_NOT_ALNUM: Final = re.compile(r"[^a-z0-9]")


def find_ids(ctx: Context) -> Iterator[Candidate]:
    """National ids and ARC numbers: by check digit anywhere, by their name even when the digit fails."""
    text = ctx.hard
    for m in _ID.finditer(text):
        value = _NOT_ALNUM.sub("", m[0])
        if not is_national_id(value):
            continue
        kind = ctx.kind(m.start(), m.end(), 8)
        if _ITEM.search(ctx.text, max(0, m.start() - 14), m.start()):
            continue
        if kind != "id" and (
            part_of_code(text, m.start(), m.end()) or _looks_like_invoice(value, kind, m[0])
        ):
            continue
        yield Candidate(_id_type(value), m.start(), m.end(), 0)
    for m in _ID_NEAR.finditer(text):
        if sum(char.isdigit() for char in m[0]) >= 6 and ctx.kind(m.start(), m.end()) in ("id", "company"):
            yield Candidate(_id_type(_NOT_ALNUM.sub("", m[0])), m.start(), m.end(), 1)
    for m in _ID_TAIL.finditer(text):
        yield Candidate("TW_ID", m.start(1), m.end(1), 1)
    for pattern, type_ in ((_ID_DIGITS, "TW_ID"), (_UI_TWELVE, "ARC_NEW")):
        for m in pattern.finditer(ctx.soft):
            label = ctx.before(m.start(), 12)
            if label is None or label.kind != "id":
                continue
            name = ctx.text[label.start : label.end]
            if ("居留" in name if type_ == "ARC_NEW" else name[0] in "國身居统統") and not m[0].startswith(
                "09"
            ):
                yield Candidate(type_, m.start(), m.end(), 3)


def find_papers(ctx: Context) -> Iterator[Candidate]:
    """Passports and health cards, which have no public check digit and need their name."""
    listed = -1
    for m in _PASSPORT.finditer(ctx.soft):
        if ctx.kind(m.start(), m.end()) == "passport" or ctx.continues(listed, m.start()):
            yield Candidate("PASSPORT", m.start(), m.end(), 2)
            listed = m.end()
    for run in runs(ctx.soft):
        start, end = run.groups[0][0], run.groups[-1][1]
        if ctx.kind(start, end) == "nhi":
            for window in run.windows(0, 10, 14):
                yield Candidate("NHI_CARD", window.start, window.end, 2)
                break


def find_company_numbers(ctx: Context) -> Iterator[Candidate]:
    """Company numbers: one 8-digit string in five passes the check, so a name must stand beside it."""
    for run in runs(ctx.soft):
        for first in range(len(run)):
            for window in run.windows(first, 8, 8):
                kind = ctx.kind(window.start, window.end, 10)
                weak = kind == "company_weak" and is_company_number(window.digits) and len(window.sizes) == 1
                if kind == "company" or (weak and not _COMPACT_DATE.fullmatch(window.digits)):
                    yield Candidate("COMPANY_TAX_ID", window.start, window.end, 2)


def find_plates(ctx: Context) -> Iterator[Candidate]:
    """Car plates beside 車牌 or 車號; beside 機車 and its like only when the dash is written."""
    for m in _PLATE.finditer(ctx.soft):
        label = ctx.before(m.start(), 8)
        said = ctx.after(m.end())
        near = label is not None and _PLATE_GAP.fullmatch(ctx.text, label.end, m.start()) is not None
        kinds = {label.kind if label is not None and near else "", said.kind if said is not None else ""}
        if "plate" in kinds or ("plate_weak" in kinds and "-" in m[0] and len(m[0]) > 6):
            yield Candidate("CAR_PLATE", m.start(), m.end(), 2)
    for m in _INSURED.finditer(ctx.soft):
        yield Candidate("CAR_PLATE", m.start(), m.end(), 4)


def _id_type(value: str) -> str:
    if value[1] in "abcd":
        return "ARC_OLD"
    return "ARC_NEW" if value[1] in "89" else "TW_ID"


def _looks_like_invoice(value: str, kind: str, typed: str) -> bool:
    """An invoice number has the shape of an old ARC number, and one in ten has its check digit too."""
    return value[1] in "abcd" and (kind == "other" or not typed[1].isalpha() or not typed[2].isdigit())
