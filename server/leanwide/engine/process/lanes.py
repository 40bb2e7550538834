"""Opens lanes on one model file; expert counts are checked before the load and after it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Final

import attrs
import msgspec
import psutil

from leanwide.engine.base import EngineError
from leanwide.engine.devices import list_devices
from leanwide.engine.hardware import hardware
from leanwide.engine.lane_shapes import lane_shape, lane_shapes
from leanwide.engine.placing import place
from leanwide.engine.process.encoding import encode
from leanwide.engine.process.lane import Lane, LaneOpening
from leanwide.engine.process.llama import Model, build
from leanwide.engine.process.markers import spelt_markers
from leanwide.engine.process.model_handles import ModelHandles
from leanwide.engine.process.state_saver import StateSaver
from leanwide.engine.requests import Priority, Prompt
from leanwide.engine.saved_states import SavedFolder, StateOrigin
from leanwide.engine.specs import LaneInfo, LaneSpec, ModelInfo, ModelSpec
from leanwide.models.advice import load_notice
from leanwide.models.edit_format import edit_format
from leanwide.models.embedded import trained_languages
from leanwide.models.expert_count import legal_experts, wanted_experts
from leanwide.models.gguf import ModelFileError, read_header
from leanwide.models.gguf_header import GgufHeader
from leanwide.models.limits import legal_context
from leanwide.models.memory import lane_bytes
from leanwide.models.sampling import recommended_sampling

_KEEP_WEIGHTS_S: Final = 20.0
"""Seconds after a question for which its weights stay loaded: completions run on them meanwhile."""


class Lanes:
    """The lanes of one model file; each is opened when it is first needed.

    Lanes with the same expert count share a model handle. With a single handle
    (``ModelSpec.one_handle``) another expert count means loading the weights again and opening
    every lane again.
    """

    def __init__(
        self,
        spec: ModelSpec,
        progress: Callable[[float], None],
        on_close: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Read the model's header.

        Args:
            spec: The model and its lanes.
            progress: Called with the share of the weights loaded so far, 0 to 1.
            on_close: Called with the name of each closed lane.

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
        gpus = list_devices().gpus if spec.gpu_layers != 0 else ()
        self._gpus: Final = gpus
        self._placed = place(spec, self._header, hardware(gpus))
        self._spec = spec = self._placed.spec
        self._origin = _origin(spec)
        self._handles = ModelHandles(spec, self._header, progress)

    @property
    def model(self) -> Model | None:
        """The model whose vocabulary tokenizes, in any thread; None before a lane is open."""
        return self._handles.tokenizer

    @property
    def has_weights(self) -> bool:
        """Whether the weights are loaded, for one of the lanes at least."""
        return bool(self._handles.loaded)

    def load_weights(self, name: str) -> None:
        """Load the weights for a lane, whose opening finds them then. For any thread.

        Raises:
            EngineError: There is no such lane, or llama.cpp refuses the file.
        """
        experts, _ = self._experts(self._spec_of(name))
        self._handles.get(experts)

    def lane(self, name: str, priority: Priority = Priority.COMMAND) -> tuple[Lane, LaneInfo]:
        """Return the lane ``name`` for a request of ``priority``; open it if needed.

        Raises:
            EngineError: There is no such lane, or it cannot be opened.
        """
        # With several handles an open lane has the right one: the usual case.
        if name not in self._open or self._spec.one_handle:
            self._ensure_open(name, priority)
        lane = self._open[name]
        return lane, lane.info

    def unread(self, name: str, prompt: Prompt) -> int:
        """Return how many tokens of a prompt a lane would have to evaluate; for any thread.

        Requests that run on the lane meanwhile may change that.

        Raises:
            EngineError: No model is loaded.
        """
        if self.model is None:
            raise EngineError("no model is loaded")
        tokens, lane = encode(self.model, prompt), self._open.get(name)
        return len(tokens) - (0 if lane is None else lane.kv.cached_tokens(tokens))

    def has_free_sequence(self, name: str) -> bool:
        """Whether a lane has a sequence for another prompt; one that is not open has all."""
        lane = self._open.get(name)
        return lane is None or any(not sequence.busy for sequence in lane.kv.sequences)

    def _ensure_open(self, name: str, priority: Priority) -> None:
        """Open a lane unless it is open; load the weights again if needed and allowed."""
        spec = self._spec_of(name)
        experts, notice = self._experts(spec)
        loaded = self._handles.loaded
        if self._spec.one_handle and loaded and experts not in loaded:
            if self._may_swap(priority):
                for other in list(self._open):
                    self._close(other)
            else:
                experts = loaded[0]
        if name not in self._open:
            self._open[name] = self._open_lane(spec, experts, notice)

    def _spec_of(self, name: str) -> LaneSpec:
        spec = next((lane for lane in self._spec.lanes if lane.name == name), None)
        if spec is None:
            raise EngineError(f"there is no lane {name!r}")
        return spec

    def _experts(self, spec: LaneSpec) -> tuple[int, str]:
        """Return the experts that a lane runs, and a sentence if they are not the wanted ones."""
        return legal_experts(self._header, wanted_experts(self._header, spec.experts))

    def close(self, name: str) -> bool:
        """Free a lane's memory; return false for a busy lane, which stays open."""
        lane = self._open.get(name)
        if lane is None or lane.busy:
            return False
        self._close(name)
        return True

    def _may_swap(self, priority: Priority) -> bool:
        """Whether the weights may be loaded again with another expert count.

        A question may unless a lane serves the user; a completion only some time after a question.
        """
        lanes = self._open.values()
        if any(lane.serves_user for lane in lanes):
            return False
        if priority is Priority.COMMAND:
            return True
        recent = time.monotonic() - _KEEP_WEIGHTS_S
        return priority is Priority.INTERACTIVE and all(
            lane.last_question_at < recent for lane in lanes
        )

    def _close(self, name: str) -> None:
        lane = self._open.pop(name)
        lane.close()
        if all(lane.model is not other.model for other in self._open.values()):
            self._handles.release(lane.model)
        self._on_close(name)

    def _open_lane(self, spec: LaneSpec, experts: int, experts_notice: str) -> Lane:
        began = time.monotonic()
        # On a GPU, memory for KV caches was planned, or the user asked for it.
        free = psutil.virtual_memory().available if self._spec.gpu_layers == 0 else sys.maxsize
        context, context_notice = legal_context(
            self._header, spec.context_tokens, spec.sequences, free, self._spec.kv_type
        )
        predicted = self._check_memory(spec, context, experts, free)
        model = self._handles.get(experts)
        notices = [experts_notice, context_notice]
        if not self._open:
            # The first lane tells of the model, too: one that does not fit is loaded all the same.
            machine, shapes = hardware(self._gpus), lane_shapes(self._header, self._spec)
            fit_notice = load_notice(self._header, machine, shapes, self._placed.load)
            notices += [self._placed.notice, fit_notice]
        spec = attrs.evolve(spec, context_tokens=context)
        opening = LaneOpening(
            began=began,
            notice=" ".join(filter(None, notices)),
            model_name=self._header.name,
            predicted_bytes=predicted,
            saver=self._state_saver(experts, spec.sequences),
        )
        return Lane(model, self._handles.piece_index(model), spec, self._spec, opening)

    def _state_saver(self, experts: int, sequences: int) -> StateSaver | None:
        """Return what saves sequences of lanes with ``experts`` experts; None: nothing is saved.

        llama.cpp restores a state only where there are as many sequences.
        """
        saving = self._spec.saving
        if saving is None:
            return None
        SavedFolder(saving.folder).prune(saving.max_bytes)
        kv = f"{self._origin.kv}, {sequences} sequences"
        origin = msgspec.structs.replace(self._origin, experts=experts, kv=kv)
        return StateSaver(saving, origin) if saving.max_bytes else None

    def _check_memory(self, lane: LaneSpec, context: int, experts: int, free: int) -> int:
        """Return a lane's predicted memory besides the weights, at most ``free`` bytes.

        Raises:
            EngineError: There is too little; the kernel would kill the process instead.
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
            path=header.path,
            size_bytes=header.file_bytes,
            experts=header.number("expert_count"),
            fim=model.fim,
            chat_template=model.chat_template,
            bos_text=model.name(model.bos),
            eos_text=model.name(model.eos),
            spelt_markers=spelt_markers(model.chat_template, model.is_marker),
            sampling=recommended_sampling(header),
            languages=trained_languages(header),
            edit_format=edit_format(header),
            residency=self._placed.residency,
        )


def _origin(spec: ModelSpec) -> StateOrigin:
    """Return what a lane's KV cache is computed with, but for its experts and sequences.

    Raises:
        EngineError: The model file is gone.
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
        kv=f"{spec.kv_type}, {'values in columns' if spec.keeps_scores else 'values in rows'}",
    )
