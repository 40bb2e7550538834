"""Engines for several settings at once, each a process of its own on the same model file.

If the file is mapped they share its pages, so that another expert count costs a KV cache and
some tens of megabytes. If weights are copied, only one engine is open at a time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from leanwide.engine.client import EngineClient
from leanwide.engine.specs import ModelSpec

MAX_SHARED_ENGINES: Final = 8
"""Engines that are open at once if they share the weights."""


class Engines:
    """The open engines; the least recently used one is closed first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: dict[ModelSpec, EngineClient] = {}

    async def get(self, spec: ModelSpec) -> EngineClient:
        """Return the engine for a specification, its model loaded.

        Raises:
            EngineError: The model cannot be loaded.
        """
        engine = self._open.pop(spec, None)
        while engine is None and len(self._open) >= self._most:
            await self._open.pop(next(iter(self._open))).close()
        engine = engine or EngineClient((spec,))
        self._open[spec] = engine
        await engine.ready(spec.lanes[0].name)
        return engine

    async def drop(self, spec: ModelSpec) -> None:
        """Close the engine for a specification, if it is open."""
        if (engine := self._open.pop(spec, None)) is not None:
            await engine.close()

    async def close(self) -> None:
        """Close all engines."""
        while self._open:
            await self._open.popitem()[1].close()


@asynccontextmanager
async def engines(most: int) -> AsyncIterator[Engines]:
    """Keep at most ``most`` engines open; close them at the end."""
    opened = Engines(most)
    try:
        yield opened
    finally:
        await opened.close()


def max_engines(spec: ModelSpec) -> int:
    """Return the number of engines that may be open at once, for a placed specification."""
    shared = spec.use_mmap and not spec.use_extra_bufts and spec.gpu_layers == 0
    return MAX_SHARED_ENGINES if shared else 1
