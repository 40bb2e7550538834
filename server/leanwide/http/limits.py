"""The limits of the endpoint."""

from __future__ import annotations

from typing import Final

from attrs import frozen


@frozen(kw_only=True)
class HttpLimits:
    """What a client may send and hold, in bytes and seconds."""

    connections: int = 64
    """One more closes the oldest on which no request with the token is being answered; where there
    is none, it is closed itself."""
    head_bytes: int = 16 * 1024
    """Request line and headers; twice as many where they come at once."""
    body_bytes: int = 2 * 1024 * 1024
    early_bytes: int = 64 * 1024
    """Sent before the answer to the request before has gone; more is read after it."""
    head_s: float = 10.0
    """Until a request's headers are there, from its first byte or from the connection's start."""
    body_s: float = 30.0
    """Until the body is there."""
    idle_s: float = 120.0
    """Without a request."""
    write_s: float = 30.0
    """Without reading a part of an answer."""
    linger_s: float = 1.0
    """For reading an error while the client still sends."""


DEFAULT_LIMITS: Final = HttpLimits()
