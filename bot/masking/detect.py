"""Find and hide: every family proposes, the best evidence wins, the original is cut through the offset map."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bot.masking.bare import find_bare
from bot.masking.context import Context
from bot.masking.dates import find_birthdays
from bot.masking.ids import find_company_numbers, find_ids, find_papers, find_plates
from bot.masking.masks import canonical, screen, token
from bot.masking.money import find_accounts, find_cards
from bot.masking.normalise import Normal, normalise
from bot.masking.online import find_emails, find_line_ids
from bot.masking.phones import find_phones
from bot.masking.places import find_addresses
from bot.masking.secrets import find_secrets
from bot.masking.spans import Candidate, Masked, Profile, Span

# Nothing below can match a text without one of these, and most messages have none of them.
_WORTH_A_LOOK: Final = re.compile(
    r"[0-9@]|[〇零一二三四五六七八九十壹貳參肆伍陸柒捌玖]{2}|[號号]|生日|出生|line|賴|密碼|密码|碼.{0,8}[a-z]|"
    r"pass|(?<![a-z])p(?:w|in)|小老鼠|艾特|[^a-z]at?[^a-z]|bearer|sk-"
)
_DIGIT: Final = re.compile(r"[0-9]")
_GAPS: Final = re.compile(r"[ \t\u3000]{2,}")


def find(text: str, profile: Profile = "screen", *, own: frozenset[str] = frozenset()) -> tuple[Span, ...]:
    """Personal data in a text, sorted and without overlaps; offsets are code points of `text`.

    `profile="model"` also takes numbers nobody can name (ten digits and more). `own` holds the firm's telephone
    numbers, digits only, which stay readable. Never raises, whatever the characters.
    """
    normal = normalise(text)
    return tuple(Span(c.type, *normal.original(c.start, c.end)) for c in _chosen(normal, profile, own))


def mask(text: str, profile: Profile = "screen", *, own: frozenset[str] = frozenset()) -> Masked:
    """The text with each span replaced: by its display mask (`screen`) or by a typed token (`model`).

    The same number gets the same mask and the same token however it was typed.
    """
    normal = normalise(text)
    chosen = _chosen(normal, profile, own)
    if not chosen:
        return Masked(text, ())
    parts: list[str] = []
    spans: list[Span] = []
    numbers: dict[tuple[str, str], int] = {}
    counts: dict[str, int] = {}
    done = 0
    for c in chosen:
        start, end = normal.original(c.start, c.end)
        value = normal.text[c.start : c.end]
        if profile == "screen":
            shown = screen(c.type, value)
        else:
            key = (token(c.type, 0), canonical(c.type, value))
            if key not in numbers:
                counts[key[0]] = numbers[key] = counts.get(key[0], 0) + 1
            shown = token(c.type, numbers[key])
        parts += (text[done:start], shown)
        spans.append(Span(c.type, start, end))
        done = end
    parts.append(text[done:])
    return Masked("".join(parts), tuple(spans))


def pieces(text: str) -> tuple[tuple[Span, str], ...]:
    """Each span of a text with what the screen shows in its place."""
    normal = normalise(text)
    return tuple(
        (Span(c.type, *normal.original(c.start, c.end)), screen(c.type, normal.text[c.start : c.end]))
        for c in _chosen(normal, "screen", frozenset())
    )


def strip(text: str) -> str:
    """The text without personal data, for search: an account number finds no article, only noise."""
    parts: list[str] = []
    done = 0
    for span in find(text, "model"):
        parts += (text[done : span.start], " ")
        done = span.end
    if not parts:
        return text
    parts.append(text[done:])
    return _GAPS.sub(" ", "".join(parts)).strip()


def redact(value: str) -> str:
    """A value as a log may hold it."""
    return mask(value, "model").masked


def _proposed(ctx: Context, profile: Profile, own: frozenset[str]) -> Iterator[Candidate]:
    if _DIGIT.search(ctx.text):
        yield from find_cards(ctx)
        yield from find_ids(ctx)
        yield from find_papers(ctx)
        yield from find_company_numbers(ctx)
        yield from find_plates(ctx)
        yield from find_accounts(ctx)
        yield from find_phones(ctx, own)
    yield from find_addresses(ctx)
    yield from find_birthdays(ctx)
    yield from find_emails(ctx)
    yield from find_line_ids(ctx)
    yield from find_secrets(ctx)
    if profile == "model":
        yield from find_bare(ctx)


def _chosen(normal: Normal, profile: Profile, own: frozenset[str]) -> list[Candidate]:
    """Candidates without overlaps: lower rank first, then the longer one; sorted by start."""
    if not _WORTH_A_LOOK.search(normal.text):
        return []
    ctx = Context(normal.text)
    ranked = sorted(_proposed(ctx, profile, own), key=lambda c: (c.rank, c.start - c.end, c.start))
    taken = bytearray(len(normal.text))
    chosen: list[Candidate] = []
    for c in ranked:
        if c.end > c.start and not any(taken[c.start : c.end]):
            taken[c.start : c.end] = b"\1" * (c.end - c.start)
            chosen.append(c)
    chosen.sort(key=lambda c: c.start)
    return _apart(normal, chosen)


def _apart(normal: Normal, chosen: list[Candidate]) -> list[Candidate]:
    """Two candidates can come from one original character ('㈱'); the second then joins the first."""
    apart: list[Candidate] = []
    reached = 0
    for c in chosen:
        start, end = normal.original(c.start, c.end)
        if apart and start < reached:
            last = apart[-1]
            apart[-1] = Candidate(last.type, last.start, c.end, last.rank)
        else:
            apart.append(c)
        reached = end
    return apart
