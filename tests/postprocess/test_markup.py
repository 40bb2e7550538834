"""Markers, thinking and fences around code."""

from __future__ import annotations

import pytest

from leanwide.engine.requests import Piece
from leanwide.postprocess.markup import MarkupStream, is_markup
from tests.marked import view_of
from tests.postprocess.check import check

AT = "x = ‸\n"
MARKERS = [
    "<|fim_middle|>",
    "<|fim_prefix|>",
    "<|endoftext|>",
    "<|im_end|>",
    "<|im_start|>",
    "<|end_of_text|>",
    "<|start_header_id|>",
    "<|file_sep|>",
    "<fim_middle>",
    "<fim-middle>",
    "<file_sep>",
    "<repo_name>",
    "<end_of_turn>",
    "<EOT>",
    "</s>",
    "[INST]",
    "<tool_call>",
    "<\uff5cfim\u2581hole\uff5c>",
    "<\uff5cend\u2581of\u2581sentence\uff5c>",
]
WORDS = ["<td>", "<h1>", "\n\n", "    ", "<", "def", "[0]", "</div>"]


# What is a token of its own


def stripped(*pieces: str | Piece, at: str = AT, language: str = "python") -> str:
    stream = MarkupStream(view_of(at, language))
    for piece in pieces:
        stream.take(Piece(piece) if isinstance(piece, str) else piece)
    return stream.text


def token(text: str) -> Piece:
    return Piece(text, special=True)


@pytest.mark.parametrize("marker", MARKERS)
def test_a_marker_that_is_a_token_ends_the_answer(marker: str):
    assert stripped("1", token(marker), "z = 3") == "1"
    assert stripped(token(marker), "1") == ""


@pytest.mark.parametrize("word", WORDS)
def test_a_word_with_a_token_of_its_own_is_text(word: str):
    assert not is_markup(word)
    assert stripped("1", token(word), "2") == f"1{word}2"


@pytest.mark.parametrize("marker", [*MARKERS, "<think>", "</think>"])
def test_a_marker_that_is_spelt_is_text(marker: str):
    assert stripped("1", marker, "2") == f"1{marker}2"


OPEN, CLOSE = token("<think>"), token("</think>")


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        ((OPEN, "one line", CLOSE, "1"), "1"),
        ((OPEN, "\nmany\n", "lines\n", CLOSE, "\n", "\n1"), "1"),
        (("  ", OPEN, CLOSE, "1"), "  1"),
        ((OPEN, "it never ends"), ""),
        (("the prompt began it\n", CLOSE, "\n1"), "1"),
        (("1\n", OPEN, "now what?"), "1\n"),
        (("1\n", OPEN, "hm", CLOSE, "\ny = 2"), "1\ny = 2"),
        ((OPEN, "</think> as text", CLOSE, "1"), "1"),
    ],
)
def test_thinking_is_dropped(pieces: tuple[str | Piece, ...], shown: str):
    assert stripped(*pieces) == shown


@pytest.mark.parametrize(
    ("at", "language", "pieces"),
    [
        ("THOUGHT = re.compile(‸)\n", "python", ('r"', OPEN, ".*?", CLOSE, '"')),
        ("raw.replace(‸\n", "javascript", ("/", OPEN, ".*/g")),
        ("STOP = [‸\n", "python", ('"', token("<tool_call>"), '"]')),
        ("# Thoughts end with ‸\n", "python", (CLOSE,)),
        ('"""Thoughts end with\n‸\n"""\n', "python", (CLOSE, "\nand a line.")),
        ("<a>\n‸\n</a>\n", "xml", (OPEN, "what", CLOSE)),
        ("‸\n", "html", (token("<tool_call>"), "x")),
        ('OPEN = "<think>"\n‸\n', "python", (OPEN,)),
    ],
)
def test_a_token_that_is_valid_in_the_language_is_text(at, language, pieces):
    texts = [piece if isinstance(piece, str) else piece.text for piece in pieces]
    assert stripped(*pieces, at=at, language=language) == "".join(texts)


# What is spelt


LEGITIMATE = [
    ("python", "THOUGHT = re.compile(‸)\n", 'r"<think>.*?</think>", re.DOTALL'),
    ("python", "STOP = [‸\n", '"<|im_end|>"]'),
    ("python", "‸\n", "# <|im_end|>\n# ends a message"),
    ("python", '"""Ends with\n‸\n"""\n', "<|im_end|>\nand a line break."),
    ("javascript", "raw.replace(‸\n", r"/<think>[\s\S]*?<\/think>/g, \"\")"),
    ("javascript", "const PROMPT = `\n‸\n`\n", "<|im_start|>user"),
    ("xml", "‸\n", "<file_path>src/main.py</file_path>"),
    ("xml", "<a>\n‸\n</a>\n", "<think>what</think>"),
    ("html", "‸\n", "<think>what</think>"),
    ("python", "x = ‸\n", "1  # until </think>"),
    ("python", 'END = "<|im_end|>"\n‸\n', "<|im_end|>"),
]


