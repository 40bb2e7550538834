"""Opens lanes on one model file: expert counts checked before the load and proven after it."""

from __future__ import annotations

import time
from collections.abc import Callable

import attrs
import psutil

from leanwide.engine.base import EngineError, EngineSpec, LaneInfo, LaneSpec, ModelInfo
from leanwide.engine.healing import PieceIndex
from leanwide.engine.lane import Lane, Opening
from leanwide.engine.llama import Log, Model, ModelParams
from leanwide.models.gguf import GgufHeader, ModelFileError, read_header
from leanwide.models.limits import EXPERTS_KEY, legal_context, legal_experts, wanted_experts


class Lanes:
    """The lanes of one model file; each is opened when it is first needed and then stays."""

    def __init__(self, spec: EngineSpec, progress: Callable[[float], None]) -> None:
        """Read the model's header.

        Raises:
            EngineError: The file is missing, damaged or not a model.
        """
        self._spec = spec
        self._progress = progress
        self._log = Log()
        self._open: dict[str, Lane] = {}
        try:
            self._header: GgufHeader = read_header(spec.model_path)
        except ModelFileError as error:
            raise EngineError(str(error)) from error
        self.model: Model | None = None
        self._index: PieceIndex | None = None

    def is_open(self, name: str) -> bool:
        """Whether the lane needs no loading any more."""
        return name in self._open

    def lane(self, name: str) -> tuple[Lane, LaneInfo]:
        """Give the lane called ``name``, opened if need be.

        Raises:
            EngineError: There is no such lane, or it cannot be opened.
        """
        if name not in self._open:
            spec = next((lane for lane in self._spec.lanes if lane.name == name), None)
            if spec is None:
                raise EngineError(f"there is no lane {name!r}")
            self._open[name] = self._open_lane(spec)
        lane = self._open[name]
        return lane, lane.info

    def _open_lane(self, spec: LaneSpec) -> Lane:
        began = time.monotonic()
        experts, width_notice = legal_experts(
            self._header, wanted_experts(self._header, spec.experts)
        )
        free = psutil.virtual_memory().available
        context, length_notice = legal_context(
            self._header, spec.context_tokens, spec.sequences, free
        )
        model = self._load(experts)
        if model.experts_used != experts:
            raise EngineError(
                f"llama.cpp runs {model.experts_used} experts where {experts} were asked for: "
                "this architecture does not take the override"
            )
        self.model = self.model or model
        self._index = self._index or PieceIndex(
            [model.piece(token) for token in range(model.vocabulary)]
        )
        notice = " ".join(filter(None, (width_notice, length_notice)))
        spec = attrs.evolve(spec, context_tokens=context)
        return Lane(model, self._index, spec, self._spec, Opening(began=began, notice=notice))

    def _load(self, experts: int) -> Model:
        """Load the weights with that many active experts; 0 for a dense model."""
        architecture = self._header.architecture
        override = (f"{architecture}.{EXPERTS_KEY}", experts) if experts else None
        params = ModelParams(
            path=self._spec.model_path,
            expert_override=override,
            use_mmap=self._spec.use_mmap,
            use_extra_bufts=self._spec.use_extra_bufts,
            gpu_layers=self._spec.gpu_layers,
        )
        return Model(params, self._log, self._progress)

    def model_info(self) -> ModelInfo:
        """Describe the loaded model.

        Raises:
            EngineError: No lane is open yet.
        """
        if self.model is None:
            raise EngineError("no model is loaded")
        header = self._header
        return ModelInfo(
            name=header.name,
            architecture=header.architecture,
            path=header.path,
            size_bytes=header.file_bytes,
            layers=header.number("block_count"),
            experts=header.number("expert_count"),
            trained_experts=header.number(EXPERTS_KEY),
            trained_context_tokens=header.number("context_length"),
            fim=self.model.fim,
            chat_template=self.model.chat_template,
            bos_text=self.model.name(self.model.bos),
            eos_text=self.model.name(self.model.eos),
        )
