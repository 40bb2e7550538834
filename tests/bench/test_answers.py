"""``leanwide bench answers``: the rule by which explanations are judged."""

from __future__ import annotations

import pytest

from leanwide_bench.answers.judging import judge

NAMES = ("total", "price", "share")
GOOD = (
    "`total` takes a `price` and a share of it, and gives back what is left of the price when the "
    "share is taken off.\n\n```python\ntotal(1, 2)\n```\n"
)


def test_a_good_explanation_names_the_code_and_ends():
    assert judge(GOOD, NAMES, ends=True).good


@pytest.mark.parametrize(
    ("answer", "ends", "fault"),
    [
        (GOOD, False, "ends"),
        (GOOD + GOOD, True, "repeats"),
        ("total " + "word and another thing " * 2 + "share", True, "words"),
        ("A function, that does what many functions do with numbers, " + "x " * 9, True, "topic"),
        ("It is this:\n```python\ntotal = price * share\n", True, "topic"),
    ],
)
def test_other_explanations_are_not_good(answer: str, ends: bool, fault: str):
    verdict = judge(answer, NAMES, ends=ends)
    assert not verdict.good
    faults = {
        "ends": not verdict.ends,
        "repeats": verdict.repeats,
        "words": verdict.words < 15,
        "topic": not verdict.on_topic,
    }
    assert faults[fault]
