"""How hard a question is, told from its words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.modes.difficulty import Level, difficulty


@pytest.mark.parametrize(
    ("question", "level", "sign"),
    [
        ("Why does this return None?", Level.HARD, "why"),
        ("what's the reason for the second loop", Level.HARD, "why"),
        ("move load from store.py to settings.py", Level.HARD, "several files"),
        ("use the new name in all files", Level.HARD, "several files"),
        ("Is this thread-safe?", Level.HARD, "concurrency"),
        ("refactor the class into two", Level.HARD, "design"),
        ('Traceback (most recent call last):\n  File "a"', Level.HARD, "failure"),
        ("and then " * 41, Level.HARD, "80 words"),
        ("fix the typo", Level.TRIVIAL, "small edit"),
        ("please add a type hint", Level.TRIVIAL, "small edit"),
        ("rename load to read", Level.TRIVIAL, "small edit"),
        ("what does sorted return", Level.TRIVIAL, "fact"),
        ("thanks!", Level.TRIVIAL, "nothing"),
        ("", Level.TRIVIAL, "nothing"),
        ("write a function that reads settings", Level.ORDINARY, ""),
        ("self.name and os.path differ in store.py", Level.ORDINARY, ""),
        ("add a cache to the store", Level.ORDINARY, ""),
        ("warum gibt das None?", Level.ORDINARY, ""),
        ("fix the typo and why is it there", Level.HARD, "why"),
    ],
)
def test_signs_of_a_hard_and_of_a_trivial_question(question, level, sign):
    found = difficulty(question)
    assert found.level is level
    assert sign in found.reason


@given(st.text())
def test_every_question_has_a_level_and_a_reason(question):
    found = difficulty(question)
    assert found.level in Level
    assert found.reason
    assert "\n" not in found.reason
