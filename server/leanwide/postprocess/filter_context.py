"""What a filter knows besides the answer."""

from __future__ import annotations

from attrs import frozen

from leanwide.context.view import View


@frozen
class FilterContext:
    """Where an answer is shown, and what was in its prompt."""

    view: View
    snippets: tuple[str, ...] = ()
    """Texts of other files in the prompt, which a model may echo."""
    markers: tuple[str, ...] = ()
    """Markers that the model has no tokens for, and therefore spells."""
