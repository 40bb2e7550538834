"""What a pull reports and how it fails, without the library of the hub, which is an extra."""

from __future__ import annotations

from collections.abc import Callable

Report = Callable[[str, int, int], None]
"""Called with the current activity, the bytes done and the bytes in all."""


class PullError(Exception):
    """The model was not pulled; the message is one sentence for the user."""


def missing_library(error: ModuleNotFoundError) -> PullError:
    """Return what a pull without the extra `models` fails with."""
    return PullError(
        f"{error.name} is missing: install leanwide with its extra `models` (docs/install.md)"
    )
