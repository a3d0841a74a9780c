"""The web widget's own API: session, send, history, and a stream that can be resumed where it broke off."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from flask import Blueprint, Response, jsonify, request

from bot.attached import FILE
from bot.desk.presence import Presence
from bot.errors import BadPayload, BadSignature, NotAllowed, NotFound, Unavailable
from bot.link_invitations import Invitations
from bot.live import Live
from bot.metrics import EVENTS
from bot.model import ChannelAccount, ChannelType, Inbound, Message
from bot.mongo import PyMongoError
from bot.queue import JobQueue
from bot.store.accounts import AccountStore
from bot.store.events import EventStore, thread_of
from bot.store.views import Views
from bot.vault import Vault
from bot.webhooks import read_body

HISTORY = 200
HEARTBEAT_S = 15.0
# How often a stream that hears nothing looks all the same: a thousand idle ones would keep the database busy.
LOOK_S = 30.0
REVISIT_MS = 2000
# After a restart every widget comes back at once: they take turns instead of running into one another's time-outs.
_opening = threading.BoundedSemaphore(12)


class Visitor(Protocol):
    @property
    def visitor_id(self) -> str: ...
    @property
    def verified_as(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Tokens:
    """Visitor tokens and messages of the web adapter; shapes in `adapters/web.py`."""

    issue: Callable[[str, str, str, str | None], str]
    read: Callable[[str, str, str], Visitor | None]
    message: Callable[[ChannelAccount, str, Mapping[str, Any], datetime, str | None], Inbound]
    check_identity: Callable[[str, str, str], bool]
    widget: Path


@dataclass(frozen=True, slots=True)
class WebChat:
    accounts: AccountStore
    events: EventStore
    vault: Vault
    views: Views
    queue: JobQueue
    live: Live
    tokens: Tokens
    secret_key: str
    invitations: Invitations
    link: Callable[[str], str]
    """The address that opens a file for a time."""

    def account(self, account_id: str) -> ChannelAccount:
        account = self.accounts.get(account_id)
        if account is None or not account.enabled or account.channel is not ChannelType.WEB:
            raise NotFound("There is no such web chat, or it is disabled; see the channels page.")
        return account

    def visitor(self, account: ChannelAccount) -> Visitor:
        """Raises BadSignature (401) without a token that we issued."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            token = request.args.get("token", "")
        visitor = self.tokens.read(self.secret_key, account.id, token.strip()) if token else None
        if visitor is None:
            raise BadSignature("The token is missing or not valid; open a session first.")
        return visitor


def blueprint(chat: WebChat) -> Blueprint:
    routes = Blueprint("webchat", __name__, url_prefix="/webchat/<account_id>")

    @routes.after_request
    def cross_origin(response: Response) -> Response:
        origin = request.headers.get("Origin")
        if origin and request.endpoint != "webchat.widget":
            account = chat.accounts.get((request.view_args or {}).get("account_id", ""))
            if account is not None and origin in _origins(account):
                response.headers["Access-Control-Allow-Origin"] = origin
                response.headers["Access-Control-Allow-Headers"] = (
                    "Authorization, Content-Type, Last-Event-ID"
                )
                response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
                response.headers["Access-Control-Max-Age"] = "3600"
            response.vary.add("Origin")
        return response

    @routes.get("/widget.js")
    def widget(account_id: str) -> Response:
        chat.account(account_id)
        script = Response(chat.tokens.widget.read_bytes(), mimetype="text/javascript")
        script.headers["Cache-Control"] = "public, max-age=300"
        script.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        script.add_etag()
        script.make_conditional(request)
        return script

    @routes.post("/session")
    def session(account_id: str) -> Response:
        account = chat.account(account_id)
        origin = request.headers.get("Origin")
        if origin and origin not in _origins(account) and origin != request.host_url.rstrip("/"):
            raise NotAllowed("This site may not show this chat: add its origin to the web account.")
        body = _json_body(required=False)
        verified = _identity(chat, account, body.get("identity"))
        visitor_id = f"customer-{verified}" if verified else f"visitor-{secrets.token_hex(16)}"
        return jsonify(token=chat.tokens.issue(chat.secret_key, account.id, visitor_id, verified))

    @routes.post("/messages")
    def send(account_id: str) -> tuple[Response, int]:
        account = chat.account(account_id)
        visitor = chat.visitor(account)
        inbound = chat.tokens.message(
            account, visitor.visitor_id, _json_body(required=True), datetime.now(UTC), visitor.verified_as
        )
        try:
            recorded = chat.events.record([inbound])
        except PyMongoError as error:
            raise Unavailable("The message could not be stored; send it again.") from error
        for thread in recorded.threads:
            chat.queue.wake(thread)
        chat.accounts.note_event(account.id)
        EVENTS.labels("web", "new" if recorded.new else "known").inc()
        return jsonify(client_id=inbound.client_id, accepted=True), 202

    @routes.post("/link")
    def link(account_id: str) -> Response:
        account = chat.account(account_id)
        visitor = chat.visitor(account)
        response = jsonify(chat.invitations.make(account, visitor.visitor_id, visitor.verified_as))
        response.headers["Cache-Control"] = "no-store"
        return response

    @routes.get("/messages")
    def history(account_id: str) -> Response:
        account = chat.account(account_id)
        thread = thread_of(chat.vault, account.id, chat.visitor(account).visitor_id)
        shown = [as_json(chat, message) for message in chat.views.latest(thread, HISTORY)]
        response = jsonify(messages=shown)
        response.headers["Cache-Control"] = "no-store"
        return response

    @routes.get("/stream")
    def stream(account_id: str) -> Response:
        last = request.headers.get("Last-Event-ID") or request.args.get("last_event_id") or ""
        if last and not (last.isascii() and last.isdigit()):
            raise BadPayload("Last-Event-ID must be the id of an event of this stream.")
        with _opening:
            account = chat.account(account_id)
            thread = thread_of(chat.vault, account.id, chat.visitor(account).visitor_id)
            events = _events(chat, thread, int(last) if last else None)
        response = Response(events, mimetype="text/event-stream")
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Accel-Buffering"] = "no"
        return response

    return routes


