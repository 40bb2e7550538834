"""The user's options: typed once, documented at the field, read from layers that fail softly.

Layers, each over the one before: the built-in ``configs/default.toml``, the user file, the tuned
file, the workspace's ``.leanwide.toml``, and what the editor sends. A bad key or value costs only
itself: it is reported as a problem, in a sentence, and the layer below serves.
"""

from __future__ import annotations

import difflib
import enum
import math
import tomllib
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final, get_type_hints

import attrs
import cattrs
from attrs import field, frozen
from attrs.validators import ge, le

from leanwide.files.patterns import MAX_PATTERN_BYTES, MAX_PATTERNS, encoded
from leanwide.files.reader import ANYWHERE, UnreadableFile, read_file
from leanwide.files.shown import first_few, shown, shown_value
from leanwide.models.limits import ExpertWidth
from leanwide.models.residency import ResidencySetting, WeightSizes
from leanwide.modes.profile import Mode, Profile

WORKSPACE_FILE: Final = ".leanwide.toml"
WORKSPACE_SECTIONS: Final = ("modes", "languages", "completion", "files")
"""What a workspace may set: budgets, languages, exclusions; never programs, models, addresses."""
FOLDER_SECTIONS: Final = ("files",)
"""What a second or later folder of a workspace may set, for its own files."""

ENGINE_SECTIONS: Final = ("model", "lanes", "cache")
"""What the engine is made of; where sessions share one, none of them sets it."""

_LARGEST: Final = 64_000
"""Bytes of a file with settings."""
_MOST_DOTS: Final = 250
"""In one line of a file with settings: each part of a key may be a section of its own, and to read
sections in sections takes time that grows with the square of their number."""
_MOST_PROBLEMS: Final = 5
"""Problems of one place that are told before the others are counted."""
_TOO_LARGE: Final = 2**31
"""Whole numbers stay below: llama.cpp gives them 32 bits."""


class AutoSwitch(enum.StrEnum):
    """Something that llama.cpp can do in two ways."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


@frozen(kw_only=True)
class ModelOptions:
    """Which weights are loaded, and how."""

    path: str
    """A GGUF file; "" is the model that ships with leanwide."""
    threads: int = field(validator=[ge(0), le(1024)])
    """Threads of the engine; 0 is one per physical core."""
    gpu_layers: int = field(validator=ge(-1))
    """Layers kept in GPU memory; 0 is CPU only, -1 is all."""
    batch_tokens: int = field(validator=[ge(16), le(8192)])
    """Most prompt tokens in one step of the model."""
    use_mmap: bool
    """Map the file instead of reading it; lanes then share its pages."""
    use_extra_bufts: bool
    """Repack weights into private memory; lanes then share nothing."""
    flash_attention: AutoSwitch
    """Compute attention without keeping its scores: "auto" is where layers are on a GPU."""

    def weights(self, size_bytes: int, experts: int | None) -> WeightSizes:
        """Describe the weights of a model of that size, loaded as these options say."""
        return WeightSizes(
            size_bytes=size_bytes,
            experts=experts,
            mapped=self.use_mmap and not self.use_extra_bufts,
            on_gpu=self.gpu_layers != 0,
        )


@frozen(kw_only=True)
class LaneOptions:
    """One way to run the weights."""

    experts: int | ExpertWidth
    """Active experts per token; "half" and "trained" go by the model's own count."""
    sequences: int = field(validator=[ge(1), le(64)])
    """Prompts kept in the KV cache."""


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
    """What leanwide may take of the machine."""

    adapt: bool
    """Narrow budgets to what this machine manages in the deadline, and on battery."""
    residency: ResidencySetting
    """How many handles on the weights there are: "auto", "shared", "swap" or "single"."""
    close_after_minutes: float = field(validator=ge(0.0))
    """Close a lane that only questions use after so long without one; 0: never."""


