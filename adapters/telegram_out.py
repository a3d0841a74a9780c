"""Sends to Telegram with python-telegram-bot, imported at the first use, over the process's own HTTP client.

The library is asynchronous, our workers are threads. A new event loop for each message costs a connection
and a TLS handshake; one loop per thread cannot be shared or forked. So the library gets a request class of
ours that does not wait for anything: its coroutines run to their end in one step, without a loop, from any
thread, over one pool.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

from adapters import http, limits
from adapters.http import Answer
from adapters.reading import a_dict, a_text
from bot.attached import OutFile
from bot.contracts import Capabilities
from bot.errors import SendError
from bot.model import ChannelAccount, Outbound, Receipt

API = "https://api.telegram.org"
UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")


def preload() -> None:
    """Imports the SDK now (0.2 s), so that a worker's first customer does not wait for it."""
    _sdk()


@cache
def _sdk() -> SimpleNamespace:
    http.hush()
    import telegram
    from telegram.error import TelegramError
    from telegram.request import BaseRequest, RequestData

    class RefusedError(TelegramError):
        """Carries our own error through the library, which would keep neither status nor cause."""

        def __init__(self, error: SendError) -> None:
            super().__init__(error.code)
            self.error = error

    class Wire(BaseRequest):
        done = False

        @property
        def read_timeout(self) -> float:
            return http.READ_SECONDS

        async def initialize(self) -> None:
            """Nothing to open: the process's client opens itself."""

        async def shutdown(self) -> None:
            """Nothing to close: the process's client is shared."""

        async def do_request(
            self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any
        ) -> tuple[int, bytes]:
            try:
                form = request_data.json_parameters if request_data else None
                parts = request_data.multipart_data if request_data else None
                answer = http.call(method, url, form=form, files=parts or None)
            except SendError as fault:
                raise RefusedError(fault) from None
            if not answer.ok or answer.json().get("ok") is not True:
                raise RefusedError(refusal(answer))
            self.done = True
            return answer.status, answer.body

    return SimpleNamespace(
        telegram=telegram, Wire=Wire, RefusedError=RefusedError, TelegramError=TelegramError
    )


def _ask(account: ChannelAccount, call: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
    """Runs one method of a bot made for this call (6 µs). Raises SendError.

    None where Telegram did what was asked but the library could not read the rest of its answer.
    """
    sdk = _sdk()
    token, base = account.secrets.get("token", ""), http.origin(account, API)
    if not token:
        raise SendError("bad_token", "This bot has no token.", retryable=False)
    wire = sdk.Wire()
    running = call(sdk.telegram.Bot(token, base_url=f"{base}/bot", request=wire, get_updates_request=wire))
    try:
        running.send(None)
    except StopIteration as done:
        return done.value
    except sdk.RefusedError as fault:
        raise fault.error from None
    except Exception:
        if wire.done:
            return None
        raise
    finally:
        running.close()
    raise RuntimeError("python-telegram-bot waits for something: it needs an event loop now")


def send(account: ChannelAccount, out: Outbound, capabilities: Capabilities) -> Receipt:
    """Sends each message, and each piece of a long one, in a call of its own. Raises SendError."""
    if not out.user_id.lstrip("-").isdigit():
        raise SendError("unknown_user", "Telegram does not know this chat.", retryable=False)
    chat = int(out.user_id)
    if len(out.messages) == 1 and isinstance(out.messages[0], OutFile):
        return _send_file(account, chat, out.messages[0])
    pieces = limits.compose(out.messages, capabilities, value_unit="bytes")

    def one(piece: limits.Piece) -> str | None:
        sent = _ask(account, lambda bot: bot.send_message(chat, piece.text, reply_markup=_keyboard(piece)))
        return str(sent.message_id) if sent else None

    return Receipt(limits.in_order(pieces, one), via="send")


def _send_file(account: ChannelAccount, chat: int, file: OutFile) -> Receipt:
    given = _sdk().telegram.InputFile(file.data, filename=file.text)
    if file.image:
        sent = _ask(account, lambda bot: bot.send_photo(chat, given))
    else:
        sent = _ask(account, lambda bot: bot.send_document(chat, given))
    return Receipt((str(sent.message_id),) if sent else (), via="send")


def _keyboard(piece: limits.Piece) -> Any:
    t = _sdk().telegram
    if not piece.choices:
        return None
    # One a row: side by side, titles would be cut.
    rows = [[t.InlineKeyboardButton(choice.label, callback_data=choice.value)] for choice in piece.choices]
    return t.InlineKeyboardMarkup(rows)


def refusal(answer: Answer) -> SendError:
    """Telegram's answer as a decision; its own words stay out of it."""
    got = answer.json()
    said = (a_text(got, "description") or "").lower()
    status = answer.status if not answer.ok else _code(got)
    wait = a_text(a_dict(got, "parameters"), "retry_after")
    seconds = float(wait) if wait else answer.retry_after
    if status == 429:
        return SendError("rate_limited", "Telegram asks to slow down.", retryable=True, retry_after=seconds)
    if status == 403:
        return SendError(
            "blocked", "The user has blocked the bot, left, or never started it.", retryable=False
        )
    if status in (401, 404):
        return SendError("bad_token", "Telegram refuses the bot's token.", retryable=False)
    if status == 409:
        return SendError("conflict", "Another program fetches this bot's updates.", retryable=False)
    if status == 413 or "too long" in said:
        return SendError("too_long", "Telegram refuses the message as too long.", retryable=False)
    if "chat not found" in said or "migrate" in said or "upgraded" in said:
        return SendError("unknown_user", "Telegram does not know this chat.", retryable=False)
    if not got and (answer.ok or status == 504):
        # A proxy's page, or a gateway that gave up waiting: the message may be out.
        return http.unanswered(repeatable=False)
    if status >= 500:
        detail = f"Telegram has a fault ({status})."
        return SendError("platform_down", detail, retryable=True, retry_after=seconds)
    return SendError("rejected", f"Telegram refused the call ({status}).", retryable=False)


def _code(got: dict[str, Any]) -> int:
    code = got.get("error_code")
    return code if isinstance(code, int) else 400


def stop_spinner(account: ChannelAccount, callback_id: str) -> None:
    """Best effort: never raises, for the answer itself does not depend on it."""
    try:
        _ask(account, lambda bot: bot.answer_callback_query(callback_id))
    except SendError:
        return


def bot_name(account: ChannelAccount) -> str:
    me = _ask(account, lambda bot: bot.get_me())
    return f"@{me.username}" if me and me.username else "a bot"


def set_webhook(account: ChannelAccount, url: str, secret: str) -> None:
    """Both lists are given each time: leaving them out keeps old updates and drops the secret."""
    if not secret:
        raise SendError(
            "no_secret", "This bot has no webhook secret: add the account again.", retryable=False
        )
    _ask(account, lambda bot: bot.set_webhook(url, secret_token=secret, allowed_updates=list(UPDATES)))


@dataclass(frozen=True, slots=True)
class WebhookState:
    """`last_error` is Telegram's word for the last failed call, cut to a line."""

    url: str
    pending: int
    last_error: str | None


def webhook_state(account: ChannelAccount) -> WebhookState:
    got = _ask(account, lambda bot: bot.get_webhook_info())
    if got is None:
        raise SendError("rejected", "Telegram's answer could not be read.", retryable=False)
    error = got.last_error_message
    return WebhookState(got.url, got.pending_update_count, error.splitlines()[0][:200] if error else None)
