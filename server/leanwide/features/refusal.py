"""A request that is not served, and why."""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818  # an outcome, not a failure
    """A request that is not served; the message is a sentence that tells the user why."""
