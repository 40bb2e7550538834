"""How often, and where, the user made a rewrite."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from leanwide.features.next_edit.rewrites import Example, Rewrite
from leanwide.features.next_edit.source import Source


@frozen(eq=False)
class Evidence:
    """A rewrite with the examples of it, the newest first."""

    rewrite: Rewrite
    examples: tuple[Example, ...]
    worked: range
    """The lines from the first example to the newest edit of the document: the user was there."""

    @property
    def count(self) -> int:
        """Changed lines in which it was made."""
        return len(self.examples)


def evidence(found: Sequence[Source]) -> tuple[Evidence, ...]:
    """Return what was rewritten, newest first; never what was also rewritten back."""
    known: dict[Rewrite, list[tuple[Source, Example]]] = {}
    for source in found:
        for example in source.examples:
            known.setdefault(example.rewrite, []).append((source, example))
    undone = {rewrite.reversed for rewrite in known}
    here = [source.lines for source in found if source.line is not None][:1]
    return tuple(
        Evidence(
            rewrite,
            tuple(example for _, example in some),
            _hull([*here, *(source.lines for source, _ in some if source.line is not None)]),
        )
        for rewrite, some in known.items()
        if rewrite.replacements not in undone
    )


def _hull(ranges: Sequence[range]) -> range:
    if not ranges:
        return range(0)
    return range(min(one.start for one in ranges), max(one.stop for one in ranges))
