"""What follows from an edit in other documents and in files that are not open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from leanwide.features.workspace_context import WorkspaceContext
from tests.features.editor import until
from tests.features.next_edit.editing_user import EditingUser
from tests.index.folders import area_of, write

LOADING = "def fetch_all(path):\n    return open(path).read()\n"
USE = "from loading import fetch_all\n\n\ndef main():\n    print(fetch_all('a'))\n"


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[tuple[Path, WorkspaceContext]]:
    """An indexed workspace."""
    write(tmp_path, {"loading.py": LOADING, "main.py": USE, "private/main.py": USE})
    known = WorkspaceContext()
    known.build(area_of(tmp_path, "private/"))
    await until(lambda: not known.building)
    yield tmp_path, known
    await known.close()


async def test_another_open_document_is_searched():
    user = EditingUser()
    loading = user.open(LOADING, "/project/loading.py")
    main = user.open(USE, "/project/main.py")
    user.replace(loading, 0, "fetch_all", "read_all")
    edit = await user.ask()
    assert edit is not None
    assert (edit.candidate.uri, edit.candidate.version) == (main, 1)
    user.accept(edit)
    assert user.text(main).startswith("from loading import read_all\n")


async def test_an_open_document_that_is_excluded_is_not_searched():
    user = EditingUser()
    loading = user.open(LOADING, "/project/loading.py")
    user.open(USE, "/project/.env")
    user.replace(loading, 0, "fetch_all", "read_all")
    assert await user.ask() is None


async def test_a_file_that_calls_what_was_changed_is_searched(folder):
    root, known = folder
    user = EditingUser()
    user.state.session.workspace = known
    loading = user.open(LOADING, str(root / "loading.py"))
    user.replace(loading, 0, "fetch_all", "read_all")
    edit = await user.ask()
    assert edit is not None
    assert edit.candidate.uri == (root / "main.py").as_uri()
    assert edit.candidate.version is None
    assert edit.candidate.edit.start.line == 0


async def test_an_open_document_is_not_changed_as_it_is_on_disk(folder):
    root, known = folder
    user = EditingUser()
    user.state.session.workspace = known
    loading = user.open(LOADING, str(root / "loading.py"))
    user.open("x = 1\n", str(root / "main.py"))
    user.replace(loading, 0, "fetch_all", "read_all")
    assert await user.ask() is None
