"""Answers as documents that the editor opens: for editors that read no result of a command."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lsprotocol import types
from platformdirs import user_cache_path

from leanwide.lsp.private_folder import PrivateFolder, remove_left

if TYPE_CHECKING:
    from leanwide.lsp.session import Server

logger = logging.getLogger(__name__)


FOLDERS: Final = user_cache_path("leanwide") / "pages"
"""Where each server has a folder for its pages."""


class Pages:
    """Files in a private folder, which ends with the server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._folder: PrivateFolder | None = None

    async def show(self, title: str, markdown: str) -> None:
        """Have Markdown opened, in a message where the editor opens no documents."""
        if not _opens_documents(self._server.client_capabilities) or not await self._opened(
            title, markdown
        ):
            kind = types.MessageType.Info
            self._server.window_show_message(types.ShowMessageParams(type=kind, message=markdown))

    async def _opened(self, title: str, markdown: str) -> bool:
        try:
            path = await asyncio.to_thread(self._written, title, markdown)
        except OSError as error:
            logger.warning("a page cannot be written: %s", error.strerror)
            return False
        params = types.ShowDocumentParams(uri=path.as_uri(), take_focus=True)
        return (await self._server.window_show_document_async(params)).success

    def _written(self, title: str, markdown: str) -> Path:
        """Write a new file: an editor that has an earlier one open would not read that again."""
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

    async def remove_left(self) -> None:
        """Delete the files of servers that were killed."""
        await asyncio.to_thread(remove_left, FOLDERS)


def _opens_documents(client: types.ClientCapabilities) -> bool:
    window = client.window
    return bool(window and window.show_document and window.show_document.support)
