"""``leanwide models``: what a model file says of itself, and where it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from leanwide.cli.compose import model_path, user_layers
from leanwide.models.gguf import read_header
from leanwide.models.limits import EXPERTS_KEY
from leanwide.options import parse

app = typer.Typer(help="Look at model files.", no_args_is_help=True)

Model = Annotated[Path | None, typer.Argument(help="A GGUF file; the model in use otherwise.")]


@app.command()
def path() -> None:
    """Print the path of the model in use."""
    typer.echo(str(_chosen(None)))


@app.command()
def info(
    model: Model = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Describe a model: architecture, experts, context, size."""
    facts = describe(read_header(_chosen(model)))
    if json:
        typer.echo(msgspec.json.encode(facts).decode())
        return
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        typer.echo(f"{name.replace('_', ' '):<{width}}  {value}")


def describe(header: Any) -> dict[str, Any]:
    """Give the facts of a GGUF header under the names that ``--json`` uses."""
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
        "fim_tokens": "tokenizer.ggml.fim_pre_token_id" in header.metadata,
        "chat_template": "tokenizer.chat_template" in header.metadata,
        "kv_bytes_per_token": header.kv_bytes_per_token,
    }


def _chosen(model: Path | None) -> Path:
    if model is not None:
        return model

    options, _ = parse(*user_layers()[0])
    return model_path(options)
