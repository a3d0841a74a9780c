"""One-time codes, CVVs and passwords: destroyed at intake, so they must be found even when badly typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bot.masking.checks import is_card
from bot.masking.context import Context
from bot.masking.spans import Candidate
from bot.masking.tables import words

_NAME: Final = (
    r"(?:密碼|密码|驗證碼|验证码|認證碼|確認碼|通行碼|檢查碼|安全碼|安全驗證碼|簡訊碼|動態碼|帳密|口令|動態密碼|"
    r"(?:卡片|信用卡|卡)?(?:背面|背後|後面|卡背|(?<=卡片)後|(?<=信用卡)後)(?:的|那|上|有|簽名[欄處]?)*(?:末|後)?(?:[三3]\s?(?:碼|個數字|位數|位|個號碼)(?:數字)?|數字)|"
    r"(?:有效|到期|效期|期限)[^a-z]{0,16}?(?:末|後|背面)[三3]碼|"
    r"(?<![a-z])(?:one[- ]time (?:password|code)|verification code|security code|auth(?:entication)? code|"
    r"pass ?code|passw(?:or)?d|passwd|pwd|pw|pin ?(?:code|number|碼)?|otp|cvv2?|cvc2?|csc|cvn)(?![a-z]))"
)
_MORE: Final = r"(?:號碼|數字|密碼|[三3]碼|碼|簡訊)?"
_SAYS: Final = (
    r"(?:'s(?=\s)|[\s:=「『【\"'()\[,、/]|->|=>|→|設定成|設定為|設定|設成|設為|設|改成|改為|改|我的|生日|我(?=[報唸給打回輸設用寫改填收])|"
    r"我說|他說|說|報|唸|念|告訴他|我給了?|"
    r"給你|輸入|輸|了|收到的?|收到|寄來|傳來|傳|寫|打|應該|"
    r"就是|就|不是|是|為|叫|幫我|用|填|跟我說|of|is|was|=){0,6}+"
)
_STATED: Final = r"[^\n]*(?:[:=]|是|為|is|was|->|→|叫|設成|改成|設為|改為)"
_UNIT: Final = (
    r"(?!\s?(?:次|碼|位|分|天|個|字|小時|秒|年|月|元|日|遍|組|%|週|種|條|張|號|點|歲|～|"
    r"~|hr|min|sec|times|digits|attempts|bytes|-\s?[0-9]{1,2}\s?[位碼個字]))"
)
_CN: Final = r"[〇零一二三四五六七八九壹貳參肆伍陸柒捌玖]"
_GAP: Final = r" {0,2}[-._ ] {0,2}"
_DIGITS: Final = (
    r"(?!09[0-9]{2}[- ]?[0-9]{3}[- ]?[0-9]{3})"
    rf"(?>[0-9]{{3,4}}{_GAP}[0-9]{{3,4}}(?![-0-9])|[0-9]{{2}}(?:{_GAP}[0-9]{{2}}){{2,3}}(?![-0-9])|"
    rf"(?:[0-9]{_GAP}){{2,7}}[0-9](?![-0-9])|"
    r"(?:[a-z]{2,5}-)?[0-9]{3,12}(?![0-9]))"
    rf"(?![a-z@_]){_UNIT}|{_CN}{{4,8}}(?!{_CN}|次|碼|位|分|天|個)"
)
_TYPED: Final = r"(?>[!#-&*-;=-@\\^-~]{4,64})"
_NUMBER: Final = re.compile(rf"{_NAME}{_MORE}{_SAYS}({_DIGITS})")
_WORD: Final = re.compile(rf"{_NAME}({_SAYS})({_TYPED})")
_REVERSED: Final = re.compile(
    r"(?<![0-9a-z.$-])((?:[a-z]{1,4}-)?(?:[0-9]{3,8}|[0-9]{3}"
    + _GAP
    + r"[0-9]{3}|[0-9]{2}(?:"
    + _GAP
    + r"[0-9]{2}){2}|"
    + _CN
    + r"{6}))(?![0-9])\s?[)」]?\s?"
    r"(?:(?:[這那]?[個組串]?就?是|為|這[組個串]|那[組個串])(?:這[組個次]|那[組個]|我的?|你們?的?|您的?|"
    r"簡訊的?|剛剛的?|收到的?|網銀的?|登入的?|卡片的?|的|\s)*"
    rf"(?:otp|簡訊|動態|交易|登入|網銀|提款|卡片)?{_NAME}|(?:is|as) (?:your|my|the) [a-z ]{{0,30}}(?:code|"
    r"otp|password|pin|cvv))"
)
# The codes of banks, shops and machines are nobody's.
_BARE_CODE: Final = (
    r"(?<![a-z])"
    + "".join(
        f"(?<!{word} )"
        for word in words(
            "error zip promo swift bank qr bar branch area post postal country product discount coupon invite "
            "referral stock item status reason currency"
        )
    )
    + "code"
)
# Six digits and nothing else: what a bank sends by SMS.
_MESSAGE: Final = re.compile(
    rf"(?:簡訊|(?<![a-z])sms|{_BARE_CODE}|"
    r"那組數字|這組數字|一組數字|那串數字|這串數字|6\s?位數|六位數)"
    r"(?:[\s:=「『\"'(,]|是|為|說|傳來|傳|寫|給|我|收到|的|數字|號碼|內容|is|was|i|got|received){0,8}([0-9]{6}|"
    r"[0-9]{3}[ -][0-9]{3})(?![-0-9a-z])" + _UNIT
)
# The three digits people give right after their card; alone '末三碼' may be a lottery's.
_AFTER_CARD: Final = re.compile(
    r"(?:[0-9][- ]?){12,18}[0-9][^0-9]{0,12}(?:[01][0-9]\s?[/-]?\s?[0-9]{2}(?![0-9])[^0-9]{0,8})?"
    r"(?:(?:末|後|背面|背後|後面|背)[三3]\s?(?:碼|位|個數字)(?:數字)?|背面|背後|卡背)(?:[\s:=「(,]|是|為)*"
    r"([0-9]{3})(?![-0-9./:])" + _UNIT
)
_BEFORE_CARD: Final = re.compile(
    r"(?:末|後)[三3]\s?碼(?:[\s:=(,]|是|為)*([0-9]{3})(?![0-9])[^。;]{0,20}?(?:卡號|信用卡|卡片)"
)
# Further from their name a code has six digits and a password is announced ('之前是').
_FAR_CODE: Final = re.compile(
    r"(?:驗證碼|认证码|認證碼|簡訊碼|動態碼|密碼|(?<![a-z])otp(?![a-z]))[^0-9a-z。!?;\n\0]{0,12}([0-9]{6})(?![-0-9a-z./:])"
    + _UNIT
)
# '我輸入123456,但驗證碼錯誤'
_FAR_BEFORE: Final = re.compile(
    r"(?<![0-9a-z.$/-])([0-9]{6})(?![-0-9a-z./:])" + _UNIT + r"[^0-9。!?;\n\0]{0,10}"
    r"(?:驗證碼|认证码|認證碼|簡訊碼|動態碼|動態密碼|(?<![a-z])otp(?![a-z]))"
)
# 'the OTP they sent me is 123456'
_FAR_ENGLISH: Final = re.compile(
    r"(?<![a-z])(?:otp|password|passcode|pin|" + _BARE_CODE + r")(?: [a-z']{1,10}){1,5}"
    r" (?:is|was)[: ]{1,2}([0-9]{4,8})(?![-0-9a-z./:])" + _UNIT
)
_ENGLISH_WORD: Final = re.compile(
    r"(?<![a-z])passw(?:or)?d(?: [a-z']{1,10}){1,5} (?:is|was)[: ]{1,2}([!-~]{4,64})"
)
# '驗證碼 123456 跟 654321 都不行'
_ONE_MORE: Final = re.compile(
    r"[\s,、/]{0,2}(?:跟|和|與|還有|或|and|or|[,、/])\s?([0-9]{4,8})(?![-0-9a-z./:])" + _UNIT
)
_FAR_WORD: Final = re.compile(
    r"(?:密碼|密码|帳密)[^0-9a-z。!?;\n\0]{0,10}(?:是|為|:|=|用|成|叫|不是)\s?([!-~]{4,64})" + _UNIT
)
# The whole card read out in one line: number, month, year, and the three digits of its back.
_CARD_LINE: Final = re.compile(
    r"((?:[0-9][- ]?){12,18}[0-9])(?:[\s/,、|]{1,3}(?:0[1-9]|1[0-2])\s?[-/ ]?\s?(?:20)?[2-4][0-9])?[\s/,、|]{1,3}"
    r"([0-9]{3})(?![-0-9./,])" + _UNIT
)
_KEY: Final = re.compile(
    r"(?<![a-z0-9-])g-[0-9]{6}(?![0-9-])|(?<![a-z0-9])(?:(?:sk|pk|ghp|xox[abp])[-_][a-z0-9_-]{16,}|bearer\s+[a-z0-9._~+/-]{12,}=*)"
)
_TALK: Final = frozenset(
    words(
        "reset error wrong login invalid incorrect expired correct forgot forget what same null none true "
        "false sms email line gmail failed fail lost leaked changed change locked blocked required "
        "protected manager please help again not working code codes number policy the and for from with "
        "your update twice never sent received still always"
    )
)
_DEVICE: Final = re.compile(r"www\.|https?|iphone|ipad|android|ios[0-9]|v[0-9]+\.|09[0-9]{8}")
_HINT: Final = re.compile(
    r"碼|码|帳密|口令|pass|pwd|(?<![a-z])p[wi]|otp|cv[vcn]|csc|簡訊|sms|code|數字|位數|bearer|sk-|pk-|ghp|xox|個號|位|"
    r"(?<![a-z0-9])g-[0-9]|(?:[0-9][- ]?){15}"
)


def find_secrets(ctx: Context) -> Iterator[Candidate]:
    """Codes and passwords beside their name. '密碼錯誤 3 次' and '密碼要 8 碼' name none."""
    text = ctx.text
    if not _HINT.search(text):
        return
    for pattern in (_NUMBER, _REVERSED, _AFTER_CARD, _BEFORE_CARD):
        for m in pattern.finditer(text):
            # A birthday used as a password is a password.
            rank = 0 if "生日" in m[0] else 1
            yield Candidate("SECRET", m.start(1), m.end(1), rank)
            yield from _one_more(text, m)
    for m in _CARD_LINE.finditer(ctx.hard):
        if is_card(re.sub(r"[^0-9]", "", m[1])):
            yield Candidate("SECRET", m.start(2), m.end(2), 1)
    for pattern in (_MESSAGE, _FAR_CODE, _FAR_BEFORE, _FAR_ENGLISH):
        for m in pattern.finditer(ctx.soft):
            near = ctx.before(m.start(1))
            if near is None or near.kind in ("secret", "phone"):
                yield Candidate("SECRET", m.start(1), m.end(1), 3)
                yield from _one_more(text, m)
    for m in _FAR_WORD.finditer(ctx.soft):
        value = m[1].rstrip(".,;:?)]}'\"")
        near = ctx.before(m.start(1))
        if near is not None and near.kind == "secret" and _is_far_password(value):
            yield Candidate("SECRET", m.start(1), m.start(1) + len(value), 4)
    for m in _ENGLISH_WORD.finditer(text):
        value = m[1].rstrip(".,;:?)]}'\"")
        if _is_far_password(value):
            yield Candidate("SECRET", m.start(1), m.start(1) + len(value), 4)
    for m in _WORD.finditer(text):
        value = m[2].rstrip(".,;:?)]}'\"")
        if _is_password(value, m[1], text[m.start() : m.start(1)]):
            yield Candidate("SECRET", m.start(2), m.start(2) + len(value), 2)
    for m in _KEY.finditer(text):
        yield Candidate("SECRET", m.start(), m.end(), 1)


def _one_more(text: str, m: re.Match[str]) -> Iterator[Candidate]:
    more = _ONE_MORE.match(text, m.end(1))
    if more is not None and len(more[1]) == len(m[1]):
        yield Candidate("SECRET", more.start(1), more.end(1), 2)


def _is_far_password(value: str) -> bool:
    return len(value) >= 4 and any(map(str.isdigit, value)) and _DEVICE.match(value) is None


def _is_password(value: str, says: str, said_as: str) -> bool:
    if (
        len(value) < 4
        or value.strip("-_/") in _TALK
        or value.startswith(("http", "www."))
        or not any(map(str.isalpha, value))
    ):
        return False
    if (
        says.strip() == ""
        and "\n" not in says
        and said_as.endswith(("密碼", "密码", "帳密", "口令"))
        and len(value) >= 5
    ):
        return True
    mixed = any(char.isdigit() or not char.isalnum() for char in value[:-1]) or value[-1].isdigit()
    if mixed and re.fullmatch(r"[a-z]+(?:['/-][a-z]+)*", value):
        mixed = False
    return mixed or re.match(_STATED, says) is not None
