"""What Taiwan calls things: banks, places, provider names. Data only, lower case as the normalised copy is."""

from __future__ import annotations

from typing import Final


def words(text: str) -> tuple[str, ...]:
    """A table written as prose."""
    return tuple(text.split())


# Institution code -> the short names customers type (compliance.md 1.4).
BANKS: Final[dict[str, tuple[str, ...]]] = {
    "004": ("臺銀", "台銀", "臺灣銀行", "台灣銀行"),
    "005": ("土銀", "土地銀行"),
    "006": ("合庫", "合作金庫"),
    "007": ("一銀", "第一銀行"),
    "008": ("華南", "華銀"),
    "009": ("彰銀", "彰化銀行"),
    "011": ("上海銀", "上海商銀", "上海商業"),
    "012": ("富邦", "北富銀"),
    "013": ("國泰世華", "國泰"),
    "017": ("兆豐",),
    "048": ("王道",),
    "050": ("台企", "臺企", "企銀"),
    "053": ("台中銀", "臺中銀", "台中商銀"),
    "081": ("滙豐", "匯豐", "hsbc"),
    "103": ("新光",),
    "108": ("陽信",),
    "118": ("板信",),
    "147": ("三信",),
    "700": ("郵局", "中華郵政"),
    "803": ("聯邦",),
    "805": ("遠東", "遠銀"),
    "806": ("元大",),
    "807": ("永豐", "大戶"),
    "808": ("玉山",),
    "809": ("凱基",),
    "810": ("星展", "dbs"),
    "812": ("台新", "臺新", "richart"),
    "816": ("安泰",),
    "822": ("中國信託", "中國信", "中信"),
    "823": ("將來銀行", "將來"),
    "824": ("連線銀行", "line bank", "linebank"),
    "826": ("樂天銀行", "樂天國際"),
}

CITIES: Final = words(
    "台北市 臺北市 新北市 桃園市 台中市 臺中市 台南市 臺南市 高雄市 基隆市 新竹市 新竹縣 嘉義市 "
    "嘉義縣 苗栗縣 彰化縣 南投縣 雲林縣 屏東縣 宜蘭縣 花蓮縣 台東縣 臺東縣 澎湖縣 金門縣 連江縣 "
    "桃園縣 台北縣 臺北縣"
)
# Customers drop the 市 or 縣: '台北信義區松仁路100號'.
CITY_STEMS: Final = tuple(dict.fromkeys(city[:-1] for city in CITIES))

MAIL_PROVIDERS: Final = words(
    "gmail yahoo ymail hotmail outlook icloud live msn pchome hinet seed yam proton protonmail me "
    "googlemail qq 163 126"
)
# Mail boxes of an office, not of a person.
ROLE_MAILBOXES: Final = frozenset(
    words(
        "service services support info cs csr customer customerservice customer.service help helpdesk "
        "contact hello noreply no-reply no_reply donotreply webmaster postmaster abuse security privacy "
        "press hr ir sales marketing admin callcenter complaint complaints"
    )
)
