"""The tuned layer: what ``leanwide tune`` measured, for one model file and one machine.

Its file says what it was measured for. For anything else it does not serve, and says so.
"""

from __future__ import annotations

import hashlib
import os
import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import attrs
import psutil
from attrs import frozen

from leanwide.options import Layer, read_layer

_MEASURED_SECTION: Final = "measured"
"""The section that says what was measured, and on what."""
_HEAD_BYTES: Final = 2**20
"""Bytes at the start of a model file that count: names, sizes and types of everything in it."""
_SAMPLES: Final = 64
"""Places of a model file that are read beside its start: to read all of it takes minutes."""
_SAMPLE_BYTES: Final = 4096
"""Bytes that are read at each of them."""


@frozen(kw_only=True)
class TunedSubject:
    """What was measured: a model file on a machine."""

    model: str
    """The model's name, for people."""
    fingerprint: str
    """Of the model file."""
    machine: str
    """System, processor, cores and memory."""


def fingerprint(model: Path) -> str:
    """Give what tells a model file from others: its size, its start, and samples of all of it.

    Reads 1.3 MB at most.

    Raises:
        OSError: The file cannot be read.
    """
    status = model.stat()
    return _fingerprint(str(model), status.st_size, status.st_mtime_ns)


def this_machine() -> str:
    """Describe this machine, as far as it decides what is fast on it."""
    memory = round(psutil.virtual_memory().total / 2**30)
    cores = psutil.cpu_count(logical=False) or 1
    return f"{platform.system()} {platform.machine()}, {_processor()}, {cores} cores, {memory} GB"


def read_tuned(file: Path, model_file: Callable[[str], Path]) -> tuple[Layer, tuple[str, ...]]:
    """Read the tuned file; a missing one is an empty layer, a broken one a problem.

    Args:
        file: Where it is.
        model_file: Gives the file that a setting of the model's path means.
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
    """Give the reason why something measured does not serve for a model file here; "" if it does.

    A model that cannot be read is no reason: whoever loads it says what is wrong.
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
        file: Where it is.
        subject: What was measured.
        values: Settings, as sections of numbers and texts.
        why: Lines that say how they came to be.

    Raises:
        OSError: It cannot be written.
    """
    head = ("Written by `leanwide tune`; delete it to do without.", *why)
    sections = {_MEASURED_SECTION: attrs.asdict(subject), **values}
    text = "".join(f"# {line}\n" for line in head) + "".join(_sections(sections, ""))
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(name).replace(file)
    finally:
        Path(name).unlink(missing_ok=True)


def _sections(values: Mapping[str, Any], prefix: str) -> list[str]:
    """Write sections as TOML."""
    lines = []
    for name, value in values.items():
        inner = {key: one for key, one in value.items() if not isinstance(one, Mapping)}
        deeper = {key: one for key, one in value.items() if isinstance(one, Mapping)}
        if inner:
            lines.append(f"\n[{prefix}{name}]\n")
            lines += [f"{key} = {_literal(one)}\n" for key, one in inner.items()]
        lines += _sections(deeper, f"{prefix}{name}.")
    return lines


def _literal(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    # A basic string of TOML: only these characters mean something else in it.
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(one if one.isprintable() else " " for one in escaped) + '"'


@lru_cache(maxsize=8)
def _fingerprint(model: str, size: int, changed_ns: int) -> str:
    del changed_ns  # a file that was written again is another one
    digest = hashlib.sha256(str(size).encode())
    with Path(model).open("rb") as stream:
        digest.update(stream.read(_HEAD_BYTES))
        for number in range(_SAMPLES):
            stream.seek(size * number // _SAMPLES)
            digest.update(stream.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def _processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown processor")
