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
from leanwide.engine.shapes import lane_shapes
from leanwide.models.advice import load_notice
from leanwide.models.fit import Load, Machine
from leanwide.models.gguf import GgufHeader, ModelFileError, read_header
from leanwide.models.limits import EXPERTS_KEY, legal_context, legal_experts, wanted_experts
from leanwide.models.memory import LaneShape, lane_bytes


class Lanes:
    """The lanes of one model file; each is opened when it is first needed.

    Lanes with the same expert count share a handle on the weights.
    """

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
        self._handles: dict[int, Model] = {}
        """Loaded weights by their active experts."""
        self.model: Model | None = None
        """The first handle, which stays: its vocabulary counts tokens."""
        self._index: PieceIndex | None = None

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

    def close(self, name: str) -> bool:
        """Give a lane's memory back and tell whether it did: a lane at work stays."""
        lane = self._open.get(name)
        if lane is None or lane.busy:
            return False
        del self._open[name]
        lane.close()
        in_use = [self.model, *(other.model for other in self._open.values())]
        if lane.model not in in_use:
            del self._handles[lane.model.experts_used]
            lane.model.close()
        return True

    def _open_lane(self, spec: LaneSpec) -> Lane:
        began = time.monotonic()
        experts, width_notice = legal_experts(
            self._header, wanted_experts(self._header, spec.experts)
        )
        free = psutil.virtual_memory().available
        context, length_notice = legal_context(
            self._header, spec.context_tokens, spec.sequences, free
        )
        predicted = self._check_memory(spec, context, experts, free)
        model = self._handles.get(experts) or self._load(experts)
        self.model = self.model or model
        self._index = self._index or PieceIndex(
            [model.piece(token) for token in range(model.vocabulary)]
        )
        fit_notice = "" if self._open else self._fit_notice()
        notice = " ".join(filter(None, (width_notice, length_notice, fit_notice)))
        spec = attrs.evolve(spec, context_tokens=context)
        opening = Opening(began=began, notice=notice, predicted_bytes=predicted)
        return Lane(model, self._index, spec, self._spec, opening)

    def _fit_notice(self) -> str:
        """Say what is wrong where the memory does not hold the model; it is tried all the same."""
        memory, spec = psutil.virtual_memory(), self._spec
        if spec.gpu_layers:
            return ""  # llama.cpp says itself what a GPU does not hold
        machine = Machine(memory_bytes=memory.total, free_bytes=memory.available, gpu_bytes=0)
        load = Load(copies=1, mapped=spec.use_mmap and not spec.use_extra_bufts, gpu_layers=0)
        return load_notice(self._header, machine, lane_shapes(self._header, spec), load)

    def _check_memory(self, lane: LaneSpec, context: int, experts: int, free: int) -> int:
        """Foretell a lane's bytes beside the weights.

        Raises:
            EngineError: They are not free; the kernel would end the process instead.
        """
        shape = LaneShape(
            context_tokens=context,
            sequences=lane.sequences,
            experts=experts,
            batch_tokens=self._spec.batch_tokens,
            on_gpu=self._spec.gpu_layers != 0,
        )
        predicted = lane_bytes(self._header, shape).total
        if predicted > free and not self._spec.gpu_layers:
            raise EngineError(
                f"the {lane.name} lane needs {predicted // 10**6} MB of memory and "
                f"{free // 10**6} are free: close something, or lower lanes.{lane.name}.sequences"
            )
        return predicted

    def _load(self, experts: int) -> Model:
        """Load the weights with that many active experts; 0 for a dense model.

        Raises:
            EngineError: llama.cpp refused the file, or runs another number of experts.
        """
        architecture = self._header.architecture
        override = (f"{architecture}.{EXPERTS_KEY}", experts) if experts else None
        params = ModelParams(
            path=self._spec.model_path,
            expert_override=override,
            use_mmap=self._spec.use_mmap,
            use_extra_bufts=self._spec.use_extra_bufts,
            gpu_layers=self._spec.gpu_layers,
        )
        model = Model(params, self._log, self._progress)
        if model.experts_used != experts:
            raise EngineError(
                f"llama.cpp runs {model.experts_used} experts where {experts} were asked for: "
                "this architecture does not take the override"
            )
        self._handles[experts] = model
        return model

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
