"""Sends to LINE with its official SDK, imported lazily: by reply token, else by push with a retry key."""

from __future__ import annotations

import os
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from adapters import http, limits
from adapters.reading import a_list, a_text, language
from bot.attached import OutFile
from bot.contracts import Capabilities
from bot.errors import SendError
from bot.model import ChannelAccount, Outbound, Profile, Receipt

API = "https://api.line.me"
# Part of every retry key: changing it would send again what went out just before an upgrade.
NAMESPACE = uuid.UUID("6f0f7c1e-6a52-5b7e-9a7d-3c1d7a4e9b10")
# https://developers.line.biz/en/reference/messaging-api/#image-message
LARGEST_PREVIEW = 1024 * 1024
SPENT = "reply_token_invalid"


def preload() -> None:
    """Imports the SDK now (0.9 s), so that a worker's first customer does not wait for it."""
    _sdk()


@cache
def _sdk() -> SimpleNamespace:
    http.hush()
    import urllib3
    from linebot.v3 import messaging
    from linebot.v3.messaging.exceptions import ApiException
    from pydantic.v1 import ValidationError  # the one the SDK is built on

    return SimpleNamespace(m=messaging, urllib3=urllib3, ApiException=ApiException, Invalid=ValidationError)


def _api(account: ChannelAccount) -> Any:
    origin = http.origin(account, API)
    return _client(os.getpid(), account.secrets.get("token", ""), origin if account.api_base else None)


@lru_cache(maxsize=256)
def _client(pid: int, token: str, host: str | None) -> Any:
    """One pool per process, token and host; the pid keeps a forked child off its parent's sockets."""
    del pid
    messaging = _sdk().m
    configuration = messaging.Configuration(host=host, access_token=token)
    # urllib3 would repeat GETs four times and sleep through a 429; repeating is the delivery's decision.
    configuration.retries = False
    configuration.proxy = _proxy(host or API)
    return messaging.MessagingApi(messaging.ApiClient(configuration))


def _proxy(url: str) -> str | None:
    """The firm's proxy from the environment, which the SDK does not read by itself."""
    parts = urlsplit(url)
    if urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return urllib.request.getproxies().get(parts.scheme)


def send(account: ChannelAccount, out: Outbound, capabilities: Capabilities) -> Receipt:
    """One call at LINE. Raises SendError, `reply_token_invalid` where the answer has to be pushed instead.

    A token that LINE calls invalid though an earlier attempt may have used it was used: the message is out. The push
    is the caller's next call, so that it can be written down first: after a crash the same 400 would prove nothing.
    """
    if len(out.messages) == 1 and isinstance(out.messages[0], OutFile):
        return _push(_api(account), _request(out, [_file(out.messages[0])]), out.id)
    pieces = limits.compose(out.messages, capabilities)
    if len(pieces) > capabilities.batch:
        raise SendError(
            "too_long", f"The text needs more than {capabilities.batch} LINE messages.", retryable=False
        )
    messages = [_message(piece) for piece in pieces]
    api, m = _api(account), _sdk().m
    if out.reply_token:
        reply = m.ReplyMessageRequest(replyToken=out.reply_token, messages=messages)
        timeouts = (http.CONNECT_SECONDS, http.READ_SECONDS)
        try:
            ids = _ids(lambda: api.reply_message_with_http_info(reply, _request_timeout=timeouts))
            return Receipt(ids, via="reply")
        except SendError as fault:
            if fault.code == SPENT and out.again:
                return Receipt((), via="reply")
            raise
    return _push(api, _request(out, messages), out.id)


def _request(out: Outbound, messages: list[Any]) -> Any:
    return _sdk().m.PushMessageRequest(to=out.user_id, messages=messages)


def _file(file: OutFile) -> Any:
    """A picture as one where its preview may be itself (1 MB at most); LINE has no message for other files."""
    m = _sdk().m
    if file.image and len(file.data) <= LARGEST_PREVIEW and file.url.startswith("https://"):
        return m.ImageMessage(originalContentUrl=file.url, previewImageUrl=file.url)
    return m.TextMessage(text=file.link)


def _push(api: Any, request: Any, out_id: str) -> Receipt:
    key = str(uuid.uuid5(NAMESPACE, out_id))
    timeouts = (http.CONNECT_SECONDS, http.READ_SECONDS)
    ids = _ids(
        lambda: api.push_message_with_http_info(request, x_line_retry_key=key, _request_timeout=timeouts)
    )
    return Receipt(ids, via="push")


