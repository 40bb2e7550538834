"""A context that begins with few cells and takes more when they are full.

llama.cpp clears every cell of a KV cache when it opens it, and has its memory from then on. A lane
with room for long conversations would take seconds to open and gigabytes that a question does not
need.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection
from typing import Final

import psutil
from attrs import evolve

from leanwide.engine.base import EngineError
from leanwide.engine.process.llama import Context, ContextParams, Model

_FIRST_CELLS: Final = 4096
"""Tokens that a KV cache has room for at first: an explanation of a long function."""


class GrowingContext:
    """The context of a lane, the larger the more it has to hold.

    Attributes:
        context: The one in use; another one after :meth:`grow`.
    """

    def __init__(
        self, model: Model, params: ContextParams, abort: Callable[[], bool], *, at_once: bool
    ) -> None:
        """Open it.

        Args:
            model: The weights that it runs.
            params: With the most cells that it ever has.
            abort: Asked while it computes whether it is to stop.
            at_once: Take all cells now.

        Raises:
            EngineError: There is not enough memory.
        """
        self._model = model
        self._most = params.cells
        self._abort = abort
        first = self._most if at_once else min(self._most, _FIRST_CELLS)
        self._params = evolve(params, cells=first)
        self.context: Context = model.open_context(self._params, abort)

    def grow(self, sequences: Collection[int]) -> bool:
        """Take twice the cells and bring along what ``sequences`` hold; tell whether it did.

        What was computed last, the logits, is lost.

        Raises:
            RuntimeError: What they held is lost as well: this process cannot go on.
        """
        cells = self._params.cells
        held = sum(self.context.length(sequence) for sequence in sequences)
        # What sequences share takes cells for each of them afterwards.
        wanted = min(self._most, 2 * max(cells, held))
        per_cell = self.context.buffer_bytes / cells
        if wanted <= cells or per_cell * wanted > psutil.virtual_memory().available:
            return False
        kept = {sequence: self.context.state(sequence) for sequence in sequences}
        self.context.close()
        try:
            self._reopen(wanted, cells)
            for sequence, state in kept.items():
                self.context.restore(sequence, state)
        except EngineError as error:
            raise RuntimeError("the KV cache was lost while it grew") from error
        return self._params.cells > cells

    def restore(self, sequence: int, state: bytearray, others: Collection[int]) -> bool:
        """Have an empty sequence be as its state says, growing if need be; tell whether it is.

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

    def _reopen(self, cells: int, enough: int) -> None:
        """Open a context again, with fewer cells where there is no memory for the larger one."""
        try:
            params = evolve(self._params, cells=cells)
            self.context = self._model.open_context(params, self._abort)
        except EngineError:
            params = evolve(self._params, cells=enough)
            self.context = self._model.open_context(params, self._abort)
        self._params = params
