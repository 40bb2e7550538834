"""Prompts and answers of models that write edits, each in the layout that it was trained with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from leanwide.features.next_edit.formats.layout import EditLayout
from leanwide.features.next_edit.formats.search_replace import SearchReplaceLayout
from leanwide.features.next_edit.formats.sweep import SweepLayout
from leanwide.features.next_edit.formats.zeta2 import Zeta2Layout
from leanwide.models.edit_format import EditFormat

LAYOUTS: Final[Mapping[EditFormat, EditLayout]] = {
    EditFormat.SWEEP: SweepLayout(),
    EditFormat.ZETA2: Zeta2Layout(),
    EditFormat.SEARCH_REPLACE: SearchReplaceLayout(),
}
"""The layout of every format."""
