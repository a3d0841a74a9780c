"""POST /webhooks/<channel>/<account>: verify on the raw bytes, parse, store once, wake a worker, answer 200."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, request

from bot.contracts import Channel
from bot.errors import BadPayload, NotFound, ServiceError, TooLarge, Unavailable
from bot.logs import logger
from bot.metrics import EVENTS, WEBHOOKS
from bot.model import ChannelAccount, ChannelType
from bot.mongo import PyMongoError
from bot.queue import JobQueue
from bot.store.accounts import AccountStore
from bot.store.events import EventStore, Recorded

MAX_BODY = 1 << 20
DRAIN = 32 << 20
# How long another process may still let in what somebody has just switched off.
AT_THE_DOOR_S = 0.2
PLATFORMS = tuple(channel.value for channel in ChannelType if channel is not ChannelType.WEB)

log = logger(__name__)


@dataclass(slots=True)
class Intake:
    """What a webhook needs; the only place where an event enters."""

    accounts: AccountStore
    events: EventStore
    channels: Mapping[ChannelType, Channel]
    queue: JobQueue

    def account(self, channel: str, account_id: str) -> ChannelAccount:
        """Raises NotFound for an unknown or disabled account, or one of another channel."""
        account = self.accounts.recent(account_id, AT_THE_DOOR_S)
        if account is None or not account.enabled or account.channel.value != channel:
            raise NotFound("There is no such channel account, or it is disabled; see the channels page.")
        return account

    def receive(self, channel: str, account_id: str, headers: Mapping[str, str], body: bytes) -> Recorded:
        """Durable when this returns. Raises NotFound, BadSignature, BadPayload, PyMongoError."""
        account = self.account(channel, account_id)
        adapter = self.channels[account.channel]
        adapter.verify(account, headers, body)
        inbounds = adapter.parse(account, body, self.accounts.siblings(account))
        recorded = self.events.record(inbounds)
        for thread in recorded.threads:
            self.queue.wake(thread)
        self.accounts.note_event(account.id)
        EVENTS.labels(channel, "new").inc(recorded.new)
        EVENTS.labels(channel, "known").inc(recorded.known)
        return recorded


def read_body() -> bytes:
    """The raw body. Raises TooLarge, or BadPayload where the sender stopped half-way."""
    declared = request.content_length
    body = request.stream.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        # A connection closed over unread bytes is reset, and the sender would never see why.
        request.stream.read(DRAIN)
        raise TooLarge(f"The body is larger than {MAX_BODY} bytes.")
    if declared is not None and len(body) != declared:
        raise BadPayload("The body is shorter than Content-Length says; send it again in full.")
    return body


def blueprint(intake: Intake) -> Blueprint:
    routes = Blueprint("webhooks", __name__)

    @routes.post("/webhooks/<channel>/<account_id>")
    def receive(channel: str, account_id: str) -> Response:
        name = channel if channel in PLATFORMS else "unknown"
        try:
            if channel not in PLATFORMS:
                raise NotFound("There is no such channel; use line, messenger or telegram.")
            intake.receive(channel, account_id, dict(request.headers), read_body())
        except PyMongoError as error:
            WEBHOOKS.labels(name, "503").inc()
            log.warning("webhook_not_durable", channel=name, error=type(error).__name__)
            raise Unavailable("The event could not be stored; send it again.") from error
        except ServiceError as error:
            WEBHOOKS.labels(name, str(error.http_status)).inc()
            log.info("webhook_refused", channel=name, status=error.http_status, why=str(error))
            raise
        WEBHOOKS.labels(name, "200").inc()
        # Telegram executes a JSON body as a call: say nothing.
        return Response(status=200)

    @routes.get("/webhooks/messenger/<account_id>")
    def handshake(account_id: str) -> Response:
        account = intake.account("messenger", account_id)
        answer = intake.channels[account.channel].handshake(account, request.args)
        return Response(answer, mimetype="text/plain")

    return routes
