"""``leanwide serve``: the language server."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Annotated

import typer

from leanwide import heap
from leanwide.cli.access import listening_place
from leanwide.cli.compose import launch, user_layers, user_texts
from leanwide.cli.errors import UsageError
from leanwide.cli.listening import serve_tcp
from leanwide.cli.log import log_to_stderr
from leanwide.cli.log_file import ErrorFile, log_path
from leanwide.engine.shared_engine import SharedEngine
from leanwide.lsp.session import Server
from leanwide.options import parse, restrict_session
from leanwide.server import create_server
from leanwide.syntax import languages

app = typer.Typer()


@app.command()
def serve(
    tcp: Annotated[
        str,
        typer.Option(
            metavar="HOST:PORT",
            help="Listen there instead of on stdin and stdout; clients must send a token.",
        ),
    ] = "",
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --tcp: take the token in this file of yours."),
    ] = None,
    *,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="With --tcp: let other machines connect.")
    ] = False,
) -> None:
    """Speak the Language Server Protocol with an editor."""
    if not tcp and (token_file is not None or allow_remote):
        raise UsageError("--token-file and --allow-remote go with --tcp HOST:PORT")
    place = listening_place(tcp, allow_remote=allow_remote) if tcp else None

    heap.share_heaps()
    log_to_stderr(ErrorFile(log_path()))
    layers, found = user_layers()
    texts, text_problems = user_texts()
    problems = (*found, *text_problems)
    languages()  # read now, not at the first key
    # Imported objects live for ever: collecting garbage among them would delay a key.
    gc.freeze()
    if place is None:
        create_server(launch, layers, problems, texts).start_io()
        return
    options, _ = parse(*layers)
    shared = SharedEngine(launch(options))

    def new_server() -> Server:
        return create_server(lambda _: shared.view(), layers, problems, texts, restrict_session)

    raise typer.Exit(serve_tcp(place, token_file, shared, new_server))
