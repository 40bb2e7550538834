"""Serves one client over TCP."""

from __future__ import annotations

import asyncio

from leanwide.lsp.rpc.connection import ServedSession, serve_connection


def serve_tcp(session: ServedSession, host: str, port: int) -> int:
    """Serve the first client that connects; return the exit code of the process."""
    return asyncio.run(_serve(session, host, port))


async def _serve(session: ServedSession, host: str, port: int) -> int:
    code = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        code.set_result(await serve_connection(session, reader, writer))
        writer.close()

    async with await asyncio.start_server(serve, host, port):
        return int(await code)
