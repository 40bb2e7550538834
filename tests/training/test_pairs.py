"""Instruction pairs: what syntax gives, and only where it is safe."""

from __future__ import annotations

import ast
from random import Random

import pytest
from training.data import pairs, python_functions


def made(code: str) -> dict[str, str]:
    (function,) = python_functions.functions(ast.parse(code))
    return {pair.kind: pair.answer for pair in python_functions.pairs_of(function, Random(1))}


def test_explains_with_the_first_paragraph_of_the_docstring():
    answer = made(
        'def sort(a):\n    """Return a\n    sorted copy of it.\n\n    More."""\n    return a'
    )

    assert answer["explain"] == "`sort`: Return a sorted copy of it."


def test_the_docstring_is_not_in_the_request():
    code = 'def f(a):\n    """Return a sorted copy of it."""\n    return sorted(a)'
    (function,) = python_functions.functions(ast.parse(code))
    requests = [pair.request for pair in python_functions.pairs_of(function, Random(1))]

    assert requests
    assert not any("copy" in request for request in requests)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("return '%s of %s' % (a, b)", "return f'{a} of {b}'"),
        ("return '{} of {}'.format(a, b)", "return f'{a} of {b}'"),
        ("return 'x%s' % a.name", "return f'x{a.name}'"),
    ],
)
def test_turns_formatting_into_f_strings(before, after):
    assert after in made(f"def f(a, b):\n    {before}")["fstring"]


@pytest.mark.parametrize(
    "expression",
    [
        "'%d' % a", "'%s%%' % a", "'{0}'.format(a)", "'{}'.format(a, b)", "'%s' % f(a)", "a % b",
        "'{x} %s' % a",
    ],
)  # fmt: skip
def test_leaves_formatting_alone_where_it_is_not_plain(expression):
    assert "fstring" not in made(f"def f(a, b):\n    return {expression}")


def test_turns_a_loop_into_a_comprehension():
    answer = made(
        "def f(a):\n    r = []\n    for x in a:\n        if x:\n            r.append(x + 1)"
    )

    assert "r = [x + 1 for x in a if x]" in answer["comprehension"]


def test_a_loop_that_does_more_stays():
    code = "def f(a):\n    r = []\n    for x in a:\n        print(x)\n        r.append(x)"

    assert "comprehension" not in made(code)


def test_annotations_come_back():
    assert "def f(a: int) -> str:" in made("def f(a: int) -> str:\n    return str(a)")["annotate"]


def test_every_answer_with_code_parses():
    code = 'def f(a: int) -> str:\n    """Turn a number into its text form."""\n    return "%s" % a'
    for kind, answer in made(code).items():
        if kind not in {"explain", "say"}:
            ast.parse(answer.removeprefix("```python\n").removesuffix("\n```"))


def test_explains_in_one_sentence():
    docstring = "Return the parsed header. It may be empty, e.g. for old files."

    assert pairs.sentence(docstring) == "Return the parsed header."


def test_leaves_out_an_explanation_that_does_not_mention_the_function():
    answer = made('def f(a):\n    """Do what is needed here."""\n    b = a\n    return b')

    assert "explain" not in answer


def test_an_undocumented_function_is_explained_by_its_name():
    answer = made("def parse_header(text):\n    head = text[:1]\n    return head")

    assert answer["say"] == "`parse_header`: Parse header, given `text`."


def test_a_documented_function_is_not_explained_by_its_name():
    code = '''def parse_header(text):
        """Return the header of a text, parsed."""
        return text'''

    assert "say" not in made(code)
