"""Text can be read: WCAG AA (4.5 to 1) for every pair of colours we set text in, by day and by night."""

from __future__ import annotations

import re

import pytest

from inbox.assets import FOLDER

TOKENS = (FOLDER / "tokens.css").read_text()
DAY, NIGHT = TOKENS.split("@media (prefers-color-scheme: dark)")

PAIRS = [
    *(
        (ink, ground)
        for ink in ("ink", "ink-2", "ink-3")
        for ground in ("ground", "surface", "sunken", "hover", "chosen")
    ),
    ("accent", "surface"),
    ("accent-strong", "chosen"),
    ("accent-strong", "accent-soft"),
    ("on-accent", "accent"),
    ("staff-ink", "staff"),
    ("ink", "customer"),
    ("ink", "bot"),
    ("bot-ink", "bot"),
    ("bot-ink", "ground"),
    ("bot-ink", "surface"),
    *(
        (name, ground)
        for name in ("bad", "warn", "good", "fraud")
        for ground in (f"{name}-soft", "ground", "surface", "chosen")
    ),
]


def colours(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css))


def light(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("css", [DAY, NIGHT], ids=["day", "night"])
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_contrast(css: str, ink: str, ground: str) -> None:
    known = colours(css)
    lighter, darker = sorted((light(known[ink]), light(known[ground])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5
