"""What ``leanwide doctor`` finds out about this installation: data, as its JSON has them."""

from __future__ import annotations

import asyncio
import platform
import sys
from collections.abc import Iterator
from typing import Any

import attrs
import psutil

from leanwide import __version__
from leanwide.cli import gpus
from leanwide.cli.compose import model_specs, user_layers
from leanwide.cli.fitting import Fitting, as_data, fittings
from leanwide.cli.servers import ask_servers
from leanwide.engine.base import EngineError, finish
from leanwide.engine.client import EngineClient
from leanwide.engine.lane_shapes import lane_shape
from leanwide.engine.process.llama import build, system_features
from leanwide.engine.processor import processor_flags, unused_features
from leanwide.engine.requests import Priority, Request
from leanwide.engine.saved_states import SavedFolder, default_folder
from leanwide.engine.specs import LaneInfo, LaneSpec, ModelInfo, ModelSpec
from leanwide.features.chat_template import ChatTemplateCache
from leanwide.models.embedded import embedded_model
from leanwide.models.expert_count import legal_experts, wanted_experts
from leanwide.models.fit import Verdict
from leanwide.models.gguf import ModelFileError
from leanwide.models.gguf_header import GgufHeader
from leanwide.models.limits import legal_context
from leanwide.models.memory import lane_bytes
from leanwide.options import Options, parse
from leanwide.prompt.chat import Message


