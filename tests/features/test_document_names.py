"""Documents by their names: judged once, and anew when that may say something else."""

from __future__ import annotations

import asyncio
from pathlib import Path

from leanwide.features import document_names as module
from leanwide.features.document_names import DocumentNames, NameVerdict
from leanwide.files.area import WorkspaceFolders
from tests.index.folders import area_of, write


async def test_a_name_is_judged_once_until_files_change(tmp_path: Path, monkeypatch):
    write(tmp_path, {"a.py": "", "b.py": ""})
    (tmp_path / "link.py").symlink_to("a.py")
    asked: list[str] = []

    def counted(area: WorkspaceFolders, path: str) -> NameVerdict:
        asked.append(path)
        return judge(area, path)

    judge = module.judge
    monkeypatch.setattr(module, "judge", counted)
    names, link = DocumentNames(area_of(tmp_path, "b.py")), str(tmp_path / "link.py")
    assert names.known(link) is None
    for _ in range(3):
        assert (await names.judge(link)).place == str(tmp_path / "a.py")
    assert asked == [link]
    (tmp_path / "link.py").unlink()
    (tmp_path / "link.py").symlink_to("b.py")
    names.judge_anew()
    assert (await names.judge(link)).reason == "b.py is excluded by files.exclude"
    names.forget(link)
    assert names.known(link) is None


async def test_no_verdict_of_before_a_change_is_given_after_it(tmp_path: Path):
    names, path = DocumentNames(), str(tmp_path / "a.py")
    assert (await names.judge(path)).reason is None
    with names.unsettled():
        with names.unsettled():
            asked = asyncio.create_task(names.judge(path))
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.05)
        assert not asked.done()
        names.use(area_of(tmp_path, "a.py"))
    assert (await asked).reason == "a.py is excluded by files.exclude"
