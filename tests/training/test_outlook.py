"""The line through the held-out losses."""

import pytest

from training import outlook


def test_finds_what_each_doubling_gives():
    found = outlook.fitted([1_000, 2_000, 4_000, 8_000], [4.0, 3.8, 3.6, 3.4])

    assert found.per_doubling == pytest.approx(-0.2)
    assert found.error == pytest.approx(0.0, abs=1e-9)
    assert found.points == 4


def test_says_how_unsure_it_is():
    found = outlook.fitted([1_000, 2_000, 4_000, 8_000], [4.0, 3.7, 3.7, 3.4])

    assert 0.01 < found.error < 0.1


def test_two_points_are_no_line():
    with pytest.raises(ValueError, match="too few"):
        outlook.fitted([1_000, 2_000], [4.0, 3.8])
