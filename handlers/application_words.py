"""Does somebody ask how their own application stands? Patterns of their own: this is no hand-off rule.

'我的貸款申請到哪了' asks about one application and only the firm's system knows. '貸款申請需要多久', '申請進度在哪裡查'
and somebody else's case are ordinary questions, which approved articles answer. When unsure it is an ordinary one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from .text import traditional

KIND_WORDS = {
    "claim": r"理賠|保險金|\bclaims?\b",
    "loan": r"貸款|房貸|信貸|車貸|學貸|借款|\b(?:loan|mortgage)s?\b",
    "card": r"信用卡|辦卡|核卡|申辦的卡|\bcards?\b",
    "account": r"開戶|戶頭|帳戶申請|申請的?帳戶|\baccounts?\b",
}
_THING = (
    r"(?:申請|案件|案子|送件|送審|貸款|房貸|信貸|車貸|學貸|借款|"
    r"理賠|保險金|信用卡|辦卡|核卡|申辦|開戶|戶頭)"
)
_STANDS = (
    r"(?:進度|到哪(?!裡?(?:查|看|辦|申請|拿|領|繳))|審到|審核到|審查到|處理到|跑到哪|卡在哪|"
    r"哪個?(?:階段|步驟|關卡|一步)|"
    r"過了沒|過了嗎|過件(?:了|沒)|過了?沒有?|通過了?(?:沒|嗎)|核准了?(?:沒|嗎|沒有)|核准還是|准了(?:沒|嗎)|"
    r"核下來|下來了(?:沒|嗎)|有(?:沒有)?(?:結果|消息|下文)|沒(?:有)?(?:結果|消息|下文|通知|回音)|"
    r"結果(?:出來|如何|怎麼?樣)|好了(?:沒|嗎)|辦好|還沒好|審完|審好|狀[態況](?=如何|怎|呢|嗎|[?,]|$)|"
    r"怎麼樣了|怎樣了|如何了)"
)
_OWN = (
    ("progress of a thing", rf"{_THING}[^。!?\n]{{0,14}}{_STANDS}"),
    ("progress first", rf"(?:進度|審到哪|審核到哪|到哪了|結果)[^。!?\n]{{0,16}}{_THING}"),
    (
        "english, mine",
        r"\b(?:status|progress|update|news|state|stage)\b[^.!?\n]{0,20}\b(?:my|our|the)\b"
        r"[^.!?\n]{0,30}\b(?:application|claim|loan|mortgage|card request)\b",
    ),
    (
        "english, where",
        r"\b(?:where(?:'s| is| are)|what happened (?:to|with)|"
        r"what(?:'s| is) happening (?:to|with)|how(?:'s| is| are))\b"
        r"[^.!?\n]{0,6}\b(?:my|our)\b[^.!?\n]{0,30}\b(?:application|claim|loan|mortgage|new card)\b",
    ),
    (
        "english, outcome",
        r"\b(?:has|have|is|was|did|are)\b[^.!?\n]{0,6}\b(?:my|our)\b[^.!?\n]{0,30}"
        r"\b(?:application|claim|loan|mortgage)\b[^.!?\n]{0,30}"
        r"\b(?:approved|accepted|rejected|declined|processed|decided|go(?:ne)? through|pass(?:ed)?|ready|"
        r"pending|in review|being reviewed|received)\b",
    ),
    (
        "english, bare",
        r"^\W*(?:check )?(?:my )?(?:loan |claim |card |mortgage )?(?:application|claim) "
        r"(?:status|progress)\W*$",
    ),
)
_WAY = (
    r"(?:如何|怎麼|怎樣|要怎|哪裡|哪裏|哪邊|在哪|去哪|那裡|那邊|何處|哪個(?:網站|頁面|畫面|功能))"
    r"[^。!?\n]{0,8}(?:查|看|得知|知道|追蹤|找)"
    r"|(?:查|看)[^。!?\n]{0,6}(?:在哪|哪裡|哪邊|去哪)"
    r"|進度(?:要)?(?:在|去|從)?(?:哪|那)(?:裡|邊|查|看)?"
    r"|(?:可以|能|能不能|可不可以)(?:自己)?(?:線上|上網)查"
    r"|(?:查詢|查)(?:功能|頁面|畫面|系統|服務)|查不到|打不開|按不到|跑不出來|查詢費|電話(?:可以)?查"
    r"|多久|(?<!好)幾天|多長|幾個工作天|什麼時候|何時"
    r"|\bhow (?:do|can|to|long|many|soon|much)\b|\bwhere (?:do|can|should|to)\b|\bwhen\b"
    r"|\bwhat (?:do|does|are|documents)\b|\bcan i (?:check|track|see|follow)\b"
)
"""Asks for the way and not for the state."""
_OTHER = (
    r"年費|帳單|繳款|還款|繳費|贖回|申購|委託|下單|紅利|點數|回饋|達成|轉帳|匯款|補發|換發|掛失|退款|爭議|"
    r"分期|調額|額度|密碼|利率|條件|資格|文件|流程|步驟(?:有|是)|費用|手續費|違約金|信用評分|聯徵|餘額|"
    r"清償|撥款|補件方式|\b(?:fee|rate|interest|refund|transfer|statement|password|payment|balance|"
    r"documents?|requirements?|eligib\w+)\b"
)
"""Names another matter that moves."""
_THEIRS = (
    r"(?:朋友|家人|媽媽|爸爸|我媽|我爸|先生|太太|老公|老婆|兒子|女兒|同事|別人|他人|客戶|鄰居|"
    r"哥哥|弟弟|姐姐|姊姊|妹妹|他們?|她)的?[^。!?\n]{0,10}(?:貸|申請|理賠|卡|案)"
    r"|\b(?:his|her|their|(?:wife|husband|mother|father|friend|son|daughter|mom|dad)'?s)\b"
)
_SUPPOSED = r"如果|假如|若是|萬一|假設|要是|\bif\b"


@lru_cache(maxsize=1)
def _compiled() -> tuple[tuple[tuple[str, re.Pattern[str]], ...], re.Pattern[str]]:
    own = tuple((name, re.compile(traditional(pattern))) for name, pattern in _OWN)
    return own, re.compile(traditional(_any((_WAY, _OTHER, _THEIRS, _SUPPOSED))))


def asks_own_status(cleaned: str) -> str | None:
    """The name of the pattern by which a text, in one spelling, asks how the writer's own application stands."""
    own, ordinary = _compiled()
    if ordinary.search(cleaned):
        return None
    return next((name for name, pattern in own if pattern.search(cleaned)), None)


def kinds_named(cleaned: str) -> frozenset[str]:
    """Which kinds of application a text names."""
    return frozenset(kind for kind, words in KIND_WORDS.items() if re.search(words, cleaned))


def _any(patterns: Iterable[str]) -> str:
    return "|".join(f"(?:{one})" for one in patterns)
