"""Answers as documents that the editor opens, for editors that ignore the result of a command."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from pathlib import Path
from typing import Final

from lsprotocol import types
from platformdirs import user_cache_path
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from leanwide.lsp.private_folder import PrivateFolder, remove_abandoned

logger = logging.getLogger(__name__)


FOLDERS: Final = user_cache_path("leanwide") / "pages"
"""The parent of each server's folder of pages."""


class Pages:
    """Markdown files in a private folder, which is removed with the server."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self._folder: PrivateFolder | None = None

    async def show(self, title: str, markdown: str) -> None:
        """Open Markdown in the editor, as a message where the editor opens no documents."""
        window = self._server.client_capabilities.window
        opens = window and window.show_document and window.show_document.support
        if not opens or not await self._open(title, markdown):
            kind = types.MessageType.Info
            self._server.window_show_message(types.ShowMessageParams(type=kind, message=markdown))

    async def _open(self, title: str, markdown: str) -> bool:
        """Whether the editor opened the Markdown."""
        try:
            path = await asyncio.to_thread(self._write, title, markdown)
        except OSError as error:
            logger.warning("a page cannot be written: %s", error.strerror)
            return False
        params = types.ShowDocumentParams(uri=path.as_uri(), take_focus=True)
        try:
            return (await self._server.window_show_document_async(params)).success
        except JsonRpcException as error:
            logger.warning("the client opened no page: error %s", error.code)
            return False

    def _write(self, title: str, markdown: str) -> Path:
        """Write a new file: an editor that has an older one open would not read that again."""
        if self._folder is None:
            self._folder = PrivateFolder(FOLDERS)
        path = Path(tempfile.mkdtemp(dir=self._folder.path), f"{title}.md")
        path.touch(mode=0o600)
        path.write_text(f"{markdown.rstrip()}\n", encoding="utf-8")
        return path

    def close(self) -> None:
        """Delete the files."""
        if self._folder is not None:
            self._folder.close()
            self._folder = None

    async def remove_abandoned(self) -> None:
        """Delete the files of servers that were killed."""
        await asyncio.to_thread(remove_abandoned, FOLDERS)
