"""Coming back to a place after the server ended, on a machine that reads 60 tokens a second."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from lsprotocol import types

from tests.e2e.session import SOURCE, Session, session
from tests.e2e.slow import SLOW

TEXT = SOURCE + "if name in self.settings:\n" + 12 * " "
AT = types.Position(TEXT.count("\n"), 12)


def places() -> list[Path]:
    """What is kept on disk."""
    return sorted(Path(os.environ["XDG_CACHE_HOME"], "leanwide", "places").glob("*"))


async def loaded(editor: Session) -> None:
    async with asyncio.timeout(60):
        while (await editor.status()).state not in ("idle", "busy"):
            await asyncio.sleep(0.05)


async def suggested(editor: Session, uri: str, at: types.Position) -> Any:
    """Ask at a place; give the record of what was generated for it."""
    await editor.complete(uri, at)
    async with asyncio.timeout(30):
        while not (done := [one for one in await editor.records() if one.source == "model"]):
            await asyncio.sleep(0.1)
    return done[-1]


async def test_a_closed_file_is_not_prefilled_again():
    async with session(command=SLOW) as editor:
        uri = editor.open(TEXT)
        await loaded(editor)
        first = await suggested(editor, uri, AT)
        editor.close(uri)
        async with asyncio.timeout(20):
            while not places():
                await asyncio.sleep(0.05)
    assert first.tokensEvaluated > 120
    async with session(command=SLOW) as editor:
        uri = editor.open(TEXT)
        await loaded(editor)
        again = await suggested(editor, uri, AT)
    assert again.tokensEvaluated < 10
    assert again.tokensReused > 120
    assert again.prompt == first.prompt


async def test_a_place_left_while_typing_is_not_prefilled_again():
    """The server is shut down with the document open, lines behind where its prompt was chosen."""
    typed = "".join(f"values[{number}] = names[{number}]\n" + 12 * " " for number in range(6))
    async with session(command=SLOW) as editor:
        uri = editor.open(TEXT)
        await loaded(editor)
        await suggested(editor, uri, AT)
        editor.change(uri, types.Range(AT, AT), typed)
        await editor.complete(uri, types.Position(AT.line + 6, 12))
    assert places()
    async with session(command=SLOW) as editor:
        uri = editor.open(TEXT + typed)
        await loaded(editor)
        again = await suggested(editor, uri, types.Position(AT.line + 6, 12))
    assert again.tokensReused > 120
    assert again.tokensEvaluated < 120


async def test_saved_states_are_private_and_deleted_when_switched_off():
    async with session(command=SLOW) as editor:
        await loaded_and_left(editor)
    (file,) = places()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    off = {"cache": {"prompts": False}}
    async with session(off, command=SLOW) as editor:
        await loaded_and_left(editor)
        assert places() == []
    assert places() == []


async def test_saved_states_of_excluded_files_are_deleted(
    tmp_path: Path,
):
    fast_upkeep = {"machine": {"close_after_minutes": 0.02}}
    async with session(fast_upkeep, command=SLOW, root=tmp_path) as editor:
        uri = await loaded_and_left(editor)
        async with asyncio.timeout(20):
            while not places():
                await asyncio.sleep(0.05)
        ignore = tmp_path / ".leanwideignore"
        ignore.write_text("store.py\n")
        editor.changed_on_disk(ignore, types.FileChangeType.Created)
        async with asyncio.timeout(20):
            while places():
                await asyncio.sleep(0.05)
    assert places() == []
    assert uri


async def loaded_and_left(editor: Session) -> str:
    """Have the model read a document, and close it."""
    uri = editor.open(TEXT)
    await loaded(editor)
    await suggested(editor, uri, AT)
    editor.close(uri)
    return uri
