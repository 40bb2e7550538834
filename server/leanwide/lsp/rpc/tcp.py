"""One client over TCP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from leanwide.lsp.rpc.connection import serve_connection

if TYPE_CHECKING:
    from leanwide.lsp.session import Server


def serve_tcp(server: Server, host: str, port: int) -> int:
    """Serve the first client that connects; return what the process is to end with."""
    return asyncio.run(_serve(server, host, port))


async def _serve(server: Server, host: str, port: int) -> int:
    code = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        code.set_result(await serve_connection(server, reader, writer))
        writer.close()

    async with await asyncio.start_server(serve, host, port):
        return int(await code)
