"""Files in a conversation: sent by who answers, opened by who may read, each opening noted."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from bot.attached import LARGEST
from bot.attachments import response
from bot.errors import BadPayload, Conflict
from inbox import agent
from inbox.auth import console, requires, staff
from inbox.permissions import Permission

bp = Blueprint("files", __name__)

UPLOAD = "files.send"
MAX_UPLOAD = LARGEST + 64 * 1024
"""With the fields around it."""


@bp.post("/inbox/<conversation_id>/files")
@requires(Permission.INBOX_REPLY)
def send(conversation_id: str) -> ResponseReturnValue:
    given = request.files.get("file")
    client_id = request.form.get("client_id", "")[:64] or uuid.uuid4().hex
    try:
        if given is None or not given.filename:
            raise BadPayload("Choose a file first.")
        message_id = console().attachments.send(
            staff(), conversation_id, given.filename, given.read(), client_id
        )
    except (BadPayload, Conflict) as error:
        return agent.unsent(conversation_id, error)
    return agent.sent(conversation_id, message_id, gettext("The file was sent."))


@bp.get("/inbox/<conversation_id>/files/<file_id>")
@requires(Permission.INBOX_READ)
def show(conversation_id: str, file_id: str) -> Response:
    file, data = console().attachments.view(staff(), conversation_id, file_id)
    return response(file, data, inline=file.media_type.startswith("image/"))
