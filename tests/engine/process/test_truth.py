"""The probability of a text, as a lane measures it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.engine.process.scoring import EncodedTruth, nats
from tests.engine.make import run

CODE = "def area(width, height):\n    return "


def log_probability(lane, token):
    """Return the log probability of a token in the current logits."""
    logits = lane.kv.logits().astype(np.float64)
    return logits[token] - np.log(np.exp(logits - logits.max()).sum()) - logits.max()


def test_the_score_is_the_sum_over_the_logits_of_each_token(lane, lanes):
    truth = "width * height + 100 - width / 3\n    # and more of it\n"
    text, end = run(lane, CODE, truth=truth, max_tokens=0)
    assert text == ""
    tokens = lanes.model.tokenize(CODE + truth)
    scored = EncodedTruth.of(tokens, list(map(lanes.model.piece, tokens)), len(CODE)).scored
    given = tokens[: len(tokens) - len(scored)]
    expected = 0.0
    for number in range(len(scored)):
        run(lane, *given, *scored[:number], max_tokens=0)
        expected -= log_probability(lane, scored[number])
    assert end.stats.truth_tokens == len(scored)
    assert end.stats.truth_nats == pytest.approx(expected, rel=1e-3)


def test_after_a_special_token_the_truth_is_tokenized_by_itself(lane, lanes):
    marker = lanes.model.tokenize("x")[0]
    _, end = run(lane, CODE, marker, truth="width", max_tokens=0)
    assert end.stats.truth_tokens == len(lanes.model.tokenize("width"))
    assert end.stats.truth_nats > 0


def test_a_request_without_a_truth_has_no_score(lane):
    _, end = run(lane, CODE)
    assert (end.stats.truth_tokens, end.stats.truth_nats) == (0, 0.0)


@given(st.lists(st.binary(min_size=1, max_size=4), min_size=1, max_size=12), st.data())
def test_every_token_with_a_byte_of_the_truth_is_scored(pieces, data):
    total = len(b"".join(pieces))
    before = data.draw(st.integers(0, total - 1))
    found = EncodedTruth.of(range(len(pieces)), pieces, before)
    assert found.given + found.scored == tuple(range(len(pieces)))
    assert len(b"".join(pieces[: len(found.given)])) <= before
    assert len(b"".join(pieces[: len(found.given) + 1])) > before


def test_the_nats_of_equal_logits_are_the_logarithm_of_their_number():
    assert nats(np.full((2, 8), 3.0, np.float32), [0, 7]) == pytest.approx(2 * math.log(8))
