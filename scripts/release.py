"""The version of leanwide, which pyproject.toml has, and all that has to agree with it.

release.py version 0.3.0   writes the version everywhere, and begins a section of the changelog
release.py prepare         dates that section today, and has the VS Code client offer the release
release.py check v0.3.0    exit code 1 where the tag is not what a release needs, with reasons
release.py notes           prints the changelog of the version
"""

from __future__ import annotations

import datetime
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHANGELOG = "CHANGELOG.md"
PROGRAM = "editors/vscode/src/program.ts"
OFFERED = re.compile(r"(?<=RELEASED: boolean = )(?:true|false)")
PLACES = {
    "pyproject.toml": re.compile(r'(?<=^version = ")[^"]+', re.MULTILINE),
    "server/leanwide/__init__.py": re.compile(r'(?<=__version__ = ")[^"]+'),
    "editors/vscode/package.json": re.compile(r'(?<=^  "version": ")[^"]+', re.MULTILINE),
    "editors/vscode/package-lock.json": re.compile(
        r'(?<=^  "version": ")[^"]+|(?<=^      "name": "leanwide",\n      "version": ")[^"]+',
        re.MULTILINE,
    ),
    "packaging/mason/package.yaml": re.compile(r"(?<=pkg:pypi/leanwide@)\S+"),
}
"""Files that name the version, and where in them."""
HEADING = re.compile(r"^## (?P<version>\d+\.\d+\.\d+) \((?P<date>[^)]+)\)\n", re.MULTILINE)
UNRELEASED = "Unreleased"


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Do what the arguments say; return the exit code."""
    match arguments:
        case ["version", version]:
            write_version(root, version)
        case ["prepare"]:
            prepare(root, datetime.datetime.now(datetime.UTC).date())
        case ["check", tag]:
            problems = list(unready(root, tag))
            print("\n".join(problems) or f"{tag} is ready", file=sys.stderr)
            return 1 if problems else 0
        case ["notes"]:
            print(notes(root))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


def version_of(root: Path) -> str:
    """Return the version in pyproject.toml."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    return str(project["version"])


def disagreeing(root: Path) -> Iterator[str]:
    """Yield a sentence for each place with another version, or with none."""
    version = version_of(root)
    for place, pattern in PLACES.items():
        found = set(pattern.findall((root / place).read_text("utf-8")))
        if found != {version}:
            named = ", ".join(sorted(found)) or "no version"
            yield f"{place} names {named}, and pyproject.toml {version}"
    newest = HEADING.search((root / CHANGELOG).read_text("utf-8"))
    if newest is None or newest["version"] != version:
        yield f"{CHANGELOG} does not begin with {version}"


def unready(root: Path, tag: str) -> Iterator[str]:
    """Yield what a tag lacks for a release, in sentences."""
    yield from disagreeing(root)
    if tag != f"v{version_of(root)}":
        yield f"the tag is {tag}, and the version {version_of(root)}"
    newest = HEADING.search((root / CHANGELOG).read_text("utf-8"))
    if newest is not None and newest["date"] == UNRELEASED:
        yield f"{CHANGELOG} has no date for {newest['version']}: run `scripts/release.py prepare`"
    if OFFERED.findall((root / PROGRAM).read_text("utf-8")) != ["true"]:
        yield f"{PROGRAM} says that there is no release: run `scripts/release.py prepare`"


def write_version(root: Path, version: str) -> None:
    """Write a version to every place, and begin its section of the changelog."""
    for place, pattern in PLACES.items():
        rewrite(root / place, pattern, version)
    changelog = root / CHANGELOG
    text = changelog.read_text("utf-8")
    newest = HEADING.search(text)
    if newest is None:
        raise SystemExit(f"{CHANGELOG} has no section: it begins with `## 1.2.3 (Unreleased)`")
    if newest["date"] == UNRELEASED:
        text = text.replace(newest[0], f"## {version} ({UNRELEASED})\n", 1)
    else:
        text = text.replace(newest[0], f"## {version} ({UNRELEASED})\n\n{newest[0]}", 1)
    changelog.write_text(text, "utf-8")


def prepare(root: Path, day: datetime.date) -> None:
    """Date the newest section of the changelog, and have the client offer the release."""
    changelog = root / CHANGELOG
    text = changelog.read_text("utf-8")
    changelog.write_text(text.replace(f" ({UNRELEASED})\n", f" ({day.isoformat()})\n", 1), "utf-8")
    rewrite(root / PROGRAM, OFFERED, "true")


def notes(root: Path) -> str:
    """Return the text of the newest section of the changelog."""
    text = (root / CHANGELOG).read_text("utf-8")
    starts = [*HEADING.finditer(text), None]
    newest, older = starts[0], starts[1] if len(starts) > 1 else None
    if newest is None:
        raise SystemExit(f"{CHANGELOG} has no section")
    return text[newest.end() : older.start() if older else None].strip()


def rewrite(file: Path, pattern: re.Pattern[str], text: str) -> None:
    """Replace what a pattern finds in a file."""
    file.write_text(pattern.sub(text, file.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