@pytest.mark.parametrize(("language", "marked", "says"), LEGITIMATE)
@pytest.mark.parametrize("markers", [(), ("<think>", "</think>", "<|im_end|>", "<|im_start|>")])
def test_markers_that_are_valid_in_the_language_stay(language, marked, says, markers):
    check(marked, says, says, language, markers=markers)


SPELT = [
    ("<|im_end|>\nThis sets x.", ""),
    ("<|im_start|>assistant\n1", ""),
    ("1\n<|im_end|>\nThis sets x.", "1"),
    ("1\ny = 2\n  <|im_end|>", "1\ny = 2"),
    ("<think>one line</think>1", "1"),
    ("<think>\nmany\nlines\n</think>\n\n1", "1"),
    ("<think>it never ends", ""),
    ("the prompt began it\n</think>\n1", "1"),
]


@pytest.mark.parametrize(("says", "expected"), SPELT)
def test_a_model_that_can_only_spell_its_markers_shows_none(says: str, expected: str):
    check("x=‸\n", says, expected, markers=("<think>", "</think>", "<|im_end|>", "<|im_start|>"))


@pytest.mark.parametrize(
    "says",
    [*MARKERS, "a <b> c", "a < b | c > d", "a || b", "x |> f", "<s>old</s>", "1 + think > 2"],
)
def test_markers_of_other_models_stay(says: str):
    check("‸\n", says, says, "html", markers=("<|system|>",))


FENCES = [
    ("```python\n1\n```", "1"),
    ("```\n1\n```\nThis sets x.", "1"),
    ("```python\n1", "1"),
    ("\n```python\n1\n```", "1"),
    ("1\n```", "1"),
    ("1\n```\n\nThis sets x to 1.", "1"),
    ("1```", "1"),
    ("1\n    ```\n", "1"),
    ("Here is the code:\n```python\n1\n```\nDone.", "1"),
    ("Sure!\n\n```typescript title='x'\n1\n```", "1"),
    ("```", ""),
    ("```python", ""),
    ("````markdown\n1\n````", ""),
]


@pytest.mark.parametrize(("says", "expected"), FENCES)
def test_fences_are_dropped_in_code(says: str, expected: str):
    check("x=‸\n", says, expected)
    check("val x=‸\n", says, expected, "kotlin")


BLOCK = "/**\n * Adds.\n * ‸\n */\n"
FENCED = "```\nadd(1, 2)\n```"
TEXTS = [
    ("typescript", BLOCK, "```ts\n * add(1, 2);\n * ```"),
    ("javascript", BLOCK, "```js\n * add(1, 2);\n * ```"),
    ("kotlin", BLOCK, "```kotlin\n * add(1, 2)\n * ```"),
    ("java", BLOCK, "```\n * add(1, 2);\n * ```"),
    ("rust", "/// ‸\nfn add() {}\n", "```\n/// add(1, 2);\n/// ```"),
    ("rust", "//! ‸\n", "```rust"),
    ("go", "// ‸\nfunc Add() {}\n", "```go\n// Add(1, 2)\n// ```"),
    ("swift", "/// ‸\nfunc add() {}\n", "```swift"),
    ("python", 'def f():\n    """Add.\n\n    ‸\n    """\n', "```python\n    f()\n    ```"),
    ("python", "def f():\n    ‸\n", '"""Add.\n\n    ```\n    f()\n    ```\n    """\n    return 1'),
    ("python", "# ‸\n", "```"),
    ("elixir", '@doc """\nAdds.\n\n‸\n"""\ndef add\n', FENCED),
    ("haskell", "{-\n‸\n-}\n", FENCED),
    ("yaml", "body: |\n  ‸\n", "```sh\n  make\n  ```"),
    ("git-commit", "Add a sum\n\n‸\n", FENCED),
    ("plaintext", "‸\n", FENCED),
    ("xml", "‸\n", FENCED),
]


@pytest.mark.parametrize(("language", "marked", "says"), TEXTS)
def test_fences_stay_in_comments_strings_and_prose(language: str, marked: str, says: str):
    check(marked, says, says, language)


MARKDOWN = [
    ("Run this:\n\n‸\n", "```sh\nmake\n```"),
    ("```sh\n‸\n", "make\n```\n\nThen look."),
    ("Text ‸\n", "with ```three``` ticks"),
]


@pytest.mark.parametrize(("marked", "says"), MARKDOWN)
def test_real_fences_stay_in_markdown(marked: str, says: str):
    check(marked, says, says, "markdown")
    check(marked, says, says, "", "/project/README.md")
    check(marked, says, says, "mdx")


def test_template_literals_are_no_fences():
    check("const s = ‸\n", "`a` + `b`", "`a` + `b`", "javascript")
    check("const s = ‸\n", "``", "``", "javascript")
