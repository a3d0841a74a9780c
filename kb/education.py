"""Education may not steer to a product (金保法 8-III): an article tagged `education` carries no link to one.

Every web address and deep link counts as a product's: what stands behind it can change after the approval. Addresses
of authorities and schools (gov.tw, edu.tw) stay allowed, as fraud prevention needs them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from kb.articles import Content

TAG = "education"
_NAMES = frozenset({TAG, "教育", "金融教育"})
_ALLOWED = ("gov.tw", "edu.tw")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_END = r"[^\s<>\"'「」『』《》（）()，。；、！？]"
_LINK = re.compile(
    rf"(?i)(?<![a-z0-9])[a-z][a-z0-9+.-]*://{_END}+"
    rf"|(?<![a-z0-9@.-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+"
    rf"(?:com|net|org|tw|me|io|co|app|page|link|ly|gl|biz|info|shop|finance|bank|insurance|ee)(?![a-z0-9-])"
    rf"(?:[/?#]{_END}*)?"
)


def is_education(content: Content) -> bool:
    """Whether one of its tags says so: `education`, 「教育」 or 「金融教育」."""
    return any(unicodedata.normalize("NFKC", tag).strip().casefold() in _NAMES for tag in content.tags)


def product_link(content: Content) -> str | None:
    """The first link in an education article that is no authority's, else None; None for every other article."""
    return (
        next(_links((*content.answer.values(), *content.questions)), None) if is_education(content) else None
    )


def _links(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for hit in _LINK.finditer(_INVISIBLE.sub("", unicodedata.normalize("NFKC", text))):
            if not _authority(hit.group()):
                yield hit.group()


def _authority(link: str) -> bool:
    scheme, _, rest = link.partition("://") if "://" in link else ("https", "", link)
    if scheme.lower() not in ("http", "https"):
        return False
    try:
        host = (urlsplit(f"https://{rest}").hostname or "").rstrip(".")
    except ValueError:
        return False
    return any(host == name or host.endswith(f".{name}") for name in _ALLOWED)
