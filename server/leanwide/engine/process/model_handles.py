"""Handles on the weights of one model file: one for each number of active experts, or one at all.

llama.cpp fixes the number of active experts when it loads a model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import evolve

from leanwide.engine.base import EngineError, EngineSpec
from leanwide.engine.process.llama import Log, Model, ModelParams
from leanwide.engine.process.token_healing import PieceIndex
from leanwide.models.gguf import GgufHeader
from leanwide.models.limits import EXPERTS_KEY


class Handles:
    """Loads the weights when they are first wanted, and gives their memory back.

    Attributes:
        vocabulary: Counts tokens, in any thread, from the first load on; it stays.
    """

    def __init__(
        self, spec: EngineSpec, header: GgufHeader, progress: Callable[[float], None]
    ) -> None:
        self._spec: Final = spec
        self._header: Final = header
        self._progress = progress
        self._log = Log()
        self._loaded: dict[int, Model] = {}
        self.vocabulary: Model | None = None
        self._pieces: PieceIndex | None = None

    @property
    def loaded(self) -> tuple[int, ...]:
        """The numbers of active experts that there are handles for."""
        return tuple(self._loaded)

    def get(self, experts: int) -> Model:
        """Give the weights with that many active experts; 0 for a dense model.

        Raises:
            EngineError: llama.cpp refused the file, or runs another number of experts.
        """
        model = self._loaded.get(experts) or self._load(experts)
        if self.vocabulary is None:
            # A handle that gives its memory back cannot be the one that counts.
            self.vocabulary = self._vocabulary_only() if self._spec.one_handle else model
        return model

    def pieces(self, model: Model) -> PieceIndex:
        """Give the texts of the vocabulary, which every handle has."""
        if self._pieces is None:
            texts = [model.piece(token) for token in range(model.vocabulary)]
            self._pieces = PieceIndex(texts)
        return self._pieces

    def drop(self, model: Model) -> None:
        """Give the memory of a handle back that no lane uses, unless it counts tokens."""
        if model is not self.vocabulary:
            del self._loaded[model.experts_used]
            model.close()

    def _load(self, experts: int) -> Model:
        override = (f"{self._header.architecture}.{EXPERTS_KEY}", experts) if experts else None
        model = Model(evolve(self._params, expert_override=override), self._log, self._progress)
        if model.experts_used != experts:
            raise EngineError(
                f"llama.cpp runs {model.experts_used} experts where {experts} were asked for: "
                "this architecture does not take the override"
            )
        self._loaded[experts] = model
        return model

    def _vocabulary_only(self) -> Model:
        params = evolve(self._params, vocabulary_only=True, use_extra_bufts=False, gpu_layers=0)
        return Model(params, self._log, lambda _: None)

    @property
    def _params(self) -> ModelParams:
        """How to load the weights as the model was trained."""
        return ModelParams(
            path=self._spec.model_path,
            expert_override=None,
            use_mmap=self._spec.use_mmap,
            use_extra_bufts=self._spec.use_extra_bufts,
            gpu_layers=self._spec.gpu_layers,
        )
