"""What may be wrong with a server, in sentences for the user."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from leanwide.engine.base import EngineError

_ERROR_TYPE: Final = re.compile(r"\w{1,40}")
_TOO_LONG: Final = re.compile("context (?:length|size|window)")
"""How messages of servers name what is too long."""
LONGER_CONTEXT: Final = (
    "start it with a longer one (llama-server: --ctx-size, vLLM: --max-model-len)"
)
"""What to do where a server's context is too short, unless its model knows no longer one."""
_MAX_NAME: Final = 200


class LostServerError(EngineError):
    """The server cannot be reached, or its answers make no sense: it has to be asked again."""


class LoadingError(LostServerError):
    """The server is there, and loads its model."""


class SlowServerError(LostServerError):
    """The server took a question, and does not answer in time."""


class UnknownPathError(LostServerError):
    """The server lacks an address, or the model that is asked for."""


class NonsenseError(LostServerError):
    """The server answers something else than it was asked for."""


class RefusedKeyError(LostServerError):
    """The server wants another key, or allows something to others only."""


class RefusedRequestError(EngineError):
    """The server is well, and does not serve this request."""


class BusyServerError(EngineError):
    """The server is well, and serves this request at another time."""


LACKING: Final = (UnknownPathError, RefusedRequestError, NonsenseError)
"""How servers answer what they do not have."""


def nonsense(server: str) -> NonsenseError:
    """Return the error for an answer that is none."""
    return NonsenseError(f"what {server} answers makes no sense: check the address")


def printable(text: str) -> str:
    """Return a name that a server gives, for people."""
    return "".join(filter(str.isprintable, text[:_MAX_NAME]))


def error_of(found: dict[str, Any]) -> dict[str, Any]:
    """Return an error that an answer holds, in OpenAI's form or around it; empty: it holds none."""
    error = found.get("error")
    if isinstance(error, dict):
        return error
    if error:
        return {"message": error}
    return found if found.get("object") == "error" else {}


def refusal(server: str, status: int, found: dict[str, Any]) -> EngineError:
    """Return the error for an answer that is none.

    What the server writes is not shown: it may quote the prompt.

    Args:
        server: Host and port.
        status: Of the answer, or the code of an error within a stream.
        found: What the answer holds.
    """
    error = error_of(found)
    kind = str(error.get("type", ""))
    if not _ERROR_TYPE.fullmatch(kind):
        kind = "it does not say why" if status == 200 else f"status {status}"
    too_long = kind == "exceed_context_size_error" or _TOO_LONG.search(str(error.get("message")))
    if too_long and status not in _OTHERS:
        return RefusedRequestError(
            f"the prompt does not fit the context of {server}: "
            f"{LONGER_CONTEXT}, as far as its model was trained on one"
        )
    unexpected = _REFUSED if status in (400, 422) else _UNEXPECTED
    kind_of_error, sentence = _OTHERS.get(status, unexpected)
    return kind_of_error(sentence.format(server=server, kind=kind))


_NO_KEY: Final = (
    RefusedKeyError,
    "{server} refuses the key: check key_file, or the environment variable",
)
_UNKNOWN: Final = (
    UnknownPathError,
    "{server} speaks neither as llama-server does nor OpenAI's interface: it lacks an address of "
    "theirs",
)
_REFUSED: Final = (RefusedRequestError, "{server} refuses the request ({kind})")
_UNEXPECTED: Final = (LostServerError, "{server} answers with an error ({kind})")
_OTHERS: Final[Mapping[int, tuple[type[EngineError], str]]] = {
    401: _NO_KEY,
    403: _NO_KEY,
    404: _UNKNOWN,
    405: _UNKNOWN,
    429: (BusyServerError, "{server} takes no more requests now: ask again"),
    501: _UNKNOWN,
    503: (LoadingError, "{server} loads its model"),
}
