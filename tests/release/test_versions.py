"""One version, everywhere; and what a release needs of the tree it is made from."""

from __future__ import annotations

import datetime
import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from leanwide import __version__

ROOT = Path(__file__).parents[2]


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


release = script("release")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for place in (*release.PLACES, release.CHANGELOG, release.PROGRAM):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / place, tmp_path / place)
    changelog = tmp_path / release.CHANGELOG
    changelog.write_text(f"# Changelog\n\n## {__version__} (Unreleased)\n\n- A.\n", "utf-8")
    program = tmp_path / release.PROGRAM
    release.rewrite(program, release.OFFERED, "false")
    return tmp_path


def test_every_place_names_the_version_of_pyproject():
    assert list(release.disagreeing(ROOT)) == []
    assert release.version_of(ROOT) == __version__


def test_a_place_with_another_version_is_named(tree: Path):
    release.rewrite(
        tree / "server/leanwide/__init__.py", release.PLACES["server/leanwide/__init__.py"], "9.9.9"
    )
    release.rewrite(
        tree / "packaging/mason/package.yaml", release.PLACES["packaging/mason/package.yaml"], ""
    )
    problems = list(release.disagreeing(tree))
    assert len(problems) == 2
    assert "server/leanwide/__init__.py names 9.9.9" in problems[0]
    assert "package.yaml names no version" in problems[1]


def test_a_tag_is_refused_until_the_release_is_prepared(tree: Path):
    problems = " ".join(release.unready(tree, "v9.9.9"))
    assert "the tag is v9.9.9" in problems
    assert "no date" in problems
    assert "says that there is no release" in problems
    release.prepare(tree, datetime.date(2027, 1, 31))
    assert list(release.unready(tree, f"v{__version__}")) == []
    assert f"## {__version__} (2027-01-31)\n" in (tree / release.CHANGELOG).read_text("utf-8")


def test_a_new_version_is_written_everywhere_and_begins_a_section(tree: Path):
    release.prepare(tree, datetime.date(2027, 1, 31))
    release.write_version(tree, "9.9.9")
    assert list(release.disagreeing(tree)) == []
    assert release.version_of(tree) == "9.9.9"
    text = (tree / release.CHANGELOG).read_text("utf-8")
    assert text.index("## 9.9.9 (Unreleased)") < text.index(f"## {__version__} (2027-01-31)")
    assert release.notes(tree) == ""
    release.write_version(tree, "9.9.10")
    assert "9.9.9" not in (tree / release.CHANGELOG).read_text("utf-8")


def test_the_notes_are_the_section_of_the_version(tree: Path):
    assert release.notes(tree) == "- A."
