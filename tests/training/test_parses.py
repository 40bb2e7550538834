"""Whether a file parses with a completion in it, in every language."""

from __future__ import annotations

import pytest
from training.measure import metrics

from tests.training.texts import TEXTS

BROKEN = "{ ( ] = ="


@pytest.mark.parametrize("language", TEXTS)
def test_the_true_text_parses_and_a_broken_one_does_not(language):
    path, text = TEXTS[language]
    start = text.index("the last one counts")
    start = text.index("\n", start) + 1
    before, (truth, newline, rest) = text[:start], text[start:].partition("\n")

    assert metrics.parses(language, path, (before, truth, newline + rest), truth)
    assert not metrics.parses(language, path, (before, BROKEN, newline + rest), truth)


def test_an_error_that_the_file_had_before_does_not_count():
    before, after = "#define X(\nint a = 1;\nint f() {\n", "}\n)(;\n"

    assert metrics.parses("c", "a.c", (before, "  g();\n", after), "  h();\n")


def test_python_is_judged_by_python():
    assert metrics.parses("python", "a.py", ("x = ", "1", "\n"), "2")
    assert not metrics.parses("python", "a.py", ("x = ", "1 +", "\n"), "2")


def test_prose_always_parses():
    assert metrics.parses("markdown", "a.md", ("# A\n\n", "(", "\n"), "text")
