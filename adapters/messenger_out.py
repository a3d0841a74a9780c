"""Calls the Graph API: sends, reads profiles, and says what Meta's error codes mean for a message."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from adapters import http, limits
from adapters.reading import a_dict, a_text
from bot.attached import OutFile
from bot.contracts import Capabilities
from bot.errors import SendError
from bot.model import ChannelAccount, Outbound, Profile, Receipt

API = "https://graph.facebook.com"
Upload = Mapping[str, tuple[str, bytes, str]]
# Current since 2026-07-29. Meta serves an expired version as its oldest live one, silently.
VERSION = "v26.0"
# Meta names no time for a block over its policies; asking more often makes it longer.
_POLICY_WAIT = 3600.0


def page_id(account: ChannelAccount) -> str:
    return str(account.public.get("page_id", ""))


def send(account: ChannelAccount, out: Outbound, capabilities: Capabilities) -> Receipt:
    """Sends each message, and each piece of a long one, in a call of its own. Raises SendError.

    Only the last piece carries `out.id` as metadata: its echo proves that all of it went out.
    """
    if len(out.messages) == 1 and isinstance(out.messages[0], OutFile):
        return _send_file(account, out, out.messages[0])
    pieces = limits.compose(out.messages, capabilities)
    last = pieces[-1]

    def one(piece: limits.Piece) -> str | None:
        message: dict[str, Any] = {"text": piece.text}
        if piece is last:
            message["metadata"] = out.id
        if piece.choices:
            message["quick_replies"] = [
                {"content_type": "text", "title": choice.label, "payload": choice.value}
                for choice in piece.choices
            ]
        return a_text(_say(account, out, message), "message_id")

    return Receipt(limits.in_order(pieces, one), via="send")


def _send_file(account: ChannelAccount, out: Outbound, file: OutFile) -> Receipt:
    """Uploaded with the message, so that nobody needs to reach us: an address would be open to whoever has it."""
    kind = "image" if file.image else "file"
    message = {"attachment": {"type": kind, "payload": {}}, "metadata": out.id}
    upload = {"filedata": (file.text, file.data, file.media_type)}
    sent = a_text(_say(account, out, message, upload), "message_id")
    return Receipt((sent,) if sent else (), via="send")


def _say(
    account: ChannelAccount, out: Outbound, message: dict[str, Any], upload: Upload | None = None
) -> dict[str, Any]:
    """One message; a person's goes out with the tag for people where the 24 hours are over. Raises SendError.

    The refusal proves that nothing went out, so asking again cannot say it twice. Meta takes the tag for seven days,
    from pages that have the Human Agent feature.
    """
    path, body = f"{page_id(account)}/messages", {"recipient": {"id": out.user_id}, "message": message}
    try:
        return graph(account, "POST", path, {**body, "messaging_type": "RESPONSE"}, upload)
    except SendError as closed:
        if closed.code != "window_closed" or not out.author_is_person:
            raise
        try:
            return graph(
                account, "POST", path, {**body, "messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
            )
        except SendError as refused:
            # Without the feature Meta speaks of permissions or parameters; what is true is that the time is over.
            raise (closed if refused.code in ("forbidden", "rejected") else refused) from None


def profile(account: ChannelAccount, user_id: str) -> Profile | None:
    """The name, None where Meta will not say (permission, phone contacts) or cannot be asked."""
    try:
        got = graph(account, "GET", user_id, {"fields": "first_name,last_name"})
    except SendError:
        return None
    names = [name for name in (a_text(got, "first_name"), a_text(got, "last_name")) if name]
    return Profile(name=_full_name(names)) if names else None


def _full_name(names: list[str]) -> str:
    """Western names as written; Chinese, Japanese and Korean ones family name first, without a space."""
    if len(names) == 2 and all(ord(char) > 0x2E7F for name in names for char in name):
        return names[1] + names[0]
    return " ".join(names)


def graph(
    account: ChannelAccount, method: str, path: str, fields: dict[str, Any], upload: Upload | None = None
) -> dict[str, Any]:
    """One Graph API call; the token never stands in an address. Raises SendError."""
    token = account.secrets.get("page_token", "")
    proof = hmac.digest(account.secrets.get("app_secret", "").encode(), token.encode(), "sha256").hex()
    url = f"{http.origin(account, API)}/{VERSION}/{quote(path)}"
    if method == "GET":
        params = {**fields, "appsecret_proof": proof}
        answer = http.call("GET", url, params=params, headers={"Authorization": f"Bearer {token}"})
    elif upload:
        # A form of parts has texts only: what is no text goes as JSON within its part.
        form = {name: one if isinstance(one, str) else json.dumps(one) for name, one in fields.items()}
        form |= {"access_token": token, "appsecret_proof": proof}
        answer = http.call(method, url, form=form, files=upload)
    else:
        answer = http.call(method, url, json={**fields, "access_token": token, "appsecret_proof": proof})
    got = answer.json()
    if not answer.ok or "error" in got:
        raise refusal(answer.status, a_dict(got, "error"), answer.retry_after)
    if not got and not _is_object(answer.body):
        # A proxy's page instead of Meta's answer.
        raise http.unanswered(repeatable=False)
    return got


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False


_BLOCKED = ("blocked", "The user has blocked the page, left, or cannot be written to.")
_CLOSED = ("window_closed", "The user's last message is older than 24 hours: Messenger allows no answer.")
_PERMANENT: dict[tuple[int, int | None], tuple[str, str]] = {
    (10, 2018278): _CLOSED,
    (10, 2534022): _CLOSED,
    (10, 2018108): _BLOCKED,
    (10, 1893063): ("page_restricted", "Meta has restricted the page for a time: see its Page Quality."),
    (200, 1545041): _BLOCKED,
    (551, None): _BLOCKED,
    (100, 2018001): ("unknown_user", "Messenger does not know this user on this page."),
    (100, 2018109): ("too_long", "Messenger refuses the message as too large."),
    (190, None): ("bad_token", "Meta refuses the page access token: issue a new one."),
    (10, None): ("forbidden", "The app lacks a permission for this page (pages_messaging)."),
    (200, None): ("forbidden", "The app lacks a permission for this page (pages_messaging)."),
    (299, None): ("forbidden", "The app lacks a permission for this page (pages_messaging)."),
}
_SLOW_DOWN = frozenset({4, 17, 32, 341, 613})


def refusal(status: int, error: dict[str, Any], retry_after: float | None = None) -> SendError:
    """Meta's answer as a decision; its own words stay out of it, for they can repeat what we sent.

    https://developers.facebook.com/docs/messenger-platform/error-codes
    """
    code, sub = _number(error, "code"), _number(error, "error_subcode")
    numbers = f"({code or status}{f'/{sub}' if sub else ''})"
    if (code, sub) == (1, 1357046):
        return http.unanswered(repeatable=False)
    if sub == 2018300:
        return SendError("thread_elsewhere", f"Another app has this conversation {numbers}.", retryable=False)
    for key in ((code, sub), (code, None)):
        if key in _PERMANENT:
            name, detail = _PERMANENT[key]
            return SendError(name, f"{detail} {numbers}", retryable=False)
    if code in _SLOW_DOWN or status == 429:
        return SendError(
            "rate_limited", f"Meta asks to slow down {numbers}.", retryable=True, retry_after=retry_after
        )
    if code == 368:
        return SendError(
            "rate_limited",
            f"Meta blocks the page for a time {numbers}.",
            retryable=True,
            retry_after=_POLICY_WAIT,
        )
    if code in (1, 2) or error.get("is_transient") is True:
        return SendError(
            "platform_down", f"Meta has a fault {numbers}.", retryable=True, retry_after=retry_after
        )
    if status == 504 and not error:
        # A gateway gave up waiting; what stands behind it may still have sent the message.
        return http.unanswered(repeatable=False)
    if status >= 500:
        return SendError(
            "platform_down", f"Meta has a fault {numbers}.", retryable=True, retry_after=retry_after
        )
    if status in (401, 403) and not error:
        return SendError("forbidden", f"Meta refuses the call {numbers}.", retryable=False)
    return SendError("rejected", f"Messenger refused the message {numbers}.", retryable=False)


def _number(error: dict[str, Any], key: str) -> int:
    value = a_text(error, key) or ""
    return int(value) if value.isascii() and value.isdigit() else 0