@frozen(kw_only=True)
class CacheOptions:
    """What is kept on disk to be quick after a restart."""

    prompts: bool
    """Keep what the model read of the places that were edited last; false deletes it."""
    megabytes: int = field(validator=ge(0))
    """Most that this takes of the disk."""

    @property
    def prompt_bytes(self) -> int:
        """Most bytes of prompts; 0 where none are kept."""
        return self.megabytes * 10**6 if self.prompts else 0


@frozen(kw_only=True)
class LanguageOptions:
    """Where leanwide works."""

    off: tuple[str, ...]
    """Language ids without completions."""


@frozen(kw_only=True)
class CompletionOptions:
    """When completions come by themselves."""

    in_comments: bool
    """Also inside comments."""
    in_strings: bool
    """Also inside strings."""
    look_ahead: bool
    """Use idle moments to prepare the suggestion after the one that is shown."""
    follow_cursor: bool
    """Read the code around a place where the cursor rests before anything is typed there."""


def _bounded(_: Any, __: Any, patterns: tuple[str, ...]) -> None:
    """Refuse more patterns than may decide about a path."""
    if len(patterns) > MAX_PATTERNS:
        raise ValueError(f"these are {len(patterns):,} patterns, and {MAX_PATTERNS:,} may be given")
    if any(len(encoded(pattern)) > MAX_PATTERN_BYTES for pattern in patterns):
        raise ValueError(f"one of the patterns has more than {MAX_PATTERN_BYTES:,} bytes")


@frozen(kw_only=True)
class FileOptions:
    """Which files leanwide leaves alone, beside secrets."""

    exclude: tuple[str, ...] = field(validator=_bounded)
    """Patterns as in ``.gitignore``."""


@frozen(kw_only=True)
class EngineOptions:
    """The options that decide how the engine runs."""

    model: ModelOptions
    lanes: LanesOptions
    lane_tokens: Mapping[str, int]
    """Tokens that the modes need of each lane: prompt, thinking and answer."""
    residency: ResidencySetting
    prompt_bytes: int
    """Most bytes of saved prompts on disk."""


@frozen(kw_only=True)
class Options:
    """Everything that can be set."""

    model: ModelOptions
    lanes: LanesOptions
    modes: ModesOptions
    machine: MachineOptions
    cache: CacheOptions
    languages: LanguageOptions
    completion: CompletionOptions
    files: FileOptions

    @property
    def profiles(self) -> Mapping[Mode, Profile]:
        """The profile of every mode."""
        return {
            Mode.CODE: self.modes.code,
            Mode.THINK: self.modes.think,
            Mode.DIALOG: self.modes.dialog,
        }

    @property
    def engine(self) -> EngineOptions:
        """What decides how the engine runs: it goes on where none of this changes."""
        lane_tokens: dict[str, int] = {}
        for profile in self.profiles.values():
            tokens = profile.context_tokens + profile.output_tokens + profile.thinking_tokens
            lane_tokens[profile.lane] = max(tokens, lane_tokens.get(profile.lane, 0))
        return EngineOptions(
            model=self.model,
            lanes=self.lanes,
            lane_tokens=lane_tokens,
            residency=self.machine.residency,
            prompt_bytes=self.cache.prompt_bytes,
        )


@frozen
class Layer:
    """Settings from one place."""

    source: str
    """Where they stand, as the user knows it: a path, or "the editor"."""
    values: Mapping[str, Any]
    why_not: Callable[[str], str] = field(default=lambda _: "", eq=False)
    """Gives the reason why they do not serve for the model at a path; "" where they do."""


def parse(*layers: Layer) -> tuple[Options, tuple[str, ...]]:
    """Lay ``layers`` over the built-in configuration; give the options and all problems found."""
    merged: dict[str, Any] = dict(built_in().values)
    problems: list[str] = []
    checked = [_check(one.values, Options, "", shown(one.source), problems) for one in layers]
    paths = [values["model"]["path"] for values in checked if "path" in values.get("model", {})]
    model = paths[-1] if paths else merged["model"]["path"]
    for layer, values in zip(layers, checked, strict=True):
        if reason := layer.why_not(model):
            problems.append(f"{shown(layer.source)} is ignored: {reason}")
        else:
            merged = _merge(merged, values)
    return _CONVERTER.structure(merged, Options), tuple(problems)


