"""A client that names its folder as ``rootUri``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.rpc.client import initialized

from leanwide.engine.scripted import ScriptedEngine
from leanwide.server import create_server


async def test_the_root_stays_open_when_a_folder_is_added_and_closes_when_it_is_removed(
    tmp_path: Path,
):
    root, other = tmp_path / "root", tmp_path / "other"
    for folder in (root, other):
        folder.mkdir()
        (folder / ".gitignore").write_text("made.py\n")
    server = create_server(lambda _: ScriptedEngine())
    async with initialized(server, rootUri=root.as_uri()) as client:

        async def opened(number: int, **event: Any) -> list[Path]:
            change = {"added": [], "removed": [], **event}
            client.say("workspace/didChangeWorkspaceFolders", {"event": change})
            document = {"uri": (root / "made.py").as_uri(), "languageId": "python"}
            item = {**document, "version": number, "text": "x = \n"}
            client.say("textDocument/didOpen", {"textDocument": item})
            at = {"position": {"line": 0, "character": 4}, "context": {"triggerKind": 1}}
            asked = {"textDocument": {"uri": document["uri"]}, **at}
            client.say("textDocument/inlineCompletion", asked, number)
            assert (await client.answer(number))["result"] is None
            return [folder.path for folder in server.folders.names.folders.folders]

        added = [{"uri": other.as_uri(), "name": "other"}]
        assert await opened(2, added=added) == [root, other]
        assert "made.py is ignored by .gitignore" in server.session.journal.records[-1].reason
        removed = [{"uri": root.as_uri(), "name": ""}]
        assert await opened(3, removed=removed) == [other]
