"""The composition root: from files and arguments to options, from options to an engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import typer
from platformdirs import user_config_path

from leanwide.engine.base import EngineError, EngineSpec, LaneSpec
from leanwide.engine.client import EngineClient
from leanwide.features.workbench import Workbench, workbench
from leanwide.models.embedded import embedded_model
from leanwide.models.gguf import GgufHeader, read_header
from leanwide.models.limits import legal_experts
from leanwide.modes.profile import LEAN, WIDE, Profile
from leanwide.options import LaneOptions, Layer, Options, parse, read_layer


def user_layers() -> tuple[tuple[Layer, ...], tuple[str, ...]]:
    """Read the user's own file and the tuned one; give the layers and what was wrong with them."""
    folder = user_config_path("leanwide")
    read = [read_layer(folder / name) for name in ("config.toml", "tuned.toml")]
    return tuple(layer for layer, _ in read), tuple(text for _, found in read for text in found)


def argument_layer(model: Path | None, experts: int | None) -> Layer:
    """Settings given on the command line."""
    values: dict[str, Any] = {}
    if model is not None:
        values["model"] = {"path": str(model)}
    if experts is not None:
        values["lanes"] = {LEAN: {"experts": experts}}
    return Layer("the command line", values)


def model_path(options: Options) -> Path:
    """Give the model file that the options mean."""
    return Path(options.model.path).expanduser() if options.model.path else embedded_model()


def engine_spec(options: Options) -> EngineSpec:
    """Say how the engine runs: one thread per physical core, lanes as long as their modes need."""
    profiles = tuple(options.profiles.values())
    return EngineSpec(
        model_path=model_path(options),
        lanes=(
            _lane(LEAN, options.lanes.lean, profiles),
            _lane(WIDE, options.lanes.wide, profiles),
        ),
        threads=options.model.threads or psutil.cpu_count(logical=False) or 1,
        batch_tokens=options.model.batch_tokens,
        use_mmap=options.model.use_mmap,
        use_extra_bufts=options.model.use_extra_bufts,
        gpu_layers=options.model.gpu_layers,
    )


def launch(options: Options) -> EngineClient:
    """Make the engine for the options; it loads the model when it is started."""
    return EngineClient(engine_spec(options))


@asynccontextmanager
async def open_workbench(model: Path | None, experts: int | None) -> AsyncIterator[Workbench]:
    """Load the model for one command and end the engine after it.

    Raises:
        EngineError: The model cannot be loaded, or has no such expert count.
    """
    layers, problems = user_layers()
    options, found = parse(*layers, argument_layer(model, experts))
    for problem in (*problems, *found):
        typer.echo(f"leanwide: {problem}", err=True)
    if experts is not None:
        check_experts(read_header(model_path(options)), experts)
    engine = launch(options)
    try:
        await engine.ready()
        yield workbench(engine, options.profiles)
    finally:
        await engine.close()


def check_experts(header: GgufHeader, experts: int) -> None:
    """Refuse an expert count that the model does not have: on the command line it is a mistake.

    Raises:
        EngineError: The count is illegal; the message names the legal range.
    """
    nearest, notice = legal_experts(header, experts)
    if nearest != experts and notice:
        most = header.number("expert_count")
        raise EngineError(f"{header.name} has 1 to {most} experts: --experts {experts} is outside")


def _lane(name: str, options: LaneOptions, profiles: Iterable[Profile]) -> LaneSpec:
    needs = [
        profile.context_tokens + profile.output_tokens + profile.thinking_tokens
        for profile in profiles
        if profile.lane == name
    ]
    return LaneSpec(
        name=name,
        experts=options.experts,
        context_tokens=max(needs, default=1024),
        sequences=options.sequences,
    )
