"""textDocument/codeAction: the commands that make sense at a place."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from attrs import field, frozen
from lsprotocol import types

from leanwide.features.ask.selection import ResolvedSelection, resolve
from leanwide.features.edit.add_documentation import documentable
from leanwide.features.edit.refactor import INSTRUCTIONS, instructions_for, is_place
from leanwide.features.edit.write_test import can_be_tested
from leanwide.features.refusal import Refusal
from leanwide.lsp.convert import selection_at
from leanwide.lsp.protocol import arrival_version
from leanwide.lsp.session import Server

EXPLAIN: Final = "source.leanwide.explain"
"""A kind of ``source``, not of ``refactor``: it changes no text."""
REFACTOR: Final = "refactor.rewrite.leanwide"
DOCUMENT: Final = "refactor.rewrite.leanwide.document"
FIX: Final = "quickfix.leanwide.fix"
TEST: Final = "source.leanwide.test"

KINDS: Final = (EXPLAIN, REFACTOR, DOCUMENT, FIX, TEST)
"""Every kind that is offered."""


@frozen(kw_only=True)
class Offer:
    """A command that makes sense at a place."""

    title: str
    kind: str
    command: str
    more: Mapping[str, Any] = field(factory=dict)
    """What its argument has besides the place."""


async def code_actions(
    ls: Server, params: types.CodeActionParams
) -> list[types.CodeAction | types.Command]:
    """Offer what can be done with the selection, or with the definition at the cursor."""
    arrived, uri = arrival_version.get(), params.text_document.uri
    selection = selection_at(ls.documents, uri, params.range)
    wanted = [kind for kind in KINDS if _is_wanted(kind, params.context.only)]
    if not wanted or arrived not in (None, selection.view.version):
        return []
    try:
        found = await resolve(selection, "explain", ls.session)
    except Refusal:
        return []
    offers = await asyncio.to_thread(list, _offers(found, params.context.diagnostics))
    if is_place(selection):
        # There an instruction asks for new code, and these are about what is there.
        offers = [offer for offer in offers if offer.kind != REFACTOR]
    build = _action if _supports_literals(ls.client_capabilities) else _command
    return [build(offer, params) for offer in offers if offer.kind in wanted]


def _is_wanted(kind: str, only: Iterable[str] | None) -> bool:
    return only is None or any(kind == asked or kind.startswith(f"{asked}.") for asked in only)


def _offers(found: ResolvedSelection, diagnostics: Iterable[types.Diagnostic]) -> Iterator[Offer]:
    """Yield what makes sense; the server delivers the answer, so that every client can use it."""
    applied, shown = {"apply": True}, {"show": True}
    title = "Explain with leanwide"
    yield Offer(title=title, kind=EXPLAIN, command="leanwide.explain", more=shown)
    if found_diagnostics := list(diagnostics):
        more = {**applied, "diagnostics": found_diagnostics}
        yield Offer(title="Fix with leanwide", kind=FIX, command="leanwide.fix", more=more)
    for name in instructions_for(found.language.name if found.language is not None else ""):
        title, more = f"{name} with leanwide", {**applied, "instruction": INSTRUCTIONS[name]}
        yield Offer(title=title, kind=REFACTOR, command="leanwide.refactor", more=more)
    if documentable(found):
        title = "Document with leanwide"
        yield Offer(title=title, kind=DOCUMENT, command="leanwide.document", more=applied)
    if can_be_tested(found):
        title = "Write a test with leanwide"
        yield Offer(title=title, kind=TEST, command="leanwide.test", more=applied)


def _command(offer: Offer, params: types.CodeActionParams) -> types.Command:
    argument = {"uri": params.text_document.uri, "range": params.range, **offer.more}
    return types.Command(title=offer.title, command=offer.command, arguments=[argument])


def _action(offer: Offer, params: types.CodeActionParams) -> types.CodeAction:
    return types.CodeAction(
        title=offer.title,
        kind=offer.kind,
        command=_command(offer, params),
        diagnostics=offer.more.get("diagnostics"),
    )


def _supports_literals(client: types.ClientCapabilities) -> bool:
    """Whether the client takes code actions, and not commands only."""
    document = client.text_document
    actions = document.code_action if document is not None else None
    return actions is not None and actions.code_action_literal_support is not None
