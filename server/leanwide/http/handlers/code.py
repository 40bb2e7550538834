"""Code at a cursor: from the texts around it to what belongs there, by the use case of editors."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from attrs import frozen

from leanwide.context.excerpt import excerpt_of
from leanwide.context.view import View
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
class CodeAtCursor:
    """The text that belongs at the cursor, and the record of what it cost."""

    text: str
    record: Record | None = None
    """None where nothing was asked."""
    cut: bool = False
    """Whether it ends at the most tokens that it may have."""


async def code_at(request: CodeRequest, service: HttpService) -> CodeAtCursor:
    """Return what belongs at a place; "" where there is nothing worth showing.

    Raises:
        HttpError: The model is loading, or cannot be used.
    """
    if request.wishes.max_tokens == 0:
        service.engine.start()
        return CodeAtCursor("")
    excerpt = await asyncio.to_thread(excerpt_of, request.before, request.after)
    with service.documents.showing(excerpt, request.name) as at:
        view = at.at(path_of(request.name, request.files))
        if not service.serves(view):
            return CodeAtCursor("")
        try:
            return await _completed(request, at, view)
        except EngineError as error:
            if isinstance(error, NotLoadedError):
                service.engine.start()
            raise http_error(error, service.engine.status) from error


async def _completed(request: CodeRequest, at: HttpDocument, view: View) -> CodeAtCursor:
    """Complete in a document, within the client's limits.

    Raises:
        EngineError: The engine cannot serve the request, or died while it did.
    """
    await at.files.use(request.files, at.session.names)
    most_tokens = at.limit(request.wishes)
    # The client has decided that a suggestion is wanted here, whatever follows the cursor.
    inline = InlineRequest(view, by_hand=True, most_ms=request.most_ms or _LONGEST_MS)
    before = at.session.journal.records[-1:]
    cancel = CancelToken()
    try:
        text = await complete(inline, at.state, cancel)
    finally:
        cancel.cancel()
    records = at.session.journal.records
    if records[-1:] == before:  # superseded by a request at the same place
        return CodeAtCursor(text)
    cut = records[-1].tokens_generated >= most_tokens
    return CodeAtCursor(request.wishes.ended(text), records[-1], cut)
