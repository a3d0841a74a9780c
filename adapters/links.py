"""What a customer carries from a signed session to another platform, on the way out and on the way in.

The token is `bot.store.link_tokens`'s: 36 letters that all three platforms pass on unchanged, or a code to be typed.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from bot.model import ChannelAccount, ChannelType

_TOKEN = re.compile(r"TLNK[0-9a-f]{32}")
_LETTER = "[A-HJKMNP-Z2-9]"
_TYPED = re.compile(
    rf"\s*(?:連結|連接|綁定|link)\s*[:：]?\s*({_LETTER}{{4}})\s?-\s?({_LETTER}{{4}})\s*", re.IGNORECASE
)
TYPED = "連結 {code}"


def carried(parameter: str | None) -> str | None:
    """The token in a platform's own parameter (start, ref, nonce, authorization code), None for any other content."""
    return parameter if parameter and _TOKEN.fullmatch(parameter) else None


def typed(text: str | None) -> str | None:
    """The code of a message that is nothing but `連結 ABCD-EFGH` or `link abcd-efgh`."""
    found = _TYPED.fullmatch(unicodedata.normalize("NFKC", text)) if text and len(text) <= 40 else None
    return f"{found[1]}-{found[2]}".upper() if found else None


def address(account: ChannelAccount, token: str, code: str) -> str | None:
    """Where the customer goes on, as one link that brings the token along; None where the account has no such address.

    `public` {handle}: LINE's basic id (`@name`), Telegram's user name; Messenger needs its {page_id} only.
    https://core.telegram.org/bots/features#deep-linking,
    https://developers.facebook.com/docs/messenger-platform/discovery/m-me-links,
    https://developers.line.biz/en/docs/messaging-api/using-line-url-scheme/
    """
    handle = str(account.public.get("handle") or "").strip().lstrip("@")
    page = str(account.public.get("page_id") or "")
    if account.channel is ChannelType.TELEGRAM and handle:
        return f"https://t.me/{quote(handle, safe='')}?start={token}"
    if account.channel is ChannelType.MESSENGER and page:
        return f"https://m.me/{quote(page, safe='')}?ref={token}"
    if account.channel is ChannelType.LINE and handle:
        # LINE takes no parameter along: the message is written already, and the customer sends it.
        said = quote(TYPED.format(code=code), safe="")
        return f"https://line.me/R/oaMessage/{quote('@' + handle, safe='')}/?{said}"
    return None