def as_json(chat: WebChat, message: Message) -> dict[str, Any]:
    """What a widget may know of a message; staff are an 'agent' to the customer, without a name."""
    text = f"{message.text}\n{chat.link(message.id)}" if message.kind == FILE else message.text
    author = "agent" if message.author.startswith("staff:") else message.author
    return {
        "id": str(message.pos),
        "author": author,
        "text": text,
        "at": message.at.isoformat(),
        "kind": message.kind,
        "buttons": [{"label": label, "value": value} for label, value in message.buttons],
        "client_id": message.client_id if author == "customer" else None,
    }


def _events(chat: WebChat, thread: str, last: int | None) -> Iterator[str]:
    """All after the line `last`, or from now on; the first look is taken at the call."""
    # Listening begins before it, so that nothing falls between the two.
    pokes = chat.live.listen([f"thread:{thread}"], LOOK_S, HEARTBEAT_S)
    if last is None:
        return _following(chat, thread, chat.views.last_pos(thread), [], pokes)
    return _following(chat, thread, last, chat.views.since(thread, last), pokes)


def _following(
    chat: WebChat,
    thread: str,
    last: int,
    fresh: Sequence[Message],
    pokes: Iterator[dict[str, Any] | None],
) -> Iterator[str]:
    yield f"retry: {REVISIT_MS}\n\n"
    here = Presence(chat.queue)
    while True:
        for message in fresh:
            last = message.pos
            data = json.dumps(as_json(chat, message), ensure_ascii=False)
            yield f"id: {message.pos}\ndata: {data}\n\n"
        here.visitor_beat(thread)
        try:
            poked = next(pokes)
            fresh = [] if poked == {} else chat.views.since(thread, last)
        except (StopIteration, PyMongoError):
            return
        if not poked and not fresh:
            yield ": still here\n\n"


def _origins(account: ChannelAccount) -> list[str]:
    return [str(origin).rstrip("/") for origin in account.public.get("origins", ())]


def _identity(chat: WebChat, account: ChannelAccount, claimed: object) -> str | None:
    """The firm's own customer id, proven by its signature. Raises BadSignature, BadPayload."""
    if claimed is None:
        return None
    secret = account.secrets.get("identity_secret")
    if not isinstance(claimed, dict) or not secret:
        raise BadPayload("identity must be {user_id, signature}, on an account with an identity secret.")
    user_id, signature = str(claimed.get("user_id", "")), str(claimed.get("signature", ""))
    if not chat.tokens.check_identity(secret, user_id, signature):
        raise BadSignature("The identity's signature does not match.")
    return user_id


def _json_body(*, required: bool) -> dict[str, Any]:
    raw = read_body()
    if not raw and not required:
        return {}
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise BadPayload("The body must be JSON.") from error
    if not isinstance(body, dict):
        raise BadPayload("The body must be a JSON object.")
    return body
