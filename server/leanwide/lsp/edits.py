"""Builds a ``WorkspaceEdit`` with what the client supports: versions, confirmation, new files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from attrs import frozen
from lsprotocol import types
from pygls.workspace import PositionCodec, ServerTextPosition

from leanwide.features.edit.change import FileEdit
from leanwide.syntax import Edit, Position, content

_ANNOTATION: Final = "leanwide"
"""Id of the annotation that all edits of an answer share."""


@frozen(kw_only=True)
class EditSupport:
    """Which edits a client supports."""

    documents: bool
    """``documentChanges``, which carry a version."""
    annotations: bool
    """Change annotations, which ask the user to confirm."""
    creation: bool
    """Edits that create files."""


def edit_support(client: types.ClientCapabilities) -> EditSupport:
    """Return what a client supports, from its capabilities."""
    workspace = client.workspace or types.WorkspaceClientCapabilities()
    edits = workspace.workspace_edit or types.WorkspaceEditClientCapabilities()
    documents = bool(edits.document_changes)
    return EditSupport(
        documents=documents,
        annotations=documents and edits.change_annotation_support is not None,
        creation=documents
        and types.ResourceOperationKind.Create in (edits.resource_operations or ()),
    )


def workspace_edit(
    change: FileEdit, label: str, support: EditSupport, codec: PositionCodec
) -> types.WorkspaceEdit:
    """Return a change as an edit; one that creates a file needs ``support.creation``."""
    plain = text_edits(change.edits, change.lines, codec)
    if not support.documents:
        return types.WorkspaceEdit(changes={change.uri: plain})
    annotation = _ANNOTATION if support.annotations else None
    edits: Sequence[types.TextEdit | types.AnnotatedTextEdit] = plain
    if annotation is not None:
        edits = [types.AnnotatedTextEdit(annotation, edit.range, edit.new_text) for edit in plain]
    document = types.OptionalVersionedTextDocumentIdentifier(change.uri, change.version)
    operations: list[types.TextDocumentEdit | types.CreateFile] = []
    if change.creates:
        options = types.CreateFileOptions(overwrite=False, ignore_if_exists=False)
        operations.append(types.CreateFile(change.uri, options=options, annotation_id=annotation))
    operations.append(types.TextDocumentEdit(document, edits))
    question = types.ChangeAnnotation(label, needs_confirmation=True)
    return types.WorkspaceEdit(
        document_changes=operations,
        change_annotations={annotation: question} if annotation is not None else None,
    )


def text_edits(
    edits: Iterable[Edit], lines: Sequence[str], codec: PositionCodec
) -> list[types.TextEdit]:
    """Return edits of a document's lines, with positions in the client's units."""
    return [
        types.TextEdit(
            types.Range(_position(edit.start, lines, codec), _position(edit.end, lines, codec)),
            edit.text,
        )
        for edit in edits
    ]


def _position(position: Position, lines: Sequence[str], codec: PositionCodec) -> types.Position:
    line, column = position
    if line >= len(lines):
        return types.Position(line, 0)
    text = (content(lines[line]),)
    units = codec.position_to_client_units(text, ServerTextPosition(0, column))
    return types.Position(line, units.character)
