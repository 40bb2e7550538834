"""The pages of the repository name files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = (
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "README.md",
    "docs/measurements.md",
    "docs/performance.md",
)
BASES = ("", "server/leanwide", "docs")
PATH = re.compile(r"`([\w./-]+\.(?:py|md|toml|lua|mts)|[a-z_]+(?:/[a-z_]+)*/)`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES)
def test_every_path_and_link_leads_somewhere(page: str):
    text = (ROOT / page).read_text("utf-8")
    paths = {path for path in PATH.findall(text) if not path.startswith((".", "~"))}
    names = {file.name for base in ("server", "tests") for file in (ROOT / base).rglob("*.py")}
    missing = [path for path in paths if not _exists(path) and path not in names]
    links = set(LINK.findall(text))
    missing += [link for link in links if not (ROOT / page).parent.joinpath(link).exists()]
    assert missing == []


def _exists(path: str) -> bool:
    return any((ROOT / base / path).exists() for base in BASES)
