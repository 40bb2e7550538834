"""The tuned layer: the settings that ``leanwide tune`` found for one model file on one machine.

Its file names both. With another model or on another machine it is ignored, and the user is told.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import attrs
import psutil
from attrs import frozen

from leanwide.atomic_write import write_atomically
from leanwide.options import Layer, read_layer

_MEASURED_SECTION: Final = "measured"
"""The section that names the model and the machine."""
_HEAD_BYTES: Final = 2**20
"""Bytes at the start of a model file that are hashed: its header with all names and sizes."""
_SAMPLES: Final = 64
"""Samples of the rest of a model file that are hashed: reading all of it takes minutes."""
_SAMPLE_BYTES: Final = 4096
"""Bytes of each sample."""


@frozen(kw_only=True)
class TunedSubject:
    """A model file on a machine."""

    model: str
    """The model's name, to show."""
    fingerprint: str
    """Hash of the model file, see :func:`fingerprint`."""
    machine: str
    """System, processor, cores and memory."""


def fingerprint(model: Path) -> str:
    """Return a hash of a model file's size, its start and samples of the rest.

    Reads 1.3 MB at most.

    Raises:
        OSError: The file cannot be read.
    """
    status = model.stat()
    return _fingerprint(str(model), status.st_size, status.st_mtime_ns)


def this_machine() -> str:
    """Return a description of what decides this machine's speed."""
    memory = round(psutil.virtual_memory().total / 2**30)
    cores = psutil.cpu_count(logical=False) or 1
    return f"{platform.system()} {platform.machine()}, {_processor()}, {cores} cores, {memory} GB"


def read_tuned(file: Path, model_file: Callable[[str], Path]) -> tuple[Layer, tuple[str, ...]]:
    """Return the tuned layer and problems; a missing file gives an empty layer.

    Args:
        file: The tuned file.
        model_file: Returns the model file that a ``model.path`` setting means.
    """
    layer, problems = read_layer(file)
    values = dict(layer.values)
    measured = values.pop(_MEASURED_SECTION, None)
    if not values:
        return Layer(layer.source, {}), problems
    if not isinstance(measured, Mapping):
        return Layer(layer.source, {}), (f"{file} is ignored: it does not say what it is for",)

    def why_not(path: str) -> str:
        return why_not_for(measured, model_file(path))

    return attrs.evolve(layer, values=values, why_not=why_not), problems


def why_not_for(measured: Mapping[str, Any], model: Path) -> str:
    """Return why measurements do not apply to a model file on this machine; "" if they do.

    They apply to a model that cannot be read: loading it reports what is wrong.
    """
    if measured.get("machine") != this_machine():
        return "it was measured on another machine; `leanwide tune` measures this one"
    try:
        same = measured.get("fingerprint") == fingerprint(model)
    except OSError:
        return ""
    return "" if same else f"it was measured with another model, {measured.get('model')}"


def write_tuned(
    file: Path, subject: TunedSubject, values: Mapping[str, Any], why: Sequence[str]
) -> None:
    """Write the tuned file, whole or not at all.

    Args:
        file: The tuned file.
        subject: The model file and the machine.
        values: Settings, as nested sections of numbers and texts.
        why: Lines that say how they were chosen, written as comments.

    Raises:
        OSError: It cannot be written.
    """
    head = ("Written by `leanwide tune`; delete the file to undo it.", *why)
    sections = {_MEASURED_SECTION: attrs.asdict(subject), **values}
    text = "".join(f"# {line}\n" for line in head) + "".join(_sections(sections, ""))
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, (text.encode(),))


def _sections(values: Mapping[str, Any], prefix: str) -> list[str]:
    """Return sections as lines of TOML."""
    lines = []
    for name, section in values.items():
        inner = {key: value for key, value in section.items() if not isinstance(value, Mapping)}
        deeper = {key: value for key, value in section.items() if isinstance(value, Mapping)}
        if inner:
            lines.append(f"\n[{prefix}{name}]\n")
            lines += [f"{key} = {_literal(value)}\n" for key, value in inner.items()]
        lines += _sections(deeper, f"{prefix}{name}.")
    return lines


def _literal(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    # A basic string of TOML, in which only these characters have to be escaped.
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char.isprintable() else " " for char in escaped) + '"'


@lru_cache(maxsize=8)
def _fingerprint(model: str, size: int, changed_ns: int) -> str:
    del changed_ns  # a key of the cache: a rewritten file is read again
    digest = hashlib.sha256(str(size).encode())
    with Path(model).open("rb") as stream:
        digest.update(stream.read(_HEAD_BYTES))
        for number in range(_SAMPLES):
            stream.seek(size * number // _SAMPLES)
            digest.update(stream.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def _processor() -> str:
    """Return the processor's name, as far as the system knows it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown processor")
