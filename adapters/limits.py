"""Fits approved texts into a platform's limits: splits, never truncates, never inside a visible character."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import sleep

from bot.contracts import Capabilities
from bot.errors import SendError
from bot.model import OutText

_JOINER = "\u200d"
# Where a text may be cut, best first: after a paragraph, a line, a sentence, a clause, a word.
_CUTS = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"[。！？!?…][」』）)\"”’]*\s*|\.\s+"),
    re.compile(r"[；，、;,]\s*"),
    re.compile(r"\s+"),
)
# Waiting inside a send holds a worker's thread, so only briefly and only between the pieces of one long text.
_PIECE_TRIES = 3
_PIECE_WAIT = 5.0


def size(text: str, unit: str) -> int:
    """Length of `text` as the platform counts it: `utf16` code units, `bytes` of UTF-8, or `characters`."""
    if unit == "utf16":
        return len(text) + sum(char > "\uffff" for char in text)
    if unit == "bytes":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text)


def split(text: str, limit: int, unit: str) -> tuple[str, ...]:
    """`text` in pieces of at most `limit`, cut where a reader would pause; joined they are `text` again.

    A piece of nothing but white space is left out: platforms refuse it and it shows nothing.
    """
    pieces: list[str] = []
    rest = text
    while size(rest, unit) > limit:
        at = _cut(rest, _longest(rest, limit, unit))
        pieces.append(rest[:at])
        rest = rest[at:]
    pieces.append(rest)
    return tuple(piece for piece in pieces if piece.strip())


def shorten(text: str, limit: int, unit: str) -> str:
    """`text` itself if it fits, else as much of it as fits before an ellipsis."""
    if size(text, unit) <= limit:
        return text
    at = _longest(text, limit - size("…", unit), unit)
    while at > 0 and not whole_at(text, at):
        at -= 1
    return text[:at].rstrip() + "…"


def whole_at(text: str, at: int) -> bool:
    """Whether a cut before `text[at]` leaves each visible character whole (accents, emoji, flags, Hangul)."""
    if at <= 0 or at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if before == "\r" and after == "\n":
        return False
    if before == _JOINER or after == _JOINER or _extends(after):
        return False
    if _is_flag_half(before) and _is_flag_half(after):
        start = at
        while start > 0 and _is_flag_half(text[start - 1]):
            start -= 1
        return (at - start) % 2 == 0
    return not ("\u1100" <= before <= "\u11ff" and "\u1160" <= after <= "\u11ff")


def _extends(char: str) -> bool:
    point = ord(char)
    return (
        unicodedata.category(char) in ("Mn", "Me", "Mc")
        or 0xFE00 <= point <= 0xFE0F
        or 0x1F3FB <= point <= 0x1F3FF
        or 0xE0020 <= point <= 0xE01EF
    )


def _is_flag_half(char: str) -> bool:
    return 0x1F1E6 <= ord(char) <= 0x1F1FF


def _longest(text: str, limit: int, unit: str) -> int:
    """How many code points from the start fit into `limit`."""
    used = 0
    for at, char in enumerate(text):
        used += size(char, unit)
        if used > limit:
            return at
    return len(text)


def _cut(text: str, longest: int) -> int:
    for pattern in _CUTS:
        # A cut in the first third would make needlessly many messages; the next kind of pause is better then.
        ends = [m.end() for m in pattern.finditer(text, 0, longest) if longest // 3 < m.end() <= longest]
        good = [at for at in ends if whole_at(text, at)]
        if good:
            return good[-1]
    at = longest
    while at > 1 and not whole_at(text, at):
        at -= 1
    # A "character" longer than a whole message is an attack on the eye, not a word: it is cut.
    return at if at > 1 else max(1, longest)


@dataclass(frozen=True, slots=True)
class Choice:
    """A button: `label` as cut for the platform, `title` in full, `value` what a press hands back."""

    label: str = field(repr=False)
    title: str = field(repr=False)
    value: str


@dataclass(frozen=True, slots=True)
class Piece:
    """One message as it goes out; only the last of an outbound carries choices."""

    text: str = field(repr=False)
    choices: tuple[Choice, ...] = ()


def compose(messages: Sequence[OutText], limits: Capabilities, value_unit: str = "characters") -> list[Piece]:
    """The messages of one outbound as the platform takes them.

    Where a title is too long for a button, all titles are listed in full and numbered under the text, and
    the labels start with the number: nobody has to choose between two beginnings of a sentence. Raises
    SendError.
    """
    texts: list[str] = []
    choices: list[Choice] = []
    for message in messages:
        text, own = _offer(message, limits)
        texts += split(text, limits.text, limits.text_unit)
        choices += own
    if not texts:
        raise SendError("empty", "There is no text to send.", retryable=False)
    if len(choices) > limits.buttons:
        raise SendError(
            "too_many_buttons", f"This platform shows at most {limits.buttons} buttons.", retryable=False
        )
    if any(size(choice.value, value_unit) > limits.value for choice in choices):
        raise SendError(
            "button_value", "The value of a button is too long for this platform.", retryable=False
        )
    pieces = [Piece(text) for text in texts]
    pieces[-1] = Piece(texts[-1], tuple(choices))
    return pieces


def _offer(message: OutText, limits: Capabilities) -> tuple[str, list[Choice]]:
    # UTF-16 units are the strictest of the ways in which platforms count a label.
    if all(size(title, "utf16") <= limits.label for title, _ in message.buttons):
        return message.text, [Choice(title, title, value) for title, value in message.buttons]
    lines, choices = [], []
    for number, (title, value) in enumerate(message.buttons, 1):
        lines.append(f"{number}. {title}")
        choices.append(Choice(shorten(lines[-1], limits.label, "utf16"), title, value))
    return message.text + "\n\n" + "\n".join(lines), choices


def in_order(pieces: Sequence[Piece], send: Callable[[Piece], str | None]) -> tuple[str, ...]:
    """Sends piece after piece over a platform that takes one message a call; returns the platform's ids.

    Once a piece is out the whole can neither be repeated nor called unsent, so a later piece that is only
    held up is tried again here. Raises SendError: as it came for the first piece, `partly_sent` for a later
    one.
    """
    ids: list[str] = []
    for number, piece in enumerate(pieces):
        for attempt in range(1, _PIECE_TRIES + 1):
            try:
                got = send(piece)
            except SendError as fault:
                if number == 0:
                    raise
                wait = fault.retry_after if fault.retry_after is not None else 1.0
                held_up = fault.retryable and fault.outcome_known and wait <= _PIECE_WAIT
                if not held_up or attempt == _PIECE_TRIES:
                    raise SendError(
                        "partly_sent",
                        f"Only {number} of {len(pieces)} pieces of a long message went out ({fault.code}).",
                        retryable=False,
                        outcome_known=False,
                    ) from None
                sleep(wait)
            else:
                ids += [got] if got else []
                break
    return tuple(ids)
