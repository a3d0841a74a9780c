"""Places in an approved notice that code fills: which there are, what may stand in them, how to check them afterwards.

Law 1 with slots: a message names the template's approved version, and its text is that template, byte for byte, with
values in the places that are declared here. Values come from code or from a verified look-up, never from a model or a
customer. The record keeps them only within the sealed text; `values_in` proves text and template against each other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bot.masking import find
from bot.model import ContentKind, Ref

SLOT = re.compile(r"\{([a-z][a-z0-9_]*)\}")
LONGEST = {"opens": 40, "product": 40, "reference": 12, "date": 24, "url": 300}
"""Every slot there is, and the characters that its value may have."""
_STATUS = frozenset({"product", "reference", "date"})
DECLARED: Mapping[str, frozenset[str]] = {
    "handoff_offhours": frozenset({"opens"}),
    "status_verify": frozenset({"url"}),
    "privacy_link": frozenset({"url"}),
    **{
        f"status_{name}": _STATUS
        for name in (
            "received",
            "in_review",
            "documents_missing",
            "approved",
            "completed",
            "rejected",
            "withdrawn",
        )
    },
}
"""The notices that code fills, by id, each with its slots. A firm's own version may leave some out, and add none."""
_ADDRESS = re.compile(r"(?i)://|www\.|@|\b[\w-]+\.(?:com|net|org|tw|io|app|me|info|biz|cc|top|xyz)\b")
_HTTP = re.compile(r"https?://[!-~]+")


@dataclass(frozen=True, slots=True)
class Filled(Ref):
    """A part of a decision whose template has slots; the record names the template alone (`ref`)."""

    slots: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def ref(self) -> Ref:
        return Ref(self.kind, self.id, self.version, self.sha256)


def filled(ref: Ref, values: Mapping[str, str]) -> Filled:
    """The notice `ref` with a value for each of its declared slots.

    Raises ValueError where the names are not those that are declared, or a value may not be shown.
    """
    names = _declared(ref.kind, ref.id)
    if not names or names != values.keys():
        raise ValueError(f"{ref.id} has the slots {sorted(names)}, not {sorted(values)}")
    slots = tuple((name, clean(name, values[name])) for name in sorted(names))
    return Filled(ref.kind, ref.id, ref.version, ref.sha256, slots)


def as_written(ref: Ref) -> Ref:
    """For people who read the template itself: every slot shows its own name."""
    names = sorted(_declared(ref.kind, ref.id))
    slots = tuple((name, f"{{{name}}}") for name in names)
    return Filled(ref.kind, ref.id, ref.version, ref.sha256, slots) if names else ref


def clean(name: str, value: str) -> str:
    """The value as it may be shown: no control, direction or invisible characters, one line, no braces.

    Raises ValueError, without the value, for one that is empty, too long, an address where none belongs, or personal.
    """
    seen = "".join(c for c in value if not unicodedata.category(c).startswith("C") or c.isspace())
    seen = " ".join(seen.replace("{", "").replace("}", "").split())
    if not seen or len(seen) > LONGEST[name]:
        raise ValueError(f"the value of {name} is empty or longer than {LONGEST[name]} characters")
    if name == "url":
        if not _is_address(seen):
            raise ValueError("the value of url is no web address")
    elif _ADDRESS.search(seen) or find(seen):
        raise ValueError(f"the value of {name} holds an address or personal data")
    return seen


def text_of(part: Ref, template: str) -> str:
    """What the customer reads of one part. Raises KeyError for a place that nothing fills: it is never shown."""
    if not _declared(part.kind, part.id):
        return template
    values = dict(part.slots) if isinstance(part, Filled) else {}
    return SLOT.sub(lambda found: values[found[1]], template)


def undeclared(kind: ContentKind, content_id: str, text: str) -> str | None:
    """The first place in a text that nothing would fill, as written; None where there is none."""
    names = _declared(kind, content_id)
    return next((found[0] for found in SLOT.finditer(text) if found[1] not in names), None)


def unfilled(parts: Iterable[Ref], template: Callable[[Ref], str]) -> str | None:
    """The id of a part whose template has slots and that brings no values; None where every part is complete."""
    for part in parts:
        if _declared(part.kind, part.id) and not isinstance(part, Filled) and SLOT.search(template(part)):
            return part.id
    return None


def values_in(template: str, said: str) -> dict[str, str] | None:
    """The values with which `template` gives `said`, {} for one without slots; None where it does not.

    What is found has passed the same check as before it was said.
    """
    pattern, at, seen = "", 0, set()
    for place in SLOT.finditer(template):
        name = place[1]
        pattern += re.escape(template[at : place.start()])
        pattern += f"(?P={name})" if name in seen else _value(name)
        at = place.end()
        seen.add(name)
    found = re.fullmatch(pattern + re.escape(template[at:]), said)
    if found is None:
        return None
    try:
        return found.groupdict() if all(clean(n, v) == v for n, v in found.groupdict().items()) else None
    except (KeyError, ValueError):
        return None


def _value(name: str) -> str:
    longest = LONGEST.get(name, 2)
    return rf"(?P<{name}>[^\s{{}}](?:[^\n{{}}]{{0,{longest - 2}}}?[^\s{{}}])??)"


def _declared(kind: ContentKind, content_id: str) -> frozenset[str]:
    return DECLARED.get(content_id, frozenset()) if kind is ContentKind.NOTICE else frozenset()


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return bool(_HTTP.fullmatch(value) and parts.hostname and parts.username is None)
    except ValueError:
        return False