def built_in() -> Layer:
    """Give the configuration that ships with leanwide."""
    text = resources.files("leanwide").joinpath("configs/default.toml").read_text("utf-8")
    return Layer("the built-in configuration", tomllib.loads(text))


def read_layer(path: Path, within: Path = ANYWHERE) -> tuple[Layer, tuple[str, ...]]:
    """Read a TOML file; a missing one is an empty layer, a broken one a problem.

    Args:
        path: Where it is.
        within: The folder to which it may be a link.
    """
    data = read_file(path, _LARGEST, within)
    if data is None:
        return Layer(str(path), {}), ()
    if isinstance(data, UnreadableFile):
        return _ignored(path, f"it {data.reason}")
    try:
        text = data.decode("utf-8")
        if any(line.count(".") > _MOST_DOTS for line in text.splitlines()):
            return _ignored(path, f"a line has more than {_MOST_DOTS} dots")
        return Layer(str(path), tomllib.loads(text)), ()
    except RecursionError:
        return _ignored(path, "it is nested too deeply")
    except ValueError as error:  # not UTF-8, not TOML, or a number without end
        return _ignored(path, shown(error))


def _ignored(path: Path, why: str) -> tuple[Layer, tuple[str, ...]]:
    return Layer(str(path), {}), (f"{shown(path)} is ignored: {why}",)


def restrict_workspace(layer: Layer) -> tuple[Layer, tuple[str, ...]]:
    """Keep what a workspace may set; one problem names what it tried beyond that."""
    allowed = {key: value for key, value in layer.values.items() if key in WORKSPACE_SECTIONS}
    refused = sorted(set(layer.values) - set(allowed))
    if not refused:
        return layer, ()
    names = first_few(refused)
    may = " and ".join((", ".join(WORKSPACE_SECTIONS[:-1]), WORKSPACE_SECTIONS[-1]))
    return (
        Layer(layer.source, allowed),
        (
            f"{shown(layer.source)} may set {may} only: ignored {names} "
            "(put it into your own user file)",
        ),
    )


def restrict_further_folder(layer: Layer) -> tuple[Layer, tuple[str, ...]]:
    """Keep what a workspace's second and later folders may set; one problem names the rest."""
    files = {key: value for key, value in layer.values.items() if key in FOLDER_SECTIONS}
    if len(files) == len(layer.values):
        return layer, ()
    names = first_few(sorted(set(layer.values) - set(files)))
    may = " and ".join(FOLDER_SECTIONS)
    return (
        Layer(layer.source, files),
        (
            f"{shown(layer.source)} may set {may} only, for it is not the first folder's: "
            f"ignored {names}",
        ),
    )


def unrestricted(layer: Layer) -> tuple[Layer, tuple[str, ...]]:
    """Keep everything: what an editor sets that has the engine for itself."""
    return layer, ()


def restrict_session(layer: Layer) -> tuple[Layer, tuple[str, ...]]:
    """Keep what one of several sessions may set; one problem names what concerns the engine."""
    values = {key: value for key, value in layer.values.items() if key not in ENGINE_SECTIONS}
    refused = [key for key in ENGINE_SECTIONS if key in layer.values]
    machine = values.get("machine")
    if isinstance(machine, Mapping) and "residency" in machine:
        values["machine"] = {key: machine[key] for key in machine if key != "residency"}
        refused.append("machine.residency")
    if not refused:
        return layer, ()
    return (
        attrs.evolve(layer, values=values),
        (
            f"{layer.source} may not set {', '.join(refused)}: all sessions share one engine "
            "(put it into your own user file, and start the server again)",
        ),
    )


