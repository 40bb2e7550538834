"""What ``leanwide doctor --report`` prints: what a bug report needs, and none of the user's work.

It has no text of a document or a prompt, no list of names that the user made, and no path except
those of leanwide's own folders, below ``~``.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from leanwide.cli.compose import user_layers
from leanwide.cli.log_file import last_errors, log_path
from leanwide.cli.version import versions
from leanwide.files.home import expanded
from leanwide.files.shown import shown, shown_value
from leanwide.options.layers import built_in

_ERRORS: Final = 10
"""Records of the log that are shown."""
_FILES: Final = ("path", "model")
"""Last parts of the keys whose value is a file."""


def report_text(report: Mapping[str, Any]) -> str:
    """Return the report as plain text.

    Args:
        report: What :func:`leanwide.cli.examination.examine` found.
    """
    layers, _ = user_layers()
    defaults = dict(flat(built_in().values))
    settings = [line for layer in layers for line in changed(layer.values, defaults)]
    parts = {
        "versions": versions().splitlines(),
        "machine": _machine(report),
        "model": list(_models(report)),
        "settings that are not the defaults": settings,
        "problems": [without_folders(problem, report) for problem in report["problems"]],
        "last warnings and errors of the server": last_errors(log_path(), _ERRORS),
    }
    return "\n\n".join(
        "\n".join((f"{title}:", *(f"  {line}" for line in lines or ["none"])))
        for title, lines in parts.items()
    )


def flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the keys of nested sections, with dots, and their values."""
    for name, value in values.items():
        key = f"{above}{name}"
        if isinstance(value, Mapping):
            yield from flat(value, f"{key}.")
        else:
            yield key, value


def changed(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each setting of a layer whose value is not the default."""
    for key, value in flat(values):
        if key not in defaults:
            yield f"{shown(key)}: not a setting"
        elif value != defaults[key]:
            yield f"{key} = {_harmless(key, value)}"


def _harmless(key: str, value: Any) -> str:
    """Return a value without folders and without names of the user's files."""
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if key.rpartition(".")[2] in _FILES and isinstance(value, str):
        return shown_value(Path(value).name)
    return shown_value(value)


def without_folders(text: str, report: Mapping[str, Any]) -> str:
    """Return a sentence without the folders of models, and with ``~`` for the user's own."""
    for path in _model_paths(report):
        text = text.replace(f"{path.parent}{os.sep}", "")
    return text.replace(str(Path.home()), "~")


def _model_paths(report: Mapping[str, Any]) -> Iterable[Path]:
    """Yield the files of models that are in use, or that the settings name."""
    for part in (report, report["wide"]):
        if part is not None and part["model"] is not None:
            yield Path(part["model"]["path"])
    layers, _ = user_layers()
    for layer in layers:
        for key, value in flat(layer.values):
            if key.rpartition(".")[2] in _FILES and isinstance(value, str) and os.sep in value:
                yield Path(value)
                yield expanded(value)


def _machine(report: Mapping[str, Any]) -> list[str]:
    memory, llama = report["memory_mb"], report["llama_cpp"]
    devices = (f"{device['name']}: {device['description']}" for device in llama["devices"])
    return [
        f"{platform.system()} {platform.release()}, {' '.join(platform.libc_ver())}".rstrip(", "),
        f"{report['cores']} cores, {memory['free']:,} of {memory['total']:,} MB of memory free",
        f"llama.cpp: {llama['features']}",
        f"built for: {', '.join(llama['backends'])}",
        *devices,
    ]


def _models(report: Mapping[str, Any]) -> Iterator[str]:
    for part in (report, report["wide"]):
        if part is not None and part["model"] is not None:
            model = part["model"]
            kind = "embedded" if model["embedded"] else Path(model["path"]).name
            yield f"{model['name']}, {model['megabytes']} MB, {kind}: {part['fit']['verdict']}"
    for lane in report["lanes"]:
        experts = f"{lane['experts']} experts" if lane["experts"] else "dense"
        yield (
            f"{lane['name']} lane: {experts}, {lane['context_tokens']:,} tokens, "
            f"{lane['sequences']} sequences"
        )
    if report["residency"] is not None:
        yield f"residency: {report['residency']['residency']}"
