"""Draws quality against time as SVG, with intervals; colours come from the page. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from attrs import frozen

from leanwide.comparing.axis import Axis

_WIDTH, _HEIGHT = 640, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 20, 16, 46
_LETTER_WIDTH: Final = 7
"""Approximate width of a letter, in pixels."""
_MARGIN: Final = 0.08
"""Share of an axis that stays free at each end."""


@frozen(kw_only=True)
class Point:
    """A setting in the plot."""

    label: str
    style: str
    """A CSS class of the page."""
    x: float
    x_low: float
    x_high: float
    y: float
    y_low: float
    y_high: float


@frozen(kw_only=True)
class Plot:
    """Points with intervals; those of the series are joined by a line."""

    series: Sequence[Point]
    others: Sequence[Point]
    x_title: str
    y_title: str
    summary: str
    """A text alternative for screen readers."""


def draw(plot: Plot) -> str:
    """Return the SVG element."""
    points = [*plot.series, *plot.others]
    x, y = _axes(points)
    line = " ".join(f"{x.at(point.x):.1f},{y.at(point.y):.1f}" for point in plot.series)
    parts = (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label={quoteattr(plot.summary)}>',
        *_grid(x, y, plot),
        f'<polyline class="line" points="{line}"/>',
        *(part for point in points for part in _point(point, x, y)),
        *_labels(points, x, y),
        "</svg>",
    )
    return "\n".join(parts)


def _axes(points: Sequence[Point]) -> tuple[Axis, Axis]:
    low, high = min(point.x_low for point in points), max(point.x_high for point in points)
    spread = (high / low) ** _MARGIN if high > low else 1.5
    x = Axis(low / spread, high * spread, _LEFT, _WIDTH - _RIGHT, is_log=True)
    bottom, top = min(point.y_low for point in points), max(point.y_high for point in points)
    margin = (top - bottom) * _MARGIN or 0.01
    return x, Axis(bottom - margin, top + margin, _HEIGHT - _BOTTOM, _TOP)


def _grid(x: Axis, y: Axis, plot: Plot) -> Iterator[str]:
    for value in y.steps():
        at = y.at(value)
        style = "zero" if abs(value) < 1e-12 else "grid"
        yield f'<path class="{style}" d="M{_LEFT} {at:.1f}H{_WIDTH - _RIGHT}"/>'
        yield f'<text class="tick end" x="{_LEFT - 6}" y="{at + 4:.1f}">{value:+.1%}</text>'
    for value in x.steps():
        at = x.at(value)
        yield f'<path class="grid" d="M{at:.1f} {_TOP}V{_HEIGHT - _BOTTOM}"/>'
        yield f'<text class="tick mid" x="{at:.1f}" y="{_HEIGHT - _BOTTOM + 16}">{value:g}</text>'
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    yield f'<text class="title mid" x="{middle}" y="{_HEIGHT - 8}">{escape(plot.x_title)}</text>'
    height = (_TOP + _HEIGHT - _BOTTOM) / 2
    yield (
        f'<text class="title mid" transform="translate(13 {height}) rotate(-90)">'
        f"{escape(plot.y_title)}</text>"
    )


def _point(point: Point, x: Axis, y: Axis) -> Iterator[str]:
    across, along = x.at(point.x), y.at(point.y)
    yield (
        f'<path class="bar {point.style}" d="M{x.at(point.x_low):.1f} {along:.1f}'
        f"H{x.at(point.x_high):.1f}M{across:.1f} {y.at(point.y_low):.1f}V{y.at(point.y_high):.1f}"
        f'"/><circle class="dot {point.style}" cx="{across:.1f}" cy="{along:.1f}" r="5">'
        f"<title>{escape(point.label)}: {point.x:.0f} ms, {point.y:+.1%} "
        f"({point.y_low:+.1%} to {point.y_high:+.1%})</title></circle>"
    )


def _labels(points: Sequence[Point], x: Axis, y: Axis) -> Iterator[str]:
    """Yield each name right above its point, or further off if another name is there."""
    taken: list[tuple[float, float]] = []
    for point in points:
        width = _LETTER_WIDTH * len(point.label)
        left = x.at(point.x) + 8
        if left + width > _WIDTH:
            left = x.at(point.x) - 8 - width
        spots = (y.at(point.y) + move for move in (-8, 18, -22, 32, -36, 46))
        top = next(
            (at for at in spots if not any(_overlap((left, at), other) for other in taken)),
            y.at(point.y) - 8,
        )
        taken.append((left, top))
        name = escape(point.label)
        yield f'<text class="name {point.style}" x="{left:.1f}" y="{top:.1f}">{name}</text>'


def _overlap(label: tuple[float, float], other: tuple[float, float]) -> bool:
    return abs(label[0] - other[0]) < 70 and abs(label[1] - other[1]) < 13
