"""Where the Chromium of the browser tests is; scripts/chromium.sh (run by `make test`) puts one there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

PRIVATE = Path(__file__).resolve().parents[2] / ".cache" / "chromium" / "chromium"
NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")


def executable() -> str:
    """Path of a Chromium. Raises RuntimeError saying what to run where there is none.

    `TELLER_CHROMIUM` may be a path, or `private` for the copy under .cache/chromium whatever is installed.
    """
    wish = os.environ.get("TELLER_CHROMIUM", "")
    candidates = [wish] if wish and wish != "private" else []
    if not candidates:
        installed = [] if wish == "private" else [shutil.which(name) or "" for name in NAMES]
        candidates = [*installed, str(PRIVATE)]
    for candidate in candidates:
        if candidate and os.access(candidate, os.X_OK):
            return candidate
    raise RuntimeError(
        "No Chromium for the browser tests: run scripts/chromium.sh, or set TELLER_CHROMIUM to one."
    )
