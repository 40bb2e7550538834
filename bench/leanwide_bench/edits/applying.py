"""LSP's ``WorkspaceEdit`` and a chat's answer, applied to a text as an editor would."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from leanwide.postprocess.code import code_in
from leanwide.syntax import split
from leanwide_bench.edits.tasks import EditKind, EditTask
from leanwide_bench.replay.buffer import Buffer, Encoding


def applied(edit: Mapping[str, Any], uri: str, text: str, encoding: Encoding) -> tuple[str, str]:
    """Return the document after an edit, and the text of another file that the edit creates.

    Args:
        edit: With ``documentChanges`` or ``changes``.
        uri: The document's.
        text: The document's, with LF endings.
        encoding: How positions count.
    """
    other = ""
    for changed, edits in _by_uri(edit):
        if changed == uri:
            text = _with_edits(text, edits, encoding)
        else:
            other = _with_edits(other, edits, encoding)
    return text, other


def in_place(task: EditTask, answer: str) -> tuple[str, str]:
    """Return the file with the first code block of an answer in place of the selection.

    The block is indented as the selection is. A test is a file of its own, and is the second text.
    """
    code = textwrap.dedent(code_in(answer).text)
    if task.kind is EditKind.TEST:
        return task.text, code
    lines = split(task.text)
    first = next((line for line in task.lines if line.strip()), "")
    margin = first[: len(first) - len(first.lstrip())]
    new = textwrap.indent(code, margin) + "\n" if code else ""
    return "".join((*lines[: task.first], new, *lines[task.last :])), ""


def _by_uri(edit: Mapping[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for change in edit.get("documentChanges") or ():
        if "textDocument" in change:
            yield change["textDocument"]["uri"], change["edits"]
    yield from (edit.get("changes") or {}).items()


def _with_edits(text: str, edits: list[dict[str, Any]], encoding: Encoding) -> str:
    """Return a text after edits whose ranges are those of the text before."""
    buffer = Buffer("", text, encoding)
    starts = [0]
    for line in buffer.lines:
        starts.append(starts[-1] + len(line) + 1)

    def offset(position: dict[str, int]) -> int:
        if position["line"] >= len(buffer.lines):
            return len(text)
        line, column = buffer.place(position)
        return starts[line] + column

    spans = [(offset(e["range"]["start"]), offset(e["range"]["end"]), e["newText"]) for e in edits]
    for start, end, new in sorted(spans, key=lambda span: span[:2], reverse=True):
        text = text[:start] + new + text[end:]
    return text
