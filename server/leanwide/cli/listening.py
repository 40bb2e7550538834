"""``leanwide serve --tcp``: sessions over one engine, until somebody ends the program."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import typer

from leanwide.cli.access import ListenAddress, new_token, read_token, token_file
from leanwide.cli.errors import UsageError
from leanwide.engine.shared_engine import SharedEngine
from leanwide.lsp.admission import AccessToken
from leanwide.lsp.listener import Listener
from leanwide.lsp.rpc.life import ProcessEnd
from leanwide.lsp.session import Server


def serve_tcp(
    place: ListenAddress, given: Path | None, shared: SharedEngine, new_server: Callable[[], Server]
) -> int:
    """Serve whoever connects and brings the token, until a signal ends the program.

    Args:
        place: Where to listen.
        given: The file with the user's own token; None: one is made, in a file that is named.
        shared: The engine of all sessions, which ends with the program.
        new_server: Makes what a session works with.

    Returns:
        What the process is to end with.

    Raises:
        BadUse: The token's file is not usable, or nobody may listen there.
    """
    token = new_token() if given is None else read_token(given)
    return asyncio.run(
        _listen(place, token, given, shared, Listener(new_server, AccessToken(token)))
    )


async def _listen(
    place: ListenAddress, token: str, given: Path | None, shared: SharedEngine, listener: Listener
) -> int:
    try:
        server = await asyncio.start_server(
            listener.connected, place.hosts, place.port, start_serving=False
        )
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"leanwide cannot listen on port {place.port}: {reason}") from error
    ending = ProcessEnd()
    addresses = [sock.getsockname()[:2] for sock in server.sockets]
    try:
        with ending.on_signals(), _kept(token, given, addresses[0][1]) as file:
            await server.start_serving()
            where = " and ".join(f"{host}:{port}" for host, port in addresses)
            typer.echo(f"leanwide listens on {where}; the token is in {file}", err=True)
            await ending.signalled()
    finally:
        server.close()
        await listener.close()
        await shared.close()
    return ending.code or 0


def _kept(token: str, given: Path | None, port: int) -> AbstractContextManager[Path]:
    """Where the token is to be found while the server runs."""
    return nullcontext(given) if given is not None else token_file(token, port)
