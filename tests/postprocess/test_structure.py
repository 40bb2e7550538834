"""What texts without a compiler may not lose."""

from __future__ import annotations

import pytest

from leanwide.postprocess.commit_message import with_comment_lines
from leanwide.postprocess.elision import left_out
from leanwide.postprocess.structure import STRUCTURED_TEXTS, structure_problem, structured_text
from tests.marked import view_of

MARKDOWN = """\
---
title: Settings
tags: [a, b]
---

# Settings

Kept in a file, see [the format](format.md), [the rest][rest] and the note[^1].

## Saving

They are wrote whole.

```sh
# not a heading
leanwide doctor
```

[rest]: https://example.com/rest
[^1]: Only for this user.
"""
RST = """\
Settings
========

.. _settings:

Kept in a file, see :ref:`the format <format>` and [1]_.

.. note:: They are wrote whole.

.. [1] Only for this user.
"""
COMMIT = """\
fix bug where the server crashs

It did not catched the error: see above.

Co-authored-by: C D <c@example.com>
Signed-off-by: A B <a@example.com>

# Please enter the commit message for your changes.
# On branch main
"""
JSON = '{"name": "cart", "scripts": {"test": "jest"}, "files": [{"path": "a"}]}'
JSONC = '// settings\n{\n  "url": "http://a", // where\n  "list": [1, 2,],\n}\n'
TOML = '[project]\nname = "cart"\n\n[tool.ruff]\nline-length = 100\n'
INI = "[section]\nkey = value\n; why\nother = 1\n"
XML = '<?xml version="1.0"?>\n<a b="c">&amp;<d/></a>\n'
TEXTS = {
    "markdown": MARKDOWN,
    "restructuredtext": RST,
    "commit": COMMIT,
    "json": JSON,
    "toml": TOML,
    "ini": INI,
    "xml": XML,
}


def problem(kind: str, before: str, after: str, instruction: str = "") -> str:
    text = STRUCTURED_TEXTS[kind]
    return structure_problem(text, before.splitlines(), after.splitlines(), instruction)


@pytest.mark.parametrize("kind", TEXTS)
def test_a_text_that_stays_keeps_everything(kind: str) -> None:
    assert problem(kind, TEXTS[kind], TEXTS[kind]) == ""
    assert problem(kind, TEXTS[kind], f"{TEXTS[kind]}\n") == ""


@pytest.mark.parametrize(
    ("kind", "old", "new", "sentence"),
    [
        ("markdown", "(format.md)", "(the format)", "The link to `format.md` is missing."),
        (
            "markdown",
            "[rest]: https",
            "rest: https",
            "The link to `https://example.com/rest` is missing.",
        ),
        ("markdown", "note[^1]", "note", "The footnote `[^1]` is missing."),
        ("markdown", "## Saving\n", "Saving\n", "The heading `## Saving` is missing."),
        ("markdown", "## Saving", "# Saving", "The heading `## Saving` is missing."),
        ("markdown", "```", "", "A code block is missing: 1 before, 0 now."),
        ("markdown", "title: Settings\n", "", "The key `title` of the front matter is missing."),
        ("markdown", "---\n", "", "The front matter between --- is missing."),
        (
            "restructuredtext",
            "Settings\n=",
            "All settings\n=",
            "The underline of the title `All settings` is too short.",
        ),
        ("restructuredtext", "========\n", "\n", "The heading `Settings` is missing."),
        ("restructuredtext", ".. _settings:", "", "`.. _settings:` is missing."),
        (
            "restructuredtext",
            ":ref:`the format <format>`",
            "the format",
            "The reference to `format` is missing.",
        ),
        ("restructuredtext", ".. note:: ", "Note: ", "A directive `.. note::` is missing."),
        (
            "commit",
            "Signed-off-by: A B <a@example.com>\n",
            "",
            "The trailer `Signed-off-by: A B <a@example.com>` is missing.",
        ),
        (
            "commit",
            "crashs",
            "crashes because nobody had thought of a file that is not there",
            "The first line has 87 characters: at most 72 fit.",
        ),
        ("commit", "crashs\n", "crashes", "No blank line follows the first one, the subject."),
        (
            "json",
            '"scripts": {"test": "jest"}',
            '"scripts": {}',
            "The key `scripts.test` is missing.",
        ),
        ("json", '"path"', '"name"', "The key `files[].path` is missing."),
        (
            "json",
            '"files"',
            '"name"',
            "It is no valid JSON any more: the key `name` stands twice in one object.",
        ),
        (
            "json",
            '"jest"}',
            '"jest"},',
            "It is no valid JSON any more: Expecting property name enclosed in double quotes: "
            "line 1 column 46 (char 45).",
        ),
        ("toml", "line-length = 100\n", "", "The key `tool.ruff.line-length` is missing."),
        (
            "toml",
            'name = "cart"',
            "name = cart",
            "It is no valid TOML any more: Invalid value (at line 2, column 8).",
        ),
        ("ini", "other = 1\n", "", "The key `section.other` is missing."),
        (
            "ini",
            "; why",
            "key = 2",
            "It is no valid INI any more: While reading from '<string>' [line 3]: option 'key' in "
            "section 'section' already exists.",
        ),
        ("xml", "<d/>", "<d>", "It is no valid XML any more: mismatched tag: line 2, column 19."),
    ],
)
def test_what_is_lost_is_named(kind: str, old: str, new: str, sentence: str) -> None:
    assert old in TEXTS[kind]
    assert problem(kind, TEXTS[kind], TEXTS[kind].replace(old, new)) == sentence