def _message(piece: limits.Piece) -> Any:
    m = _sdk().m
    if not piece.choices:
        return m.TextMessage(text=piece.text)
    items = [
        m.QuickReplyItem(
            action=m.PostbackAction(
                label=choice.label,
                data=choice.value,
                displayText=limits.shorten(choice.title, 300, "utf16"),
            )
        )
        for choice in piece.choices
    ]
    return m.TextMessage(text=piece.text, quickReply=m.QuickReply(items=items))


def _ids(call: Callable[[], Any]) -> tuple[str, ...]:
    """LINE's ids of what a call sent. Raises SendError for everything but success and 409."""
    sdk = _sdk()
    try:
        answer = _ask(call)
    except sdk.Invalid as fault:
        # Anything but a JSON object is a proxy's page, not LINE's answer.
        if any("__root__" in error["loc"] for error in fault.errors()):
            raise http.unanswered(repeatable=True) from None
        # LINE's 200, not quite as the SDK knows it: the message is out, only its id is lost.
        return ()
    except SendError as fault:
        accepted = getattr(fault, "accepted", None)
        if accepted is None:
            raise
        return tuple(filter(None, (a_text(sent, "id") for sent in a_list(accepted, "sentMessages"))))
    return tuple(sent.id for sent in answer.data.sent_messages)


class _AcceptedError(SendError):
    """409: an earlier attempt with this retry key went through."""

    def __init__(self, accepted: dict[str, Any]) -> None:
        super().__init__("accepted", "LINE had already taken this message.", retryable=False)
        self.accepted = accepted


def _ask(call: Callable[[], Any]) -> Any:
    sdk = _sdk()
    failures = sdk.urllib3.exceptions
    try:
        return call()
    except sdk.ApiException as fault:
        if not fault.status:  # how the SDK reports a failed TLS handshake
            raise http.unreachable() from None
        if fault.status == 409:
            raise _AcceptedError(http.as_json(fault.body)) from None
        raise refusal(fault.status, fault.body, fault.headers or {}) from None
    except (failures.NewConnectionError, failures.ConnectTimeoutError, failures.ProxyError):
        raise http.unreachable() from None
    except failures.HTTPError:
        # Repeating is safe on LINE: a push carries its key, and a reply token works only once.
        raise http.unanswered(repeatable=True) from None


def refusal(status: int, body: bytes | str | None, headers: Mapping[str, str]) -> SendError:
    """LINE's answer as a decision; its own words stay out of it, for they can repeat what we sent."""
    said = (a_text(http.as_json(body), "message") or "").lower()
    known = {
        401: ("bad_token", "LINE refuses the channel access token: issue a new one."),
        403: ("forbidden", "LINE does not allow this call for the account's plan or permissions."),
        404: ("not_found", "LINE does not know this address or user."),
        413: ("too_long", "LINE refuses the message as too large."),
    }
    if status == 400 and "invalid reply token" in said:
        return SendError(SPENT, "The reply token is used or too old.", retryable=False)
    if status == 400 and "failed to send messages" in said:
        return SendError("unknown_user", "LINE does not know this user under this provider.", retryable=False)
    if status == 429 and "monthly limit" in said:
        return SendError("quota", "The LINE plan's messages of this month are used up.", retryable=False)
    if status == 429:
        wait = http.retry_after(headers)
        return SendError("rate_limited", "LINE asks to slow down.", retryable=True, retry_after=wait)
    if status >= 500:
        return SendError(
            "platform_down", f"LINE answered {status}.", retryable=True, outcome_known=False,
            retry_after=http.retry_after(headers),
        )  # fmt: skip
    code, detail = known.get(status, ("rejected", f"LINE refused the message ({status})."))
    return SendError(code, detail, retryable=False)


def profile(account: ChannelAccount, user_id: str) -> Profile | None:
    """Name and language, None where LINE will not say (blocked, no consent) or cannot be asked."""
    timeouts = (http.CONNECT_SECONDS, http.READ_SECONDS)
    try:
        api = _api(account)
        got = _ask(lambda: api.get_profile_with_http_info(user_id, _request_timeout=timeouts)).data
    except (SendError, _sdk().Invalid):
        return None
    return Profile(name=got.display_name or None, language=language(got.language))
