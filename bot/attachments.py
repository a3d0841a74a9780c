"""An agent's file to a customer: known by its content, sealed, sent as each channel can, opened by a signed link."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, Response
from itsdangerous import BadData, URLSafeTimedSerializer

from bot.agent_actions import Desk
from bot.attached import FILE, LARGEST, TYPES, sniff
from bot.desk.access import Access
from bot.errors import BadPayload, NotFound
from bot.masking import mask
from bot.model import ChannelType, Page, Staff
from bot.mongo import Session
from bot.store.files import FileStore, StoredFile
from bot.store.records import Draft

OPEN_FOR_S = 14 * 24 * 3600
"""So long the link of a file opens: LINE's own servers fetch a picture when the customer scrolls to it."""
LONGEST_NAME = 80
_UNFIT = re.compile(r"[\x00-\x1f\x7f/\\<>:\"|?*\u202a-\u202e\u2066-\u2069]+")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}$")


@dataclass(frozen=True, slots=True)
class Links:
    """Signed addresses that nobody can guess; who holds one reads that file, for two weeks and no other."""

    public_url: str
    secret_key: str

    def make(self, file_id: str) -> str:
        return f"{self.public_url.rstrip('/')}/media/{self._signer().dumps(file_id)}"

    def read(self, token: str) -> str | None:
        try:
            return str(self._signer().loads(token, max_age=OPEN_FOR_S))
        except BadData:
            return None

    def _signer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self.secret_key, salt="teller.media")


@dataclass(frozen=True, slots=True)
class Attachments:
    desk: Desk
    access: Access
    store: FileStore
    links: Links

    def refusal(self, page: Page) -> str | None:
        """Why this channel takes no file now, said before one is chosen; None where it does."""
        served = self.links.public_url.startswith("https://")
        if page.conversation.channel is ChannelType.LINE and not served:
            return "LINE opens files from an https address only: set TELLER_PUBLIC_URL first."
        return None

    def send(self, staff: Staff, conversation_id: str, name: str, data: bytes, client_id: str) -> str:
        """Send one file; the same `client_id` twice is one message, whose id is returned.

        Raises NotFound, NotAllowed, Conflict, and BadPayload for what is no picture or PDF, or too large.
        """
        conversation = self.access.replying(staff, conversation_id)
        why = self.refusal(self.access.page(staff, conversation_id))
        if why:
            raise BadPayload(why)
        if len(data) > LARGEST:
            raise BadPayload("A file may have 10 MB at most.")
        media_type = sniff(data)
        if media_type is None:
            raise BadPayload("Only pictures (JPEG, PNG) and PDF files can be sent.")
        draft = Draft(
            author=f"staff:{staff.id}",
            text=proper_name(name, media_type),
            at=datetime.now(UTC),
            kind=FILE,
            client_id=client_id,
        )
        file = StoredFile(draft.id, conversation_id, draft.text, media_type, len(data))
        self.store.put(draft.id, conversation.customer_id, data)

        def keep(session: Session) -> None:
            self.store.sign_in(session, file, conversation.customer_id)

        detail = {"file": media_type, "size": len(data)}
        return self.desk.say(staff, conversation, draft, detail=detail, also=keep)

    def view(self, staff: Staff, conversation_id: str, file_id: str) -> tuple[StoredFile, bytes]:
        """For whoever may read the conversation; noted before it is opened. Raises NotFound."""
        self.access.page(staff, conversation_id)
        found = self.store.get(file_id)
        if found is None or found.conversation_id != conversation_id:
            raise NotFound("There is no such file.")
        self.desk.changes.audit.add(staff.id, "conversation:file_view", conversation_id, {"file": file_id})
        data = self.store.data(file_id)
        if data is None:
            raise NotFound("There is no such file.")
        return found, data

    def opened(self, token: str) -> tuple[StoredFile, bytes]:
        """What a link opens, for the customer and the platform's servers. Raises NotFound."""
        file_id = self.links.read(token)
        found = self.store.get(file_id) if file_id else None
        data = self.store.data(found.id) if found else None
        if found is None or data is None:
            raise NotFound("This link opens nothing any more.")
        return found, data


def proper_name(name: str, media_type: str) -> str:
    """A name that harms no file system and has the ending of what it is; personal data in it is masked."""
    stem = mask(_UNFIT.sub(" ", _ENDING.sub("", name)).strip(" .")).masked
    return (stem[:LONGEST_NAME] or "file") + TYPES[media_type]


def response(file: StoredFile, data: bytes, *, inline: bool) -> Response:
    """The bytes as the type they are, never as a page: a browser guesses nothing and runs nothing."""
    answer = Response(data, mimetype=file.media_type)
    answer.headers.set("Content-Disposition", "inline" if inline else "attachment", filename=file.name)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def blueprint(opened: Callable[[str], tuple[StoredFile, bytes]]) -> Blueprint:
    routes = Blueprint("media", __name__)

    @routes.get("/media/<token>")
    def media(token: str) -> Response:
        try:
            file, data = opened(token)
        except NotFound as error:
            return Response(str(error), 404, mimetype="text/plain")
        return response(file, data, inline=file.media_type.startswith("image/"))

    return routes
