"""Servers on a port: they listen, say where, and end with a signal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    nullcontext,
)
from pathlib import Path
from typing import Protocol

import typer
from attrs import frozen

from leanwide.access_token import AccessToken
from leanwide.cli.access import ListenAddress, new_token, read_token, token_file
from leanwide.cli.errors import UsageError
from leanwide.engine.shared_engine import SharedEngine
from leanwide.lsp.listener import Listener
from leanwide.lsp.rpc.connection import ServedSession
from leanwide.lsp.rpc.life import ProcessEnd


class PortListener(Protocol):
    """Serves the connections of a port."""

    def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a new connection."""


Serving = Callable[[AccessToken], AbstractAsyncContextManager[PortListener]]
"""Returns what serves connections with the token inside an ``async with`` block."""


@frozen(kw_only=True)
class ServerPort:
    """Where a server listens, and who may connect."""

    protocol: str
    """``tcp`` or ``http``, a part of the name of the token's file."""
    place: ListenAddress
    given: Path | None
    """The file with the user's own token; None creates one."""


def serve_tcp(
    place: ListenAddress,
    given: Path | None,
    shared: SharedEngine,
    new_session: Callable[[], ServedSession],
) -> int:
    """Serve LSP to the clients with the token, until a signal ends the program.

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

    @asynccontextmanager
    async def sessions(token: AccessToken) -> AsyncIterator[PortListener]:
        listener = Listener(new_session, token)
        try:
            yield listener
        finally:
            await listener.close()
            await shared.close()

    return serve_port(ServerPort(protocol="tcp", place=place, given=given), sessions)


def serve_port(port: ServerPort, serving: Serving) -> int:
    """Serve the clients with the token, until a signal ends the program.

    Returns:
        The exit code of the process.

    Raises:
        UsageError: The token's file is not usable, or the address is not available.
    """
    token = new_token() if port.given is None else read_token(port.given)
    return asyncio.run(_listen(port, token, serving))


async def _listen(port: ServerPort, token: str, serving: Serving) -> int:
    async with serving(AccessToken(token)) as listener:
        server = await _bound(port.place, listener)
        ending = ProcessEnd()
        addresses = [sock.getsockname()[:2] for sock in server.sockets]
        try:
            with ending.on_signals(), _token_file(port, token, addresses[0][1]) as file:
                await server.start_serving()
                where = " and ".join(f"{host}:{number}" for host, number in addresses)
                typer.echo(f"leanwide listens on {where}; the token is in {file}", err=True)
                await ending.signalled()
        finally:
            server.close()
    return ending.code or 0


async def _bound(place: ListenAddress, listener: PortListener) -> asyncio.Server:
    """Return a server that has its port, and does not accept connections yet.

    Raises:
        UsageError: The address is not available.
    """
    try:
        return await asyncio.start_server(
            listener.connected, place.hosts, place.port, start_serving=False
        )
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"leanwide cannot listen on port {place.port}: {reason}") from error


def _token_file(port: ServerPort, token: str, number: int) -> AbstractContextManager[Path]:
    """Return the file that holds the token while the server runs."""
    if port.given is not None:
        return nullcontext(port.given)
    return token_file(token, f"{port.protocol}-{number}.token")
