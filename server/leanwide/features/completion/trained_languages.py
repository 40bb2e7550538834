"""Languages that the model in use was not trained for."""

from __future__ import annotations

from leanwide.context.view import View
from leanwide.engine.base import ModelInfo
from leanwide.features.session import Workbench
from leanwide.syntax import language_for


def why_foreign(view: View, model: ModelInfo) -> str | None:
    """Give the reason why a model says nothing of use about a document; None where it may.

    A model that names its languages knows no others: no prose, and nothing that has no name.
    """
    if not model.languages:
        return None
    grammar = language_for(view.language_id, view.path)
    names = {view.language_id, *([grammar.name, *grammar.ids] if grammar is not None else ())}
    return None if names & set(model.languages) else f"{model.name} knows {_known(model)} only"


def tell_foreign(view: View, bench: Workbench) -> None:
    """Tell the user what to do where the model does not know a document's language."""
    model = bench.engine.model
    reason = why_foreign(view, model) if model is not None else None
    if reason is None:
        return
    grammar = language_for(view.language_id, view.path)
    name = grammar.name if grammar is not None else view.language_id
    bench.tell(
        f"{reason}: it suggests nothing in {name or 'this kind of file'} unless you ask. "
        "`leanwide models list` shows models that know more."
    )


def _known(model: ModelInfo) -> str:
    *names, last = [one.capitalize() if one.islower() else one for one in model.languages]
    return f"{', '.join(names)} and {last}" if names else last
