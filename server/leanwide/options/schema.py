"""The typed options: one class a section, one docstring a setting.

``make docs`` writes the docstrings into the table of docs/configuration.md.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs
from attrs import field, frozen
from attrs.validators import ge, in_, le

from leanwide.engine.remote.address import url_problem
from leanwide.features.session import Preferences
from leanwide.files.patterns import MAX_PATTERN_BYTES, MAX_PATTERNS, encoded
from leanwide.models.edit_format import EditFormat
from leanwide.models.expert_count import ExpertWidth
from leanwide.models.memory import KvType
from leanwide.models.placement import AutoLayers
from leanwide.models.residency import ResidencySetting
from leanwide.modes.profile import LEAN, WIDE, Mode, Profile

_UNUSED_LANE_TOKENS: Final = 1_024
"""Context of a lane that no mode uses."""


def _at_least(least: int) -> Callable[[Any, attrs.Attribute[Any], int | AutoLayers], None]:
    """Return a validator of a number of layers, unless it is automatic."""
    number = ge(least)

    def check(instance: Any, attribute: attrs.Attribute[Any], value: int | AutoLayers) -> None:
        if not isinstance(value, AutoLayers):
            number(instance, attribute, value)

    return check


def _check_url(_: Any, __: Any, url: str) -> None:
    """Refuse a text that is no address of a server."""
    if url and (problem := url_problem(url)):
        raise ValueError(problem)


class EditFormatSetting(enum.StrEnum):
    """A format of edits, or the one that a model's file states."""

    AUTO = "auto"
    SWEEP = EditFormat.SWEEP.value
    ZETA2 = EditFormat.ZETA2.value
    SEARCH_REPLACE = EditFormat.SEARCH_REPLACE.value

    @property
    def chosen(self) -> EditFormat | None:
        """The format; None for the model's own."""
        return None if self is EditFormatSetting.AUTO else EditFormat(self.value)


class AutoSwitch(enum.StrEnum):
    """A feature of llama.cpp that is on, off, or its choice."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


@frozen(kw_only=True)
class ModelOptions:
    """The model file, and how it is loaded."""

    path: str
    """A GGUF file; ``""`` is the model that ships with leanwide."""
    threads: int = field(validator=[ge(0), le(1024)])
    """Threads of the engine; 0: one per physical core."""
    gpu_layers: int | AutoLayers = field(validator=_at_least(-1))
    """Layers kept in GPU memory; 0: CPU only, -1: all, ``"auto"``: as many as fit."""
    cpu_expert_layers: int | AutoLayers = field(validator=_at_least(0))
    """Layers on a GPU whose experts stay in memory, where the CPU computes them; ``"auto"``: as few
    as the GPU's memory allows."""
    batch_tokens: int = field(validator=[ge(16), le(8192)])
    """Most prompt tokens in one batch."""
    use_mmap: bool
    """Map the file instead of reading it, so that lanes share its pages."""
    use_extra_bufts: bool
    """Repack weights into private memory; lanes then share nothing."""
    flash_attention: AutoSwitch
    """Compute attention without keeping its scores; ``"auto"``: where layers are on a GPU."""
    kv_type: KvType
    """Numbers of the KV cache: ``"q8_0"`` takes about half the memory, and has flash attention on.
    """


@frozen(kw_only=True)
class LaneOptions:
    """A way to run the model: the lean lane while you type, the wide one for questions."""

    model: str
    """A GGUF file for this lane; ``""`` is ``model.path``."""
    experts: int | ExpertWidth
    """Active experts per token; ``"half"`` and ``"trained"`` refer to the trained count."""
    sequences: int = field(validator=[ge(1), le(64)])
    """Prompts kept in the KV cache, so that going back to one costs nothing."""
    url: str = field(validator=_check_url)
    """A server that runs this lane, such as ``"https://gpu-box:8443"``; ``""``: this machine.
    Your code is sent there. Your own file alone may name it."""
    server_model: str
    """Which of its models the server runs for this lane, by the server's name for it; ``""``: the
    server has one."""
    key_file: str
    """A file with the server's key; ``""``: the key is ``LEANWIDE_SERVER_KEY`` in the environment,
    or there is none."""
    ca_file: str
    """Certificates that are trusted for this server besides the system's, in PEM."""
    allow_http: bool
    """Speak to another machine without encryption: everyone on the way reads your code."""
    fallback: bool
    """Where the server cannot be used, run the lane on this machine until it can."""


@frozen(kw_only=True)
class LanesOptions:
    """The two lanes."""

    lean: LaneOptions
    wide: LaneOptions


@frozen(kw_only=True)
class ModesOptions:
    """What each mode may spend."""

    code: Profile
    think: Profile
    dialog: Profile


@frozen(kw_only=True)
class MachineOptions:
    """How much of the machine leanwide uses."""

    adapt: bool
    """Narrow budgets to what this machine manages in the deadline, and on battery."""
    residency: ResidencySetting
    """How the lanes hold the weights: each its own handle, one at a time, or one for both."""
    share_engine: AutoSwitch
    """Whether all windows of the user have one engine; ``auto``: where the system has a folder of
    the user for sockets."""
    close_after_minutes: float = field(validator=ge(0.0))
    """Minutes without a question after which the wide lane is closed; 0: never."""


