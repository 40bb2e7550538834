"""Prompts and answers of models that write edits, each in the layout that it was trained with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from leanwide.features.next_edit.formats.layout import EditLayout
from leanwide.features.next_edit.formats.search_replace import SearchReplace
from leanwide.features.next_edit.formats.sweep import Sweep
from leanwide.features.next_edit.formats.zeta2 import Zeta2
from leanwide.models.edit_format import EditFormat

LAYOUTS: Final[Mapping[EditFormat, EditLayout]] = {
    EditFormat.SWEEP: Sweep(),
    EditFormat.ZETA2: Zeta2(),
    EditFormat.SEARCH_REPLACE: SearchReplace(),
}
"""The layout of every format."""
