"""Speed by expert count as SVG: leanwide, the bare loop, the machine's bound. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from xml.sax.saxutils import escape

from attrs import frozen

from leanwide.comparing.axis import Axis
from leanwide_bench.lanes.lanes import WidthSpeed
from leanwide_bench.lanes.report import Bound

_WIDTH, _HEIGHT = 420, 300
"""Size of a panel, in pixels."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 16, 34, 44
_LEGEND: Final = 26
_MARGIN: Final = 1.08
_STYLE: Final = """
  svg { background: #ffffff; font: 12px system-ui, sans-serif; color: #1c2024 }
  text { fill: #60656c } .title { fill: #1c2024; font-weight: 600 }
  .grid { stroke: #e2e4e8 } .mid { text-anchor: middle } .end { text-anchor: end }
  .line { fill: none; stroke-width: 2 }
  .leanwide { stroke: #0b6e99 } circle.leanwide { fill: #0b6e99 }
  .bare { stroke: #b4491c } circle.bare { fill: #b4491c }
  .bound { stroke: #8a9099 } circle.bound { fill: #8a9099 } .line.bound { stroke-dasharray: 5 4 }
"""
_NAMES: Final = {"leanwide": "leanwide", "bare": "bare loop over llama.cpp", "bound": "bound"}
"""CSS class → name in the legend."""


@frozen(kw_only=True)
class Panel:
    """One plot of several lines over the expert counts."""

    title: str
    counts: Sequence[int]
    lines: Mapping[str, Sequence[float | None]]
    """CSS class → tokens per second for each count; None if unknown."""


def draw(widths: Sequence[WidthSpeed], allowed: Mapping[int, Bound]) -> str:
    """Return an SVG file with two panels: prompts and answers."""
    counts = [width.experts for width in widths]
    bounds = [allowed.get(count) for count in counts]
    panels = (
        Panel(
            title="Evaluating a prompt",
            counts=counts,
            lines={
                "leanwide": [width.prompt_tokens_per_s for width in widths],
                "bare": [width.bare_prompt_tokens_per_s for width in widths],
                "bound": [bound.prompt_tokens_per_s if bound else None for bound in bounds],
            },
        ),
        Panel(
            title="Generating an answer",
            counts=counts,
            lines={
                "leanwide": [width.decode_tokens_per_s for width in widths],
                "bare": [width.bare_decode_tokens_per_s for width in widths],
                "bound": [bound.decode_tokens_per_s if bound else None for bound in bounds],
            },
        ),
    )
    width, height = len(panels) * _WIDTH, _HEIGHT + _LEGEND
    parts = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img">',
        "<title>Tokens per second by number of experts</title>",
        f"<style>{_STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *(part for at, panel in enumerate(panels) for part in _panel(panel, at * _WIDTH)),
        *_legend(),
        "</svg>\n",
    )
    return "\n".join(parts)


def _panel(panel: Panel, left: int) -> Iterator[str]:
    known = [value for line in panel.lines.values() for value in line if value is not None]
    least, most = _place(min(panel.counts)), max(map(_place, panel.counts))
    right = left + _WIDTH - _RIGHT
    x = Axis(least / _MARGIN, most * _MARGIN, left + _LEFT, right, is_log=True)
    y = Axis(0.0, max(known) * _MARGIN, _HEIGHT - _BOTTOM, _TOP)
    middle = left + (_LEFT + _WIDTH - _RIGHT) / 2
    yield f'<text class="title mid" x="{middle}" y="18">{escape(panel.title)}, tokens/s</text>'
    for value in y.steps():
        at = y.at(value)
        yield f'<path class="grid" d="M{left + _LEFT} {at:.1f}H{right}"/>'
        yield f'<text class="end" x="{left + _LEFT - 6}" y="{at + 4:.1f}">{value:g}</text>'
    for count in panel.counts:
        at, base = x.at(_place(count)), _HEIGHT - _BOTTOM
        yield f'<text class="mid" x="{at:.1f}" y="{base + 16}">{count or "dense"}</text>'
    yield f'<text class="mid" x="{middle}" y="{_HEIGHT - 8}">active experts</text>'
    for style, values in panel.lines.items():
        yield from _line(style, panel.counts, values, x, y)


def _place(count: int) -> int:
    """Return a count's value on the axis; a dense model, count 0, is at 1."""
    return max(1, count)


def _line(
    style: str, counts: Sequence[int], values: Sequence[float | None], x: Axis, y: Axis
) -> Iterator[str]:
    points = [
        (x.at(_place(count)), y.at(value))
        for count, value in zip(counts, values, strict=True)
        if value is not None
    ]
    joined = " ".join(f"{across:.1f},{up:.1f}" for across, up in points)
    yield f'<polyline class="line {style}" points="{joined}"/>'
    for across, up in points:
        yield f'<circle class="{style}" cx="{across:.1f}" cy="{up:.1f}" r="3.5"/>'


def _legend() -> Iterator[str]:
    left, base = _LEFT, _HEIGHT + 12
    for style, name in _NAMES.items():
        yield f'<path class="line {style}" d="M{left} {base - 4}h24"/>'
        yield f'<text x="{left + 30}" y="{base}">{escape(name)}</text>'
        left += 60 + 7 * len(name)
