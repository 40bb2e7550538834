"""What an engine loads, and what it has loaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from leanwide.models.edit_format import EditFormat
from leanwide.models.expert_count import ExpertWidth
from leanwide.models.memory import KvType
from leanwide.models.residency import ResidencyChoice, ResidencySetting


@frozen(kw_only=True)
class FimTokens:
    """Ids of the FIM markers in the model's vocabulary."""

    prefix: int
    suffix: int
    middle: int
    file_separator: int | None
    """Precedes each related file; None if the model has no such token."""

    @property
    def ids(self) -> list[int]:
        """The markers that the model has."""
        markers = (self.prefix, self.suffix, self.middle, self.file_separator)
        return [token for token in markers if token is not None]


@frozen(kw_only=True)
class LaneSpec:
    """One way to run the weights: a model handle with its expert count, plus a KV cache."""

    name: str
    experts: int | ExpertWidth
    """Active experts per token; ignored by dense models."""
    context_tokens: int
    """Longest sequence, prompt and answer together, in tokens."""
    sequences: int
    """Prompts that stay in the KV cache, so that returning to one is free."""


@frozen(kw_only=True)
class StateSaving:
    """Where and how much of the KV cache is saved to disk."""

    folder: Path
    max_bytes: int
    """Of all files together; 0: nothing is saved, and existing files are removed."""


@frozen(kw_only=True)
class ModelSpec:
    """What the engine process needs to load a model, from the user's settings or defaults."""

    model_path: Path
    lanes: tuple[LaneSpec, ...]
    threads: int
    """Most threads, for decoding and for prefill."""
    batch_tokens: int
    """Most prompt tokens in one call of ``llama_decode``."""
    use_mmap: bool
    """Map the file instead of reading it: lanes then share its pages."""
    use_extra_bufts: bool
    """Repack the weights into private memory: lanes then share nothing."""
    gpu_layers: int | None
    """Layers in GPU memory; 0 is CPU only, -1 all; None: as many as fit."""
    cpu_expert_layers: int | None = None
    """Layers on a GPU whose experts stay in memory, the first ones; None: as few as fit."""
    residency: ResidencySetting = ResidencySetting.AUTO
    """How the lanes hold the weights."""
    flash_attention: bool | None = None
    """Compute attention without keeping its scores; None: only with layers on a GPU."""
    kv_type: KvType = KvType.F16
    """The type of the KV cache; any but f16 needs flash attention, and switches it on."""
    frees_weights: bool = False
    """Free the weights with their last lane: this model is not needed all the time."""
    saving: StateSaving | None = None
    """None: no state is saved to disk or restored from it."""

    @property
    def keeps_scores(self) -> bool:
        """Whether attention keeps its scores, which takes memory for every head."""
        if self.kv_type is not KvType.F16:
            return False
        if self.flash_attention is None:
            return self.gpu_layers == 0
        return not self.flash_attention

    @property
    def one_handle(self) -> bool:
        """Whether the weights are loaded again for another expert count."""
        return self.residency is ResidencySetting.SWAP

    @property
    def abortable(self) -> bool:
        """Whether a computation can be aborted: llama.cpp asks between the steps of a CPU.

        Where experts are in memory it asks in each of their layers; the layers after them are on a
        GPU and take less time than the rest.
        """
        return self.gpu_layers == 0 or self.cpu_expert_layers != 0


@frozen(kw_only=True)
class ModelInfo:
    """A loaded model."""

    name: str
    path: Path
    size_bytes: int
    experts: int
    """Experts per layer; 0 for a dense model."""
    fim: FimTokens | None
    """None if the vocabulary has no FIM markers."""
    chat_template: str | None
    """The model's own Jinja template; untrusted text."""
    bos_text: str = ""
    """The beginning-of-sequence token as a chat template writes it."""
    eos_text: str = ""
    """The end-of-sequence token as a chat template writes it."""
    spelt_markers: tuple[str, ...] = ()
    """Markers of the chat template that are no tokens: the model can only spell them as text."""
    sampling: Mapping[str, float | int] = {}
    """What its authors recommend, by the names of :class:`Sampling`; empty: nothing."""
    languages: tuple[str, ...] = ()
    """Languages that the model was trained for, as LSP language ids or names; empty: all."""
    edit_format: EditFormat | None = None
    """The format of edits that it was trained to write; None: it writes none by itself."""
    residency: ResidencyChoice | None = None
    """How the lanes hold the weights; None where the engine does not say."""


@frozen(kw_only=True)
class LaneInfo:
    """An open lane, as llama.cpp runs it."""

    name: str
    experts: int
    """Active experts as llama.cpp reports them; 0 for a dense model."""
    context_tokens: int
    load_ms: float
    notice: str
    """One sentence where the lane differs from its :class:`LaneSpec`; else empty."""
    model: str = ""
    """The name of its model."""
    sequences: int = 1
    """Prompts that its KV cache holds."""
    predicted_bytes: int = 0
    """Most memory besides the weights, predicted from the model's header."""
    measured_bytes: int = 0
    """Memory besides the weights that llama.cpp allocated when the lane was opened; its KV cache
    grows with use, up to the prediction. 0 where llama.cpp does not report it."""
    url: str = ""
    """The server that runs it; "": it runs on this machine."""
    server: str = ""
    """What that server is and can do, in words."""
