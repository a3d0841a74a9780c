"""Word pairs that sentence encoders barely tell apart and customers must never get mixed up.

An auditable veto: where the question says one and the matched question the other, the bot asks instead of answering.
One line a group; `|` separates spellings of the same side.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from kb.search.normalise import knowledge

_GROUPS = """
取消|解除|註銷|終止|關閉|停用|停止|不想再|不要再|別再|退出|解約|結清|撤銷|cancel|close|deactivate|stop / 申請|開立|開通|啟用|開啟|辦理|新增|設定|加入|開戶|apply|open|activate|enable
提高|調高|增加|提升|increase|raise / 降低|調低|減少|調降|decrease|lower
匯入|轉入|存入|deposit|incoming / 匯出|轉出|提領|領出|提款|withdraw|outgoing
買|買進|申購|buy|purchase / 賣|賣出|贖回|sell|redeem
停利 / 停損
外幣|美金|美元|日圓|歐元|外匯|foreign currency / 臺幣|twd
國外|海外|境外|overseas|abroad|foreign / 國內|境內|domestic
信用卡|刷卡|credit card / 定存|活存|存款|deposit / 貸款|信貸|房貸|車貸|學貸|loan|mortgage / 基金|定期定額|fund / 保險|保單|投保|保費|insurance|policy
房貸|房屋貸款|mortgage / 車貸|汽車貸款|car loan / 信貸|信用貸款|personal loan / 學貸|就學貸款|student loan
信用卡|credit card / 金融卡|提款卡|簽帳金融卡|debit card|atm card
壽險|life insurance / 產險|車險|汽車險|car insurance / 旅平險|旅遊險|旅行平安險|travel insurance / 醫療險|健康險|medical insurance
固定利率|固定|fixed / 機動利率|機動|浮動|floating|variable
定存|定期存款|time deposit / 活存|活期存款|活期|savings account
遺失|掛失|lost / 尋獲|找到|取消掛失|found
實體|physical / 虛擬|數位卡|virtual
登入密碼 / 交易密碼 / 提款密碼
法人|公司戶|企業|corporate / 個人戶|自然人
正卡|primary / 附卡|supplementary
年費|annual fee / 違約金|滯納金|late fee / 手續費|handling fee / 利率|利息|interest rate
提前|提早|early / 延後|展延|延期|postpone|defer
掛失 / 補發
ios|iphone|蘋果 / android|安卓
臨櫃|分行|branch / 線上|網路|app|online
收入證明 / 餘額證明 / 清償證明 / 存款證明
單筆|lump sum / 定期定額
"""  # noqa: E501  one line a group


Sides = dict[int, dict[int, str]]


def sides(text: str) -> Sides:
    """Of a normalised text: the word found for each side it names, by group."""
    return {n: found for n, group in enumerate(_compiled()) if (found := _found(group, text))}


def conflict(question: Sides, matched: Sides) -> str | None:
    """「asked/matched」 where two texts name opposite sides of a group, else None."""
    for group, asked in question.items():
        offered = matched.get(group)
        if offered and not asked.keys() & offered.keys():
            return f"{next(iter(asked.values()))}/{next(iter(offered.values()))}"
    return None


def undone(question: str, matched: str) -> str | None:
    """The undoing word that only one of two normalised texts has: 「取消掛失」 against 「掛失」."""
    for one, other in ((question, matched), (matched, question)):
        hit = _UNDOING.search(one)
        if hit and not _MAYBE_UNDOING.search(other):
            return hit.group()
    return None


_UNDOING = re.compile(
    r"取消|解除|註銷|終止|解約|撤銷|停用|關閉|關掉|移除|不想再|不要再|別再"
    r"|\b(?:cancel|undo|terminat|revok|disabl|deactivat|unlink|unsubscrib)\w*|\b(?:turn|switch)\w* off\b"
)
_MAYBE_UNDOING = re.compile(
    _UNDOING.pattern
    + r"|不要|不想|不用|不再|停|關|退|結清|剪卡|刪|移除|尋獲|找到|\b(?:close|stop|remove|delete|end|found)"
)


def unknown(question: str, mentions: Callable[[str], bool], anywhere: Callable[[str], bool]) -> str | None:
    """A product or bank that the question names and the article never does.

    `mentions` tells whether the article has a word, `anywhere` whether any article has it: a firm's own name, which
    few articles repeat, must not count as foreign.
    """
    for word in _named(_PRODUCTS, question):
        if not mentions(word):
            return word
    return next((word for word in _named(_BANKS, question) if not anywhere(word)), None)


_PRODUCTS = """
金融卡 提款卡 黃金 白銀 企業 公司戶 法人 聯名 信託 機車 房貸 車貸 學貸 就學貸款 支票 本票 股票 債券 期貨 選擇權
比特幣 加密 虛擬貨幣 年金 長照 寵物 失能 美股 保險箱 繼承 遺產 二胎 增貸 貴賓室 接送 悠遊 一卡通 街口 零股 當沖
質借 美金 日圓 人民幣 歐元 etf ipo business joint trust gold bitcoin crypto pension pet cheque mortgage student
"""
_BANKS = """
國泰 中信 中國信託 玉山 台新 富邦 永豐 兆豐 華南 第一銀行 彰銀 彰化銀行 合庫 合作金庫 土銀 土地銀行 郵局 聯邦 遠東
凱基 星展 滙豐 花旗 渣打 新光 元大 樂天 將來銀行 連線商銀 citibank hsbc
"""


@lru_cache(maxsize=2)
def _words(listing: str) -> re.Pattern[str]:
    words = sorted({knowledge(word) for word in listing.split()}, key=len, reverse=True)
    return re.compile("|".join(rf"\b{word}\b" if word.isascii() else word for word in words))


def _named(listing: str, question: str) -> list[str]:
    return _words(listing).findall(question)


def _found(group: tuple[re.Pattern[str], ...], text: str) -> dict[int, str]:
    return {n: hit.group() for n, side in enumerate(group) if (hit := side.search(text))}


@lru_cache(maxsize=1)
def _compiled() -> tuple[tuple[re.Pattern[str], ...], ...]:
    return tuple(
        tuple(re.compile("|".join(_word(w) for w in side.split("|"))) for side in line.split(" / "))
        for line in _GROUPS.strip().splitlines()
    )


def _word(word: str) -> str:
    normal = re.escape(knowledge(word.strip()))
    return rf"\b{normal}" if word.strip().isascii() else normal
