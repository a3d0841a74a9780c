"""Files in and out: a table of articles becomes drafts with a report of each row; what is in force comes back."""

from __future__ import annotations

import tempfile
from pathlib import Path

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from bot.errors import NotFound, ServiceError
from inbox import words
from inbox.auth import console, requires, staff
from inbox.knowledge_desk import bp, kb
from inbox.language import zone
from inbox.permissions import AuditAction, Permission
from inbox.sentences import translated
from kb import desk
from kb.sources import SOURCES

__all__ = ["bp"]

UPLOAD = "knowledge.import_file"
MAX_UPLOAD = 5 * 1024 * 1024
"""Bytes of an upload: 10,000 articles of ordinary length."""
_TYPES = {
    "jsonl": "application/jsonl; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@bp.get("/import")
@requires(Permission.KNOWLEDGE_WRITE)
def import_page() -> ResponseReturnValue:
    return _page()


@bp.post("/import")
@requires(Permission.KNOWLEDGE_WRITE)
def import_file() -> ResponseReturnValue:
    file = request.files.get("file")
    suffix = Path(file.filename or "").suffix.lower() if file else ""
    if file is None or not suffix:
        return _page(fault=gettext("Choose a file first.")), 400
    if suffix not in SOURCES:
        return _page(fault=gettext("This kind of file cannot be read: use .csv, .xlsx or .jsonl.")), 400
    # The name a person gave the file is not used: only its suffix says how to read it.
    with tempfile.TemporaryDirectory(prefix="teller-import-") as folder:
        path = Path(folder) / f"upload{suffix}"
        file.save(path)
        try:
            result = desk.import_file(kb(), path, staff().id, console().kb_audit, zone())
        except ServiceError as error:
            return _page(fault=words.sentence(error)), 400
    counts = {"added": len(result.added), "bad": len(result.bad)}
    console().audit(staff().id, AuditAction.KNOWLEDGE_IMPORTED, "knowledge:articles", counts)
    bad = [(one.number, translated(one.reason) or one.reason) for one in result.bad]
    return _page(result=result, bad=bad)


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


def _page(
    result: desk.Imported | None = None, bad: list[tuple[int, str]] | None = None, fault: str = ""
) -> str:
    return render_template(
        "console/knowledge_files.html",
        result=result,
        bad=bad or [],
        fault=fault,
        limit=MAX_UPLOAD // 1024 // 1024,
    )