def examine() -> dict[str, Any]:
    """Return the report; ``problems`` are sentences that say what to do."""
    layers, broken = user_layers()
    options, found = parse(*layers)
    problems = [*broken, *found]
    memory = psutil.virtual_memory()
    report: dict[str, Any] = {
        "leanwide": __version__,
        "python": platform.python_version(),
        "llama_cpp": {**_build(), **gpus.report(options.model.gpu_layers)},
        "cores": psutil.cpu_count(logical=False),
        "memory_mb": {"total": memory.total // 10**6, "free": memory.available // 10**6},
        "model": None,
        "residency": None,
        "lanes": [],
        "fit": None,
        "wide": None,
        "servers": asyncio.run(ask_servers(options)),
        "places": _places(options),
        "problems": problems,
    }
    problems.extend(problem for server in report["servers"] for problem in server["problems"])
    try:
        models = fittings(options)
    except ModelFileError as error:
        problems.append(str(error))
        return report
    if not models:  # every lane runs at a server
        return report
    (header, fit), *other = models
    report["model"], report["fit"] = _model(header), as_data(fit)
    report["residency"] = attrs.asdict(fit.placed.residency)
    for found_header, found_fit in other:
        report["wide"] = {"model": _model(found_header), "fit": as_data(found_fit)}
    for found_header, found_fit in models:
        report["lanes"] += _lanes(found_header, found_fit, memory.available)
        problems.extend(_trouble(found_header, found_fit, options))
    problems.extend(notice for lane in report["lanes"] if (notice := lane.pop("problem")))
    return report


def _model(header: GgufHeader) -> dict[str, Any]:
    return {
        "name": header.name,
        "path": str(header.path),
        "megabytes": round(header.file_bytes / 1e6, 1),
        "embedded": header.path == embedded_model(),
    }


def _lanes(header: GgufHeader, fit: Fitting, free_bytes: int) -> list[dict[str, Any]]:
    """Return how the lanes of a model would run."""
    spec = fit.placed.spec
    free = free_bytes if spec.gpu_layers == 0 else sys.maxsize
    return [_lane(header, lane, spec, free) for lane in spec.lanes]


def _lane(header: GgufHeader, spec: LaneSpec, engine: ModelSpec, free_bytes: int) -> dict[str, Any]:
    """Return how a lane would run, and its memory besides the weights."""
    experts, problem = legal_experts(header, wanted_experts(header, spec.experts))
    context, _ = legal_context(
        header, spec.context_tokens, spec.sequences, free_bytes, engine.kv_type
    )
    memory = lane_bytes(header, lane_shape(engine, spec, context, experts))
    if memory.total > free_bytes:
        problem = f"{problem} the {spec.name} lane needs more memory than is free".strip()
    return {
        "name": spec.name,
        "experts": experts,
        "context_tokens": context,
        "sequences": spec.sequences,
        "kv_megabytes": round(memory.kv / 1e6, 1),
        "states_megabytes": round(memory.states / 1e6, 1),
        "compute_megabytes": round(memory.compute / 1e6, 1),
        "problem": problem,
    }


def _trouble(header: GgufHeader, fit: Fitting, options: Options) -> Iterator[str]:
    """Yield what is wrong with a model, for what its lanes are used for."""
    lanes = [lane.name for lane in fit.placed.spec.lanes]
    if options.modes.code.lane in lanes and not header.fim:
        yield (
            f"{header.name} has no fill-in-the-middle tokens: there are no suggestions while you "
            "type. Choose a model that completes (`leanwide models list`)"
        )
    answers = options.modes.think.lane in lanes or options.modes.dialog.lane in lanes
    if answers and (problem := asyncio.run(_template_problem(header))):
        yield (
            f"{problem}: explanations, chats and edits ask it in ChatML, "
            "and may be poor. Choose an instruct model (`leanwide models list`)"
        )
    if fit.placed.notice:
        yield fit.placed.notice
    if fit.fit.verdict in (Verdict.STREAMS, Verdict.TOO_LARGE):
        yield fit.advice


def _build() -> dict[str, Any]:
    """Return what this build of llama.cpp uses, and what the processor could do besides."""
    features = system_features()
    return {
        "version": build(),
        "features": features,
        "unused": list(unused_features(features, processor_flags())),
    }


def _places(options: Options) -> dict[str, Any]:
    """Return the size of saved KV caches on disk, and its limit."""
    folder = default_folder()
    return {
        "folder": str(folder),
        "megabytes": round(SavedFolder(folder).size() / 1e6, 1),
        "most_megabytes": options.cache.prompt_bytes // 10**6,
    }


async def _template_problem(header: GgufHeader) -> str | None:
    """Return why the model's own template cannot lay out a conversation; None where it can."""
    model = ModelInfo(
        name=header.name,
        path=header.path,
        size_bytes=header.file_bytes,
        experts=header.number("expert_count"),
        fim=None,
        chat_template=header.chat_template,
    )
    roles = ("system", "user", "assistant", "user")
    messages = [Message(role, "x") for role in roles]
    return (await ChatTemplateCache().lay_out(messages, model, thinking=False)).problem


def add_measured(report: dict[str, Any]) -> None:
    """Open every lane of a report and add the memory that it takes; a failure is a problem."""
    options, _ = parse(*user_layers()[0])
    try:
        found, process = asyncio.run(_measured(options))
    except EngineError as error:
        report["problems"].append(str(error))
        return
    report["memory_mb"]["engine"] = round(process / 1e6, 1)
    for lane in report["lanes"]:
        lane["measured_megabytes"] = round(found[lane["name"]].measured_bytes / 1e6, 1)


async def _measured(options: Options) -> tuple[dict[str, LaneInfo], int]:
    """Open every lane with one token; return the lanes and the memory of the engine, in bytes.

    Raises:
        EngineError: The model cannot be loaded, or a lane not be opened.
    """
    specs = model_specs(options)
    engine = EngineClient(specs)
    try:
        await engine.ready(specs[0].lanes[0].name)
        for lane in (lane for spec in specs for lane in spec.lanes):
            request = Request(
                lane=lane.name,
                prompt=("x",),
                priority=Priority.COMMAND,
                max_tokens=1,
                deadline_ms=1.0,
            )
            await finish(engine, request)
        return {lane.name: lane for lane in engine.lanes}, await engine.memory_bytes()
    finally:
        await engine.close()
