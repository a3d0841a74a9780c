"""The fake's people, customers and conversations: a firm's ordinary morning, all of it invented."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.model import (
    ChannelAccount,
    ChannelType,
    ContentKind,
    Conversation,
    Customer,
    Message,
    Page,
    Ref,
    Role,
    Row,
    Staff,
    Status,
)

STAFF = (
    Staff("s-agent", "agent@example.com", "林怡君", Role.AGENT, ("general", "card")),
    Staff("s-senior", "senior@example.com", "陳建宏", Role.SENIOR, ("general", "complaint")),
    Staff("s-super", "supervisor@example.com", "黃雅婷", Role.SUPERVISOR),
    Staff("s-comp", "compliance@example.com", "張文德", Role.COMPLIANCE),
    Staff("s-admin", "admin@example.com", "李志明", Role.ADMIN),
    Staff("s-audit", "auditor@example.com", "吳淑芬", Role.AUDITOR),
    Staff("s-gone", "gone@example.com", "離職者", Role.AGENT, active=False),
)
NAMES = {person.id: person.name for person in STAFF}

ACCOUNT = {
    ChannelType.LINE: "好家金融 LINE",
    ChannelType.MESSENGER: "好家金融粉專",
    ChannelType.TELEGRAM: "好家理財 Bot",
    ChannelType.WEB: "官網",
}


def ago(minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


def ref(kind: ContentKind, id_: str, version: int) -> Ref:
    return Ref(kind, id_, version, hashlib.sha256(f"{id_}{version}".encode()).hexdigest())


def accounts() -> list[ChannelAccount]:
    return [
        ChannelAccount(
            "line-1",
            ChannelType.LINE,
            "好家金融 LINE",
            secrets={"secret": "planted-line-secret", "token": "planted-line-token"},
            created_at=ago(60 * 24 * 90),
            last_event_at=ago(1),
        ),
        ChannelAccount(
            "messenger-1",
            ChannelType.MESSENGER,
            "好家金融粉專",
            secrets={"page_token": "planted-page", "app_secret": "planted-app", "verify_token": "planted-v"},
            public={"page_id": "102938475610293"},
            created_at=ago(60 * 24 * 60),
            last_event_at=ago(190),
            last_error="bad_token: Meta refuses the page access token: issue a new one.",
            last_error_at=ago(12),
        ),
        ChannelAccount(
            "telegram-1",
            ChannelType.TELEGRAM,
            "好家理財 Bot",
            enabled=False,
            secrets={"token": "planted-bot-token", "webhook_secret": "planted-hook"},
            created_at=ago(60 * 24 * 30),
            last_event_at=ago(60 * 26),
        ),
        ChannelAccount(
            "web-1",
            ChannelType.WEB,
            "官網",
            public={"origins": ["https://www.example.com.tw"]},
            created_at=ago(60 * 24 * 2),
        ),
    ]


FEE = (
    "跨行提款每筆手續費新臺幣 5 元，跨行轉帳每筆新臺幣 15 元。\n"
    "數位帳戶每月享有 10 次跨行轉帳免手續費優惠，次數於每月 1 日重新計算。"
)
LOAN = "信用貸款年利率 2.68% 至 15.99%，依個人信用條件核定；開辦費新臺幣 3,000 元起。"
LOAN_RISK = "貸款須經本公司審核，核貸與否及額度、利率以審核結果為準。總費用年百分率不等於貸款利率。"
GREETING = "您好，我是好家金融的 AI 客服，為您從經核准的內容中找答案；隨時輸入「我要真人」即可轉接專人。"
HANDED = "已為您轉接專人，請稍候，客服人員會在這裡回覆您。"
EMERGENCY = "請立即撥打 24 小時緊急專線 0800-000-165，我們會馬上為您凍結帳戶。專人同時在這裡處理。"

Said = tuple[Any, ...]
SENT = {"delivery": "sent"}
FEE_COPY = {"approved": (ref(ContentKind.ARTICLE, "fee-interbank", 4),), **SENT}
LOAN_COPY = {
    "approved": (ref(ContentKind.ARTICLE, "loan-rate", 7), ref(ContentKind.DISCLOSURE, "loan", 3)),
    **SENT,
}
RISK_COPY = {"approved": (ref(ContentKind.DISCLOSURE, "loan", 3),), **SENT}
CLARIFY_COPY = {
    "approved": (ref(ContentKind.NOTICE, "clarify", 1),),
    "buttons": (("如何綁定銀行帳戶", "o:1:0"), ("App 無法登入", "o:1:1"), ("更換手機", "o:1:2")),
    **SENT,
}
BREAK_COPY = {"approved": (ref(ContentKind.ARTICLE, "deposit-break", 2),), "delivery": "unknown"}
EBILL_COPY = {"approved": (ref(ContentKind.ARTICLE, "card-ebill", 1),), **SENT}
LIMITED = {"delivery": "failed", "delivery_error": "rate_limited"}


def greeting(at: float) -> Said:
    return (
        at,
        "bot",
        GREETING,
        {"approved": (ref(ContentKind.NOTICE, "greeting-ai", 2),), "delivery": "sent"},
    )


def handed(at: float, text: str = HANDED, notice: str = "hand-off") -> Said:
    return (at, "bot", text, {"approved": (ref(ContentKind.NOTICE, notice, 1),), "delivery": "sent"})


def page(
    number: int,
    channel: ChannelType,
    name: str | None,
    status: Status,
    said: list[Said],
    *,
    reason: str | None = None,
    skill: str | None = None,
    priority: int = 5,
    waiting: float | None = None,
    limit: float = 10,
    assignee: str | None = None,
    unread: int = 0,
    verified: str | None = None,
    tags: tuple[str, ...] = (),
    misses: int = 0,
    language: str = "zh-TW",
    others: tuple[Row, ...] = (),
) -> Page:
    id_ = f"c{number}"
    messages = tuple(
        Message(f"{id_}m{i}", id_, i, 0, author, text, ago(at), **(more[0] if more else {}))
        for i, (at, author, text, *more) in enumerate(said, 1)
    )
    since = ago(waiting) if waiting is not None else None
    conversation = Conversation(
        id_,
        f"t{number}",
        f"u{number}",
        f"{channel}-1",
        channel,
        status,
        misses=misses,
        assignee=assignee,
        skill=skill,
        priority=priority,
        reason=reason,
        opened_at=messages[0].at,
        waiting_since=since,
        last_at=messages[-1].at,
        unread=unread,
    )
    row = Row(
        id_,
        channel,
        ACCOUNT[channel],
        name,
        messages[-1].text.split("\n")[0] if messages[-1].author != "bot" else said[-2][2],
        status,
        reason,
        skill,
        priority,
        assignee,
        NAMES.get(assignee or ""),
        since,
        since + timedelta(minutes=limit) if since else None,
        messages[-1].at,
        unread,
    )
    customer = Customer(f"u{number}", name, language, verified, tags)
    return Page(row, conversation, customer, messages, others)


def other(id_: str, channel: ChannelType, name: str, preview: str, at: float) -> Row:
    return Row(
        id_, channel, ACCOUNT[channel], name, preview, Status.RESOLVED, None, None, 5, None, None, None, None,
        ago(at), 0,
    )  # fmt: skip


def pages() -> dict[str, Page]:
    history = (
        other("c8", ChannelType.WEB, "王○明", "請問信用卡帳單可以改電子帳單嗎？", 60 * 24 * 3),
        other("c9", ChannelType.MESSENGER, "王○明", "活動回饋金什麼時候入帳", 60 * 24 * 21),
    )
    found = [
        page(
            1, ChannelType.LINE, "王○明", Status.ASSIGNED,
            [
                (1462, "customer", "上個月的跨行手續費怎麼多扣一次"),
                (1461, "bot", FEE, FEE_COPY),
                (22, "customer", "請問跨行轉帳手續費多少？"),
                (22, "bot", FEE, FEE_COPY),
                (19, "customer", "那我想問信用貸款的利率"),
                (19, "bot", LOAN, LOAN_COPY),
                (19, "bot", LOAN_RISK, RISK_COPY),
                (16, "customer", "我上週申請的，卡號 ****-****-****-4417 的帳單也對不起來，我要真人"),
                handed(16),
                (9, "system", "由 林怡君 接手"),
                (8, "staff:s-agent", "王先生您好，我是客服怡君。我先看一下您上個月的帳單，請稍等兩分鐘。", SENT),
                (5, "customer", "好，謝謝"),
                (3, "staff:s-agent", "查到了：12 日與 13 日各有一筆轉帳，第二筆因免費次數用完而收 15 元。", LIMITED),
                (2, "customer", "喔原來如此！那免費次數什麼時候會重新計算？"),
            ],
            reason="human_request", skill="card", assignee="s-agent", unread=1, verified="M-0048213",
            tags=("數位帳戶", "信用卡"), others=history,
        ),
        page(
            2, ChannelType.MESSENGER, "陳○君", Status.WAITING,
            [
                greeting(7), (6, "customer", "我的帳戶被盜刷了！！剛剛收到三筆我沒有刷的通知"),
                handed(6, EMERGENCY, "emergency"), (5, "customer", "打不通，拜託快點處理"),
            ],
            reason="fraud", skill="fraud", priority=0, waiting=6.2, limit=3, unread=2,
        ),
        page(
            3, ChannelType.LINE, "林○萱", Status.WAITING,
            [
                (31, "customer", "保單解約金跟當初說的不一樣，你們業務員亂講，我要投訴到金管會"),
                handed(31),
            ],
            reason="complaint", skill="complaint", priority=1, waiting=31, unread=1, verified="M-0120077",
        ),
        page(
            4, ChannelType.WEB, None, Status.WAITING,
            [
                greeting(4), (3.7, "customer", "App 一直顯示系統忙碌，沒辦法綁定銀行帳戶"),
                (3.6, "bot", "請問您想問的是哪一個？", CLARIFY_COPY),
                (2.8, "customer", "都不是，我要真人客服"), handed(2.8),
            ],
            reason="human_request", skill="account", waiting=2.8, unread=1,
        ),
        page(
            5, ChannelType.TELEGRAM, "David L○", Status.WAITING,
            [
                (14, "customer", "Which fund should I buy for my retirement?"), handed(13.9),
                (12, "customer", "Hello?"),
            ],
            reason="advice", skill="licensed", waiting=13.9, unread=2, language="en",
        ),
        page(
            6, ChannelType.LINE, "張○豪", Status.BOT,
            [
                greeting(2), (1.5, "customer", "定存解約會怎樣"),
                (1.4, "bot", "定期存款中途解約，利息依實際存期按牌告利率八折計算。", BREAK_COPY),
            ],
        ),
        page(
            7, ChannelType.LINE, "黃○婷", Status.ASSIGNED,
            [(44, "customer", "貸款撥款了嗎"), handed(44), (40, "system", "由 陳建宏 接手"),
             (39, "staff:s-senior", "您好，案件已核准，預計今天下午撥款。", SENT)],
            reason="three_misses", skill="loan", assignee="s-senior", misses=3,
        ),
        page(
            8, ChannelType.WEB, "王○明", Status.RESOLVED,
            [(60 * 72, "customer", "請問信用卡帳單可以改電子帳單嗎？"),
             (60 * 72 - 1, "bot", "可以，登入 App 後於「設定 > 帳單」切換為電子帳單即可。", EBILL_COPY)],
            verified="M-0048213",
        ),
    ]  # fmt: skip
    return {one.conversation.id: one for one in found}
