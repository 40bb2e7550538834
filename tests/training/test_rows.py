"""The weights of a sample's tokens, and rows of repetitions."""

from __future__ import annotations

import numpy as np
import pytest
from training.data.markers import FIM_MIDDLE, ID, IM_START
from training.model import copying, rows


def random() -> np.random.Generator:
    return np.random.default_rng(1)


def numbers(count: int) -> np.ndarray:
    """Tokens that are all different, none of them a marker."""
    return np.arange(100, 100 + count)


def test_an_answer_counts_more_than_what_stands_around_the_hole():
    tokens = numbers(400)
    tokens[299] = ID[FIM_MIDDLE]

    weights = rows.weighted(tokens, 300, random()).weights

    assert set(weights[:300]) == {0.0, 1.0}
    assert weights[300 : 300 + rows.BEGINNING].min() > weights[300 + rows.BEGINNING :].max() > 1


def test_about_the_given_part_of_a_file_counts():
    weights = rows.weighted(numbers(2000), 2000, random()).weights

    assert weights.mean() == pytest.approx(rows.PROMPT_PART, abs=0.05)


def test_a_question_counts_nothing():
    tokens = numbers(100)
    tokens[0] = ID[IM_START]

    weights = rows.weighted(tokens, 60, random()).weights

    assert not weights[:60].any()
    assert weights[60:].all()


def test_repetitions_keep_the_length_and_the_beginning():
    tokens = numbers(200)

    row = copying.repeated(tokens, random())

    assert len(row.tokens) == len(row.weights) == 200
    assert (row.tokens[:70] == tokens[:70]).all()
    assert not row.weights[:70].any()


def test_every_counted_token_follows_from_an_earlier_place():
    row = copying.repeated(numbers(300), random())
    counted = np.flatnonzero(row.weights)

    assert len(counted) > 50
    for place in counted:
        seen = [(int(a), int(b)) for a, b in zip(row.tokens, row.tokens[1:place], strict=False)]
        assert (int(row.tokens[place - 1]), int(row.tokens[place])) in seen


def test_a_row_is_not_changed_in_place():
    tokens = numbers(200)

    copying.repeated(tokens, random())

    assert (tokens == numbers(200)).all()


@pytest.mark.parametrize("part", [0.0, 0.5, 1.0])
def test_about_the_wanted_part_of_the_rows_is_repeated(part):
    given = [rows.Row(numbers(80), np.ones(80, dtype=np.float32)) for _ in range(400)]

    made = copying.with_repetitions(given, part, random())

    changed = sum(new is not old for new, old in zip(made, given, strict=True))
    assert changed / 400 == pytest.approx(part, abs=0.08)


def test_short_rows_stay():
    given = [rows.Row(numbers(20), np.ones(20, dtype=np.float32))]

    assert copying.with_repetitions(given, 1.0, random()) == given


def test_repetitions_become_rare_and_never_end():
    shares = [copying.share(done / 10) for done in range(11)]

    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 5 * shares[-1] > 0
