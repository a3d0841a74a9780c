"""What is in force as a file that import reads back; knowledge_import.py takes files in."""

from __future__ import annotations

import tempfile
from pathlib import Path

from flask import Response
from flask.typing import ResponseReturnValue

from bot.errors import NotFound
from inbox.auth import console, requires, staff
from inbox.knowledge_desk import bp, kb
from inbox.knowledge_import import MAX_UPLOAD, UPLOAD
from inbox.permissions import AuditAction, Permission
from kb import desk

__all__ = ["MAX_UPLOAD", "UPLOAD", "bp"]

_TYPES = {
    "jsonl": "application/jsonl; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}


@bp.get("/export/articles.<suffix>")
@requires(Permission.KNOWLEDGE_READ)
def export(suffix: str) -> ResponseReturnValue:
    """The articles in force, as a file that import reads back."""
    if suffix not in _TYPES:
        raise NotFound("There is no such kind of file.")
    with tempfile.TemporaryDirectory(prefix="teller-export-") as folder:
        path = Path(folder) / f"articles.{suffix}"
        count = desk.export_file(kb(), path)
        data = path.read_bytes()
    console().audit(
        staff().id, AuditAction.KNOWLEDGE_EXPORTED, "knowledge:articles", {"articles": count, "as": suffix}
    )
    headers = {"Content-Disposition": f'attachment; filename="articles.{suffix}"'}
    return Response(data, content_type=_TYPES[suffix], headers=headers)
