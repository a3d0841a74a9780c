"""Style sheets and scripts, under an address that changes with their content, so browsers may keep them for good."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, send_from_directory, url_for

from inbox.auth import requires
from inbox.permissions import Permission

FOLDER = Path(__file__).parent / "static"

bp = Blueprint("console", __name__, template_folder="templates")


@cache
def version() -> str:
    """Short digest over all assets: modules import each other relatively, so one address covers them all."""
    digest = hashlib.sha256()
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def asset_url(name: str) -> str:
    return url_for("console.asset", digest=version(), name=name)


@bp.get("/console/static/<digest>/<path:name>")
@requires(Permission.ANYONE)
def asset(digest: str, name: str) -> Response:
    answer = send_from_directory(FOLDER, name)
    # During a rolling update an old page may meet a new server: serve it, but let nobody keep the mix.
    answer.headers["Cache-Control"] = (
        "public, max-age=31536000, immutable" if digest == version() else "no-cache"
    )
    return answer
