"""The composition root: turns files and arguments into options, and options into an engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import attrs
import psutil
from platformdirs import user_config_path

from leanwide.cli.terminal import complain
from leanwide.engine.base import Engine, EngineError
from leanwide.engine.client import Connect, EngineClient, own_process
from leanwide.engine.host.folder import fallback_folder, login_folder
from leanwide.engine.host.joining import shared_process
from leanwide.engine.remote.address import ServerAddress
from leanwide.engine.remote.engine import RemoteEngine
from leanwide.engine.routed_engine import LaneRoute, RoutedEngine
from leanwide.engine.saved_states import default_folder
from leanwide.engine.specs import LaneSpec, ModelSpec, StateSaving
from leanwide.features.session import Backend, Session
from leanwide.files.home import expanded
from leanwide.files.plain import read_plain
from leanwide.models.embedded import embedded_model
from leanwide.models.expert_count import legal_experts
from leanwide.models.gguf import read_header
from leanwide.models.gguf_header import GgufHeader
from leanwide.models.placement import AutoLayers
from leanwide.modes.profile import LEAN, WIDE
from leanwide.options import (
    AutoSwitch,
    LaneOptions,
    Layer,
    Options,
    model_settings,
    parse,
    read_layer,
)
from leanwide.options.model_files import lanes_by_name, model_file, model_path, users_path
from leanwide.prompt.texts import built_in_texts
from leanwide.tuned import read_tuned

KEY_VARIABLE: Final = "LEANWIDE_SERVER_KEY"
"""The environment variable with the key of every server that has no ``key_file``."""
_MAX_PROMPT_BYTES: Final = 1_000_000
"""Size of a file with a system prompt."""

Layers = tuple[tuple[Layer, ...], tuple[str, ...]]
"""Layers of settings, lowest first, and the problems with their files."""


def user_layers() -> Layers:
    """Read the user's file and the tuned file."""
    own, problems = own_layers()
    tuned, found = read_tuned(tuned_file(), model_file)
    return (*own, tuned), (*problems, *found)


def own_layers() -> Layers:
    """Read the user's file only."""
    layer, problems = read_layer(user_config_path("leanwide") / "config.toml")
    return (layer,), problems


def tuned_file() -> Path:
    """Return the file that ``leanwide tune`` writes."""
    return user_config_path("leanwide") / "tuned.toml"


def user_texts() -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Return the system prompts by command, the user's in place of built-in ones, and problems."""
    texts, problems = dict(built_in_texts()), []
    for name in texts:
        path = user_config_path("leanwide") / "prompts" / f"{name}.md"
        try:
            text = read_plain(path, _MAX_PROMPT_BYTES).decode("utf-8-sig").strip()
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            problems.append(f"{path} is ignored: {error}")
            continue
        if text:
            texts[name] = text
        else:
            problems.append(f"{path} is ignored: it is empty")
    return texts, tuple(problems)


def argument_layer(model: Path | None, experts: int | None, lane: str = LEAN) -> Layer:
    """Return the settings given on the command line."""
    values: dict[str, Any] = {}
    if model is not None:
        values |= model_settings(str(expanded(model).absolute()))
    if experts is not None:
        values.setdefault("lanes", {}).setdefault(lane, {})["experts"] = experts
    return Layer("the command line", values)


def model_specs(options: Options) -> tuple[ModelSpec, ...]:
    """Return the models that the lanes of this machine run, the one of completions first.

    A model that is only asked questions is freed with its lane. A lane that runs at a server is
    here only where it may fall back.
    """
    here = {name for name, lane in lanes_by_name(options).items() if runs_here(lane)}
    specs = (
        attrs.evolve(spec, lanes=tuple(lane for lane in spec.lanes if lane.name in here))
        for spec in _all_specs(options)
    )
    return tuple(spec for spec in specs if spec.lanes)


def runs_here(lane: LaneOptions) -> bool:
    """Whether a lane runs on this machine, at least while its server cannot be used."""
    return not lane.url or lane.fallback


def _all_specs(options: Options) -> tuple[ModelSpec, ...]:
    """Return the models of both lanes, as if none ran at a server."""
    both, wide = model_spec(options), model_path(options, WIDE)
    if wide == both.model_path:
        return (both,)
    tokens = options.engine.lane_tokens[WIDE]
    lane = _lane(WIDE, options.lanes.wide, tokens, _embedded_context(wide))
    specs = (
        attrs.evolve(both, lanes=both.lanes[:1]),
        attrs.evolve(both, model_path=wide, lanes=(lane,)),
    )
    typing, asked = sorted(specs, key=lambda spec: spec.lanes[0].name != options.modes.code.lane)
    return typing, attrs.evolve(asked, frees_weights=True)


def with_model(options: Options, file: Path) -> Options:
    """Return options with one model for both lanes."""
    lean, wide = (attrs.evolve(lane, model="") for lane in (options.lanes.lean, options.lanes.wide))
    return attrs.evolve(
        options,
        model=attrs.evolve(options.model, path=str(file)),
        lanes=attrs.evolve(options.lanes, lean=lean, wide=wide),
    )


