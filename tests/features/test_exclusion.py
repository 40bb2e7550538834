"""Verdicts on documents by their names: kept until files or the workspace change."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from leanwide.features import exclusion as module
from leanwide.features.exclusion import DocumentNames, NameVerdict
from leanwide.files.area import WorkspaceFolders
from tests.index.folders import area_of, write


async def test_a_name_is_judged_once_until_files_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write(tmp_path, {"a.py": "", "b.py": ""})
    (tmp_path / "link.py").symlink_to("a.py")
    asked: list[str] = []

    def counted(folders: WorkspaceFolders, path: str) -> NameVerdict:
        asked.append(path)
        return judge(folders, path)

    judge = module.judge
    monkeypatch.setattr(module, "judge", counted)
    names, link = DocumentNames(area_of(tmp_path, "b.py")), str(tmp_path / "link.py")
    assert names.known(link) is None
    for _ in range(3):
        assert (await names.judge(link)).place == str(tmp_path / "a.py")
    assert asked == [link]
    (tmp_path / "link.py").unlink()
    (tmp_path / "link.py").symlink_to("b.py")
    names.invalidate()
    assert (await names.judge(link)).reason == "b.py is excluded by files.exclude"
    names.forget(link)
    assert names.known(link) is None


async def test_a_change_of_the_workspace_drops_earlier_verdicts(tmp_path: Path):
    names, path = DocumentNames(), str(tmp_path / "a.py")
    assert (await names.judge(path)).reason is None
    with names.changing():
        with names.changing():
            asked = asyncio.create_task(names.judge(path))
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.05)
        assert not asked.done()
        names.use(area_of(tmp_path, "a.py"))
    assert (await asked).reason == "a.py is excluded by files.exclude"


async def test_only_the_newest_verdicts_are_kept():
    names = DocumentNames()
    paths = [f"/project/{number}.py" for number in range(1_001)]
    for path in paths:
        await names.judge(path)
    assert names.known(paths[0]) is None
    assert all(names.known(path) for path in paths[1:])
