"""Two small charts as SVG, written by hand: a plotting library would be larger than Teller."""

from __future__ import annotations

from collections.abc import Sequence

Point = tuple[float, float]
_LEFT, _TOP, _WIDTH, _HEIGHT = 70, 40, 500, 300


def chart(
    title: str, across: str, up: str, top: float, line: Sequence[Point], bars: Sequence[str] = ()
) -> str:
    """`line` in 0..1 across and 0..`top` up; `bars` are extra shapes made by `interval`."""
    shapes = [f'<text x="{_LEFT}" y="24" font-size="13">{title}</text>']
    for n in range(6):
        x, y = _place((n / 5, n / 5 * top), top)
        shapes += [
            f'<path d="M{_LEFT} {y}h{_WIDTH}" stroke="#ddd"/>',
            f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{n / 5 * top:.0%}</text>',
            f'<text x="{x}" y="{_TOP + _HEIGHT + 18}" text-anchor="middle">{n / 5:.0%}</text>',
        ]
    middle = _TOP + _HEIGHT / 2
    shapes += [
        f'<text x="{_LEFT + _WIDTH / 2}" y="{_TOP + _HEIGHT + 40}" text-anchor="middle">{across}</text>',
        f'<text transform="translate(18 {middle}) rotate(-90)" text-anchor="middle">{up}</text>',
        *bars,
    ]
    if line:
        points = " ".join("{},{}".format(*_place(point, top)) for point in line)
        shapes.append(f'<polyline points="{points}" fill="none" stroke="#0b5cad" stroke-width="2"/>')
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 400" font-family="sans-serif" font-size="12">'
        '<rect width="600" height="400" fill="#fff"/>' + "\n".join(shapes) + "</svg>\n"
    )


def interval(at: float, low: float, share: float, high: float, n: int) -> str:
    """A dot with its interval and its n, for charts that reach up to 100 %."""
    (x, bottom), (_, y), (_, end) = (_place((at, value), 1.0) for value in (low, share, high))
    return (
        f'<path d="M{x} {bottom}V{end}" stroke="#0b5cad"/><circle cx="{x}" cy="{y}" r="4" fill="#0b5cad"/>'
        f'<text x="{x + 6}" y="{y + 14}" font-size="10">{n}</text>'
    )


def diagonal() -> str:
    (x, y), (right, top) = _place((0, 0), 1.0), _place((1, 1), 1.0)
    return f'<path d="M{x} {y}L{right} {top}" stroke="#999" stroke-dasharray="4"/>'


def _place(point: Point, top: float) -> Point:
    across, up = point
    return round(_LEFT + across * _WIDTH, 1), round(_TOP + _HEIGHT * (1 - up / top), 1)
