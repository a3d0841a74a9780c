"""What a call costs, in millionths of a New Taiwan dollar: whole numbers, so that sums are exact.

List prices of https://openai.com/api/pricing in US dollars per million tokens, in and out. Prices change and contracts
differ: OPENAI_PRICES and OPENAI_NTD_PER_USD override them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

MICRO: Final = 1_000_000
LISTED: Final[dict[str, tuple[float, float]]] = {
    "gpt-4o": (2.50, 10.00),
    "gpt-4o-mini": (0.15, 0.60),
    "gpt-4.1": (2.00, 8.00),
    "gpt-4.1-mini": (0.40, 1.60),
    "gpt-4.1-nano": (0.10, 0.40),
    "gpt-5": (1.25, 10.00),
    "gpt-5-mini": (0.25, 2.00),
    "gpt-5-nano": (0.05, 0.40),
    "text-embedding-3-small": (0.02, 0.0),
    "text-embedding-3-large": (0.13, 0.0),
}
# A model nobody priced counts as the dearest: a budget that stops too early is noticed, one that never stops is not.
DEAREST: Final = max(LISTED.values(), key=sum)
_DATED: Final = re.compile(r"-\d{4}-\d{2}-\d{2}$")


class Prices:
    """`own` holds the firm's prices, as OPENAI_PRICES; `ntd_per_usd` the rate."""

    def __init__(self, own: Mapping[str, tuple[float, float]], ntd_per_usd: float) -> None:
        self._table = {**LISTED, **own}
        self._rate = ntd_per_usd

    def known(self, model: str) -> bool:
        return model in self._table or _DATED.sub("", model) in self._table

    def cost(self, model: str, tokens_in: int, tokens_out: int) -> int:
        """Millionths of NT$, rounded up."""
        price = self._table.get(model) or self._table.get(_DATED.sub("", model)) or DEAREST
        return math.ceil((tokens_in * price[0] + tokens_out * price[1]) * self._rate)
