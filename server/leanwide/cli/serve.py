"""``leanwide serve``: the language server."""

from __future__ import annotations

import gc
import logging
import sys
from typing import Annotated

import typer

from leanwide.cli.compose import launch, user_layers, user_texts
from leanwide.cli.errors import BadUse
from leanwide.server import create_server

app = typer.Typer()


@app.command()
def serve(
    tcp: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Listen there instead of on stdin and stdout.")
    ] = "",
) -> None:
    """Speak the Language Server Protocol with an editor."""
    host, port = _address(tcp) if tcp else ("", 0)

    keep_log()
    layers, problems = user_layers()
    texts, text_problems = user_texts()
    server = create_server(launch, layers, (*problems, *text_problems), texts)
    # What is imported stays: looking through all of it for garbage would hold up a key.
    gc.freeze()
    if tcp:
        typer.echo(f"leanwide listens on {host}:{port}", err=True)
        server.start_tcp(host, port)
    else:
        server.start_io()


def keep_log() -> None:
    """Log on stderr, without the user's text."""
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # pygls logs messages with the user's text in them, also as errors: none of it is ours to keep.
    logging.getLogger("pygls").setLevel(logging.CRITICAL + 1)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise BadUse(f"--tcp {text!r} is not HOST:PORT")
    return host, int(port)
