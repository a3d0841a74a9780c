"""Twelve articles over every product class, with the notice and the disclosures they need."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.model import ContentKind, ProductClass
from kb.review import Draft

NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)

ROWS: list[tuple[str, ProductClass, tuple[str, ...], dict[str, str]]] = [
    ("fee", ProductClass.CARD, ("信用卡年費怎麼收", "信用卡年費是多少錢", "What is the annual fee?"),
     {"zh-TW": "年費新臺幣 1,200 元。", "en": "The annual fee is NT$1,200."}),
    ("lost", ProductClass.CARD, ("信用卡遺失如何掛失", "卡片不見了怎麼辦"), {"zh-TW": "請立即撥打客服掛失。"}),
    ("unlost", ProductClass.CARD, ("如何取消信用卡掛失", "找到卡片了想取消掛失"), {"zh-TW": "請撥打客服取消掛失。"}),
    ("open", ProductClass.DEPOSIT, ("如何開立存款帳戶", "開戶要帶什麼證件"), {"zh-TW": "請攜帶雙證件。"}),
    ("close", ProductClass.DEPOSIT, ("如何結清存款帳戶", "不想用這個帳戶了怎麼關"), {"zh-TW": "請至分行辦理結清。"}),
    ("mortgage", ProductClass.LOAN, ("房貸利率是多少", "房屋貸款的利率怎麼算"), {"zh-TW": "房貸利率 2.1% 起。"}),
    ("carloan", ProductClass.LOAN, ("車貸利率是多少", "汽車貸款的利率怎麼算"), {"zh-TW": "車貸利率 3.5% 起。"}),
    ("fund", ProductClass.INVESTMENT, ("如何申購基金", "基金怎麼買"), {"zh-TW": "請於 App 申購。"}),
    ("redeem", ProductClass.INVESTMENT, ("如何贖回基金", "基金怎麼賣"), {"zh-TW": "請於 App 贖回。"}),
    ("claim", ProductClass.INSURANCE, ("如何申請保險理賠", "理賠要準備什麼文件"), {"zh-TW": "請備齊診斷證明。"}),
    ("password", ProductClass.ACCOUNT, ("忘記登入密碼怎麼辦", "How do I reset my password?"),
     {"zh-TW": "請點選忘記密碼。", "en": "Tap Forgot password."}),
    ("hours", ProductClass.GENERAL, ("客服時間是幾點到幾點", "你們幾點下班"), {"zh-TW": "週一至週五 9 點到 18 點。"}),
]  # fmt: skip


def articles() -> list[Draft]:
    return [Draft(id=i, product_class=c, questions=q, answer=a) for i, c, q, a in ROWS]


def support() -> list[Draft]:
    """A notice, and a disclosure for each class that needs one."""
    classes = (ProductClass.LOAN, ProductClass.CARD, ProductClass.INVESTMENT, ProductClass.INSURANCE)
    return [
        Draft(id="greeting", answer={"zh-TW": "我是 AI。", "en": "I am an AI."}, kind=ContentKind.NOTICE),
        *(
            Draft(id=f"risk-{c}", answer={"zh-TW": f"{c} 警語"}, product_class=c, kind=ContentKind.DISCLOSURE)
            for c in classes
        ),
    ]
