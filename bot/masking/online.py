"""E-mail addresses and LINE ids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bot.masking.context import Context
from bot.masking.spans import Candidate
from bot.masking.tables import MAIL_PROVIDERS, ROLE_MAILBOXES, words

_LOCAL: Final = r"(?<![a-z0-9._%+-])([a-z0-9](?:[a-z0-9_%+'-]|\.(?!\.)){0,63})"
_DOT: Final = (
    r"(?: ?\. ?|\s?[(\[{]\s?(?:dot|點)\s?[)\]}]\s?| dot |點|。(?=[a-z])|"
    r",(?=(?:com|net|org|edu|idv)(?![a-z])))"
)
_TLD: Final = r"(?:com|net|org|edu|gov|idv|info|biz|me|io|co|tw|jp|hk|cn|us|uk|app|dev|cc|[a-z]{2,12})"
# Spelt out, only an ordinary ending: 'gmail.com. thanks' goes on with a word.
_ENDING: Final = r"(?:com|net|org|edu|gov|idv|tw|co|jp|hk|me|io|cc)"
_EMAIL: Final = re.compile(rf"{_LOCAL}@([a-z0-9-]+(?:\.[a-z0-9-]+)*\.{_TLD}(?![a-z0-9]))")
_AT: Final = (
    r"(?: ?@ ?|\s?[(\[{<「【]\s?(?:at|a|@|小老鼠)\s?[)\]}>」】]\s?| at |\s?小老鼠\s?|\s?艾特\s?|_at_)"
)
_SPELT: Final = re.compile(
    rf"{_LOCAL}{_AT}([a-z0-9-]+(?:{_DOT}[a-z0-9-]+){{0,3}}?{_DOT}{_ENDING}(?: ?\. ?tw|點tw|。tw)?(?![a-z0-9]))"
)
_NO_TLD: Final = re.compile(rf"{_LOCAL}{_AT}((?:{'|'.join(MAIL_PROVIDERS)}))(?![a-z0-9.])")
_OWN_MAIL: Final = re.compile(r"(?:我|本人|個人)[^,。]{0,6}(?:信箱|mail|郵件)[^,。]{0,4}$")
# 'LINE @shop.tw' is an official account, not a mailbox called line.
_NOT_LOCAL: Final = frozenset(
    words("line ig fb id at email mail e-mail gmail telegram tg twitter threads is")
)

_VALUE: Final = r"([a-z0-9][a-z0-9._-]{3,19})(?![a-z0-9@*_-])(?!\.[a-z0-9])"
_SAYS: Final = r"(?:[\s:=「『\"'(,→]|->|是|為|叫做|叫|就是|我的|請加|搜尋|搜|加|改成|打|is){0,6}"
_LINE: Final = r"(?:(?<![a-z])line|(?<![a-z])賴|萊恩)"
_WITH_ID: Final = re.compile(
    rf"{_LINE}[^a-z0-9@]{{0,12}}?(?:(?:(?<![a-z])|(?<=line))(?:id|account|user ?name)|帳號|账号){_SAYS}"
    rf"(?<![a-z0-9@._-]){_VALUE}"
)
_WITH_COLON: Final = re.compile(
    rf"{_LINE}\s?(?:我|你)?(?:[:=]|->|是|叫|為|搜尋|搜|請加|加)[\s「『\"'(:]{{0,3}}(?<![a-z0-9@._-]){_VALUE}"
)
_BESIDE: Final = re.compile(
    rf"{_LINE}(?:[\s(「『\"'的我喔唷吧啊,:]|一下|可以|好友|聯絡|聯繫|找我|加|is ){{0,6}}(?<![a-z0-9@._-]){_VALUE}"
)
_ADD_FIRST: Final = re.compile(
    rf"(?<![a-z0-9@._-]){_VALUE}\s?[(,]?\s?(?:這?[個]?(?:就)?是)?\s?(?:我的|我)\s?(?:的\s?)?{_LINE}"
)
_ID_FIRST: Final = re.compile(
    rf"(?<![a-z])(?<![a-z] )id[\s:=]{{1,3}}{_VALUE}\s?(?:[(,]|是)?\s?(?:我的)?\s?{_LINE}(?![a-z])"
)
_IN_BRACKETS: Final = re.compile(rf"(?<![a-z0-9@._-]){_VALUE}\s?\(\s?(?:line|賴)(?: ?id)?\s?\)")
_LINK: Final = re.compile(r"line\.me/(?:r/)?ti/p/~?([a-z0-9._-]{4,30})")
_PRODUCTS: Final = frozenset(
    words(
        "bank point points today notify shopping taxi music official account store games mobile premium "
        "https http android iphone ipad windows bankapp linepay login message chat group user name "
        "version with your have this that from when email phone number help what please pay app crash "
        "error sticker stickers theme themes open works"
    )
)

_DEVICE: Final = re.compile(
    r"www\.|https?|line\.|iphone|ipad|android|ios[0-9]|pixel|galaxy|windows|ver[0-9.]|v[0-9]+\."
)


def find_emails(ctx: Context) -> Iterator[Candidate]:
    """Addresses as written, spaced, or spelt to dodge robots; an office's mailbox (service@...) is nobody's."""
    text = ctx.text
    if "@" in text:
        for m in _EMAIL.finditer(text):
            if _personal(ctx, m):
                yield Candidate("EMAIL", m.start(), m.end(), 1)
    if "@" in text or "at" in text or "(a)" in text or "小老鼠" in text or "艾特" in text:
        for pattern in (_SPELT, _NO_TLD):
            for m in pattern.finditer(text):
                if _personal(ctx, m) and (" at " not in m[0] or _mail_like(m[2])):
                    yield Candidate("EMAIL", m.start(), m.end(), 2)


def find_line_ids(ctx: Context) -> Iterator[Candidate]:
    """LINE ids beside LINE or 賴; an id that starts with @ is an official account."""
    text = ctx.text
    if "line" not in text and "賴" not in text and "萊恩" not in text:
        return
    for m in _LINK.finditer(text):
        yield Candidate("LINE_ID", m.start(1), m.end(1), 1)
    for pattern in (_WITH_ID, _WITH_COLON, _BESIDE, _ADD_FIRST, _ID_FIRST, _IN_BRACKETS):
        for m in pattern.finditer(text):
            value = m[1].rstrip(".-")
            letters = any(char.isalpha() for char in value)
            marked = any(char in "._-" or char.isdigit() for char in value)
            if value in _PRODUCTS or len(value) < 4 or _DEVICE.match(value):
                continue
            if pattern is _WITH_ID or (letters and (marked or pattern is _WITH_COLON)):
                yield Candidate("LINE_ID", m.start(1), m.start(1) + len(value), 3)


def _personal(ctx: Context, m: re.Match[str]) -> bool:
    if m[1] in _NOT_LOCAL:
        return False
    if m[1] not in ROLE_MAILBOXES or m[2].split(".")[0] in MAIL_PROVIDERS:
        return True
    return _OWN_MAIL.search(ctx.text, max(0, m.start() - 16), m.start()) is not None


def _mail_like(domain: str) -> bool:
    """' at ' is also a word: only a provider or an ordinary ending makes it an address."""
    return (
        domain.split(".")[0].split(" ")[0] in MAIL_PROVIDERS
        or re.search(r"(?:com|tw|net|org|edu)$", domain) is not None
    )