def model_spec(options: Options) -> ModelSpec:
    """Return how one model, the lean lane's, runs both lanes: each as long as its modes need.

    There is a thread per physical core. Where the weights are is decided when a model is loaded, by
    the memory that is free then.
    """
    lanes, tokens = options.lanes, options.engine.lane_tokens
    most = _embedded_context(model_path(options))
    flash = options.model.flash_attention
    return ModelSpec(
        model_path=model_path(options),
        lanes=(
            _lane(LEAN, lanes.lean, tokens[LEAN], most),
            _lane(WIDE, lanes.wide, tokens[WIDE], most),
        ),
        threads=options.model.threads or psutil.cpu_count(logical=False) or 1,
        batch_tokens=options.model.batch_tokens,
        use_mmap=options.model.use_mmap,
        use_extra_bufts=options.model.use_extra_bufts,
        gpu_layers=_layers(options.model.gpu_layers),
        cpu_expert_layers=_layers(options.model.cpu_expert_layers),
        residency=options.machine.residency,
        flash_attention=None if flash is AutoSwitch.AUTO else flash is AutoSwitch.ON,
        kv_type=options.model.kv_type,
    )


def launch(options: Options) -> Engine:
    """Return the engine for the options; it loads the model when it is started."""
    saving = StateSaving(folder=default_folder(), max_bytes=options.engine.prompt_bytes)
    specs = [attrs.evolve(spec, saving=saving) for spec in model_specs(options)]
    share = options.engine.share
    folder = None if share is AutoSwitch.OFF else login_folder()
    if share is AutoSwitch.ON:
        folder = folder or fallback_folder()
    connect: Connect = own_process if folder is None else shared_process(folder)
    return routed(options, EngineClient(specs, connect=connect) if specs else None)


def routed(options: Options, here: Engine | None) -> Engine:
    """Return an engine that runs each lane where the options say.

    Args:
        options: The options.
        here: Runs the lanes of this machine; None: there are none.
    """
    remote = {name: engine for engine in servers(options) for name in engine.lane_names}
    if here is not None and not remote:
        return here
    routes: dict[str, LaneRoute] = {}
    for name, lane in lanes_by_name(options).items():
        local = here if runs_here(lane) else None
        if name in remote:
            routes[name] = LaneRoute(preferred=remote[name], fallback=local)
        elif local is not None:
            routes[name] = LaneRoute(preferred=local)
    return RoutedEngine(routes, options.modes.code.lane)


def servers(options: Options) -> tuple[RemoteEngine, ...]:
    """Return an engine for every server that the lanes name."""
    tokens = options.engine.lane_tokens
    lanes: dict[ServerAddress, list[LaneSpec]] = {}
    for name, lane in lanes_by_name(options).items():
        if lane.url:
            spec = _lane(name, lane, tokens[name], None)
            lanes.setdefault(server_address(lane), []).append(spec)
    return tuple(RemoteEngine(address, specs) for address, specs in lanes.items())


def server_address(lane: LaneOptions) -> ServerAddress:
    """Return the server that runs a lane."""
    return ServerAddress(
        url=lane.url,
        model=lane.server_model,
        key_file=users_path(lane.key_file) if lane.key_file else None,
        key_variable=KEY_VARIABLE,
        ca_file=users_path(lane.ca_file) if lane.ca_file else None,
        allow_http=lane.allow_http,
    )


@asynccontextmanager
async def open_session(
    model: Path | None, experts: int | None, lane: str = LEAN
) -> AsyncIterator[Session]:
    """Load the model for a command that uses one lane; end the engine afterwards.

    Raises:
        EngineError: The model cannot be loaded, or has no such expert count.
    """
    layers, problems = user_layers()
    texts, text_problems = user_texts()
    options, found = parse(*layers, argument_layer(model, experts, lane))
    for problem in (*problems, *text_problems, *found):
        complain(problem)
    if experts is not None:
        check_experts(read_header(model_path(options, lane)), experts)
    engine = _engine_for(lane, options, here=model is not None)
    try:
        await engine.ready(lane)
        yield Session(
            backend=Backend(engine=engine),
            profiles=options.profiles,
            texts=texts,
            notify=cache(complain),
        )
    finally:
        await engine.close()


def _engine_for(lane: str, options: Options, *, here: bool) -> Engine:
    """Return an engine that runs one lane: on this machine, or where the options say."""
    settings = lanes_by_name(options)[lane]
    client = EngineClient((_spec_for(lane, options),)) if here or runs_here(settings) else None
    return client if client is not None and here else routed(options, client)


def _spec_for(lane: str, options: Options) -> ModelSpec:
    """Return the model of a lane, which is opened first."""
    specs = _all_specs(options)
    spec = next(spec for spec in specs if any(each.name == lane for each in spec.lanes))
    return attrs.evolve(spec, lanes=tuple(sorted(spec.lanes, key=lambda each: each.name != lane)))


def check_experts(header: GgufHeader, experts: int) -> None:
    """Refuse an expert count that the model does not have.

    Raises:
        EngineError: The count is illegal; the message names the legal range.
    """
    nearest, notice = legal_experts(header, experts)
    if nearest != experts and notice:
        most = header.number("expert_count")
        raise EngineError(f"{header.name} has 1 to {most} experts: --experts {experts} is outside")


def _layers(count: int | AutoLayers) -> int | None:
    return None if isinstance(count, AutoLayers) else count


def _embedded_context(file: Path) -> int | None:
    """Return the context that the embedded model was trained with; None for other models.

    For others the engine limits the context with a notice; for ours that would only disturb.
    """
    return read_header(file).number("context_length") if file == embedded_model() else None


def _lane(name: str, options: LaneOptions, wanted: int, most: int | None) -> LaneSpec:
    """Return how a lane runs, with the context that its modes want, limited to ``most`` tokens."""
    return LaneSpec(
        name=name,
        experts=options.experts,
        context_tokens=wanted if most is None else min(wanted, most),
        sequences=options.sequences,
    )
