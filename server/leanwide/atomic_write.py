"""How every file of our own is replaced: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


def write_atomically(file: Path, chunks: Iterable[bytes | bytearray]) -> None:
    """Replace a file; only the user can read it, at any moment.

    Args:
        file: Its path; its folder exists.
        chunks: The new content.

    Raises:
        OSError: It cannot be written; the old file is as it was.
    """
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=file.stem)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.writelines(chunks)
        Path(name).replace(file)
    finally:
        Path(name).unlink(missing_ok=True)
