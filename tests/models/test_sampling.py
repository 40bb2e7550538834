"""What a model file recommends for sampling is read, and nonsense in it is not."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from leanwide.models.sampling import recommended_sampling
from tests.models.test_limits import header


def recommended(**values: Any):
    own = {f"general.sampling.{key}": value for key, value in values.items()}
    model = header()
    return recommended_sampling(attrs.evolve(model, metadata={**model.metadata, **own}))


def test_a_recommendation_is_read_by_our_names():
    found = recommended(temp=0.6, top_k=20, top_p=0.95, min_p=0.0, penalty_repeat=1.05)
    assert found == {
        "temperature": 0.6,
        "top_k": 20,
        "top_p": 0.95,
        "min_p": 0.0,
        "repeat_penalty": 1.05,
    }


def test_a_model_may_recommend_nothing():
    assert recommended() == {}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("temp", float("nan")),
        ("temp", -1.0),
        ("temp", 1e9),
        ("temp", "hot"),
        ("temp", True),
        ("top_k", -1),
        ("top_p", 0.0),
        ("min_p", 1.0),
        ("penalty_repeat", 0.0),
        ("penalty_last_n", 10**9),
    ],
)
def test_a_value_that_makes_no_sense_is_ignored(key: str, value: object):
    assert recommended(**{key: value, "top_p": 0.9} if key != "top_p" else {key: value}) == (
        {"top_p": 0.9} if key != "top_p" else {}
    )
