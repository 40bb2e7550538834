"""Languages that the model in use was not trained for."""

from __future__ import annotations

from leanwide.context.view import Snapshot
from leanwide.engine.specs import ModelInfo
from leanwide.features.session import Session
from leanwide.syntax import language_for


def why_untrained(document: Snapshot, model: ModelInfo) -> str | None:
    """Return why a model's suggestions in a document are of no use; None where they may be.

    A model that names its languages knows no others: no prose, and nothing that has no name.
    """
    if not model.languages:
        return None
    grammar = language_for(document.language_id, document.path)
    names = {document.language_id, *([grammar.name, *grammar.ids] if grammar is not None else ())}
    if names & set(model.languages):
        return None
    known = [name.capitalize() if name.islower() else name for name in model.languages]
    *others, last = known
    listed = f"{', '.join(others)} and {last}" if others else last
    return f"{model.name} knows {listed} only"


def notify_untrained(document: Snapshot, lane: str, session: Session) -> str | None:
    """Return why a lane's model is of no use in a document, and tell the user what to do."""
    model = session.backend.engine.model(lane)
    reason = why_untrained(document, model) if model is not None else None
    if reason is not None:
        grammar = language_for(document.language_id, document.path)
        name = grammar.name if grammar is not None else document.language_id
        session.notify(
            f"{reason}: it suggests nothing in {name or 'this kind of file'} unless you ask. "
            "`leanwide models list` shows models that know more."
        )
    return reason
