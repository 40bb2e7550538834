"""A server with scripted next edits and ghost text on stdio: ``next_edit_server.py SCRIPT LOG``.

The tests of what an editor shows use it; what the real server proposes is tested elsewhere. SCRIPT
is a :class:`Script` as JSON. What the editor tells about an edit is appended to LOG, a word a line.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

from attrs import frozen
from cattrs import structure
from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method
from pygls.workspace import TextDocument

ACCEPTED: Final = "leanwide.nextEditAccepted"
REJECTED: Final = "leanwide.nextEditRejected"
STATUS: Final = {
    "mode": "code",
    "lane": "lean",
    "state": "idle",
    "experts": 2,
    "tokensPerSecond": 0,
    "reason": "",
}


@frozen
class Replacement:
    """A next edit: the first place of a document with a text, and what replaces it there."""

    old: str
    new: str
    file: str = ""
    """The name of the document; "" is the one that the editor asks about."""


@frozen
class Script:
    """What the server answers."""

    edits: list[Replacement]
    ghost_after: str = ""
    """A suggestion is made where the text before the cursor on its line ends with this."""
    ghost: str = ""


class _Protocol(LanguageServerProtocol):
    @lsp_method(types.INITIALIZE)
    def lsp_initialize(
        self, params: types.InitializeParams
    ) -> Generator[Any, Any, types.InitializeResult]:
        result = yield from super().lsp_initialize(params)
        result.capabilities.experimental = {"leanwide": {"nextEdit": True}}
        return result


class ScriptedServer(LanguageServer):
    """The server, with what it proposes and what was rejected."""

    def __init__(self, script: Script, log: Path) -> None:
        super().__init__("leanwide", "0", protocol_cls=_Protocol)
        self.script = script
        self.log = log
        self.rejected: set[str] = set()

    def tell(self, event: str) -> None:
        """Append an event to the log."""
        with self.log.open("a") as file:
            file.write(event + "\n")

    def next_edit(self, uri: str) -> dict[str, Any] | None:
        """Return the next edit for a document, None where the script has none."""
        for number, edit in enumerate(self.script.edits):
            document = self._beside(uri, edit.file) if edit.file else self._opened(uri)
            start = document.source.find(edit.old) if document else -1
            if document is None or start < 0 or f"{number} {uri}" in self.rejected:
                continue
            return {
                "text": edit.new,
                "range": types.Range(
                    _position(document, start), _position(document, start + len(edit.old))
                ),
                "command": types.Command("", ACCEPTED, arguments=[{"id": f"{number} {uri}"}]),
                "textDocument": {"uri": document.uri, "version": document.version},
                "reason": f"`{edit.old}` is now `{edit.new}`",
                "kind": "replacement",
            }
        return None

    def _opened(self, uri: str) -> TextDocument | None:
        documents: dict[str, TextDocument] = self.workspace.text_documents
        return documents.get(uri)

    def _beside(self, uri: str, name: str) -> TextDocument:
        """Return another document of the same folder, as the editor has it or from disk."""
        other = f"{uri.rpartition('/')[0]}/{name}"
        return self._opened(other) or TextDocument(other)


def _position(document: TextDocument, offset: int) -> types.Position:
    """Return a place of a text without characters outside of ASCII."""
    before = document.source[:offset]
    return types.Position(before.count("\n"), offset - (before.rfind("\n") + 1))


def create(script: Script, log: Path) -> ScriptedServer:
    """Return the server with all that it answers."""
    server = ScriptedServer(script, log)

    @server.feature("leanwide/nextEdit")
    def next_edit(ls: ScriptedServer, params: Any) -> dict[str, Any]:
        edit = ls.next_edit(params.textDocument.uri)
        return {"edits": [edit] if edit else []}

    @server.feature("textDocument/didShowInlineEdit")
    def did_show(ls: ScriptedServer, params: Any) -> None:
        ls.tell("shown")

    @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
    def inline_completion(
        ls: ScriptedServer, params: types.InlineCompletionParams
    ) -> types.InlineCompletionList:
        lines, at = ls.workspace.get_text_document(params.text_document.uri).lines, params.position
        line = lines[at.line] if at.line < len(lines) else ""
        before, after = line[: at.character], ls.script.ghost_after
        typed = before.lstrip()
        start = types.Position(at.line, at.character - len(typed))
        item = types.InlineCompletionItem(typed + ls.script.ghost, range=types.Range(start, at))
        return types.InlineCompletionList([item] if after and before.endswith(after) else [])

    @server.command("leanwide.status")
    def status(ls: ScriptedServer, *arguments: Any) -> dict[str, Any]:
        return STATUS

    @server.command(ACCEPTED)
    def accepted(ls: ScriptedServer, *arguments: Any) -> None:
        ls.tell("accepted")

    @server.command(REJECTED)
    def rejected(ls: ScriptedServer, argument: Any) -> None:
        ls.rejected.add(argument["id"])
        ls.tell("rejected")

    return server


if __name__ == "__main__":
    create(structure(json.loads(sys.argv[1]), Script), Path(sys.argv[2])).start_io()
