"""A newcomer's first page: the site of a fictional firm with the chat on it. Development only."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from flask import Blueprint, Response, make_response, render_template, request

from bot.model import ChannelType
from bot.settings import Settings
from bot.store.accounts import AccountStore

# The chat keeps its own styles in a constructed style sheet, so a strict policy is enough for it.
POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"

WORDS = {
    "zh-TW": {
        "firm": "晴嶼金融",
        "title": "晴嶼金融｜示範網站",
        "claim": "把錢的事，說得清楚。",
        "lead": "數位貸款、投資、保險與合作銀行存款。虛構的公司，真實的客服。",
        "try": "右下角就是線上客服，試著問：",
        "products": [
            ("數位貸款", "線上申請，費用與總費用年百分率寫在前面。"),
            ("基金投資", "公開說明書、風險等級與費用，一頁看完。"),
            ("保險服務", "保單內容、理賠進度與契約撤銷權。"),
            ("存款與帳戶", "合作銀行數位帳戶，轉帳與匯率隨時查。"),
        ],
        "questions": ["信用卡年費多少", "忘記密碼怎麼辦", "手續費", "我的貸款申請到哪了", "我要真人"],
        "as": "以會員身分試用申請進度：",
        "visitor": "未登入的訪客",
        "console": "客服主控台",
        "standins": "LINE、Messenger、Telegram 模擬",
        "other": "English",
        "empty": "目前沒有啟用的網頁客服。請到主控台的「頻道」新增網站，或執行：",
        "foot": "晴嶼金融為虛構公司，僅供示範。",
    },
    "en": {
        "firm": "Clearisle Financial",
        "title": "Clearisle Financial | demo site",
        "claim": "Money, in plain words.",
        "lead": "Digital loans, funds, insurance and partner-bank deposits. A fictional firm with a real help desk.",
        "try": "The chat is at the bottom right. Try asking:",
        "products": [
            ("Digital loans", "Apply online; fees and annual percentage rate up front."),
            ("Funds", "Prospectus, risk level and fees on one page."),
            ("Insurance", "Policy terms, claim progress and your right to cancel."),
            ("Deposits and accounts", "A partner bank's digital account, with rates at any time."),
        ],
        "questions": [
            "How much is the card annual fee?",
            "How do I reset my password?",
            "Where is my loan application?",
            "Talk to a person",
        ],
        "as": "Try the status of applications as a member:",
        "visitor": "visitor, not signed in",
        "console": "Help-desk console",
        "standins": "LINE, Messenger and Telegram stand-ins",
        "other": "中文",
        "empty": "No web chat is enabled. Add a site under Channels in the console, or run:",
        "foot": "Clearisle Financial is fictional and for demonstration only.",
    },
}


# Customers of the firm's stand-in (tests/sandbox/firm.py).
MEMBERS: dict[str, dict[str, str]] = {
    "zh-TW": {"1001": "有三件申請", "1002": "審查已有結果", "1003": "沒有申請", "down": "系統維護中"},
    "en": {
        "1001": "three applications",
        "1002": "one with an outcome",
        "1003": "no application",
        "down": "system under maintenance",
    },
}


def blueprint(accounts: AccountStore, settings: Settings) -> Blueprint:
    """GET /demo, in both languages (`?lang=en`)."""
    routes = Blueprint(
        "demo", __name__, template_folder="templates", static_folder="static", static_url_path="/demo/static"
    )

    @routes.get("/demo")
    def demo() -> Response:
        lang = "en" if request.args.get("lang") == "en" else "zh-TW"
        member = request.args.get("member", "")
        enabled = [one for one in accounts.list() if one.channel is ChannelType.WEB and one.enabled]
        page = make_response(
            render_template(
                "demo.html",
                lang=lang,
                say=WORDS[lang],
                account=enabled[0] if enabled else None,
                members=_signed(enabled[0].secrets, MEMBERS[lang])
                if enabled and settings.sandbox_url
                else {},
                member=member,
                origin=request.host_url.rstrip("/"),
                standins=settings.sandbox_url,
            )
        )
        page.headers["Content-Security-Policy"] = POLICY
        page.headers["X-Content-Type-Options"] = "nosniff"
        page.headers["Referrer-Policy"] = "no-referrer"
        return page

    return routes


def _signed(secrets: Mapping[str, str], members: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """id -> (words, signature): what a firm's own server knows of who is signed in; {} without an identity secret."""
    secret = secrets.get("identity_secret")
    if not secret:
        return {}
    return {
        one: (words, hmac.digest(secret.encode(), one.encode(), hashlib.sha256).hex())
        for one, words in members.items()
    }