@frozen(kw_only=True)
class CacheOptions:
    """KV caches on disk, for a fast first suggestion after a restart."""

    prompts: bool
    """Save KV caches of the places edited last; ``false`` deletes them."""
    megabytes: int = field(validator=ge(0))
    """Most megabytes on disk; the least recently used go first."""

    @property
    def prompt_bytes(self) -> int:
        """Most bytes of saved KV caches; 0 where none are saved."""
        return self.megabytes * 10**6 if self.prompts else 0


@frozen(kw_only=True)
class LanguageOptions:
    """Languages with completions."""

    off: tuple[str, ...]
    """Language ids without completions, such as ``["markdown"]``."""


@frozen(kw_only=True)
class CompletionOptions:
    """When completions are made without being asked for."""

    in_comments: bool
    """Suggest inside comments."""
    in_strings: bool
    """Suggest inside strings."""
    look_ahead: bool
    """Prefetch the suggestion after the shown one while idle."""
    follow_cursor: bool
    """Prefill the code around the cursor when it rests, before the first key."""


@frozen(kw_only=True)
class NextEditOptions:
    """Proposals of what to edit next, after an edit."""

    enabled: bool
    """Propose the next edit. A workspace may only switch it off."""
    threshold_nats: float = field(validator=ge(0.0))
    """How much likelier the model must find a changed text than the present one, in nats; more
    shows less. What is certain is shown without the model."""
    lane: str = field(validator=in_((LEAN, WIDE)))
    """The lane whose model may write next edits, where it was trained to or ``format`` says how."""
    format: EditFormatSetting
    """How that model is asked: ``"auto"``: as its file states, and not at all where it states
    nothing; ``"search-replace"``: any chat model."""


def _check_patterns(_: Any, __: Any, patterns: tuple[str, ...]) -> None:
    """Refuse more patterns than are matched against a path, and longer ones."""
    if len(patterns) > MAX_PATTERNS:
        raise ValueError(f"these are {len(patterns):,} patterns, and {MAX_PATTERNS:,} may be given")
    if any(len(encoded(pattern)) > MAX_PATTERN_BYTES for pattern in patterns):
        raise ValueError(f"one of the patterns has more than {MAX_PATTERN_BYTES:,} bytes")


@frozen(kw_only=True)
class FileOptions:
    """Files that leanwide never reads, besides secrets."""

    exclude: tuple[str, ...] = field(validator=_check_patterns)
    """Patterns as in ``.gitignore``, such as ``["vendor/"]``; 5,000 at most."""


@frozen(kw_only=True)
class StatisticsOptions:
    """What is counted for ``leanwide stats``, on this machine only."""

    keep: bool
    """Count what is shown, accepted and kept, by language and mode."""


@frozen(kw_only=True)
class EngineOptions:
    """The options that determine the engine: it restarts only when one of them changes."""

    model: ModelOptions
    lanes: LanesOptions
    lane_tokens: Mapping[str, int]
    """Most tokens that a mode needs in each lane: prompt, thinking and answer; a few where none
    uses it."""
    residency: ResidencySetting
    prompt_bytes: int
    """Most bytes of saved KV caches on disk."""
    share: AutoSwitch
    """Whether all windows of the user have one engine."""


@frozen(kw_only=True)
class Options:
    """Every setting."""

    model: ModelOptions
    lanes: LanesOptions
    modes: ModesOptions
    machine: MachineOptions
    cache: CacheOptions
    languages: LanguageOptions
    completion: CompletionOptions
    next_edit: NextEditOptions
    files: FileOptions
    statistics: StatisticsOptions

    @property
    def profiles(self) -> Mapping[Mode, Profile]:
        """The profile of every mode."""
        return {
            Mode.CODE: self.modes.code,
            Mode.THINK: self.modes.think,
            Mode.DIALOG: self.modes.dialog,
        }

    @property
    def preferences(self) -> Preferences:
        """The options that requests read."""
        wishes = self.completion
        return Preferences(
            in_comments=wishes.in_comments,
            in_strings=wishes.in_strings,
            look_ahead=wishes.look_ahead,
            follow_cursor=wishes.follow_cursor,
            adapt=self.machine.adapt,
            close_after_minutes=self.machine.close_after_minutes,
            keep_prompts=self.cache.prompt_bytes > 0,
            next_edit=self.next_edit.enabled,
            next_edit_nats=self.next_edit.threshold_nats,
            next_edit_lane=self.next_edit.lane,
            next_edit_format=self.next_edit.format.chosen,
        )

    @property
    def engine(self) -> EngineOptions:
        """The options that determine the engine."""
        lane_tokens: dict[str, int] = {}
        for profile in self.profiles.values():
            tokens = profile.context_tokens + profile.output_tokens + profile.thinking_tokens
            lane_tokens[profile.lane] = max(tokens, lane_tokens.get(profile.lane, 0))
        for unused in {LEAN, WIDE} - lane_tokens.keys():
            lane_tokens[unused] = _UNUSED_LANE_TOKENS
        return EngineOptions(
            model=self.model,
            lanes=self.lanes,
            lane_tokens=lane_tokens,
            residency=self.machine.residency,
            prompt_bytes=self.cache.prompt_bytes,
            share=self.machine.share_engine,
        )
