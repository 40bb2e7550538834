"""What the user changed lately: all keys at one place joined into one event, in memory only."""

from __future__ import annotations

from typing import Final

from attrs import field, frozen

from leanwide.context.view import Snapshot, with_lf
from leanwide.features.next_edit.event import EditEvent
from leanwide.syntax import SyntaxTree, difference

_MAX_EVENTS: Final = 32
_MAX_EVENT_LINES: Final = 40
"""Lines of an event before or after. A change of more is a paste, another branch or a formatter."""
_MAX_EVENT_CHARACTERS: Final = 8_000
_MAX_CHARACTERS: Final = 100_000
"""Characters of all events."""
_IDLE_S: Final = 15.0
"""Seconds without a key after which the next key begins another event at the same place."""
_MAX_AGE_S: Final = 1_800.0


@frozen
class _Kept:
    event: EditEvent
    at: float
    """When its last key came."""
    size: int = field(init=False)

    @size.default
    def _count_characters(self) -> int:
        return sum(map(len, self.event.before)) + sum(map(len, self.event.after))


@frozen
class _Change:
    """Lines of a document from ``first`` on were replaced."""

    first: int
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def is_event(self) -> bool:
        """Whether a user may have made it by hand."""
        characters = max(sum(map(len, self.before)), sum(map(len, self.after)))
        lines = max(len(self.before), len(self.after))
        return lines <= _MAX_EVENT_LINES and characters <= _MAX_EVENT_CHARACTERS


class EditHistory:
    """The newest edits of a session over all documents.

    Each event's line counts in the text after the event, so that the events of a document, applied
    in their order to its first text, give its last text.
    """

    def __init__(self) -> None:
        self._kept: list[_Kept] = []

    def changed(
        self, old: Snapshot, new: Snapshot, now: float, tree: SyntaxTree | None = None
    ) -> None:
        """Note one change of a document.

        A change too large to be made by hand ends the document's history.

        Args:
            old: The document before the change.
            new: The document after it.
            now: Seconds of a monotonic clock.
            tree: The tree of ``new``, where it is known already: it tells the event's scope.
        """
        change = _change_between(old, new)
        if change is None:
            self.forget(new.uri)
            return
        if not change.before and not change.after:
            return
        last = self._last_of(new.uri)
        joined = _joined(self._kept[last].event, change, old, new) if last is not None else None
        if last is not None and joined is not None:
            nothing_left = not joined.before and not joined.after
            if nothing_left or (now - self._kept[last].at <= _IDLE_S and joined.is_event):
                del self._kept[last]
                change = joined
        if change.before or change.after:
            self._kept.append(_Kept(_event(new, change, tree), now))
        self._shrink(now)

    def events(self, now: float) -> tuple[EditEvent, ...]:
        """Return the events of the last half hour, newest first."""
        return tuple(kept.event for kept in reversed(self._kept) if now - kept.at <= _MAX_AGE_S)

    def forget(self, uri: str) -> None:
        """Forget what was changed in a document."""
        self._kept = [kept for kept in self._kept if kept.event.uri != uri]

    def _last_of(self, uri: str) -> int | None:
        numbers = range(len(self._kept) - 1, -1, -1)
        return next((number for number in numbers if self._kept[number].event.uri == uri), None)

    def _shrink(self, now: float) -> None:
        """Forget the oldest events: those too old, and those for which there is no room."""
        self._kept = [kept for kept in self._kept if now - kept.at <= _MAX_AGE_S]
        size = sum(kept.size for kept in self._kept)
        while len(self._kept) > _MAX_EVENTS or size > _MAX_CHARACTERS:
            size -= self._kept.pop(0).size


def _change_between(old: Snapshot, new: Snapshot) -> _Change | None:
    """Return what changed; None where it is too large to be made by hand."""
    splice = difference(old.lines, new.lines)
    if max(splice.last - splice.first, len(splice.lines)) > _MAX_EVENT_LINES:
        return None  # before any line is copied: it may be the whole of a large file
    before = _with_lf(old.lines[splice.first : splice.last])
    change = _Change(splice.first, before, _with_lf(splice.lines))
    return change if change.is_event else None


def _joined(event: EditEvent, change: _Change, old: Snapshot, new: Snapshot) -> _Change | None:
    """Return the event with a later change; None where that is at another place."""
    start, end = event.line, event.line + len(event.after)
    first, last = change.first, change.first + len(change.before)
    is_line_between = first == last or start == end
    if not (first <= end and start <= last if is_line_between else first < end and start < last):
        return None
    above, below = min(start, first), max(end, last)
    before = (
        *_with_lf(old.lines[above:start]),
        *event.before,
        *_with_lf(old.lines[end:below]),
    )
    after = _with_lf(new.lines[above : below + len(change.after) - len(change.before)])
    splice = difference(before, after)
    return _Change(above + splice.first, before[splice.first : splice.last], tuple(splice.lines))


def _event(document: Snapshot, change: _Change, tree: SyntaxTree | None) -> EditEvent:
    return EditEvent(
        uri=document.uri,
        path=document.path,
        language_id=document.language_id,
        version=document.version,
        line=change.first,
        before=change.before,
        after=change.after,
        scope=_scope(tree, change) if tree is not None else "",
    )


def _scope(tree: SyntaxTree, change: _Change) -> str:
    """Return the type of the smallest named node around the changed lines."""
    if not change.after:
        start = end = tree.clamp((change.first, 0))
    else:
        text = change.after[0]
        last = change.first + len(change.after) - 1
        start = tree.clamp((change.first, len(text) - len(text.lstrip())))
        end = tree.clamp((last, len(change.after[-1].rstrip())))
    return next((node.type for node in tree.around(start, max(start, end)) if node.is_named), "")


def _with_lf(lines: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return tuple(map(with_lf, lines))
