"""Open documents, in sync with the editor.

pygls splits lines as Python does, also at form feeds and other separators that are plain
characters to an editor (files of the standard library contain them), and rebuilds the whole text
on every change. Here a line ends with LF, CRLF or CR only, and a change touches its lines only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from urllib.parse import unquote
from weakref import WeakSet

from lsprotocol import types
from pygls.workspace import PositionCodec, TextDocument, Workspace

from leanwide.context.view import split_lines
from leanwide.lsp.changes import TextChange, followed, removes_at
from leanwide.lsp.extents import Extent, extended, line_change
from leanwide.lsp.uris import unusable, without_host


class PositionError(ValueError):
    """The document has no such line."""


class OpenDocument(TextDocument):
    """A text document held as lines."""

    def __init__(self, text: str, codec: PositionCodec, item: types.TextDocumentItem) -> None:
        super().__init__(
            item.uri,
            source=None,
            version=item.version,
            language_id=item.language_id,
            position_codec=codec,
        )
        self.path = without_host(self.path)
        self._lines = split_lines(text)
        self._changes: tuple[TextChange, ...] = ()
        """Changes of the newest notification."""
        self._extents: WeakSet[Extent] = WeakSet()
        """What follows the changes, as long as anything refers to it."""

    @property
    def lines(self) -> Sequence[str]:
        """Lines with their endings; an empty last line is left out."""
        return tuple(self._lines)

    @property
    def source(self) -> str:
        """The whole text."""
        return "".join(self._lines)

    def apply_change(self, change: types.TextDocumentContentChangeEvent) -> None:
        """Apply one change of the editor: the whole text or a range."""
        if isinstance(change, types.TextDocumentContentChangePartial):
            self._changes = followed(self._changes, self._replace(change.range, change.text))
        else:
            before, self._lines = self._lines, split_lines(change.text)
            self._changes = ()
            self._extend(0, before, self._lines)

    def begin_changes(self) -> None:
        """Forget the changes so far: a new notification begins."""
        self._changes = ()

    def deleting_at(self, line: int, column: int) -> bool:
        """Whether the newest notification only removed text at a place."""
        return removes_at(self._changes, (line, column))

    def track(self, line: int, column: int) -> Callable[[], str]:
        """Return a function that returns the text inserted at a place since, as it is by then."""
        extent = Extent((line, column), (line, column))
        self._extents.add(extent)
        return partial(self._text_in, extent)

    def _text_in(self, extent: Extent) -> str:
        (first, start), (last, end) = extent.start, extent.end
        lines = self._lines[first : last + 1]
        if first == last:
            return "".join(lines)[start:end]
        whole = lines[1 : last - first]
        tail = lines[-1][:end] if len(lines) > last - first else ""
        return "".join((lines[0][start:] if lines else "", *whole, tail))

    def _extend(self, first: int, before: Sequence[str], after: Sequence[str]) -> None:
        """Have the extents follow a replacement of lines, of which some may be the same."""
        if self._extents and (change := line_change(first, before, after)) is not None:
            self._follow(change)

    def _follow(self, change: TextChange) -> None:
        for extent in self._extents:
            extent.start, extent.end = extended(extent.start, extent.end, change)

    def locate(self, position: types.Position) -> tuple[int, int]:
        """Return line and column, in code points, of a position.

        A character beyond the line's end is that end, as LSP says. The line after the last one is
        the end of the text: editors use it to select whole lines to the end.

        Raises:
            PositionError: The line is further down.
        """
        last = self._count() - 1
        if position.line > last + 1:
            raise PositionError(
                f"line {position.line} does not exist: the document has {self._count()}"
            )
        if position.line > last:
            return last, len(self._line_text(last))
        return position.line, self._column(self._line_text(position.line), position.character)

    def _count(self) -> int:
        """Return the number of lines; after a line ending, or in no text, there is an empty one."""
        ends_empty = not self._lines or self._lines[-1].endswith(("\r", "\n"))
        return len(self._lines) + (1 if ends_empty else 0)

    def _line_text(self, line: int) -> str:
        return self._lines[line].rstrip("\r\n") if line < len(self._lines) else ""

    def _column(self, text: str, units: int) -> int:
        """Return how many code points ``units`` of the client's encoding cover, at most all."""
        if text.isascii():
            return min(units, len(text))
        counted = 0
        for column, character in enumerate(text):
            if counted >= units:
                return column
            counted += self.position_codec.client_num_units(character)
        return len(text)

    def _clamped(self, position: types.Position) -> tuple[int, int]:
        """Like :meth:`locate`, but beyond the end is the end, as LSP says for edits."""
        if position.line >= len(self._lines):
            return len(self._lines), 0
        return position.line, self._column(self._line_text(position.line), position.character)

    def _replace(self, span: types.Range, text: str) -> TextChange:
        """Replace a range, and split again only the lines that the change can join or split."""
        first, start = self._clamped(span.start)
        last, end = self._clamped(span.end)
        change = _change((first, start), (last, end), text)
        head = self._lines[first][:start] if first < len(self._lines) else ""
        tail = self._lines[last][end:] if last < len(self._lines) else ""
        last = min(last + 1, len(self._lines))
        if first == len(self._lines) and first > 0:
            first -= 1
            head = self._lines[first]
        if first > 0 and self._lines[first - 1].endswith("\r"):
            first -= 1
            head = self._lines[first] + head
        if last < len(self._lines):
            tail += self._lines[last]
            last += 1
        before, after = self._lines[first:last], split_lines(head + text + tail)
        self._lines[first:last] = after
        if change.start[0] == change.old_end[0]:
            self._follow(change)
        else:  # a formatter replaces more lines than it changes
            self._extend(first, before, after)
        return change


def _change(start: tuple[int, int], end: tuple[int, int], text: str) -> TextChange:
    parts = split_lines(text + "$")
    column = len(parts[-1]) - 1 + (start[1] if len(parts) == 1 else 0)
    return TextChange(start, end, (start[0] + len(parts) - 1, column), not text)


class DocumentWorkspace(Workspace):
    """pygls's workspace, with :class:`OpenDocument` for documents."""

    revision: int = 0
    """Number of changes of all documents."""

    def put_text_document(
        self, text_document: types.TextDocumentItem, notebook_uri: str | None = None
    ) -> None:
        """Add a document that the editor opened, unless its URI is unusable."""
        if unusable(text_document.uri):
            return
        self.revision += 1
        super().put_text_document(text_document, notebook_uri)
        document = OpenDocument(text_document.text, self.position_codec, text_document)
        self._text_documents[self._key(text_document.uri)] = document

    def update_text_document(
        self,
        text_doc: types.VersionedTextDocumentIdentifier,
        change: types.TextDocumentContentChangeEvent,
    ) -> None:
        """Apply one change; the first of a notification has a new version."""
        document = self.opened(text_doc.uri)
        if document is None:
            return  # the editor never opened it
        if document.version != text_doc.version:
            document.begin_changes()
        self.revision += 1
        super().update_text_document(text_doc, change)

    def opened(self, uri: str) -> OpenDocument | None:
        """Return an open document; None for others: files are not read in their place."""
        document = self._text_documents.get(self._key(uri))
        return document if isinstance(document, OpenDocument) else None

    @staticmethod
    def _key(uri: str) -> str:
        return unquote(uri)
