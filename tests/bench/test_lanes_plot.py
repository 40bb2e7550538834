"""The plot of speeds by expert count."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from leanwide_bench.lanes.lanes import WidthSpeed
from leanwide_bench.lanes.plot import draw
from leanwide_bench.lanes.report import Bound

SVG = "{http://www.w3.org/2000/svg}"


def width(experts: int, speed: float) -> WidthSpeed:
    return WidthSpeed(
        experts=experts,
        prompt_tokens_per_s=4 * speed,
        decode_tokens_per_s=speed,
        bare_prompt_tokens_per_s=4.2 * speed,
        bare_decode_tokens_per_s=1.1 * speed,
    )


def lines(text: str) -> list[list[tuple[float, float]]]:
    found = (line.get("points", "") for line in ElementTree.fromstring(text).iter(f"{SVG}polyline"))
    pairs = [[pair.split(",") for pair in points.split()] for points in found]
    return [[(float(across), float(up)) for across, up in line] for line in pairs]


def test_more_is_higher_and_further_right():
    bounds = {2: Bound(decode_tokens_per_s=20, prompt_tokens_per_s=70)}
    drawn = lines(draw([width(2, 16), width(8, 10)], bounds))
    assert [len(line) for line in drawn] == [2, 2, 1, 2, 2, 1]
    for (left, high), (right, low) in [line for line in drawn if len(line) == 2]:
        assert left < right
        assert high < low  # pixels count downwards


@pytest.mark.parametrize(("experts", "label"), [(0, "dense"), (4, "4")])
def test_a_single_width_is_drawn(experts, label):
    text = draw([width(experts, 10)], {})
    assert [len(line) for line in lines(text)] == [1, 1, 0, 1, 1, 0]
    assert text.count(f">{label}</text>") >= 2
