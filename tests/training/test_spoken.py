"""A function's name as words."""

from __future__ import annotations

import ast

import pytest
from training.data import spoken


def function(code: str) -> ast.FunctionDef:
    node = ast.parse(code).body[0]
    assert isinstance(node, ast.FunctionDef)
    return node


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("parse_header", ["parse", "header"]),
        ("closeConnection", ["close", "connection"]),
        ("visit_Assign", ["visit", "assign"]),
        ("readHTTPHeader2", ["read", "http", "header", "2"]),
        ("__init__", ["init"]),
    ],
)
def test_splits_a_name_into_words(name, words):
    assert spoken.words(name) == words


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Return the parsed header.", "def parse_header(text): pass"),
        ("Close what is open.", "def closeConnection(): pass"),
        ("Return the target of a redirect.", "def get_redirect_target(): pass"),
        ("Get it.", "def get(): pass"),
    ],
)
def test_a_sentence_with_the_words_of_the_name_is_accepted(text, code):
    assert spoken.speaks(text, function(code).name)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Return the value.", "def parse_header(text): pass"),
        ("Get the current one.", "def get_redirect_target(): pass"),
        ("Do it.", "def f(): pass"),
    ],
)
def test_a_sentence_without_them_is_not(text, code):
    assert not spoken.speaks(text, function(code).name)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("def send_response(self, code): pass", "Send response, given `code`."),
        ("def send_response(a, b, c): pass", "Send response, given `a`, `b` and `c`."),
        ("def send_response(a, b, c, d): pass", "Send response."),
        ("def is_multipart(self): pass", "Tell whether it is multipart."),
        ("def to_native_string(text): pass", "Convert to native string, given `text`."),
        ("def walk(self): pass", None),
        ("def __get_item__(self): pass", None),
    ],
)
def test_a_name_becomes_a_sentence(code, sentence):
    found = function(code)
    arguments = [argument.arg for argument in found.args.args]

    assert spoken.sentence(found.name, arguments) == sentence
