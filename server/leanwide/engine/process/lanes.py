"""Opens lanes on one model file: expert counts checked before the load and proven after it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import attrs
import msgspec
import psutil

from leanwide.engine.base import (
    EngineError,
    EngineSpec,
    LaneInfo,
    LaneSpec,
    ModelInfo,
    Priority,
    Prompt,
)
from leanwide.engine.lane_shapes import lane_shape, lane_shapes
from leanwide.engine.process.encoding import encode
from leanwide.engine.process.lane import Lane, LaneOpening
from leanwide.engine.process.llama import Model, build
from leanwide.engine.process.markers import spelt_markers
from leanwide.engine.process.model_handles import Handles
from leanwide.engine.process.state_saver import StateSaver
from leanwide.engine.saved_states import SavedFolder, StateOrigin
from leanwide.models.advice import load_notice
from leanwide.models.embedded import trained_languages
from leanwide.models.fit import Hardware, Load
from leanwide.models.gguf import GgufHeader, ModelFileError, read_header
from leanwide.models.limits import EXPERTS_KEY, legal_context, legal_experts, wanted_experts
from leanwide.models.memory import lane_bytes

_STAY_S: Final = 20.0
"""Seconds for which a question's weights stay loaded: a completion takes what is there."""


class Lanes:
    """The lanes of one model file; each is opened when it is first needed.

    Lanes with the same expert count share a handle on the weights. Where there is one handle only,
    another expert count means that it is loaded anew, and then every lane is opened anew on it.
    """

    def __init__(
        self,
        spec: EngineSpec,
        progress: Callable[[float], None],
        on_close: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Read the model's header.

        Args:
            spec: The model and its lanes.
            progress: Told the share of the weights that is loaded, while they load.
            on_close: Told the name of every lane that was closed.

        Raises:
            EngineError: The file is missing, damaged or not a model.
        """
        self._spec = spec
        self._on_close = on_close
        self._open: dict[str, Lane] = {}
        try:
            self._header: GgufHeader = read_header(spec.model_path)
        except ModelFileError as error:
            raise EngineError(str(error)) from error
        self._origin = _origin(spec)
        self._handles = Handles(spec, self._header, progress)

    @property
    def model(self) -> Model | None:
        """What counts tokens, in any thread; None before the first lane is open."""
        return self._handles.vocabulary

    def lane(self, name: str, priority: Priority = Priority.COMMAND) -> tuple[Lane, LaneInfo]:
        """Give the lane called ``name``, opened if need be, for work of a priority.

        Raises:
            EngineError: There is no such lane, or it cannot be opened.
        """
        # Of several handles, a lane that is open has the right one: the way of every key.
        if name not in self._open or self._spec.one_handle:
            self._prepare(name, priority)
        lane = self._open[name]
        return lane, lane.info

    def unread(self, name: str, prompt: Prompt) -> int:
        """Return how many tokens of a prompt a lane has to evaluate; for any thread.

        What the lane does meanwhile may change that.

        Raises:
            EngineError: No model is loaded.
        """
        if self.model is None:
            raise EngineError("no model is loaded")
        tokens, lane = encode(self.model, prompt), self._open.get(name)
        return len(tokens) - (0 if lane is None else lane.kv.shared(tokens))

    def _prepare(self, name: str, priority: Priority) -> None:
        """Open a lane that is not open, on other weights if need be."""
        spec = next((lane for lane in self._spec.lanes if lane.name == name), None)
        if spec is None:
            raise EngineError(f"there is no lane {name!r}")
        experts, notice = legal_experts(self._header, wanted_experts(self._header, spec.experts))
        loaded = self._handles.loaded
        if self._spec.one_handle and loaded and experts not in loaded:
            if self._may_swap(priority):
                self._close_all()
            else:
                experts = loaded[0]
        if name not in self._open:
            self._open[name] = self._open_lane(spec, experts, notice)

    def close(self, name: str) -> bool:
        """Give a lane's memory back and tell whether it did: a lane at work stays."""
        lane = self._open.get(name)
        if lane is None or lane.busy:
            return False
        self._close(name)
        return True

    def _may_swap(self, priority: Priority) -> bool:
        """Whether the weights may be loaded anew: nobody uses them, and a question goes first."""
        lanes = self._open.values()
        if any(lane.busy_with is not None for lane in lanes):
            return False
        if priority is Priority.COMMAND:
            return True
        recent = time.monotonic() - _STAY_S
        return priority is Priority.INTERACTIVE and all(lane.asked < recent for lane in lanes)

    def _close_all(self) -> None:
        for name in list(self._open):
            self._close(name)

    def _close(self, name: str) -> None:
        lane = self._open.pop(name)
        lane.close()
        if all(lane.model is not other.model for other in self._open.values()):
            self._handles.drop(lane.model)
        self._on_close(name)

    def _open_lane(self, spec: LaneSpec, experts: int, width_notice: str) -> Lane:
        began = time.monotonic()
        free = psutil.virtual_memory().available
        context, length_notice = legal_context(
            self._header, spec.context_tokens, spec.sequences, free
        )
        predicted = self._check_memory(spec, context, experts, free)
        model = self._handles.get(experts)
        fit_notice = "" if self._open else self._fit_notice()
        notice = " ".join(filter(None, (width_notice, length_notice, fit_notice)))
        spec = attrs.evolve(spec, context_tokens=context)
        opening = LaneOpening(
            began=began, notice=notice, predicted_bytes=predicted, keeper=self._keeper(experts)
        )
        return Lane(model, self._handles.pieces(model), spec, self._spec, opening)

    def _keeper(self, experts: int) -> StateSaver | None:
        """What outlives the lanes with so many experts on disk; None where nothing does."""
        saving = self._spec.saving
        if saving is None:
            return None
        SavedFolder(saving.folder).prune(saving.most_bytes)
        origin = msgspec.structs.replace(self._origin, experts=experts)
        return StateSaver(saving, origin) if saving.most_bytes else None

    def _fit_notice(self) -> str:
        """Say what is wrong where the memory does not hold the model; it is tried all the same."""
        memory, spec = psutil.virtual_memory(), self._spec
        if spec.gpu_layers:
            return ""  # llama.cpp says itself what a GPU does not hold
        machine = Hardware(memory_bytes=memory.total, free_bytes=memory.available, gpu_bytes=0)
        load = Load(copies=1, mapped=spec.use_mmap and not spec.use_extra_bufts, gpu_layers=0)
        return load_notice(self._header, machine, lane_shapes(self._header, spec), load)

    def _check_memory(self, lane: LaneSpec, context: int, experts: int, free: int) -> int:
        """Foretell a lane's bytes beside the weights.

        Raises:
            EngineError: They are not free; the kernel would end the process instead.
        """
        shape = lane_shape(self._spec, lane, context, experts)
        predicted = lane_bytes(self._header, shape).total
        if predicted > free and not self._spec.gpu_layers:
            raise EngineError(
                f"the {lane.name} lane needs {predicted // 10**6} MB of memory and "
                f"{free // 10**6} are free: close something, or lower lanes.{lane.name}.sequences"
            )
        return predicted

    def model_info(self) -> ModelInfo:
        """Describe the loaded model.

        Raises:
            EngineError: No lane is open yet.
        """
        model, header = self.model, self._header
        if model is None:
            raise EngineError("no model is loaded")
        return ModelInfo(
            name=header.name,
            architecture=header.architecture,
            path=header.path,
            size_bytes=header.file_bytes,
            layers=header.number("block_count"),
            experts=header.number("expert_count"),
            trained_experts=header.number(EXPERTS_KEY),
            trained_context_tokens=header.number("context_length"),
            fim=model.fim,
            chat_template=model.chat_template,
            bos_text=model.name(model.bos),
            eos_text=model.name(model.eos),
            spelt_markers=spelt_markers(model.chat_template, model.is_marker),
            languages=trained_languages(header),
        )


def _origin(spec: EngineSpec) -> StateOrigin:
    """Say what the KV cache of a lane is computed with, but for its experts.

    Raises:
        EngineError: The model's file is gone.
    """
    try:
        status = spec.model_path.stat()
    except OSError as error:
        raise EngineError(f"{spec.model_path} cannot be read: {error}") from error
    return StateOrigin(
        model=str(spec.model_path.resolve()),
        model_bytes=status.st_size,
        model_mtime_ns=status.st_mtime_ns,
        experts=0,
        llama_cpp=build(),
        kv=f"f16, {'values in columns' if spec.keeps_scores else 'values in rows'}",
    )
