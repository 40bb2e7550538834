"""The baselines that the model has to beat."""

from __future__ import annotations

import numpy as np
import pytest
from training.measure import baselines, greedy, metrics


@pytest.mark.parametrize(
    ("earlier", "typed", "expected"),
    [
        ("import os\nimport sys\n", "import o", "s"),
        ("a = 1\nb = 2\n", "zzz", "2"[:0]),
        ("    return first\n", "    ret", "urn first"),
        ("x = load(a)\ny = load(b)\n", "x = lo", "ad(a)"),
    ],
)
def test_copies_the_most_similar_earlier_line(earlier, typed, expected):
    assert baselines.copied_line(earlier, typed).startswith(expected)


def test_probabilities_sum_to_one_and_prefer_what_was_seen():
    tokens = np.array([1, 2, 3, 4, 5] * 20, dtype=np.uint16)
    model = baselines.NGram(tokens, vocabulary=16)

    chances = model.probabilities([1, 2, 3, 4])

    assert chances.sum() == pytest.approx(1)
    assert chances.argmax() == 5


def test_an_unseen_context_falls_back():
    model = baselines.NGram(np.array([1, 2, 1, 2, 1], dtype=np.uint16), vocabulary=8)

    assert model.probabilities([7, 7, 7, 7]).argmax() == 1


def test_healing_holds_the_first_tokens_to_the_typed_bytes():
    pieces = [b"", b"re", b"return", b"raise", b" x"]
    rows = iter([np.array([9.0, 1, 2, 8, 0]), np.array([9.0, 0, 0, 0, 0])])

    decoded = greedy.decode(lambda _: next(rows), pieces, {0}, b"re", 5)

    assert decoded == greedy.Decoded([2], True)
    assert greedy.text_after(pieces, decoded.tokens, b"re") == "turn"


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [("", "", 0), ("abc", "abd", 1), ("", "ab", 2), ("kitten", "sitting", 3)],
)
def test_edit_distance(one, other, distance):
    assert metrics.edit_distance(one, other) == distance


def test_a_bootstrap_interval_holds_the_mean():
    estimate = metrics.bootstrap([0.0, 1.0] * 50)

    assert estimate.low < estimate.mean == 0.5 < estimate.high
