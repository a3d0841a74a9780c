"""What Meta posts: entries of several pages, each with several items.

https://developers.facebook.com/docs/messenger-platform/reference/webhook-events
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapters.links import carried, typed
from adapters.reading import LONGEST_DETAIL, a_dict, a_list, a_text, a_time, a_word, fingerprint, load
from bot.errors import BadPayload
from bot.model import ChannelAccount, Inbound, Kind

GET_STARTED = "GET_STARTED"
_ENVELOPE = {"sender", "recipient", "timestamp"}


def parse(account: ChannelAccount, body: bytes, siblings: Sequence[ChannelAccount]) -> list[Inbound]:
    """Every item of every entry, each under the account of its page. Raises BadPayload.

    What belongs to a page that is no account here is left out, but for one IGNORED `unknown_page` of the
    called account for each such entry, so that it is seen.
    """
    entries = load(body, "Messenger").get("entry")
    if not isinstance(entries, list):
        raise BadPayload("The body has no list of entries, so Messenger did not post it.")
    pages = {str(known.public.get("page_id", "")): known.id for known in (*siblings, account)}
    found: list[Inbound] = []
    for entry in entries:
        page = a_text(entry, "id") or ""
        owner = pages.get(page)
        if not owner:
            found.append(_ignored(account.id, entry, "unknown_page"))
            continue
        found += [_item(owner, page, item) for item in a_list(entry, "messaging")]
        # Another app owns these threads, or they are no messages at all.
        for name in ("standby", "changes"):
            found += [_ignored(owner, item, name) for item in a_list(entry, name)]
    return found


def _ignored(account_id: str, item: Any, detail: str) -> Inbound:
    return Inbound(
        account_id=account_id,
        event_id=fingerprint(detail, item),
        user_id=a_text(a_dict(item, "sender"), "id") or "",
        kind=Kind.IGNORED,
        sent_at=a_time(item, "timestamp", 1000),
        kind_detail=detail,
    )


def _item(account_id: str, page: str, item: Any) -> Inbound:
    sender = a_text(a_dict(item, "sender"), "id")
    message, postback = a_dict(item, "message"), a_dict(item, "postback")
    if message.get("is_echo") is True:
        return _echo(account_id, item, message)
    edit = a_dict(item, "message_edit")
    if sender and sender != page and (a_text(edit, "mid") or message.get("is_deleted") is True):
        return _amended(account_id, sender, item, edit, a_text(message, "mid"))
    link = _link(item) if sender and sender != page else None
    if not sender or sender == page or not (message or postback or link):
        names = sorted(set(item) - _ENVELOPE) if isinstance(item, dict) else []
        return _ignored(account_id, item, (names[0] if names else "unknown")[:LONGEST_DETAIL])
    kind, detail = _message(message) if message else _postback(postback)
    if link:
        kind, detail = Kind.LINK, None
    payload = a_text(a_dict(message, "quick_reply"), "payload") or a_text(postback, "payload")
    return Inbound(
        account_id=account_id,
        event_id=a_text(message or postback, "mid") or fingerprint(item),
        user_id=sender,
        kind=kind,
        sent_at=a_time(item, "timestamp", 1000),
        text=(a_text(message, "text") or a_text(postback, "title"))
        if kind in (Kind.TEXT, Kind.CHOICE)
        else None,
        choice=payload if kind is Kind.CHOICE else None,
        kind_detail=detail,
        link_token=link,
        message_id=a_text(message, "mid") if kind in (Kind.TEXT, Kind.OTHER) else None,
    )


def _amended(account_id: str, sender: str, item: Any, edit: dict[str, Any], deleted: str | None) -> Inbound:
    """`message_edit` {mid, text, num_edit}, once for each edit; `is_deleted` on a message that was taken back."""
    of = a_text(edit, "mid") or deleted
    name = f"edit:{of}:{a_text(edit, 'num_edit')}" if edit else f"deleted:{of}"
    return Inbound(
        account_id=account_id,
        event_id=name if of else fingerprint(item),
        user_id=sender,
        kind=Kind.EDIT if edit else Kind.UNSEND,
        sent_at=a_time(item, "timestamp", 1000),
        text=a_text(edit, "text"),
        of=of,
    )


def _link(item: Any) -> str | None:
    """What came back by an m.me link or by Meta's account linking, whose authorization code is our token; or typed."""
    message, linking = a_dict(item, "message"), a_dict(item, "account_linking")
    for place in (item, a_dict(item, "postback"), message):
        if token := carried(a_text(a_dict(place, "referral"), "ref")):
            return token
    if a_text(linking, "status") == "linked":
        return carried(a_text(linking, "authorization_code"))
    return typed(a_text(message, "text"))


def _echo(account_id: str, item: Any, message: dict[str, Any]) -> Inbound:
    """A message the page sent; with metadata it is one of ours, and proof that it went out."""
    ours = a_text(message, "metadata")
    mid = a_text(message, "mid")
    return Inbound(
        account_id=account_id,
        event_id=f"echo:{mid}" if mid else fingerprint(item),
        user_id=a_text(a_dict(item, "recipient"), "id") or "",
        kind=Kind.ECHO if ours else Kind.IGNORED,
        sent_at=a_time(item, "timestamp", 1000),
        kind_detail=None if ours else "echo",
        echo_of=ours,
    )


def _postback(postback: dict[str, Any]) -> tuple[Kind, str | None]:
    payload = a_text(postback, "payload")
    if payload == GET_STARTED:
        return Kind.FOLLOW, None
    return (Kind.CHOICE, None) if payload else (Kind.IGNORED, "postback")


def _message(message: dict[str, Any]) -> tuple[Kind, str | None]:
    payload = a_text(a_dict(message, "quick_reply"), "payload")
    if payload:
        return (Kind.FOLLOW, None) if payload == GET_STARTED else (Kind.CHOICE, None)
    if a_text(message, "text"):
        return Kind.TEXT, None
    first = next(iter(a_list(message, "attachments")), None)
    # Until August 2026 a sticker came as an image with a sticker_id; old clients may still send that.
    if a_text(a_dict(first, "payload"), "sticker_id"):
        return Kind.OTHER, "sticker"
    return Kind.OTHER, a_word(first, "type", "unsupported")
