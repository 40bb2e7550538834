"""Files that the program reads, as a user names places in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from leanwide.cli.errors import UsageError
from leanwide.cli.source import read_view


def test_a_byte_order_mark_is_no_column(tmp_path: Path):
    file = tmp_path / "a.py"
    file.write_bytes(b"\xef\xbb\xbfx = 1\n")
    view = read_view(file, 1, 6)
    assert view.lines == ("x = 1\n",)
    assert view.column == 5
    with pytest.raises(UsageError, match="has no line 1, column 7"):
        read_view(file, 1, 7)
