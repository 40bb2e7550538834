"""What users of other tools had to report as bugs, through the real server with the embedded model.

The model's own words are never asserted: what holds for any model is.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from leanwide.models.embedded import embedded_model
from tests.e2e.session import END, SOURCE, Session, session

Items = Sequence[types.InlineCompletionItem]
AUTOMATIC = types.InlineCompletionTriggerKind.Automatic
INVOKED = types.InlineCompletionTriggerKind.Invoked
FOREIGN = re.compile(r"<\|\w+\|?>|<(?:fim|file|repo)_|</?think>|^[ \t]*```", re.MULTILINE)
CLOSERS = {")": "(", "]": "[", "}": "{"}
WAIT = 20.0
QUIET = {"completion": {"look_ahead": False}}
"""Settings with which every record of the journal belongs to a request of the test."""


def position(text: str) -> types.Position:
    """Where a text without wide characters ends."""
    return types.Position(text.count("\n"), len(text.rpartition("\n")[2]))


def open_at(
    editor: Session, marked: str, name: str, language: str = "python"
) -> tuple[str, types.Position]:
    """Open a document; give its URI and the place of the mark."""
    before, _, after = marked.partition("‸")
    return editor.open(before + after, name, language), position(before)


def ask(
    editor: Session,
    uri: str,
    at: types.Position,
    kind: types.InlineCompletionTriggerKind = AUTOMATIC,
    msg_id: str | None = None,
) -> asyncio.Future[types.InlineCompletionList | None]:
    """Send a request and do not wait for its answer."""
    context = types.InlineCompletionContext(kind)
    params = types.InlineCompletionParams(context, types.TextDocumentIdentifier(uri), at)
    method = types.TEXT_DOCUMENT_INLINE_COMPLETION
    return asyncio.wrap_future(editor.client.protocol.send_request(method, params, msg_id=msg_id))


async def answer(
    editor: Session,
    uri: str,
    at: types.Position,
    kind: types.InlineCompletionTriggerKind = AUTOMATIC,
) -> Items:
    result = await asyncio.wait_for(ask(editor, uri, at, kind), WAIT)
    return result.items if result is not None else []


async def records(editor: Session) -> list[Any]:
    return await editor.records()


async def ready(editor: Session) -> None:
    """Wait until the model serves, in a document of its own."""
    uri = editor.open(name="warm.py")
    await editor.complete_when_ready(uri, END)
    editor.close(uri)


def new_text(item: types.InlineCompletionItem, line_before: str) -> str:
    """What an item adds at the cursor."""
    assert item.range is not None
    replaced = line_before[item.range.start.character :]
    assert item.range.end.character == len(line_before)
    assert isinstance(item.insert_text, str)
    assert item.insert_text.startswith(replaced)
    return item.insert_text[len(replaced) :]


def closers_too_many(text: str) -> int:
    opened: list[str] = []
    extra = 0
    for mark in text:
        if mark in CLOSERS.values():
            opened.append(mark)
        elif mark in CLOSERS:
            if opened and opened[-1] == CLOSERS[mark]:
                opened.pop()
            else:
                extra += 1
    return extra


async def test_ghost_text_is_typed_through_and_a_mismatch_removes_it():
    async with session() as editor:
        await ready(editor)
        uri, at = open_at(editor, SOURCE + "return self.‸\n", "a.py")
        line = 8 * " " + "return self."
        (item,) = await answer(editor, uri, at)
        ghost = new_text(item, line)
        generated = sum(record.source == "model" for record in await records(editor))
        for key in ghost.partition("\n")[0][:-1]:
            at = editor.insert(uri, at, key)
            line, ghost = line + key, ghost[1:]
            (item,) = await answer(editor, uri, at)
            assert new_text(item, line) == ghost
            assert (await editor.last_request()).source in ("cache", "model")
        shown = [record for record in await records(editor) if record.source == "cache"]
        assert len(shown) >= len(ghost.partition("\n")[0]) - 1
        assert all(record.tokensEvaluated == 0 for record in shown)
        assert generated >= 1

        at = editor.insert(uri, at, "§")
        line += "§"
        for item in await answer(editor, uri, at):
            new_text(item, line)  # it continues what was typed, from where the cursor is now
        assert (await editor.last_request()).source == "model"


async def test_partial_acceptance_keeps_the_rest_and_counts_utf_16():
    async with session(QUIET) as editor:
        await ready(editor)
        before = '    print("🎉", self.se'
        uri = editor.open(SOURCE.rstrip(" ") + before + "\n", "a.py")
        at = types.Position(END.line, len(before) + 1)  # the emoji is two units
        (item,) = await answer(editor, uri, at, INVOKED)
        assert item.range == types.Range(types.Position(END.line, 4), at)
        assert isinstance(item.insert_text, str)
        ghost = item.insert_text.removeprefix(before.lstrip())
        word = ghost[: max(1, len(ghost) // 2)].partition("\n")[0]
        at = editor.insert(uri, at, word)
        if rest := ghost[len(word) :]:
            (item,) = await answer(editor, uri, at)
            assert item.insert_text == before.lstrip() + word + rest
            assert item.range == types.Range(types.Position(END.line, 4), at)
            assert (await editor.last_request()).source == "cache"


async def test_no_item_for_a_place_that_was_removed():
    async with session(QUIET) as editor:
        await ready(editor)
        uri, at = open_at(editor, SOURCE + "return ‸\n", "a.py")
        request = ask(editor, uri, at)
        back = types.Range(types.Position(at.line, at.character - 1), at)
        editor.change(uri, back, "")
        assert await asyncio.wait_for(request, WAIT) is None

        # the whole line goes
        request = ask(editor, uri, back.start)
        line = types.Range(types.Position(at.line, 0), types.Position(at.line + 1, 0))
        editor.change(uri, line, "")
        assert await asyncio.wait_for(request, WAIT) is None

        # insert mode is left
        at = editor.insert(uri, types.Position(at.line, 0), "value = ")
        request = ask(editor, uri, at, msg_id="leaving")
        editor.client.cancel_request(types.CancelParams("leaving"))
        with pytest.raises(JsonRpcException):
            await asyncio.wait_for(request, WAIT)

        uri, at = open_at(editor, SOURCE + "return ‸\n", "b.py")
        request = ask(editor, uri, at)
        editor.close(uri)
        assert await asyncio.wait_for(request, WAIT) is None


async def test_silent_while_deleting():
    async with session(QUIET) as editor:
        await ready(editor)
        uri, at = open_at(editor, SOURCE + "return sel‸\n", "a.py")
        back = types.Position(at.line, at.character - 1)
        editor.change(uri, types.Range(back, at), "")
        assert await answer(editor, uri, back) == []
        assert (await editor.last_request()).source == "none"
        await answer(editor, uri, back, INVOKED)
        assert (await editor.last_request()).source != "none"
        await answer(editor, uri, editor.insert(uri, back, "l"))
        assert (await editor.last_request()).source != "none"


async def test_silent_where_text_follows_unless_asked_by_hand():
    async with session(QUIET) as editor:
        await ready(editor)
        uri, at = open_at(editor, SOURCE + "value = self.‸ + other\n", "a.py")
        assert await answer(editor, uri, at) == []
        assert (await editor.last_request()).source == "none"
        for item in await answer(editor, uri, at, INVOKED):
            assert "\n" not in new_text(item, 8 * " " + "value = self.")
        assert (await editor.last_request()).source == "model"


async def test_minified_lines_get_no_completion_and_no_message():
    async with session(QUIET) as editor:
        await ready(editor)
        for name, line in (("a.py", 3000 * "x=a+b*c;"), ("b.py", "x = '" + 700 * "\u00e9\u4f60 !")):
            uri, at = open_at(editor, f"{line}‸\n", name)
            for kind in (AUTOMATIC, INVOKED):
                assert await answer(editor, uri, at, kind) == []
                assert (await editor.last_request()).source == "none"
        assert not editor.client.messages


PLACES = [
    ("        print(‸)\n", "python"),
    ("        print(self.get(‸))\n", "python"),
    ('        open("‸")\n', "python"),
    ("        self.settings[‸]\n", "python"),
    ("        names = [self.get(name) for name in (‸)]\n", "python"),
    ("\n    def all(self):\n        ‸\n        return self.settings\n", "python"),
    ("\n    def all(self):‸\n", "python"),
    ("    \n\t\n    ‸\n    \n", "python"),
    ("\tif x:\n\t\t‸\n", "python"),
    ("# Title\n\n‸\n", "markdown"),
    ("function f(a) {\n  return g(‸);\n}\n", "javascript"),
    ("function f(a) {\n  ‸\n}\n", "javascript"),
    ('{"a": [‸]}\n', "json"),
    ("‸", "python"),
]


async def test_no_text_is_doubled_and_no_marker_is_inserted():
    async with session() as editor:
        await ready(editor)
        for number, (marked, language) in enumerate(PLACES):
            for newline in ("\n", "\r\n"):
                text = (marked if language != "python" else SOURCE.rstrip(" ") + marked).replace(
                    "\n", newline
                )
                uri, at = open_at(editor, text, f"{number}{len(newline)}.{language}", language)
                before, _, after = text.partition("‸")
                line_before = before.rpartition("\n")[2]
                rest = after.partition(newline)[0]
                for item in await answer(editor, uri, at, INVOKED):
                    added = new_text(item, line_before)
                    assert added.strip()
                    assert added == added.rstrip()
                    if language != "markdown":
                        assert not FOREIGN.search(added)
                    assert "\r" not in added
                    first_line = line_before + added.partition("\n")[0]
                    if "\n" not in added and rest:
                        extra = closers_too_many(line_before + rest)
                        assert closers_too_many(first_line + rest) <= extra
                    following = [one.strip() for one in after.split(newline)[1:] if one.strip()]
                    if len("".join(following[:1])) > 5:
                        assert first_line.strip() != following[0]


async def test_the_same_prefix_with_another_suffix_is_another_question():
    async with session(QUIET) as editor:
        await ready(editor)
        uri, at = open_at(editor, "def f(a):\n    return ‸\n\nx = 1\n", "a.py")
        await answer(editor, uri, at)
        end = types.Position(3, 0)
        editor.change(uri, types.Range(end, end), "yyy = 2\n")
        await answer(editor, uri, at)
        first, second = [one for one in await records(editor) if one.source == "model"][-2:]
        assert "yyy" in second.prompt
        assert "yyy" not in first.prompt
        assert first.prompt.partition("<SUFFIX>")[0] == second.prompt.partition("<SUFFIX>")[0]


async def test_a_needed_line_break_and_enter_after_a_header():
    async with session(QUIET) as editor:
        await ready(editor)
        uri, at = open_at(editor, "import os\n\ndef name(path):‸\n", "a.py")
        items = await answer(editor, uri, at)
        for item in items:
            assert not new_text(item, "def name(path):").startswith("    ")
        editor.change(uri, types.Range(at, at), "\n    ")
        for item in await answer(editor, uri, types.Position(at.line + 1, 4)):
            assert not new_text(item, "    ")[0].isspace()


async def test_completions_in_comments_and_strings_can_be_switched_off():
    async with session(
        {"completion": {"in_comments": False, "in_strings": False, "look_ahead": False}}
    ) as editor:
        await ready(editor)
        for name, marked in (("a.py", "# Read the ‸\n"), ("b.py", 'x = "Read the ‸"\n')):
            uri, at = open_at(editor, marked, name)
            assert await answer(editor, uri, at) == []
            assert (await editor.last_request()).source == "none"
            await answer(editor, uri, at, INVOKED)
            assert (await editor.last_request()).source == "model"


async def test_a_renamed_model_file_has_the_right_fim_tokens(tmp_path: Path):
    path = tmp_path / "some name.bin"
    shutil.copyfile(embedded_model(), path)
    async with session(QUIET | {"model": {"path": str(path)}}) as editor:
        await ready(editor)
        record = await editor.last_request()
        assert record.prompt.startswith("<PREFIX>")
        assert "<SUFFIX>" in record.prompt
        assert "<MIDDLE>" in record.prompt
        assert not re.search(r"<\d+>", record.prompt)


async def test_while_the_model_loads_the_answer_is_empty_and_at_once():
    async with session(QUIET) as editor:
        uri, at = open_at(editor, "x = ‸\n", "a.py")
        assert await answer(editor, uri, at) == []
        assert (await editor.status()).state in ("starting", "loading", "idle")
        assert await records(editor) == []
        await ready(editor)


@pytest.mark.parametrize("client", ["vscode", "neovim"])
async def test_twenty_keys_at_50_ms(client: str):
    async with session(QUIET) as editor:
        await ready(editor)
        uri, at = open_at(editor, SOURCE + "‸\n", "a.py")
        known = len(await records(editor))
        requests: list[asyncio.Future[types.InlineCompletionList | None]] = []
        for number, key in enumerate("zq = self.settings[q]"[:20]):
            at = editor.insert(uri, at, key)
            if client == "vscode" and number and not requests[-1].done():
                editor.client.cancel_request(types.CancelParams(f"key-{number - 1}"))
            requests.append(ask(editor, uri, at, msg_id=f"key-{number}"))
            await asyncio.sleep(0.05)
        answers = await asyncio.wait_for(asyncio.gather(*requests, return_exceptions=True), WAIT)
        assert len(answers) == 20
        errors = [found for found in answers if isinstance(found, BaseException)]
        assert all(isinstance(one, JsonRpcException) for one in errors)
        assert client == "vscode" or not errors
        assert not isinstance(answers[-1], BaseException)
        for number, one in enumerate(answers):
            if isinstance(one, types.InlineCompletionList):
                (item,) = one.items
                assert item.range is not None
                assert item.range.end.character == END.character + number + 1

        # One generation for each key at most, and all of them over: nothing went on in the dark.
        later = [one for one in (await records(editor))[known:] if one.source == "model"]
        assert len(later) <= 20
        assert all("ended: " in one.reason for one in later)
        await answer(editor, uri, editor.insert(uri, at, "x"))
        assert (await editor.last_request()).source != "none"


async def test_edits_are_applied_while_a_request_runs():
    async with session() as editor:
        await ready(editor)
        uri, at = open_at(editor, SOURCE + "‸\n", "a.py")
        requests = []
        async with editor.held_engine():
            for key in "first = second":
                at = editor.insert(uri, at, key)
                requests.append(ask(editor, uri, at))
            await editor.status()
        answers = await asyncio.wait_for(asyncio.gather(*requests), WAIT)
        assert answers[:-1] == [None] * (len(requests) - 1)
        await answer(editor, uri, at, INVOKED)
        generated = [one for one in await records(editor) if one.source == "model"]
        assert any("first = second" in one.prompt for one in generated)
