"""The typed parameters of a client's messages, and what they say about documents and folders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cattrs import Converter, transform_error
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from leanwide.lsp.next_edit_params import FocusParams, InlineEditParams, ShownEditParams
from leanwide.lsp.rpc.messages import RpcNotification, RpcRequest
from leanwide.lsp.uris import unusable

CURSOR: Final = "leanwide/cursor"
NEXT_EDIT: Final = "leanwide/nextEdit"
COPILOT_INLINE_EDIT: Final = "textDocument/copilotInlineEdit"
DID_SHOW_INLINE_EDIT: Final = "textDocument/didShowInlineEdit"
DID_FOCUS: Final = "textDocument/didFocus"

_OWN_PARAMS: Final[Mapping[str, type[Any]]] = {
    CURSOR: types.TextDocumentPositionParams,
    NEXT_EDIT: InlineEditParams,
    COPILOT_INLINE_EDIT: InlineEditParams,
    DID_SHOW_INLINE_EDIT: ShownEditParams,
    DID_FOCUS: FocusParams,
}
"""Types of the parameters of methods that LSP does not know."""
OWN_REQUESTS: Final = frozenset({NEXT_EDIT, COPILOT_INLINE_EDIT})
"""Those of them that are answered."""
_MAX_FAULTS: Final = 3


EXPERIMENTAL: Final = {"leanwide": {"nextEdit": True}}
"""What ``initialize`` advertises as experimental capabilities."""


def typed_params(message: RpcRequest | RpcNotification, converter: Converter) -> Any:
    """Return the typed parameters of a message.

    Raises:
        JsonRpcInvalidParams: They do not fit; the error says where.
    """
    try:
        if (kind := _OWN_PARAMS.get(message.method)) is not None:
            return converter.structure(message.data.get("params"), kind)
        whole = types.METHOD_TO_TYPES[message.method][0]
        return converter.structure(message.data, whole).params
    except Exception as error:
        own = isinstance(error, ValueError) and message.method in _OWN_PARAMS
        faults = str(error) if own else "; ".join(transform_error(error)[:_MAX_FAULTS])
        reason = f"the parameters do not fit {message.method}: {faults}"
        raise JsonRpcInvalidParams(message=reason) from error


def document_uri(params: Any) -> str | None:
    """Return the URI of the document that a message, or its command, is about."""
    arguments = getattr(params, "arguments", None)
    if isinstance(arguments, list | tuple) and arguments and isinstance(arguments[0], dict):
        uri = arguments[0].get("uri")
    else:
        uri = getattr(getattr(params, "text_document", None), "uri", None)
    return uri if isinstance(uri, str) else None


def drop_unusable_folders(params: types.InitializeParams) -> None:
    """Remove folders with unusable URIs: the others are served."""
    if params.root_uri is not None and unusable(params.root_uri):
        params.root_uri = None
    if "\0" in (params.root_path or ""):
        params.root_path = None
    if params.workspace_folders:
        params.workspace_folders = [
            folder for folder in params.workspace_folders if not unusable(folder.uri)
        ]
