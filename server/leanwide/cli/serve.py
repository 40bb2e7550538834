"""``leanwide serve``: the language server."""

from __future__ import annotations

import gc
from typing import Annotated

import typer

from leanwide.cli.compose import launch, user_layers, user_texts
from leanwide.cli.errors import BadUse
from leanwide.cli.log import log_to_stderr
from leanwide.cli.terminal import note
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

    log_to_stderr()
    layers, problems = user_layers()
    texts, text_problems = user_texts()
    server = create_server(launch, layers, (*problems, *text_problems), texts)
    # What is imported stays: looking through all of it for garbage would hold up a key.
    gc.freeze()
    if tcp:
        note(f"leanwide listens on {host}:{port}")
        server.start_tcp(host, port)
    else:
        server.start_io()


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise BadUse(f"--tcp {text!r} is not HOST:PORT")
    return host, int(port)
