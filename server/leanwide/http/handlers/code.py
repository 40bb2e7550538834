"""Code at a cursor: from the texts around it to what belongs there, by the use case of editors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import evolve, frozen

from leanwide.context.excerpt import excerpt_of
from leanwide.engine.base import EngineError, NotLoadedError
from leanwide.engine.requests import CancelToken
from leanwide.features.answer_wishes import AnswerWishes
from leanwide.features.completion.complete import complete
from leanwide.features.completion.request import InlineRequest
from leanwide.features.given_files import GivenFile
from leanwide.features.journal import Record
from leanwide.http.documents import HttpDocument, path_of
from leanwide.http.errors import http_error
from leanwide.http.service import HttpService
from leanwide.modes.profile import Mode

_LONGEST_MS: Final = 60_000.0
"""Milliseconds for which an answer may grow, where the client names no limit."""


@frozen(kw_only=True)
class CodeRequest:
    """A place in a text, with what the client knows and wishes."""

    before: str
    after: str
    name: str
    """The client's name of the file; "" where it names none."""
    files: Sequence[GivenFile] = ()
    """Pieces of other files, the newest last."""
    wishes: AnswerWishes
    most_ms: float | None = None
    """Milliseconds for which the answer may grow; None: no limit but the program's."""


@frozen
class CodeAnswer:
    """The text that belongs at the cursor, and the record of what it cost."""

    text: str
    record: Record | None
    """None where nothing was asked."""


async def code_at(request: CodeRequest, service: HttpService) -> CodeAnswer:
    """Return what belongs at a place; "" where there is nothing worth showing.

    Raises:
        HttpError: The model is loading, or cannot be used.
    """
    path = path_of(request.name, request.files)
    if request.wishes.max_tokens == 0 or not service.serves(path):
        service.engine.start()
        return CodeAnswer("", None)
    with service.documents.showing(excerpt_of(request.before, request.after), request.name) as at:
        try:
            return await _completed(request, at, path)
        except EngineError as error:
            if isinstance(error, NotLoadedError):
                service.engine.start()
            raise http_error(error, service.engine.status) from error


async def _completed(request: CodeRequest, at: HttpDocument, path: str) -> CodeAnswer:
    """Complete in a document, within the client's limits.

    Raises:
        EngineError: The engine cannot serve the request, or died while it did.
    """
    view = at.at(path)
    code = at.profiles[Mode.CODE]
    narrowed = evolve(code, output_tokens=request.wishes.most_of(code.output_tokens))
    at.session.profiles = {**at.profiles, Mode.CODE: narrowed}
    await at.files.use(request.files, at.session.names)
    # The client has decided that a suggestion is wanted here, whatever follows the cursor.
    inline = InlineRequest(view, by_hand=True, most_ms=request.most_ms or _LONGEST_MS)
    cancel = CancelToken()
    try:
        text = await complete(inline, at.state, cancel)
    finally:
        cancel.cancel()
    records = at.session.journal.records
    return CodeAnswer(request.wishes.ended(text), records[-1] if records else None)
