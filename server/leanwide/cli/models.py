"""``leanwide models``: lists, describes, pulls and removes models."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from leanwide.catalogue import listing
from leanwide.cli.compose import user_layers
from leanwide.cli.console import TextConsole
from leanwide.cli.errors import UsageError
from leanwide.cli.fitting import (
    Fitting,
    as_data,
    fitting,
    print_advice,
    print_lanes,
    print_memory,
    this_machine,
)
from leanwide.cli.model_table import print_listing
from leanwide.cli.pulling import bring
from leanwide.cli.terminal import escaped, say, say_json
from leanwide.files.home import expanded
from leanwide.models.answer_marks import thinks
from leanwide.models.embedded import trained_languages
from leanwide.models.expert_count import EXPERTS_KEY
from leanwide.models.gguf import read_header
from leanwide.models.gguf_header import GgufHeader
from leanwide.models.registry import (
    HUB_PREFIX,
    HubFile,
    SamplingAdvice,
    UnknownModelError,
    entry_of,
    resolve,
)
from leanwide.models.sampling import recommended_sampling
from leanwide.models.store import (
    StoreError,
    check_inside,
    pulled_path,
    remove,
    unfinished_parts,
)
from leanwide.options import Options, parse
from leanwide.options.model_files import model_path

app = typer.Typer(help="Get models, look at them, remove them.", no_args_is_help=True)

Model = Annotated[
    str | None,
    typer.Argument(
        help="A GGUF file, a NAME of `models list` or hf:REPO/FILE; else the one in use."
    ),
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Of `models list`, or hf:REPO/FILE.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("list")
def list_models(*, json: Json = False) -> None:
    """List the models that leanwide recommends, and those that were pulled."""
    options = _options()
    data = listing(options, this_machine(options))
    if json:
        say_json(data)
    else:
        print_listing(TextConsole(highlight=False), data)


@app.command()
def path(model: Model = None) -> None:
    """Print where a model is: the one in use, or one that was pulled."""
    say(str(_chosen(model)))


@app.command()
def info(model: Model = None, *, json: Json = False) -> None:
    """Describe a model: what it is, whether it fits, what each lane takes, how fast it will be."""
    header = read_header(_chosen(model))
    facts, found = describe(header), fitting(header, _options())
    if json:
        say_json({**facts, "fit": as_data(found)})
    else:
        _print(facts, found)


@app.command()
def pull(name: Name) -> None:
    """Bring a model from the Hugging Face hub; an interrupted one goes on where it stopped."""
    source = _source(name)
    target = bring(source)
    header = read_header(target)
    found = fitting(header, _options())
    console = TextConsole(highlight=False, soft_wrap=True)
    console.print(f"[green]complete and verified[/]: {escape(str(target))}")
    if not header.number("expert_count"):
        console.print("It is a dense model: both lanes run all of it.")
    if not header.fim:
        console.print("It has no FIM tokens: no completions, but explanations and chat.")
    data = as_data(found)
    print_lanes(console, data)
    print_memory(console, data)
    print_advice(console, data)
    console.print("To use it, put this into your config.toml:")
    console.print(f'\n[model]\npath = "{target}"', markup=False)
    if (entry := entry_of(source)) and entry.sampling:
        console.print(_sampling_settings(entry.sampling), markup=False)


@app.command()
def rm(
    name: Name,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a model that was pulled, and what is left of unfinished pulls of it."""
    target = (
        Path(name)
        if name.endswith(".gguf") and not _is_address(name)
        else pulled_path(_source(name))
    )
    try:
        check_inside(target)
        if not target.exists() and not any(unfinished_parts(target)):
            raise UsageError(f"{target} is not here: nothing to remove")
        if not yes:
            in_use = target == model_path(_options())
            warning = " It is the model in use." if in_use else ""
            typer.confirm(f"Remove {escaped(str(target))}?{warning}", abort=True)
        freed = remove(target)
    except StoreError as error:
        raise UsageError(str(error)) from error
    say(f"removed {target}: {freed / 1e9:.2f} GB are free again")


def describe(header: GgufHeader) -> dict[str, Any]:
    """Return the facts of a GGUF header, under the names of ``--json``."""
    sampling = (f"{name} {value:g}" for name, value in recommended_sampling(header).items())
    return {
        "name": header.name,
        "path": str(header.path),
        "architecture": header.architecture,
        "megabytes": round(header.file_bytes / 1e6, 1),
        "parameters": sum(tensor.elements for tensor in header.tensors),
        "layers": header.number("block_count"),
        "experts": header.number("expert_count"),
        "experts_trained": header.number(EXPERTS_KEY),
        "context_tokens": header.number("context_length"),
        "vocabulary": int(header.metadata.get("tokenizer.ggml.tokens.length", 0)),
        "fim_tokens": header.fim,
        "languages": ", ".join(trained_languages(header)) or "all",
        "chat_template": header.chat_template is not None,
        "thinks": thinks(header.chat_template),
        "recommended_sampling": ", ".join(sampling) or "none",
        "kv_bytes_per_token": header.kv_bytes_per_token,
    }


def _print(facts: dict[str, Any], found: Fitting) -> None:
    cost = found.fit.cost
    reads = f"{cost.fixed_bytes / 1e6:,.1f} MB"
    if cost.expert_bytes:
        reads += f", and {cost.expert_bytes / 1e6:,.1f} MB an expert"
    shown = {**facts, "a_token_reads": reads}
    console = TextConsole(highlight=False, soft_wrap=True)
    width = max(len(name) for name in shown)
    for name, value in shown.items():
        console.print(f"{name.replace('_', ' '):<{width}}  {_formatted(value)}", markup=False)
    data = as_data(found)
    print_lanes(console, data)
    print_memory(console, data)
    print_advice(console, data)


def _sampling_settings(advice: SamplingAdvice) -> str:
    """Return the sampling of a model's card as settings of the modes that answer questions."""
    values = f"temperature = {advice.temperature}\ntop_k = {advice.top_k}\ntop_p = {advice.top_p}"
    modes = "".join(f"\n[modes.{mode}]\n{values}\n" for mode in ("think", "dialog"))
    return f"\n# as its card recommends{modes}"


def _formatted(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case _:
            return str(value)


def _options() -> Options:
    options, _ = parse(*user_layers()[0])
    return options


def _chosen(model: str | None) -> Path:
    """Return the file that an argument names; without one, that of the model in use.

    Raises:
        UsageError: There is no such file.
    """
    if model is None:
        return model_path(_options())
    file = expanded(model)
    named = model.endswith(".gguf") and not _is_address(model)
    if named or os.path.exists(file):  # noqa: PTH110  # Path.exists raises for too long a name
        return file
    found = pulled_path(_source(model))
    if not found.exists():
        raise UsageError(f"{model} is not here: `leanwide models pull {model}` brings it")
    return found


def _is_address(text: str) -> bool:
    return text.startswith(HUB_PREFIX)


def _source(name: str) -> HubFile:
    """Return the file on the hub that a name means.

    Raises:
        UsageError: There is no such model; the message names the nearest one.
    """
    try:
        return resolve(name)
    except UnknownModelError as error:
        raise UsageError(str(error)) from error
