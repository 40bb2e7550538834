"""What counts as kept: at most a third of the accepted text was changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.features.acceptance.standing import distance_in, still_stands
from leanwide.tuning.similarity import edit_similarity

ACCEPTED = "if name not in self.settings:\n            return None"


@pytest.mark.parametrize(
    ("place", "stands"),
    [
        (ACCEPTED, True),
        (ACCEPTED.replace("\n            ", "\r\n\t"), True),
        (ACCEPTED + "\n        more = self.settings[name]", True),
        ("if key not in self.settings:\n            return None", True),
        ("if name not in self._values:\n            return None", True),
        ("if name in self:\n            raise KeyError(name)", False),
        ("if name not in", False),
        ("", False),
    ],
)
def test_a_text_is_kept_while_two_thirds_of_it_stand(place, stands):
    assert still_stands(ACCEPTED, place) is stands


def test_a_long_text_in_a_long_place_is_found_although_it_was_changed():
    text = "".join(f"value_{number} = compute({number})\n" for number in range(80))
    place = "unrelated = True\n" * 2000 + text.replace("compute", "measure") + "last = False\n" * 50
    assert still_stands(text, place)
    assert not still_stands(text, "unrelated = True\n" * 2000)


LETTERS = st.text(alphabet="abc", max_size=9)


@given(LETTERS, LETTERS)
def test_the_distance_is_that_to_the_nearest_part(pattern, text):
    parts = [
        text[start:end] for start in range(len(text) + 1) for end in range(start, len(text) + 1)
    ]
    assert distance_in(pattern, text) == min(levenshtein(pattern, part) for part in parts)


def levenshtein(one: str, other: str) -> int:
    longer = max(len(one), len(other))
    return round((1 - edit_similarity(one, other)) * longer)
