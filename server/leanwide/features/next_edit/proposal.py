"""A change of a document that an edit suggests, before anything is checked."""

from __future__ import annotations

from attrs import frozen

from leanwide.features.next_edit.candidate import CandidateKind
from leanwide.syntax import Span


@frozen(kw_only=True)
class Proposal:
    """The text of a span replaced by another."""

    span: Span
    text: str
    kind: CandidateKind
    certain: bool = False
    reason: str
    rule: str = ""
