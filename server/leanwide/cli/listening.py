"""``leanwide serve --tcp``: many sessions over one engine, until a signal ends the program."""

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
from leanwide.lsp.rpc.connection import ServedSession
from leanwide.lsp.rpc.life import ProcessEnd


def serve_tcp(
    place: ListenAddress,
    given: Path | None,
    shared: SharedEngine,
    new_session: Callable[[], ServedSession],
) -> int:
    """Serve the clients with the token, until a signal ends the program.

    Args:
        place: Where to listen.
        given: The file with the user's own token; None creates one.
        shared: The engine of all sessions, which ends with the program.
        new_session: Creates a session.

    Returns:
        The exit code of the process.

    Raises:
        UsageError: The token's file is not usable, or the address is not available.
    """
    token = new_token() if given is None else read_token(given)
    return asyncio.run(
        _listen(place, token, given, shared, Listener(new_session, AccessToken(token)))
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
        with ending.on_signals(), _token_file(token, given, addresses[0][1]) as file:
            await server.start_serving()
            where = " and ".join(f"{host}:{port}" for host, port in addresses)
            typer.echo(f"leanwide listens on {where}; the token is in {file}", err=True)
            await ending.signalled()
    finally:
        server.close()
        await listener.close()
        await shared.close()
    return ending.code or 0


def _token_file(token: str, given: Path | None, port: int) -> AbstractContextManager[Path]:
    """Return the file that holds the token while the server runs."""
    return nullcontext(given) if given is not None else token_file(token, port)
