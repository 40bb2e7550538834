"""What a filter knows beside the answer itself."""

from __future__ import annotations

from attrs import frozen

from leanwide.context.view import View


@frozen
class FilterContext:
    """Where an answer is to be shown."""

    view: View
    snippets: tuple[str, ...] = ()
    """Texts of other files that stood in the prompt: a model may echo them."""
    markers: tuple[str, ...] = ()
    """Markers that the model can only spell; where it has tokens for them, spelt ones are text."""
