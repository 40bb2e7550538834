"""Errors of the endpoint, in OpenAI's form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leanwide.engine.base import EngineError, EngineState, EngineStatus, NotLoadedError
from leanwide.features.refusal import Refusal


class HttpError(Exception):
    """A request that is not served.

    Args:
        status: The HTTP status.
        message: A sentence that tells the user what to do.
        code: A word for programs; None for none.
        headers: More headers of the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})

    @property
    def body(self) -> dict[str, Any]:
        """The error as OpenAI's API words it."""
        error = {
            "message": str(self),
            "type": _TYPES.get(self.status, "invalid_request_error"),
            "param": None,
            "code": self.code,
        }
        return {"error": error}


_TYPES = {401: "authentication_error", 500: "server_error", 503: "unavailable_error"}


def http_error(error: EngineError | Refusal, status: EngineStatus) -> HttpError:
    """Return the error for what a feature raised while the engine had this status."""
    if isinstance(error, Refusal):
        return HttpError(400, str(error), "context_length_exceeded")
    if not isinstance(error, NotLoadedError):
        return HttpError(503, str(error), "engine_unavailable")
    if status.state is EngineState.FAILED:
        return HttpError(503, status.reason, "engine_unavailable")
    return HttpError(
        503, "The model is loading: ask again in a moment.", "loading", {"Retry-After": "1"}
    )
