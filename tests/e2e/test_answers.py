"""What of a model's answer is shown: the real server on stdio, with scripted answers."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from lsprotocol import types

from leanwide.features.journal import AnswerSource
from tests.e2e.session import SOURCE, Session, session

SERVER = str(Path(__file__).with_name("scripted_server.py"))
AUTOMATIC = types.InlineCompletionTriggerKind.Automatic
INVOKED = types.InlineCompletionTriggerKind.Invoked
UTF8, UTF16, UTF32 = types.PositionEncodingKind
QUIET = {"completion": {"look_ahead": False}}
WAIT = 20.0


@asynccontextmanager
async def scripted(
    *answers: list[object], encoding: types.PositionEncodingKind = UTF16
) -> AsyncIterator[Session]:
    command = (sys.executable, SERVER, json.dumps(answers), "/nowhere")
    async with session(QUIET, encoding, command=command) as editor:
        yield editor


def opened(editor: Session, marked: str, language: str, name: str = "a") -> tuple[str, int, int]:
    before, _, after = marked.partition("‸")
    uri = editor.open(before + after, name, language)
    return uri, before.count("\n"), len(before.rpartition("\n")[2])


async def ask(
    editor: Session,
    uri: str,
    at: types.Position,
    selected: types.SelectedCompletionInfo | None = None,
    kind: types.InlineCompletionTriggerKind = AUTOMATIC,
) -> list[types.InlineCompletionItem]:
    context = types.InlineCompletionContext(kind, selected)
    params = types.InlineCompletionParams(context, types.TextDocumentIdentifier(uri), at)
    method = types.TEXT_DOCUMENT_INLINE_COMPLETION
    sent = editor.client.protocol.send_request(method, params)
    result = await asyncio.wait_for(asyncio.wrap_future(sent), WAIT)
    return list(result.items) if result is not None else []


async def shown(*rows: tuple[str, str, Sequence[object]]) -> list[str]:
    """What is inserted at each row's mark, one document each; "" where nothing is suggested.

    A row is a language, a marked text and the pieces of the model's answer.
    """
    async with scripted(*(list(answer) for _, _, answer in rows)) as editor:
        return [
            await _shown(editor, marked, language, f"a{number}")
            for number, (language, marked, _) in enumerate(rows)
        ]


async def _shown(editor: Session, marked: str, language: str, name: str) -> str:
    uri, line, column = opened(editor, marked, language, name)
    items = await ask(editor, uri, types.Position(line, column))
    assert (await editor.last_request()).source == AnswerSource.MODEL
    if not items:
        return ""
    typed = marked.partition("‸")[0].rpartition("\n")[2].lstrip()
    (text,) = (item.insert_text for item in items)
    assert isinstance(text, str)
    assert text.startswith(typed)
    return text.removeprefix(typed)


# Markup by token, text by text

AS_IT_IS = [
    ("python", "THOUGHT = re.compile(‸)\n", 'r"<think>.*?</think>", re.DOTALL'),
    ("javascript", "raw.replace(‸\n", r'/<think>[\s\S]*?<\/think>/g, "")'),
    ("xml", "‸\n", "<file_path>src/main.py</file_path>"),
    ("python", "STOP = [‸\n", '"<|im_end|>"]'),
    ("typescript", "/**\n * Adds.\n *\n * ‸\n */\n", "```ts\n * add(1, 2);\n * ```"),
    ("rust", "/// Adds.\n///\n/// ‸\nfn add() {}\n", "```\n/// add(1, 2);\n/// ```"),
    ("go", "// Adds.\n//\n// ‸\nfunc Add() {}\n", "```go\n// Add(1, 2)\n// ```"),
    ("kotlin", "/**\n * Adds.\n *\n * ‸\n */\n", "```kotlin"),
    ("elixir", '@doc """\nAdds.\n\n‸\n"""\n', "```\nadd(1, 2)\n```"),
    ("python", 'def add():\n    """Add.\n\n    ‸\n    """\n', "```python\n    add(1, 2)\n    ```"),
    ("git-commit", "Add a sum\n\n‸\n", "```\nadd(1, 2)\n```"),
    ("markdown", "# Sums\n\n‸\n", "```python\nadd(1, 2)\n```"),
]


async def test_markers_that_are_legal_text_are_shown():
    rows = [(language, marked, [says]) for language, marked, says in AS_IT_IS]
    assert await shown(*rows) == [says for _, _, says in AS_IT_IS]


async def test_the_mark_of_a_doc_comment_is_not_doubled():
    says = " * Adds.\n * @returns the sum"
    rows = [("typescript", "/**\n * ‸\n */\n", [says]), ("rust", "/// ‸\n", ["/// Adds."])]
    assert await shown(*rows) == ["Adds.\n * @returns the sum", "Adds."]


SPECIAL = [
    (("a + b", {"special": "<|im_end|>"}, "\nThis adds."), "a + b"),
    (({"special": "<think>"}, "Hm.", {"special": "</think>"}, "a + b"), "a + b"),
    (("a + b", {"special": "<tool_call>"}, "x"), "a + b"),
    (("a + ", {"special": "<td>"}), "a + <td>"),
]


async def test_a_marker_that_the_model_emits_as_a_token_is_never_shown():
    rows = [("python", "x = ‸\n", answer) for answer, _ in SPECIAL]
    assert await shown(*rows) == [shows for _, shows in SPECIAL]


async def test_a_marker_as_a_token_is_not_shown_in_an_explanation():
    answer: list[object] = [
        "It adds.\n",
        {"special": "</think>"},
        "Done: `",
        {"special": "<think>"},
        "` stays.",
    ]
    async with scripted(answer) as editor:
        uri = editor.open()
        start = {"line": 3, "character": 0}
        argument = {"uri": uri, "range": {"start": start, "end": start}}
        said = (await editor.command("leanwide.explain", argument)).markdown
        assert said == "It adds.\nDone: `<think>` stays."


# Loops


async def test_an_endlessly_repeated_character_is_not_shown():
    rows = [
        ("python", "value = ‸\n", 64 * "G"),
        ("go", "// ‸\nfunc Add() {}\n", 64 * "@"),
        ("python", "# Title\n# ‸\n", 76 * "="),
    ]
    assert await shown(*rows) == ["", "", 76 * "="]


# The entry that is selected in the editor's own list


@pytest.mark.parametrize("encoding", [UTF8, UTF16, UTF32])
async def test_an_item_begins_with_the_selected_entry(encoding):
    units = {UTF8: 4, UTF16: 2, UTF32: 1}[encoding]
    before = '    "🎉", json.'
    column = len(before) - 1 + units
    async with scripted(["load(path)"], ["(indent=2)"], encoding=encoding) as editor:
        uri = editor.open(f"x = [\n{before}\n", "a.py")
        at = types.Position(1, column)
        (plain,) = await ask(editor, uri, at, kind=INVOKED)
        assert plain.insert_text == '"🎉", json.load(path)'
        selected = types.SelectedCompletionInfo(types.Range(at, at), "JSONEncoder")
        for _ in range(2):  # generated, then known
            (item,) = await ask(editor, uri, at, selected)
            assert item.insert_text == '"🎉", json.JSONEncoder(indent=2)'
            assert item.range == types.Range(types.Position(1, 4), at)
        assert (await editor.last_request()).source == AnswerSource.CACHE


async def test_a_contradicting_suggestion_is_not_sent():
    async with scripted(["load(path)"], []) as editor:
        uri = editor.open("import json\njson.\n", "a.py")
        at = types.Position(1, 5)
        (plain,) = await ask(editor, uri, at)
        assert plain.insert_text == "json.load(path)"
        selected = types.SelectedCompletionInfo(types.Range(at, at), "JSONEncoder")
        assert await ask(editor, uri, at, selected) == []


async def test_a_suggestion_that_matches_the_entry_comes_from_the_cache():
    async with scripted(["JSONEncoder(indent=2)"]) as editor:
        uri = editor.open("import json\njson.\n", "a.py")
        at = types.Position(1, 5)
        await ask(editor, uri, at)
        selected = types.SelectedCompletionInfo(types.Range(at, at), "JSONEncoder")
        (item,) = await ask(editor, uri, at, selected)
        assert item.insert_text == "json.JSONEncoder(indent=2)"
        assert (await editor.last_request()).source == AnswerSource.CACHE


async def test_the_entry_is_typed_and_accepted_without_asking_the_model_again():
    async with scripted(["(indent=2)"]) as editor:
        uri = editor.open("import json\njson.\n", "a.py")
        start = at = types.Position(1, 5)
        for key in ("", *"JSONE"):
            at = editor.insert(uri, at, key) if key else at
            selected = types.SelectedCompletionInfo(types.Range(start, at), "JSONEncoder")
            (item,) = await ask(editor, uri, at, selected)
            assert item.insert_text == "json.JSONEncoder(indent=2)"
            assert item.range == types.Range(types.Position(1, 0), at)
        at = editor.insert(uri, at, "ncoder(")
        (item,) = await ask(editor, uri, at)
        assert item.insert_text == "json.JSONEncoder(indent=2)"
        assert (await editor.last_request()).source == AnswerSource.CACHE


async def test_an_entry_may_replace_text_after_the_cursor():
    async with scripted(["(path)"]) as editor:
        uri = editor.open("import json\n    json.loads\n", "a.py")
        span = types.Range(types.Position(1, 9), types.Position(1, 14))
        selected = types.SelectedCompletionInfo(span, "load")
        (item,) = await ask(editor, uri, types.Position(1, 11), selected)
        assert item.insert_text == "json.load(path)"
        assert item.range == types.Range(types.Position(1, 4), types.Position(1, 14))


async def test_the_entry_counts_in_a_cell_of_a_notebook():
    async with scripted(["(indent=2)"]) as editor:
        cells = [f"vscode-notebook-cell:/project/notes.ipynb#W{number}" for number in range(2)]
        editor.open_at(cells[0], "import json\nimport os")
        editor.open_at(cells[1], "json.")
        at = types.Position(0, 5)
        selected = types.SelectedCompletionInfo(types.Range(at, at), "JSONEncoder")
        (item,) = await ask(editor, cells[1], at, selected)
        assert item.insert_text == "json.JSONEncoder(indent=2)"
        assert item.range == types.Range(types.Position(0, 0), at)


async def test_nothing_is_sent_for_an_entry_of_another_place():
    async with scripted(["(path)"]) as editor:
        uri = editor.open("import json\njson.\n", "a.py")
        for span in (
            types.Range(types.Position(0, 0), types.Position(0, 6)),
            types.Range(types.Position(0, 0), types.Position(1, 5)),
            types.Range(types.Position(1, 0), types.Position(1, 2)),
        ):
            selected = types.SelectedCompletionInfo(span, "load")
            assert await ask(editor, uri, types.Position(1, 5), selected) == []


# Several changes in one notification: what happened at the cursor counts


def inserted(line: int, column: int, text: str) -> tuple[types.Range, str]:
    at = types.Position(line, column)
    return types.Range(at, at), text


def deleted(line: int, start: int, end: int) -> tuple[types.Range, str]:
    return types.Range(types.Position(line, start), types.Position(line, end)), ""


LOAD = "import os  \nimport re\n\ndef load(path):\n    a =\n    b =\n    ‸\n"
NO_OS = types.Range(types.Position(0, 0), types.Position(1, 0)), ""
ENTER_TWICE = [inserted(6, 4, "\n    "), deleted(6, 0, 4)]
FORMATTED = [inserted(6, 4, "c ="), deleted(0, 9, 11)]
TYPED = [inserted(6, 4, "c"), inserted(5, 7, "c"), inserted(4, 7, "c")]
REMOVED = [deleted(6, 3, 4), deleted(5, 6, 7), deleted(4, 6, 7)]
CHANGES = {
    "enter twice": (ENTER_TWICE, types.Position(7, 4), True),
    "a key, and a formatter": (FORMATTED, types.Position(6, 7), True),
    "organise imports": ([NO_OS], types.Position(5, 4), True),
    "a key at three cursors": (TYPED, types.Position(6, 5), True),
    "backspace at three cursors": (REMOVED, types.Position(6, 3), False),
}


@pytest.mark.parametrize(("changes", "cursor", "suggested"), CHANGES.values(), ids=CHANGES)
async def test_only_a_deletion_at_the_cursor_silences(changes, cursor, suggested):
    async with scripted(["value = read(path)"]) as editor:
        uri, *_ = opened(editor, LOAD, "python")
        editor.change_several(uri, *changes)
        assert bool(await ask(editor, uri, cursor)) is suggested
        reason = (await editor.last_request()).reason
        assert ("silent while text is deleted" in reason) is not suggested


# Languages that the model was not trained for

FOREIGN = [
    ("javascript", "function add(a, b) {\n  return ‸\n}\n", "javascript"),
    ("go", "package main\n\n// ‸\n", "go"),
    ("rust", "fn add() {\n    ‸\n}\n", "rust"),
    ("markdown", "# Sums\n\n‸\n", "markdown"),
    ("plaintext", "Sums\n‸\n", "plaintext"),
    ("", "Sums\n‸\n", "this kind of file"),
]


async def test_an_untrained_language_gets_no_completions_and_one_message():
    async with session(QUIET) as editor:
        warm = editor.open(SOURCE + "x = ", "warm.py")
        at = types.Position(SOURCE.count("\n"), 12)
        assert await editor.complete_when_ready(warm, at)
        for number, (language, marked, name) in enumerate(FOREIGN):
            for copy in range(2):
                uri, line, column = opened(editor, marked, language, f"{number}{copy}.unknown")
                at = types.Position(line, column)
                assert await ask(editor, uri, at) == []
                record = await editor.last_request()
                assert record.source == AnswerSource.NONE
                assert "silent: leanwide embedded knows Python only" in record.reason
                (*_, why) = await editor.command("leanwide.why")
                assert "knows Python only" in why.reason
            told = [one.message for one in editor.client.messages if f"in {name} " in one.message]
            assert len(told) == 1
            assert "leanwide models list" in told[0]
        assert len(editor.client.messages) == len(FOREIGN)
        await ask(editor, uri, at, kind=INVOKED)
        assert (await editor.last_request()).source == AnswerSource.MODEL


async def test_a_question_about_an_untrained_language_is_answered_with_one_note():
    async with session(QUIET) as editor:
        uri = editor.open("function add(a, b) {\n  return a + b\n}\n", "a.js", "javascript")
        zero = {"line": 0, "character": 0}
        for _ in range(2):
            answer = await editor.command(
                "leanwide.explain", {"uri": uri, "range": {"start": zero, "end": zero}}
            )
            assert answer.markdown.strip()
        (note,) = editor.client.messages
        assert "knows Python only" in note.message
