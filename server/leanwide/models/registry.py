"""The recommended models, and the resolution of model names to files on the hub."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any, Final

from attrs import field, frozen
from attrs.validators import deep_iterable, ge, gt, in_, instance_of, le, matches_re, min_len

HUB_PREFIX: Final = "hf:"
_PART: Final = re.compile(r"-\d{5}-of-(\d{5})\.gguf$")
_REPO: Final = r"[\w.-]+/[\w.-]+"
_FILE: Final = r"(?:[\w.+-]+/)*[\w.+-]+\.gguf"
_EXAMPLE: Final = (
    "hf:unsloth/Qwen3-Coder-30B-A3B-Instruct-GGUF/Qwen3-Coder-30B-A3B-Instruct-Q4_K_M.gguf"
)


class UnknownModelError(Exception):
    """The name of no model; the message is one sentence on what to use instead."""


@frozen
class HubFile:
    """One model file on the hub."""

    repo: str = field(validator=matches_re(_REPO))
    """Owner and name."""
    file: str = field(validator=matches_re(_FILE))
    """Path inside the repository."""

    @file.validator
    def _stays_inside(self, _: Any, value: str) -> None:
        if any(part.startswith(".") for part in (*self.repo.split("/"), *value.split("/"))):
            raise ValueError(f"{value!r} begins with a dot")

    def __str__(self) -> str:
        """Return the name as the user writes it."""
        return f"{HUB_PREFIX}{self.repo}/{self.file}"


@frozen(kw_only=True)
class SamplingAdvice:
    """The sampling that a model's card recommends, in the terms of a mode's settings."""

    temperature: float = field(validator=[ge(0), le(2)])
    """0 is greedy."""
    top_k: int = field(validator=ge(0))
    """0 is all."""
    top_p: float = field(validator=[gt(0), le(1)])


@frozen(kw_only=True)
class RegistryEntry:
    """A recommended model file: facts from the model's card and the file's page on the hub."""

    name: str = field(validator=matches_re(r"[a-z0-9._-]+"))
    """The name that users type: the model's and the quantisation."""
    repo: str
    file: str
    quantisation: str = field(validator=matches_re(r"[A-Z0-9_]+"))
    """llama.cpp's name of the quantisation."""
    size_bytes: int = field(validator=gt(0))
    """The size of the file; rounded where it ends in zeros."""
    licence: str = field(validator=matches_re(r"\S+"))
    architecture: str = field(validator=matches_re(r"[a-z0-9-]+"))
    """llama.cpp's name of the architecture."""
    parameters: int = field(validator=gt(0))
    active_parameters: int = field(validator=gt(0))
    """Parameters that a token uses; all of them in a dense model."""
    experts: int = field(validator=ge(0))
    """Experts per layer; 0 for a dense model."""
    experts_trained: int = field(validator=ge(0))
    """Active experts in training; 0 for a dense model."""
    context_tokens: int = field(validator=gt(0))
    """Context length in training."""
    kv_bytes_per_token: int = field(validator=gt(0))
    """KV cache of one token in f16, from the shape of the model."""
    recurrent: bool = field(validator=instance_of(bool))
    """Whether layers keep a recurrent state, so that taking a token back needs a checkpoint."""
    fim: bool = field(validator=instance_of(bool))
    """Whether it knows FIM, which completions need."""
    lanes: tuple[str, ...] = field(validator=[min_len(1), deep_iterable(in_(("lean", "wide")))])
    """The lanes that it suits."""
    sampling: SamplingAdvice | None
    """For the wide lane; None where the card recommends none."""
    about: str = field(validator=matches_re(r".+"))
    """What it is good for, in a few words."""

    @property
    def source(self) -> HubFile:
        """The file on the hub."""
        return HubFile(self.repo, self.file)


@cache
def entries() -> tuple[RegistryEntry, ...]:
    """Return the registry, best model first."""
    text = resources.files(__package__).joinpath("registry.toml").read_text("utf-8")
    registry = tomllib.loads(text)
    found = {entry.name: entry for model in registry["model"] for entry in _files(model)}
    return tuple(found[name] for name in registry["order"])


def _files(model: dict[str, Any]) -> Iterator[RegistryEntry]:
    """Yield an entry for each file of a model."""
    facts = {name: value for name, value in model.items() if name not in ("files", "sampling")}
    sampling = SamplingAdvice(**model["sampling"]) if "sampling" in model else None
    for file in model["files"]:
        name = f"{model['name']}-{file['quantisation'].lower()}"
        own = {
            "name": name,
            "file": file["file"],
            "quantisation": file["quantisation"],
            "size_bytes": file["bytes"],
            "lanes": tuple(model["lanes"]),
        }
        yield RegistryEntry(**(facts | own), sampling=sampling)


def entry_of(source: HubFile) -> RegistryEntry | None:
    """Return the entry of a file on the hub; None if it is not a recommended one."""
    return next((entry for entry in entries() if entry.source == source), None)


def resolve(name: str) -> HubFile:
    """Return the file of a registry name or of ``hf:REPO/FILE``.

    Raises:
        UnknownModelError: There is no such name, or the address is malformed.
    """
    if name.startswith(HUB_PREFIX):
        return _parse_address(name)
    names = [entry.name for entry in entries()]
    if name not in names:
        near = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.0)
        raise UnknownModelError(
            f"there is no model {name!r}; did you mean {near[0]}? "
            "`leanwide models list` has all names; hf:REPO/FILE is any file on the hub"
        )
    return next(entry.source for entry in entries() if entry.name == name)


def _parse_address(text: str) -> HubFile:
    owner, _, rest = text.removeprefix(HUB_PREFIX).partition("/")
    name, _, file = rest.partition("/")
    try:
        found = HubFile(f"{owner}/{name}", file)
    except ValueError:
        raise UnknownModelError(
            f"{text!r} is not hf:REPO/FILE with a .gguf file, such as {_EXAMPLE}"
        ) from None
    if part := _PART.search(file):
        raise UnknownModelError(
            f"{file} is one of {int(part[1])} parts: choose a model that is one file"
        )
    return found
