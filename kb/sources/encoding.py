"""Text files must be UTF-8; what Excel in Taiwan saves by default is Big5, so say how to mend it."""

from __future__ import annotations

from pathlib import Path

from bot.errors import BadPayload

HINT = "not UTF-8 (Big5?): save it as 'CSV UTF-8' or convert it, for example with iconv -f BIG5 -t UTF-8"


def text_of(path: Path) -> str:
    """The file's text without a byte order mark. Raises BadPayload."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise BadPayload(f"{path.name}, line {line}: {HINT}.") from None
