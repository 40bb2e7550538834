"""The token of a server on a port."""

from __future__ import annotations

import hmac

from attrs import frozen


@frozen
class AccessToken:
    """The secret that clients must know."""

    text: str

    def matches(self, given: str) -> bool:
        """Whether it is what a client sent; takes the same time wherever the two differ."""
        return hmac.compare_digest(_bytes(self.text), _bytes(given))

    def __repr__(self) -> str:
        """Hide the secret from logs."""
        return "AccessToken(…)"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
