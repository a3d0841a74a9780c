"""Files within a conversation: which kinds there are, told by their content, and one on its way to a platform."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.model import OutText

LARGEST = 10 * 1024 * 1024
"""Bytes. What every platform takes: LINE's and Telegram's pictures end there."""
FILE = "file"
"""The `kind` of a message that is a file; its text is the file's name."""
IMAGES = ("image/jpeg", "image/png")
TYPES = {"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}
_SIGNS = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"%PDF-", "application/pdf"))


@dataclass(frozen=True, slots=True)
class OutFile(OutText):
    """A file as a platform shall show it; `text` is its name. `url` opens it for a time without a sign-in."""

    media_type: str = ""
    data: bytes = field(default=b"", repr=False)
    url: str = field(default="", repr=False)

    @property
    def image(self) -> bool:
        return self.media_type in IMAGES

    @property
    def link(self) -> str:
        """What a channel says that shows no such file."""
        return f"{self.text}\n{self.url}"


def sniff(data: bytes) -> str | None:
    """The type that the content shows, whatever the name says; None for what no agent sends."""
    return next((kind for sign, kind in _SIGNS if data.startswith(sign)), None)
