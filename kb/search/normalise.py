"""One spelling for what customers type and for what articles ask.

Wide and simplified characters, variant characters, courtesy phrases and personal numbers change no meaning but cost
a search several points; measured effect of each in docs/knowledge.md.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache

import opencc

from bot.masking import strip

MAX_LENGTH = 200
"""Characters that are looked at. A longer message is a story; its cost for the encoder grows with its length."""

_CONVERTERS = threading.local()
_INVISIBLE = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f]"
)
_PUNCTUATION = re.compile(r"[^\w%&+#$]+|_+")
_BETWEEN_CJK = re.compile(
    r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff0-9a-z])|(?<=[0-9a-z%]) (?=[\u3400-\u9fff])"
)
_VARIANTS = str.maketrans(
    {
        "台": "臺", "裏": "裡", "綫": "線", "峯": "峰", "着": "著", "衆": "眾", "羣": "群", "啓": "啟", "爲": "為",
        "祕": "秘", "凴": "憑", "証": "證", "双": "雙", "鷄": "雞", "妳": "你", "您": "你", "牠": "它", "佔": "占",
        "帳": "賬", "床": "牀", "踪": "蹤", "週": "周", "計": "計", "余": "餘", "姊": "姐", "瞭": "了", "纔": "才",
    }
)  # fmt: skip
_WORDS = (
    (re.compile("新臺幣"), "臺幣"),
    (re.compile("什麼|甚麼|甚么|啥"), "什麼"),
    # what people say, in the words that articles use
    (re.compile("弄丟|搞丟|丟掉了|丟了|不見了|不見|掉了|找不到了"), "遺失"),
    (re.compile("領錢|領現金|提現"), "提款"),
    (re.compile("匯錢"), "匯款"),
    (re.compile("轉錢"), "轉賬"),
    (re.compile("借錢"), "貸款"),
    (re.compile("戶頭"), "賬戶"),
    (re.compile("幾趴|幾%|幾巴"), "利率多少"),
)
_FRONT = (
    "不好意思", "我想請問一下", "想請問一下", "請問一下", "我想請問", "想請問", "請問", "你好",
    "您好", "哈囉", "嗨", "早安", "午安", "晚安",
    "麻煩你", "麻煩", "打擾了", "打擾一下", "我想問一下", "想問一下", "我想問", "想問", "問一下", "我想要知道",
    "我想知道", "想知道", "我想了解", "想了解", "可以告訴我", "可否告訴我", "能告訴我", "跟我說", "幫我查一下",
    "幫我查", "客服", "小編", "那個", "請教", "請", "hello", "hi", "excuse me", "please tell me", "please",
    "could you tell me", "can you tell me", "i would like to know", "i want to know", "may i ask",
)  # fmt: skip
_BACK = (
    "謝謝你", "謝謝", "感謝你", "感謝", "感恩", "麻煩了", "麻煩你了", "拜託", "非常感謝", "3q", "thanks", "thank you",
    "please", "嗎", "呢", "啊", "呀", "喔", "哦", "耶", "啦", "吧", "唷", "哈",
)  # fmt: skip
_MIN_LEFT = 2


@lru_cache(maxsize=4096)
def _for_knowledge(text: str) -> str:
    return _normalise(text)


def knowledge(text: str) -> str:
    """`normalise` for texts of the knowledge base: remembered, since every rebuild asks for the same ones."""
    return _for_knowledge(text)


def normalise(text: str) -> str:
    """The text as the index knows it: at most MAX_LENGTH characters, possibly empty; never logged, never kept.

    Personal numbers are gone before anything else sees the text.
    """
    return _normalise(text)


def surface(text: str) -> str:
    """The mildest form: what counts as word for word the same."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def spelling(text: str) -> str:
    """Simplified and variant characters as the index writes them."""
    converted: str = _converter().convert(text)
    return converted.translate(_VARIANTS)


def wording(text: str) -> str:
    """As `normalise`, with courtesy, numbers and full length: for answers."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold()
    text = spelling(text)
    text = _PUNCTUATION.sub(" ", text).strip()
    text = _BETWEEN_CJK.sub("", text)
    for pattern, word in _WORDS:
        text = pattern.sub(word, text)
    return text


def _normalise(text: str) -> str:
    return _peel(wording(strip(text[: MAX_LENGTH * 8])))[:MAX_LENGTH].strip()


def _peel(text: str) -> str:
    peeled = True
    while peeled:
        peeled = False
        for phrase in _FRONT_NORMAL:
            if (
                text.startswith(phrase)
                and _enough(text[len(phrase) :])
                and _ends_word(phrase, text[len(phrase) :])
            ):
                text, peeled = text[len(phrase) :].strip(), True
        for phrase in _BACK_NORMAL:
            if text.endswith(phrase) and _enough(text[: -len(phrase)]):
                text, peeled = text[: -len(phrase)].strip(), True
    return text


def _enough(rest: str) -> bool:
    return len(rest.replace(" ", "")) >= _MIN_LEFT


def _ends_word(phrase: str, rest: str) -> bool:
    """「hi」 is a greeting in 「hi there」, not in 「highest」."""
    return not (phrase[-1].isascii() and rest[:1].isascii() and rest[:1].isalnum())


def _converter() -> opencc.OpenCC:
    # the library does not promise that one converter serves several threads
    found = getattr(_CONVERTERS, "s2tw", None)
    if found is None:
        found = _CONVERTERS.s2tw = opencc.OpenCC("s2tw")
    return found


def _longest_first(phrases: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({p.translate(_VARIANTS) for p in phrases}, key=len, reverse=True))


_FRONT_NORMAL = _longest_first(_FRONT)
_BACK_NORMAL = _longest_first(_BACK)
