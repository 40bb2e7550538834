"""Handles on the weights of one model file: one for each number of active experts, or only one.

llama.cpp fixes the number of active experts when it loads a model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import evolve

from leanwide.engine.base import EngineError
from leanwide.engine.process.llama import Log, Model, ModelParams
from leanwide.engine.process.token_healing import PieceIndex
from leanwide.engine.specs import ModelSpec
from leanwide.models.expert_count import EXPERTS_KEY
from leanwide.models.gguf_header import GgufHeader


class ModelHandles:
    """Loads the weights when they are first needed, and frees them.

    Attributes:
        tokenizer: Tokenizes, in any thread, from the first load on; never freed.
    """

    def __init__(
        self, spec: ModelSpec, header: GgufHeader, progress: Callable[[float], None]
    ) -> None:
        self._spec: Final = spec
        self._header: Final = header
        self._progress = progress
        self._log = Log()
        self._loaded: dict[int, Model] = {}
        self.tokenizer: Model | None = None
        self._piece_index: PieceIndex | None = None

    @property
    def loaded(self) -> tuple[int, ...]:
        """The expert counts that have a handle."""
        return tuple(self._loaded)

    def get(self, experts: int) -> Model:
        """Return the weights with ``experts`` active experts, loaded if needed; 0: dense.

        Raises:
            EngineError: llama.cpp refused the file, or runs another number of experts.
        """
        model = self._loaded.get(experts) or self._load(experts)
        if self.tokenizer is None:
            # A handle that is freed cannot be the tokenizer.
            freed = self._spec.one_handle or self._spec.frees_weights
            self.tokenizer = self._load_vocabulary() if freed else model
        return model

    def piece_index(self, model: Model) -> PieceIndex:
        """Return the index of the vocabulary, which is the same for every handle."""
        if self._piece_index is None:
            self._piece_index = PieceIndex(
                [model.piece(token) for token in range(model.vocabulary_size)]
            )
        return self._piece_index

    def release(self, model: Model) -> None:
        """Free a handle that no lane uses, unless it is the tokenizer."""
        if model is not self.tokenizer:
            del self._loaded[model.experts_used]
            model.close()

    def _load(self, experts: int) -> Model:
        override = (f"{self._header.architecture}.{EXPERTS_KEY}", experts) if experts else None
        model = Model(evolve(self._params, expert_override=override), self._log, self._progress)
        if model.experts_used != experts:
            raise EngineError(
                f"llama.cpp runs {model.experts_used} experts where {experts} were asked for: "
                "this architecture does not support the override"
            )
        self._loaded[experts] = model
        return model

    def _load_vocabulary(self) -> Model:
        params = evolve(
            self._params,
            vocabulary_only=True,
            use_extra_bufts=False,
            gpu_layers=0,
            cpu_expert_layers=0,
        )
        return Model(params, self._log, lambda _: None)

    @property
    def _params(self) -> ModelParams:
        """The load parameters, with the trained expert count."""
        return ModelParams(
            path=self._spec.model_path,
            expert_override=None,
            use_mmap=self._spec.use_mmap,
            use_extra_bufts=self._spec.use_extra_bufts,
            gpu_layers=self._spec.gpu_layers or 0,
            cpu_expert_layers=self._spec.cpu_expert_layers or 0,
        )
