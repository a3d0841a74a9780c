"""Files that come in: stored here, read by a worker; the page follows the work and keeps the report of each row."""

from __future__ import annotations

import csv
import io
from pathlib import Path, PurePosixPath
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage

from bot.errors import ServiceError
from bot.imports import Line
from inbox import words
from inbox.auth import console, person, requires, staff
from inbox.knowledge_desk import bp
from inbox.permissions import Permission
from inbox.runs import STATES
from inbox.sentences import said_by_platform
from kb.sources import SOURCES
from kb.sources.folder import MAX_FILES, pack
from kb.sources.markdown import MAX_BYTES, SUFFIXES, File

__all__ = ["MAX_UPLOAD", "UPLOAD", "bp"]

UPLOAD = "knowledge.import_file"
MAX_UPLOAD = 20 * 1024 * 1024
"""Bytes of an upload: 10,000 articles in two languages."""
PAGE = 100

FORMATS: words.Words = {
    ".csv": _l("Table (.csv)"),
    ".xlsx": _l("Table (.xlsx)"),
    ".jsonl": _l("Table (.jsonl)"),
    ".zip": _l("Markdown files"),
}


@bp.get("/import")
@requires(Permission.KNOWLEDGE_WRITE)
def import_page() -> ResponseReturnValue:
    return _files()


@bp.post("/import")
@requires(Permission.KNOWLEDGE_WRITE)
def import_file() -> ResponseReturnValue:
    files = [file for file in request.files.getlist("file") if file.filename]
    kinds = {Path(file.filename or "").suffix.lower() for file in files}
    if not files:
        return _files(gettext("Choose a file first.")), 400
    if not kinds <= SOURCES.keys():
        return _files(gettext("This kind of file cannot be read: use .csv, .xlsx, .jsonl, .md or .zip.")), 400
    if len(files) > 1 and not kinds <= set(SUFFIXES):
        return _files(gettext("Several files at once must be Markdown; bring tables one by one.")), 400
    try:
        # The name a person gave a table is not kept: only its suffix says how to read it.
        suffix, data = (".zip", _packed(files)) if kinds <= set(SUFFIXES) else (*kinds, files[0].read())
        run = console().imports.start(staff(), suffix, data)
    except ServiceError as error:
        return _files(words.sentence(error)), error.http_status
    return redirect(url_for("knowledge.import_report", run_id=run.id), 303)


@bp.get("/import/<run_id>")
@requires(Permission.KNOWLEDGE_READ)
def import_report(run_id: str) -> ResponseReturnValue:
    run = console().imports.run(run_id)
    pages = max(1, -(-run.items // PAGE))
    page = min(max(1, request.args.get("page", 1, int) or 1), pages)
    return render_template(
        "console/knowledge_import.html",
        lines=console().imports.bad(run, (page - 1) * PAGE, PAGE),
        page=page,
        pages=pages,
        who=person(run.by),
        formats=FORMATS,
        **_work(run_id),
    )


@bp.get("/import/<run_id>/progress")
@requires(Permission.KNOWLEDGE_READ)
def import_progress(run_id: str) -> ResponseReturnValue:
    """The progress alone, for the page's script."""
    return render_template("console/_import.html", **_work(run_id))


@bp.get("/import/<run_id>/report.csv")
@requires(Permission.KNOWLEDGE_READ)
def import_table(run_id: str) -> ResponseReturnValue:
    """Every row that stayed out, for whoever mends the file."""
    out = io.StringIO(newline="")
    table = csv.writer(out)
    table.writerow([gettext("File"), gettext("Row or line"), gettext("Why it was left out")])
    for line in console().imports.bad(console().imports.run(run_id)):
        table.writerow([_cell(line.file), line.number, _cell(_said(line))])
    headers = {"Content-Disposition": 'attachment; filename="import-report.csv"'}
    return Response(
        out.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8", headers=headers
    )


@bp.post("/import/<run_id>/again")
@requires(Permission.KNOWLEDGE_WRITE)
def import_again(run_id: str) -> ResponseReturnValue:
    return _moved(run_id, lambda: console().imports.again(staff(), run_id).id)


@bp.post("/import/<run_id>/cancel")
@requires(Permission.KNOWLEDGE_WRITE)
def import_cancel(run_id: str) -> ResponseReturnValue:
    def cancel() -> str:
        console().imports.cancel(staff(), run_id)
        return run_id

    return _moved(run_id, cancel)


def _moved(run_id: str, step: Any) -> ResponseReturnValue:
    try:
        run_id = step()
    except ServiceError as error:
        flash(words.sentence(error), "error")
    return redirect(url_for("knowledge.import_report", run_id=run_id), 303)


def _files(fault: str = "") -> str:
    imports = console().imports
    return render_template(
        "console/knowledge_files.html",
        past=[(run, person(run.by)) for run in imports.latest()],
        states=STATES,
        formats=FORMATS,
        fault=fault,
        limit=MAX_UPLOAD // 1024 // 1024,
        kinds=",".join(SOURCES),
    )


def _work(run_id: str) -> dict[str, Any]:
    """What `_import.html` shows."""
    imports = console().imports
    run = imports.run(run_id)
    return {
        "run": run,
        "states": STATES,
        "written": imports.written(run),
        "again": imports.can_go_on(run),
        "fault": said_by_platform(run.fault or ""),
        "told": _said,
        "counted": _counted,
    }


def _counted(count: int) -> str:
    return str(gettext("Drafts written: %(n)s", n=count))


def _said(line: Line) -> str:
    return said_by_platform(line.reason)


def _packed(files: list[FileStorage]) -> bytes:
    """Several Markdown files as the archive that a worker reads; browsers give no folders, so names may be the same."""
    packed: dict[str, File] = {}
    for number, file in enumerate(files[: MAX_FILES + 1]):
        name = PurePosixPath((file.filename or "").replace("\\", "/")).name
        path = f"{number}/{name}" if name in packed else name
        packed[path] = File(path, file.stream.read(MAX_BYTES + 1))
    return pack(packed.values())


def _cell(text: str) -> str:
    """A cell that begins like a formula must stay a text to whatever opens the table."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
