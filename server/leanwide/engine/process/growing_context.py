"""A llama.cpp context that doubles its KV cache when it is full.

llama.cpp clears every cell of a KV cache when it opens it, and holds the memory from then on. A
lane for long conversations would take seconds to open, and gigabytes that one question does not
need.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection
from typing import Final

import psutil
from attrs import evolve

from leanwide.engine.base import EngineError
from leanwide.engine.process.llama import Model
from leanwide.engine.process.llama_context import Context, ContextParams

_FIRST_CELLS: Final = 4096
"""Tokens in a new KV cache, over all sequences: enough to explain a long function."""
_FIRST_OF_SEQUENCE: Final = 768
"""Tokens of each sequence in it, at least: what a completion begins with, and its answer."""


class GrowingContext:
    """The context of a lane.

    Attributes:
        context: The current one; :meth:`grow` replaces it.
    """

    def __init__(
        self, model: Model, params: ContextParams, abort: Callable[[], bool], first_cells: int = 0
    ) -> None:
        """Open the context.

        Args:
            model: The weights.
            params: With the largest number of cells.
            abort: Called during a computation; true aborts it.
            first_cells: Cells to open it with, at least.

        Raises:
            EngineError: There is not enough memory.
        """
        self._model = model
        self._max_cells = params.cells
        self._abort = abort
        smallest = max(_FIRST_CELLS, _FIRST_OF_SEQUENCE * params.sequences)
        self._params = evolve(params, cells=min(params.cells, max(smallest, first_cells)))
        self.context: Context = model.open_context(self._params, abort)

    @property
    def cells(self) -> int:
        """Tokens that the KV cache has room for now."""
        return self._params.cells

    def reserve(self, tokens: int, sequences: Collection[int]) -> bool:
        """Grow in one step to what a sequence of ``tokens`` tokens needs; return whether it grew.

        Each step opens the context again and copies what ``sequences`` hold: a second or two for a
        large model.

        Raises:
            RuntimeError: The sequences are lost: this process cannot go on.
        """
        needed = self._params.cells_for(tokens)
        return needed > self.cells and self.grow(sequences, needed)

    def grow(self, sequences: Collection[int], needed: int = 0) -> bool:
        """Double the cells, at least to ``needed``, and keep what ``sequences`` hold.

        The logits of the last decode are lost. Returns whether that worked.

        Raises:
            RuntimeError: The sequences are lost as well: this process cannot go on.
        """
        used = sum(self.context.length(sequence) for sequence in sequences)
        # Cells that sequences share are copied for each of them.
        wanted = min(self._max_cells, max(2 * self.cells, 2 * used, needed))
        cell_bytes = self.context.buffer_bytes / self.cells
        if wanted <= self.cells or cell_bytes * wanted > psutil.virtual_memory().available:
            return False
        before = self.cells
        states = {sequence: self.context.state(sequence) for sequence in sequences}
        self.context.close()
        try:
            self._reopen(wanted, before)
            for sequence, state in states.items():
                self.context.restore(sequence, state)
        except EngineError as error:
            raise RuntimeError("the KV cache was lost while it grew") from error
        return self.cells > before

    def restore(self, sequence: int, state: memoryview, others: Collection[int]) -> bool:
        """Restore a saved state into an empty sequence, growing if needed; return whether it fits.

        Raises:
            RuntimeError: What ``others`` held is lost: this process cannot go on.
        """
        while True:
            with contextlib.suppress(EngineError):
                self.context.restore(sequence, state)
                return True
            self.context.truncate(sequence, 0)
            if not self.grow(others):
                return False

    def _reopen(self, cells: int, fallback: int) -> None:
        """Open a context again, with ``fallback`` cells where there is no memory for ``cells``."""
        try:
            params = evolve(self._params, cells=cells)
            self.context = self._model.open_context(params, self._abort)
        except EngineError:
            params = evolve(self._params, cells=fallback)
            self.context = self._model.open_context(params, self._abort)
        self._params = params
