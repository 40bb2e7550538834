"""How hard a question is, guessed from its words."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.modes.difficulty import DifficultyLevel, difficulty


@pytest.mark.parametrize(
    ("question", "level", "sign"),
    [
        ("Why does this return None?", DifficultyLevel.HARD, "why"),
        ("what's the reason for the second loop", DifficultyLevel.HARD, "why"),
        ("move load from store.py to settings.py", DifficultyLevel.HARD, "several files"),
        ("use the new name in all files", DifficultyLevel.HARD, "several files"),
        ("Is this thread-safe?", DifficultyLevel.HARD, "concurrency"),
        ("refactor the class into two", DifficultyLevel.HARD, "design"),
        ('Traceback (most recent call last):\n  File "a"', DifficultyLevel.HARD, "failure"),
        ("and then " * 41, DifficultyLevel.HARD, "80 words"),
        ("fix the typo", DifficultyLevel.TRIVIAL, "small edit"),
        ("please add a type hint", DifficultyLevel.TRIVIAL, "small edit"),
        ("rename load to read", DifficultyLevel.TRIVIAL, "small edit"),
        ("what does sorted return", DifficultyLevel.TRIVIAL, "fact"),
        ("thanks!", DifficultyLevel.TRIVIAL, "nothing"),
        ("", DifficultyLevel.TRIVIAL, "nothing"),
        ("write a function that reads settings", DifficultyLevel.ORDINARY, ""),
        ("self.name and os.path differ in store.py", DifficultyLevel.ORDINARY, ""),
        ("add a cache to the store", DifficultyLevel.ORDINARY, ""),
        ("warum gibt das None?", DifficultyLevel.ORDINARY, ""),
        ("fix the typo and why is it there", DifficultyLevel.HARD, "why"),
    ],
)
def test_signs_of_hard_and_trivial_questions(question: str, level: DifficultyLevel, sign: str):
    found = difficulty(question)
    assert found.level is level
    assert sign in found.reason


@given(st.text())
def test_every_question_has_a_level_and_a_reason(question: str):
    found = difficulty(question)
    assert found.level in DifficultyLevel
    assert found.reason
    assert "\n" not in found.reason


@pytest.mark.parametrize("unit", ["\n", "/", "a/", "  at ", "fix typo "], ids=repr)
def test_no_question_takes_long(unit: str):
    began = time.thread_time()
    difficulty(f"a{unit * 300_000}b")
    assert time.thread_time() - began < 1
