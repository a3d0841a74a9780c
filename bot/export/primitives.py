"""Hashes of records, and Ed25519 in plain Python (RFC 8032, section 6; verification only).

They go into the verifier of a pack as they stand here, for a machine that has nothing but Python 3.8: about 5 ms a
signature. Everything else in Teller uses `cryptography`.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

OUTSIDE = {"hash", "prev_hash", "purged", "unread"}
if TYPE_CHECKING:
    Json = dict[str, Any]
    Point = tuple[int, int, int, int]

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def _x(y: int, sign: int) -> int | None:
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x: int = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P:
        return None
    return P - x if (x & 1) != sign else x


def _add(a: Point, b: Point) -> Point:
    p, q = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    r, s = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = q - p, s - r, s + r, q + p
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(n: int, point: Point) -> Point:
    made: Point = (0, 1, 1, 0)
    while n:
        if n & 1:
            made = _add(made, point)
        point, n = _add(point, point), n >> 1
    return made


def _point(data: bytes) -> Point | None:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = _x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


_BASE_Y = 4 * pow(5, P - 2, P) % P
_BASE_X = _x(_BASE_Y, 0) or 0
_BASE = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % P)


def signed(public: bytes, signature: bytes, data: bytes) -> bool:
    """Whether the key with these 32 bytes made the signature over `data`."""
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r, s = _point(public), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + data).digest(), "little") % L
    left, right = _times(s, _BASE), _add(r, _times(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (
        left[1] * right[2] - right[1] * left[2]
    ) % P == 0


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def link(previous: str, record: Json) -> str:
    inside = {name: value for name, value in record.items() if name not in OUTSIDE}
    return hashlib.sha256(b"\x01" + bytes.fromhex(previous) + canonical(inside)).hexdigest()


def key_id(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:32]


class Tree:
    """RFC 6962, section 2.1, leaf by leaf."""

    def __init__(self) -> None:
        self.count = 0
        self.whole: list[tuple[int, bytes]] = []

    def add(self, data: bytes) -> None:
        self.count += 1
        height, made = 0, hashlib.sha256(b"\x00" + data).digest()
        while self.whole and self.whole[-1][0] == height:
            made = hashlib.sha256(b"\x01" + self.whole.pop()[1] + made).digest()
            height += 1
        self.whole.append((height, made))

    def root(self) -> str:
        if not self.whole:
            return hashlib.sha256(b"").hexdigest()
        made = self.whole[-1][1]
        for _, left in reversed(self.whole[:-1]):
            made = hashlib.sha256(b"\x01" + left + made).digest()
        return made.hex()