@pytest.mark.parametrize(
    ("kind", "old", "new", "instruction"),
    [
        ("markdown", "(format.md)", "(the format)", "use no links"),
        ("markdown", "## Saving\n", "", "remove what is about saving"),
        ("markdown", "wrote", "written", "correct the grammar"),
        ("markdown", "## Saving", "## Saving them", ""),
        ("commit", "Signed-off-by: A B <a@example.com>\n", "", "take the trailers off"),
        ("json", '"test"', '"check"', "rename test"),
        ("json", '"test"', '"check"', "call the script `test` check"),
        ("toml", "line-length = 100\n", "", "Property `line-length` is unknown"),
        ("ini", "key = value", "KEY = value", ""),
    ],
)
def test_what_the_instruction_asks_for_is_no_loss(
    kind: str, old: str, new: str, instruction: str
) -> None:
    assert old in TEXTS[kind]
    assert problem(kind, TEXTS[kind], TEXTS[kind].replace(old, new), instruction) == ""


def test_a_text_that_could_not_be_read_before_is_not_judged() -> None:
    assert problem("json", "{broken", "{broken too") == ""
    entities = '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    assert problem("xml", entities, "<a>") == ""


def test_json_may_keep_its_comments_and_last_commas() -> None:
    assert problem("json", JSONC, JSONC.replace("http://a", "https://b")) == ""
    assert problem("json", JSONC, JSONC.replace(" // where", ' "more": 1,')) == ""
    assert "no valid JSON" in problem("json", JSONC, JSONC.replace("2,]", "2,,]"))
    assert problem("json", JSONC, JSONC.replace("list", "all")) == "The key `list` is missing."


@pytest.mark.parametrize(
    "answer",
    [
        "Fix the crash\n\nIt did not catch it.",
        "Fix the crash\n\nIt did not catch it.\n\n# Please enter the commit message.",
        "Fix the crash\n\nIt did not catch it.\n\n# On branch main",
    ],
)
def test_the_comment_lines_of_a_commit_message_stay(answer: str) -> None:
    assert with_comment_lines(COMMIT.splitlines(), answer.splitlines()) == [
        "Fix the crash",
        "",
        "It did not catch it.",
        "",
        "# Please enter the commit message for your changes.",
        "# On branch main",
    ]


def test_the_diff_below_a_commit_message_stays() -> None:
    diff = ["# ---- >8 ----", "# Do not touch the line above.", "diff --git a b", "+x"]
    assert with_comment_lines(["a", "", *diff], ["b"]) == ["b", "", *diff]
    assert with_comment_lines(["a"], ["b", "", "c"]) == ["b", "", "c"]


@pytest.mark.parametrize(
    ("language", "path", "kind"),
    [
        ("markdown", "/a", "markdown"),
        ("", "/a/README.md", "markdown"),
        ("git-commit", "/a/.git/COMMIT_EDITMSG", "commit"),
        ("plaintext", "/a/.git/COMMIT_EDITMSG", "commit"),
        ("jsonc", "/a/settings.json", "json"),
        ("", "/a/setup.cfg", "ini"),
        ("python", "/a/b.md", None),
    ],
)
def test_texts_are_known_by_language_id_or_name(language: str, path: str, kind: str | None) -> None:
    text = structured_text(view_of("‸", language, path))
    assert text is (None if kind is None else STRUCTURED_TEXTS[kind])


@pytest.mark.parametrize(
    "line",
    [
        "    # ... rest of the code",
        "// ... existing code ...",
        "// … other methods …",
        "/* ... remaining fields ... */",
        "// rest of the class remains unchanged",
        "    # Rest of your code here...",
        "    # existing code",
        "    // other methods",
        "// Existing code here",
        "<!-- rest of the document unchanged -->",
        "... (the rest remains the same)",
        "(rest of the text unchanged)",
        "-- remaining code unchanged",
    ],
)
def test_lines_that_stand_for_what_was_left_out(line: str) -> None:
    assert left_out(["a = 1"], ["a = 1", line]) == line.strip()
    assert left_out(["a = 1", line], ["a = 2", line]) == ""


@pytest.mark.parametrize(
    "line",
    [
        "    ...",
        "# ...",
        "# existing code paths must stay fast",
        "# the rest of the arguments is passed on",
        "rest = [*others, ...]",
        "// more than one method may match",
        "The rest of the file is data.",
        "- other methods",
        "def other_methods():",
        "# Other methods of HTTP than GET",
    ],
)
def test_lines_that_only_look_like_it(line: str) -> None:
    assert left_out([], [line]) == ""
