"""Answers that the server opens as files: for the user's eyes, and gone with the server."""

from __future__ import annotations

import asyncio
import signal
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from leanwide.lsp.private_folder import PrivateFolder, remove_abandoned
from tests.e2e.session import Session, session
from tests.e2e.test_explain import CURSOR, SHORT, explain, opens

HOLDS = """
import os, sys
from pathlib import Path
from leanwide.lsp.private_folder import PrivateFolder
folder = PrivateFolder(Path(sys.argv[1]))
(folder.path / "page.md").write_text("text")
print(folder.path, flush=True)
sys.stdin.read()
if sys.argv[2] == "raises":
    raise SystemExit(1)
"""


async def shown(editor: Session) -> Path:
    """Have an explanation opened; returns its file."""
    await explain(editor, editor.open(), CURSOR, show=True)
    (document,) = editor.client.shown_documents
    return Path(url2pathname(urlsplit(document.uri).path))


def modes(path: Path) -> list[int]:
    return [stat.S_IMODE(one.stat().st_mode) for one in (path, path.parent, path.parent.parent)]


async def test_a_page_is_readable_by_the_user_only_and_ends_with_the_server():
    async with session(SHORT, more=opens) as editor:
        page = await shown(editor)
        assert modes(page) == [0o600, 0o700, 0o700]
    assert not page.parent.parent.exists()


async def test_a_page_of_a_killed_server_is_removed_when_the_next_one_starts():
    async with session(SHORT, more=opens) as editor:
        page = await shown(editor)
        server = editor.server
        editor.client.error = RuntimeError("killed by the test: there is nothing to shut down")
        server.kill()
        await server.wait()
    assert page.exists()
    async with session(), asyncio.timeout(20):
        while page.exists():
            await asyncio.sleep(0.05)


def holding(parent: Path, ending: str = "") -> tuple[subprocess.Popen[str], Path]:
    """Another process with a folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(parent), ending],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_the_folder_of_a_running_process_is_kept(tmp_path: Path):
    process, folder = holding(tmp_path / "pages")
    remove_abandoned(tmp_path / "pages")
    assert (folder / "page.md").exists()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    remove_abandoned(tmp_path / "pages")
    assert not folder.exists()


def test_a_folder_is_removed_when_its_process_fails(tmp_path: Path):
    process, folder = holding(tmp_path / "pages", "raises")
    process.communicate()
    assert process.returncode == 1
    assert not folder.exists()


def test_other_files_in_the_parent_folder_are_kept(tmp_path: Path):
    remove_abandoned(tmp_path / "missing")
    (tmp_path / "notes.txt").touch()
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "kept").touch()
    (tmp_path / "link").symlink_to(outside)
    remove_abandoned(tmp_path)
    assert (tmp_path / "notes.txt").exists()
    assert (outside / "kept").exists()


def test_closing_a_folder_twice_does_no_harm(tmp_path: Path):
    folder = PrivateFolder(tmp_path)
    folder.close()
    folder.close()
    assert list(tmp_path.iterdir()) == []
