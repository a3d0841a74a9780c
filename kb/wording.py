"""Wording that no approver may let through: personalised advice and promised results.

A short list on purpose. It catches slips at approval; it does not replace reading. Negated forms, as every
disclosure has them (「不保證獲利」), pass.
"""

from __future__ import annotations

import re

_NEGATION = "".join(
    f"(?<!{word})"
    for word in ("不", "未", "無法", "非", "無", "不會", "不得", "沒有", "不是", "並非", "勿信")
)
_ADVICE = "reads as personalised advice"
_PROMISE = "promises a result"
_BUY = "(?:買進|買|購買|賣出|賣|申購|贖回|加碼|投資|貸款|投保|持有)"
_FORBIDDEN = (
    (r"(?:最|很|非常|十分|特別)適合(?:您|你|妳)", _ADVICE),
    (r"建議(?:您|你|妳)(?:現在|立即|馬上|可以|應該|應|可)?" + _BUY, _ADVICE),
    (r"(?:您|你|妳)(?:現在)?應該" + _BUY, _ADVICE),
    (_NEGATION + r"保證(?:獲利|收益|報酬|核准|核貸|過件|賺|不賠|還本)", _PROMISE),
    (_NEGATION + r"(?:絕對|一定|必定|肯定)(?:會|能|可以)?(?:獲利|賺|不賠|過件|核准|核貸)", _PROMISE),
    (r"穩賺|零風險|包賺|穩賺不賠", _PROMISE),
    (r"(?i)\bguaranteed (?:return|profit|approval|gain|yield)s?\b", _PROMISE),
    (r"(?i)\brisk[- ]free\b|\bcan(?:no|')t lose\b", _PROMISE),
    (
        r"(?i)\b(?:we recommend|you should) (?:that )?(?:you )?(?:buy|sell|invest|borrow|subscribe|redeem)\b",
        _ADVICE,
    ),
)
_NEGATED_ENGLISH = re.compile(r"(?i)\b(?:no|not|never|without|isn't|aren't|don't)\b[\w ,']{0,24}$")
_RULES = tuple((re.compile(pattern), why) for pattern, why in _FORBIDDEN)


def objection(text: str) -> str | None:
    """The first forbidden wording as a sentence for the approver, or None."""
    for rule, why in _RULES:
        for hit in rule.finditer(text):
            if not _NEGATED_ENGLISH.search(text[: hit.start()]):
                return f"「{hit.group()}」 {why}; reword it."
    return None