def _check(
    values: Mapping[str, Any], kind: type, prefix: str, source: str, problems: list[str]
) -> dict[str, Any]:
    """Keep the keys and values that fit the class ``kind``; describe the others."""
    fields = {attribute.name: attribute for attribute in attrs.fields(kind)}
    hints = get_type_hints(kind)
    good: dict[str, Any] = {}
    unknown = [key for key in values if key not in fields]
    problems += [_unknown(key, prefix, list(fields), source) for key in unknown[:_MOST_PROBLEMS]]
    if (more := len(unknown) - _MOST_PROBLEMS) > 0:
        problems.append(f"{source}: {more:,} other names are no settings either")
    for key, value in values.items():
        name = f"{prefix}{key}"
        if key not in fields:
            continue
        if attrs.has(hints[key]):
            if isinstance(value, Mapping):
                good[key] = _check(value, hints[key], f"{name}.", source, problems)
            else:
                problems.append(f"{source}: {name} is a section, not a value")
        elif problem := _problem(value, hints[key], fields[key]):
            problems.append(f"{source}: {name} = {shown_value(value)}: {problem}")
        else:
            good[key] = value
    return good


def _unknown(key: str, prefix: str, known: list[str], source: str) -> str:
    key = shown(key)
    near = difflib.get_close_matches(key.rsplit(".", 1)[-1], known, n=1, cutoff=0.0)
    return f"{source}: there is no setting {prefix}{key}; did you mean {prefix}{near[0]}?"


def _problem(value: Any, kind: Any, attribute: attrs.Attribute[Any]) -> str:
    """Say what is wrong with a value; "" if it is fine."""
    try:
        structured = _CONVERTER.structure(value, kind)
        if attribute.validator is not None:
            attribute.validator(None, attribute, structured)
    except ValueError as error:
        return shown(error.args[0])
    except OverflowError:
        return "this is too large"
    return ""


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = _merge(old, value) if both else value  # type: ignore[arg-type]  # both
    return merged


def _strict(kind: type, name: str) -> Any:
    """A structure hook that takes values of this very type and converts nothing."""

    def structure(value: Any, _: Any) -> Any:
        if isinstance(value, bool) is (kind is bool) and isinstance(value, kind):
            return value
        raise ValueError(f"this needs {name}")

    return structure


def _whole(value: Any, _: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("this needs a whole number")
    if abs(value) >= _TOO_LARGE:
        raise ValueError(f"this needs a whole number below {_TOO_LARGE}")
    return value


def _number(value: Any, _: Any) -> float:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    if known and math.isfinite(number := float(value)):
        return number
    raise ValueError("this needs a number")


def _experts(value: Any, _: Any) -> int | ExpertWidth:
    if isinstance(value, int) and not isinstance(value, bool):
        return _whole(value, int)
    if value in tuple(ExpertWidth):
        return ExpertWidth(value)
    raise ValueError('this needs a whole number, "half" or "trained"')


def _wish(value: Any, _: Any) -> ResidencySetting:
    if value in tuple(ResidencySetting):
        return ResidencySetting(value)
    raise ValueError('this needs "auto", "shared" or "single"')


def _switch(value: Any, _: Any) -> AutoSwitch:
    if value in tuple(AutoSwitch):
        return AutoSwitch(value)
    raise ValueError('this needs "auto", "on" or "off"')


def _texts(value: Any, _: Any) -> tuple[str, ...]:
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ValueError("this needs a list of texts")


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter()
    converter.register_structure_hook(int, _whole)
    converter.register_structure_hook(bool, _strict(bool, "true or false"))
    converter.register_structure_hook(str, _strict(str, "a text"))
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook(int | ExpertWidth, _experts)
    converter.register_structure_hook(ResidencySetting, _wish)
    converter.register_structure_hook(AutoSwitch, _switch)
    converter.register_structure_hook_func(lambda kind: kind == tuple[str, ...], _texts)
    return converter


_CONVERTER: Final = _converter()
