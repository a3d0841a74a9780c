"""Words that would tell a customer of a report or a look into their transactions; nobody may write them to one.

Who lets a report of a suspicious transaction out commits an offence (洗錢防制法), and the bot and the staff here cannot
know which holds have to do with one. So holds and reviews are spoken of neutrally: "is being handled under our usual
procedures". A short list on purpose: it catches slips, it does not replace reading. General words on the law pass.
"""

from __future__ import annotations

import re

_PATTERNS = (
    r"可疑(?:的)?(?:交易|活動|行為)",
    r"(?:疑似|涉嫌|涉及|懷疑)[^。，,！？]{0,8}洗錢",
    r"洗錢[^。，,！？]{0,6}(?:通報|申報|調查|嫌疑|疑慮)",
    r"(?:通報|申報|移送|呈報)[^。，,！？]{0,8}(?:調查局|洗錢防制處|金融情報)",
    r"凍結[^。，,！？]{0,10}調查|(?:因|遭|被|接受)[^。，,！？]{0,6}調查[^。，,！？]{0,10}凍結",
    r"(?:您|你|妳|帳戶)[^。，,！？]{0,6}(?:被|遭|正在?)(?:我們|本行|公司|主管機關|檢調)?調查",
    r"\b(?:STR|SAR)s?\b",
    r"(?i:suspicious[- ](?:transaction|activit))",
    r"(?i:money[- ]launder\w*[^.,!?]{0,20}(?:report|investigat|suspicion|suspect))",
    r"(?i:(?:suspect|suspicion)[^.,!?]{0,30}money[- ]launder)",
    r"(?i:(?:account|funds|you|transfer)[^.,!?]{0,30}under investigation)",
    r"(?i:frozen[^.,!?]{0,30}investigat)",
)
TELLS = (
    "This tells of a report or a look into transactions, which nobody may tell a customer. "
    "Say only that it is being handled under the usual procedures and takes some more time."
)
_RULES = tuple(re.compile(pattern) for pattern in _PATTERNS)


def tips_off(text: str) -> str | None:
    """The first such wording, or None."""
    found = (rule.search(text) for rule in _RULES)
    return next((one.group() for one in found if one), None)


def objection(text: str) -> str | None:
    """The same as a sentence for the approver of a text."""
    said = tips_off(text)
    return (
        f"「{said}」 tells a customer of a report or a look into transactions; reword it." if said else None
    )
