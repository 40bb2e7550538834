"""Edit commands over stdio: with scripted answers what is made of them, with the model the rest."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcMethodNotFound
from pygls.workspace import PositionCodec

from leanwide.lsp.documents import OpenDocument
from tests.e2e.scripted_server import HOLD
from tests.e2e.session import SOURCE, Session, session, unstructured
from tests.e2e.test_explain import (
    CURSOR,
    METHOD,
    SHORT,
    WAIT,
    cancelled,
    idle,
    streamed,
    until_streaming,
)

SERVER = str(Path(__file__).with_name("scripted_server.py"))
GET = "def get(self, name):\n    return self.settings.get(name)"
DONE = SOURCE.replace("return self.settings[name]", "return self.settings.get(name)")
Capable = Callable[[types.ClientCapabilities], object]


def block(old: str, new: str) -> str:
    return f"<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n"


def fenced(code: str) -> str:
    return f"```python\n{code}\n```\n"


def modern(client: types.ClientCapabilities) -> None:
    """Everything about edits that a client can do."""
    client.workspace = types.WorkspaceClientCapabilities(
        apply_edit=True,
        workspace_edit=types.WorkspaceEditClientCapabilities(
            document_changes=True,
            resource_operations=[types.ResourceOperationKind.Create],
            change_annotation_support=types.ChangeAnnotationsSupportOptions(),
        ),
    )


def versioned(client: types.ClientCapabilities) -> None:
    client.workspace = types.WorkspaceClientCapabilities(
        workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True)
    )


@asynccontextmanager
async def scripted(
    *answers: str | list[str],
    more: Capable = modern,
    go: Path = Path("/nowhere"),
    **options: Any,
) -> AsyncIterator[tuple[Session, str]]:
    pieces = [[answer] if isinstance(answer, str) else answer for answer in answers]
    command = (sys.executable, SERVER, json.dumps(pieces), str(go))
    async with session(command=command, more=more, **options) as editor:
        yield editor, editor.open()


@asynccontextmanager
async def modelled(options: dict[str, Any] | None = None) -> AsyncIterator[tuple[Session, str]]:
    async with session(options, more=modern) as editor:
        yield editor, editor.open()


def start(
    editor: Session,
    uri: str,
    command: str = "refactor",
    span: types.Range = METHOD,
    msg_id: str | None = None,
    **more: Any,
) -> asyncio.Future[Any]:
    """Send a command and do not wait."""
    if command == "refactor":
        more.setdefault("instruction", "use get")
    argument = {"uri": uri, "range": unstructured(span), **more}
    params = types.ExecuteCommandParams(f"leanwide.{command}", [argument])
    return asyncio.wrap_future(
        editor.client.protocol.send_request(types.WORKSPACE_EXECUTE_COMMAND, params, msg_id=msg_id)
    )


async def run(editor: Session, uri: str, command: str = "refactor", **more: Any) -> Any:
    """Run a command; what LSP types are in its answer become plain objects."""
    answer = await asyncio.wait_for(start(editor, uri, command, **more), WAIT)
    return json.loads(json.dumps(answer, default=lambda item: item._asdict()))


def applied(text: str, edits: list[dict[str, Any]]) -> str:
    """The text after edits, as an editor applies them: from the last to the first."""
    codec = PositionCodec(types.PositionEncodingKind.Utf16)
    document = OpenDocument(text, codec, types.TextDocumentItem("file:///a", "", 1, text))
    for edit in reversed(edits):
        start, end = (types.Position(**edit["range"][side]) for side in ("start", "end"))
        change = types.TextDocumentContentChangePartial(types.Range(start, end), edit["newText"])
        document.apply_change(change)
    return document.source


async def refused(asked: asyncio.Future[Any]) -> int:
    """The code of the error that a request ends with."""
    with pytest.raises(JsonRpcException) as caught:
        await asyncio.wait_for(asked, WAIT)
    return caught.value.code


# What is made of an answer


async def test_an_edit_names_its_version_and_asks_for_a_confirmation():
    async with scripted(fenced(GET)) as (editor, uri):
        answer = await run(editor, uri, streamToken="one")
        assert set(answer) == {"edit", "attempt", "stats"}
        assert answer["stats"]["lane"] == "wide"
        (change,) = answer["edit"]["documentChanges"]
        assert change["textDocument"] == {"uri": uri, "version": 1}
        assert applied(SOURCE, change["edits"]) == DONE
        annotation = answer["edit"]["changeAnnotations"][change["edits"][0]["annotationId"]]
        assert annotation["needsConfirmation"] is True
        assert streamed(editor, "one") == fenced(GET)


@pytest.mark.parametrize("more", [versioned, lambda _: None])
async def test_a_client_gets_an_edit_that_it_supports(more):
    async with scripted(fenced(GET), more=more) as (editor, uri):
        edit = (await run(editor, uri))["edit"]
        assert "changeAnnotations" not in edit
        (change,) = (
            edit["documentChanges"] if more is versioned else [{"edits": edit["changes"][uri]}]
        )
        edits = change["edits"]
        assert [set(one) for one in edits] == [{"range", "newText"}]
        assert applied(SOURCE, edits) == DONE


async def test_positions_are_in_the_units_of_the_client():
    text = "x = '\N{GRINNING FACE}'"
    async with scripted("x = 1") as (editor, _):
        uri = editor.open(text, "smile.py")
        span = types.Range(types.Position(0, 0), types.Position(0, len(text) + 1))
        (change,) = (await run(editor, uri, span=span))["edit"]["documentChanges"]
        assert applied(text, change["edits"]) == "x = 1"


async def test_one_broken_answer_is_retried_and_two_are_refused():
    async with scripted(fenced("def get("), fenced(GET), "def get(", "def get(:") as (editor, uri):
        mended = await run(editor, uri)
        assert applied(SOURCE, mended["edit"]["documentChanges"][0]["edits"]) == DONE
        assert mended["stats"]["tokensGenerated"] == 2
        answer = await run(editor, uri)
        assert answer["edit"] is None
        assert answer["markdown"].startswith("It does not parse")
        assert "def get(:" in answer["markdown"]


async def test_a_method_is_taken_out_of_its_class_and_its_import_goes_to_the_imports():
    answer = (
        "import json\nfrom typing import Any\n\n\nclass Store:\n"
        "    def get(self, name) -> Any:\n        return self.settings.get(name)"
    )
    async with scripted(fenced(answer)) as (editor, uri):
        (change,) = (await run(editor, uri))["edit"]["documentChanges"]
    after = DONE.replace("def get(self, name):", "def get(self, name) -> Any:")
    after = after.replace("import json\n", "import json\nfrom typing import Any\n")
    assert applied(SOURCE, change["edits"]) == after
    assert len(change["edits"]) == 2


async def test_what_a_compiler_would_refuse_is_refused_with_the_reason():
    twice = f"{GET}\n\n{GET}"
    async with scripted(fenced(twice), fenced(twice)) as (editor, uri):
        answer = await run(editor, uri)
    assert answer["edit"] is None
    assert answer["markdown"].startswith("`get` is defined twice.")


async def test_a_test_is_a_file_that_the_editor_creates(tmp_path):
    code = "def test_get():\n    assert True"
    async with scripted(fenced(code), root=tmp_path) as (editor, _):
        uri = (tmp_path / "store.py").as_uri()
        (tmp_path / "tests").mkdir()
        editor.open_at(uri)
        create, change = (await run(editor, uri, "test"))["edit"]["documentChanges"]
        assert create["kind"] == "create"
        assert create["uri"] == (tmp_path / "tests" / "test_store.py").as_uri()
        assert change["textDocument"] == {"uri": create["uri"], "version": None}
        assert applied("", change["edits"]) == f"{code}\n"


async def test_an_editor_that_cannot_create_files_gets_a_message_at_once():
    async with scripted(fenced("def test_get(): ..."), more=versioned) as (editor, uri):
        answer = await run(editor, uri, "test")
        assert answer["edit"] is None
        assert answer["markdown"].startswith("This editor cannot create ")
        assert answer["stats"]["tokensGenerated"] == 0


async def test_with_apply_the_server_sends_the_edit_to_the_editor():
    async with scripted(fenced(GET), "def get(", "def get(") as (editor, uri):
        wishes: list[types.ApplyWorkspaceEditParams] = []

        def apply(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            wishes.append(params)
            editor.change(uri, types.Range(types.Position(0, 0), types.Position(0, 0)), "\n")
            return types.ApplyWorkspaceEditResult(applied=True)

        editor.client.feature(types.WORKSPACE_APPLY_EDIT)(apply)

        answer = await run(editor, uri, apply=True)
        assert answer["applied"] is True
        (change,) = wishes[0].edit.document_changes or ()
        assert isinstance(change, types.TextDocumentEdit)
        assert change.text_document.version == 1

        answer = await run(editor, uri, apply=True)
        assert (answer["applied"], len(wishes)) == (False, 1)
        assert "It does not parse" in editor.client.messages[-1].message


async def test_an_editor_that_applies_no_edit_gets_a_message():
    async with scripted(fenced(GET)) as (editor, uri):

        def apply(_: types.ApplyWorkspaceEditParams) -> None:
            raise JsonRpcMethodNotFound

        editor.client.feature(types.WORKSPACE_APPLY_EDIT)(apply)

        assert (await run(editor, uri, apply=True))["applied"] is False
        assert editor.client.messages[-1].message == "This editor cannot apply the edit."


async def test_without_apply_the_server_sends_no_edit():
    async with scripted(fenced(GET)) as (editor, uri):

        def apply(params: types.ApplyWorkspaceEditParams) -> None:
            raise AssertionError(params)

        editor.client.feature(types.WORKSPACE_APPLY_EDIT)(apply)

        assert "applied" not in await run(editor, uri)
        assert (await editor.status()).state


RANGE = {"start": {"line": 1, "character": 0}, "end": {"line": 2, "character": 0}}


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("refactor", {}),
        ("refactor", {"instruction": " "}),
        ("refactor", {"instruction": 3}),
        ("refactor", {"instruction": "x", "apply": 1}),
        ("document", {"apply": "yes"}),
        ("fix", {"diagnostics": 3}),
        ("fix", {"diagnostics": [{"message": "no range"}]}),
        ("test", {"range": None}),
        ("test", {"uri": "file:///project/closed.py"}),
    ],
)
async def test_bad_arguments_are_an_error(command, more):
    async with scripted() as (editor, uri):
        argument = {"uri": uri, "range": RANGE, **more}
        with pytest.raises(JsonRpcException) as caught:
            await editor.command(f"leanwide.{command}", argument)
        assert caught.value.code == -32602
        assert (await editor.status()).state


async def test_cancelled_while_it_generates():
    async with scripted(["```python\n", HOLD], fenced(GET)) as (editor, uri):
        asked = start(editor, uri, msg_id="to-cancel", streamToken="cut")
        await until_streaming(editor, "cut")
        await cancelled(editor, asked)
        record = await editor.last_request()
        assert "cancelled" in record.reason
        assert record.answer == "```python\n"
        assert (await run(editor, uri))["edit"]


@pytest.mark.parametrize("how", ["changed", "closed", "edited anew"])
async def test_a_change_a_close_or_a_newer_edit_ends_an_edit(how):
    async with scripted(["```python\n", HOLD], fenced(GET)) as (editor, uri):
        asked = start(editor, uri, streamToken="cut")
        await until_streaming(editor, "cut")
        if how == "changed":
            editor.insert(uri, types.Position(0, 0), "#")
            assert await refused(asked) == types.LSPErrorCodes.ContentModified
        elif how == "closed":
            editor.close(uri)
            assert await refused(asked) == types.LSPErrorCodes.ContentModified
        else:
            assert (await run(editor, uri))["edit"]
            assert await refused(asked) == types.LSPErrorCodes.ServerCancelled


async def test_a_test_file_that_is_opened_meanwhile_gets_no_edit(tmp_path):
    code, go = "def test_get():\n    assert True", tmp_path / "go"
    async with scripted(["```\n", HOLD, f"{code}\n```\n"], root=tmp_path, go=go) as (editor, _):
        uri = editor.open_at((tmp_path / "store.py").as_uri())
        asked = start(editor, uri, "test", streamToken="one")
        await until_streaming(editor, "one")
        editor.open_at((tmp_path / "test_store.py").as_uri(), "def test_set(): ...\n")
        await editor.status()
        go.touch()
        assert await refused(asked) == types.LSPErrorCodes.ContentModified


# What streams of an edit


def streamed_edits(editor: Session, token: str) -> list[list[dict[str, Any]]]:
    """The lists of settled edits that came on a token so far."""
    parts = json.loads(json.dumps(editor.parts.get(token, []), default=lambda one: one._asdict()))
    return [part["edits"] for part in parts if "edits" in part]


async def until_edits(editor: Session, token: str, count: int) -> list[dict[str, Any]]:
    """The newest settled edits, once ``count`` lists of them came."""
    async with asyncio.timeout(WAIT):
        while len(found := streamed_edits(editor, token)) < count:
            await asyncio.sleep(0.01)
    return found[-1]


LONG = "".join(f"    line_{at} = {at}\n" for at in range(12))
LONG_SOURCE = f"def long():\n    smile = '\N{GRINNING FACE}'; first = 1\n{LONG}"
LONG_SPAN = types.Range(types.Position(0, 0), types.Position(14, 0))
NEW = LONG_SOURCE.replace("first = 1", "first = 2").replace("line_9 = 9", "line_9 = 0")


async def test_edits_that_are_settled_come_while_the_model_writes(tmp_path):
    written, rest = NEW.split("    line_6", 1)
    answer = ["```python\n", written, HOLD, f"    line_6{rest}", "```\n"]
    async with scripted(answer, go=tmp_path / "go") as (editor, _):
        uri = editor.open(LONG_SOURCE, "long.py")
        asked = start(editor, uri, span=LONG_SPAN, streamToken="one")
        settled = await until_edits(editor, "one", 1)
        assert editor.parts["one"][-1]["text"] == ""
        assert editor.parts["one"][-1]["version"] == 1
        assert applied(LONG_SOURCE, settled) == LONG_SOURCE.replace("first = 1", "first = 2")
        (tmp_path / "go").touch()
        edit = (await asyncio.wait_for(asked, WAIT))["edit"]
        edits = json.loads(json.dumps(edit, default=lambda one: one._asdict()))
        (change,) = edits["documentChanges"]
        plain = [{"range": one["range"], "newText": one["newText"]} for one in change["edits"]]
        assert plain[: len(settled)] == settled
        assert applied(LONG_SOURCE, plain) == NEW


async def test_a_wrapped_answer_streams_what_was_asked_for(tmp_path):
    method = LONG.replace("    line", "        line")
    text = f"import os\n\n\nclass A:\n    def long(self):\n        first = 1\n{method}"
    new = text.replace("first = 1", "first = 2").replace("line_9 = 9", "line_9 = 0")
    written, rest = new.replace("import os", "import re").split("        line_6", 1)
    answer = ["```python\n", written, HOLD, f"        line_6{rest}", "```\n"]
    span = types.Range(types.Position(4, 0), types.Position(18, 0))
    async with scripted(answer, go=tmp_path / "go") as (editor, _):
        uri = editor.open(text, "long.py")
        asked = start(editor, uri, span=span, streamToken="one")
        settled = await until_edits(editor, "one", 1)
        assert applied(text, settled) == text.replace("first = 1", "first = 2")
        (tmp_path / "go").touch()
        edit = (await asyncio.wait_for(asked, WAIT))["edit"]
        edits = json.loads(json.dumps(edit, default=lambda one: one._asdict()))
        (change,) = edits["documentChanges"]
        plain = [{"range": one["range"], "newText": one["newText"]} for one in change["edits"]]
        assert all(one in plain for one in settled)
        assert applied(text, plain) == new.replace("import os", "import os\nimport re")


async def test_a_second_attempt_begins_with_an_empty_list(tmp_path):
    first = ["```python\n", NEW.partition("    line_9")[0], HOLD, "    line_9 = (\n", "```\n"]
    async with scripted(first, fenced(NEW), go=tmp_path / "go") as (editor, _):
        uri = editor.open(LONG_SOURCE, "long.py")
        asked = start(editor, uri, span=LONG_SPAN, streamToken="one")
        assert await until_edits(editor, "one", 1)
        (tmp_path / "go").touch()
        await until_edits(editor, "one", 2)
        assert (await asyncio.wait_for(asked, WAIT))["edit"]
        assert streamed_edits(editor, "one")[1] == []


async def test_changed_pieces_stream_when_they_are_whole(tmp_path):
    text = "".join(f"value_{at} = {at}\n" for at in range(2000))
    span = types.Range(types.Position(0, 0), types.Position(2000, 0))
    one, two = (block(f"value_{at} = {at}", f"value_{at} = 0") for at in (7, 5))
    async with scripted([one, HOLD, two], go=tmp_path / "go") as (editor, _):
        uri = editor.open(text, "long.py")
        asked = start(editor, uri, span=span, streamToken="one")
        settled = await until_edits(editor, "one", 1)
        assert applied(text, settled) == text.replace("= 7\n", "= 0\n", 1)
        (tmp_path / "go").touch()
        await asyncio.wait_for(asked, WAIT)
        assert "2,000 lines do not fit to be written again" in (await editor.last_request()).reason


async def test_documentation_that_streams_changes_no_line_of_code(tmp_path):
    """Of two definitions the model writes the code again, with their documentation."""
    other = "\n\ndef other():\n    return 1\n"
    text = LONG_SOURCE.replace("def long():\n", 'def long():\n    """It is long."""\n') + other
    changed = NEW.replace("def long():\n", 'def long():\n    """It is long."""\n') + other
    answers = [["```python\n", one, HOLD, "```\n"] for one in (changed, text)]
    span = types.Range(types.Position(0, 0), types.Position(18, 0))
    async with scripted(*answers, go=tmp_path / "go") as (editor, _):
        uri = editor.open(LONG_SOURCE + other, "long.py")
        start(editor, uri, "document", span=span, streamToken="changed")
        await until_streaming(editor, "changed")
        start(editor, uri, "document", span=span, streamToken="one")
        assert applied(LONG_SOURCE + other, await until_edits(editor, "one", 1)) == text
        assert not any(streamed_edits(editor, "changed"))


# A blank line


async def test_on_a_blank_line_an_instruction_asks_for_new_code():
    row = SOURCE.splitlines().index("    def get(self, name):") - 1
    span = types.Range(types.Position(row, 0), types.Position(row, 0))
    async with scripted(fenced("def has(self):\n    return True")) as (editor, uri):
        (change,) = (await run(editor, uri, span=span))["edit"]["documentChanges"]
        new = "\n    def has(self):\n        return True\n\n    def get(self, name):"
        assert applied(SOURCE, change["edits"]) == SOURCE.replace("\n    def get(self, name):", new)


# Asking again


SAME = fenced("def get(self, name):\n    return self.settings[name]")


async def test_a_hint_follows_up_on_an_attempt_also_a_refused_one():
    async with scripted(SAME, fenced(GET), fenced("def get(): return")) as (editor, uri):
        refusal = await run(editor, uri)
        assert refusal["edit"] is None
        answer = await run(editor, uri, attempt=refusal["attempt"], hint="You may.")
        assert answer["edit"]
        prompt = (await editor.last_request()).prompt
        assert prompt.index("use get") < prompt.index(SAME) < prompt.index("You may.")
        await run(editor, uri, attempt=answer["attempt"])
        prompt = (await editor.last_request()).prompt
        assert prompt.index("You may.") < prompt.index(GET) < prompt.index("another way")


@pytest.mark.parametrize("how", ["changed", "unknown", "another command"])
async def test_a_hint_is_part_of_a_new_question_where_the_old_one_no_longer_holds(how):
    async with scripted(fenced("def get(): return"), fenced(GET)) as (editor, uri):
        attempt = (await run(editor, uri))["attempt"]
        if how == "changed":
            editor.insert(uri, types.Position(len(SOURCE.splitlines()), 0), "#")
        command = "document" if how == "another command" else "refactor"
        attempt = "unknown" if how == "unknown" else attempt
        await run(editor, uri, command, attempt=attempt, hint="Be brief.")
        prompt = (await editor.last_request()).prompt
        assert prompt.index("def get") < prompt.index("Be brief.")
        assert "return\n```" not in prompt.partition("Be brief.")[0].replace("return self", "")


async def test_an_excluded_file_is_not_sent_again(tmp_path):
    async with scripted(fenced(GET), fenced(GET), root=tmp_path) as (editor, _):
        uri = editor.open_at((tmp_path / "store.py").as_uri())
        attempt = (await run(editor, uri))["attempt"]
        (tmp_path / ".leanwideignore").write_text("store.py\n")
        editor.client.workspace_did_change_watched_files(
            types.DidChangeWatchedFilesParams(
                [
                    types.FileEvent(
                        (tmp_path / ".leanwideignore").as_uri(), types.FileChangeType.Created
                    )
                ]
            )
        )
        answer = await run(editor, uri, attempt=attempt, hint="Again.")
        assert answer["edit"] is None
        assert answer["attempt"] is None
        assert answer["stats"]["tokensGenerated"] == 0


async def test_a_follow_up_reads_the_conversation_from_the_kv_cache():
    async with modelled(SHORT) as (editor, uri):
        first = await run(editor, uri)
        stats = (await run(editor, uri, attempt=first["attempt"], hint="Be brief."))["stats"]
        assert stats["tokensReused"] > first["stats"]["tokensEvaluated"] / 2


# The model


@pytest.mark.parametrize("command", ["refactor", "document", "fix", "test"])
async def test_the_model_is_asked_and_its_text_streams(command):
    here = {"line": 23, "character": 8}
    found = [{"range": {"start": here, "end": here}, "message": "`name` may be missing"}]
    async with modelled(SHORT) as (editor, uri):
        answer = await run(editor, uri, command, streamToken="one", diagnostics=found)
        assert set(answer) - {"markdown"} == {"edit", "attempt", "stats"}
        assert (answer["edit"] is None) == ("markdown" in answer)
        assert answer["stats"]["tokensGenerated"] > 0
        assert streamed(editor, "one")
        record = await editor.last_request()
        assert (record.mode, record.lane, record.source) == ("think", "wide", "model")
        assert "def get" in record.prompt


@pytest.mark.parametrize("how", ["changed", "closed"])
async def test_a_document_that_is_changed_or_closed_meanwhile_gets_no_edit(how):
    async with modelled(SHORT) as (editor, uri):
        await run(editor, uri, span=CURSOR)
        async with editor.held_engine():
            asked = start(editor, uri)
            await editor.status()
            if how == "changed":
                editor.insert(uri, types.Position(0, 0), "#")
            else:
                editor.close(uri)
            assert await refused(asked) == types.LSPErrorCodes.ContentModified
        assert (await editor.status()).state


async def test_a_second_edit_of_the_document_supersedes_the_first():
    async with modelled(SHORT) as (editor, uri):
        await run(editor, uri, span=CURSOR)
        async with editor.held_engine():
            first = start(editor, uri)
            await editor.status()
            second = start(editor, uri)
            assert await refused(first) == types.LSPErrorCodes.ServerCancelled
        assert (await asyncio.wait_for(second, WAIT))["stats"]


async def test_typing_in_other_documents_and_an_explanation_do_not_end_an_edit():
    async with modelled(SHORT) as (editor, uri):
        await run(editor, uri, span=CURSOR)
        other = editor.open(name="other.py")
        async with editor.held_engine():
            asked = start(editor, uri)
            explanation = start(editor, uri, "explain")
            await editor.status()
            editor.insert(other, types.Position(0, 0), "#")
        assert (await asyncio.wait_for(asked, WAIT))["stats"]
        assert (await asyncio.wait_for(explanation, WAIT))["markdown"]


async def test_cancelled_while_the_model_loads():
    async with modelled(SHORT) as (editor, uri):
        await cancelled(editor, start(editor, uri, msg_id="to-cancel"))
        assert (await run(editor, uri))["stats"]


async def test_cancelled_during_prefill():
    async with modelled(SHORT) as (editor, uri):
        await run(editor, uri, span=CURSOR)
        async with editor.held_engine():
            asked = start(editor, uri, msg_id="to-cancel")
            await editor.status()
            await cancelled(editor, asked)
        await idle(editor)
        assert (await run(editor, uri))["stats"]


async def test_a_selection_of_ten_thousand_lines_is_refused_in_a_sentence():
    async with modelled(SHORT) as (editor, _):
        uri = editor.open("value = 1\n" * 10_000, "long.py")
        span = types.Range(types.Position(0, 0), types.Position(10_000, 0))
        answer = await run(editor, uri, span=span)
        assert answer["edit"] is None
        assert "at most 32 tokens fit" in answer["markdown"]
        assert answer["stats"]["tokensGenerated"] == 0
