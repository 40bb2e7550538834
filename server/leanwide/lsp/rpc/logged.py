"""How an error is logged: its message may quote the user's text."""

from __future__ import annotations

import logging
import traceback

logger = logging.getLogger(__name__)


def log_error(about: str, error: BaseException) -> None:
    """Log the type of an error and where it came from, without its message."""
    where = traceback.extract_tb(error.__traceback__)[-1:]
    places = ", ".join(f"{frame.filename}:{frame.lineno}" for frame in where)
    logger.error("%s: %s at %s", about, type(error).__name__, places)
