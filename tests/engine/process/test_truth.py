"""How likely a text is, as a lane measures it."""

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
    """Of a token, from the logits that are there now."""
    logits = lane.kv.logits().astype(np.float64)
    return logits[token] - np.log(np.exp(logits - logits.max()).sum()) - logits.max()


def test_it_is_what_the_logits_say_token_by_token(lane, lanes):
    truth = "width * height + 100 - width / 3\n    # and more of it\n"
    text, end = run(lane, CODE, truth=truth, max_tokens=0)
    assert text == ""
    tokens = lanes.model.tokenize(CODE + truth)
    asked = EncodedTruth.of(tokens, list(map(lanes.model.piece, tokens)), len(CODE)).scored
    given = tokens[: len(tokens) - len(asked)]
    expected = 0.0
    for number in range(len(asked)):
        run(lane, *given, *asked[:number], max_tokens=0)
        expected -= log_probability(lane, asked[number])
    assert end.stats.truth_tokens == len(asked)
    assert end.stats.truth_nats == pytest.approx(expected, rel=1e-3)


def test_a_prompt_without_typed_text_has_its_truth_by_itself(lane, lanes):
    marker = lanes.model.tokenize("x")[0]
    _, end = run(lane, CODE, marker, truth="width", max_tokens=0)
    assert end.stats.truth_tokens == len(lanes.model.tokenize("width"))
    assert end.stats.truth_nats > 0


def test_an_answer_without_a_truth_measures_none(lane):
    _, end = run(lane, CODE)
    assert (end.stats.truth_tokens, end.stats.truth_nats) == (0, 0.0)


@given(st.lists(st.binary(min_size=1, max_size=4), min_size=1, max_size=12), st.data())
def test_a_token_counts_where_it_says_anything_of_the_truth(pieces, data):
    total = len(b"".join(pieces))
    before = data.draw(st.integers(0, total - 1))
    found = EncodedTruth.of(range(len(pieces)), pieces, before)
    assert found.given + found.scored == tuple(range(len(pieces)))
    assert len(b"".join(pieces[: len(found.given)])) <= before
    assert len(b"".join(pieces[: len(found.given) + 1])) > before


def test_nats_of_an_even_choice_are_its_logarithm():
    assert nats(np.full((2, 8), 3.0, np.float32), [0, 7]) == pytest.approx(2 * math.log(8))
