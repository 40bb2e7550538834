"""A hook of MkDocs: the repository's own pages are part of the site, and links to its files work.

README.md, ARCHITECTURE.md and the others are read where they are. A link to a page of the site
leads to it, one to any other file of the repository to where the repository is published, and one
to nothing is a warning, which `mkdocs build --strict` refuses.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
"""Pages of the repository, and what they are called in the site."""
SOURCES = {page: source for source, page in PAGES.items()}
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)(?P<path>[^)#\s]+)(?P<place>#[^)\s]*)?(?=\))")
log = logging.getLogger("mkdocs.site")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the repository's own pages."""
    for source, page in PAGES.items():
        text = (ROOT / source).read_text("utf-8")
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead each link of a page to where it is in the site."""
    name = page.file.src_uri
    source = PurePosixPath(SOURCES.get(name, f"docs/{name}"))
    del files
    return "".join(
        LINK.sub(lambda link: target(link, source, str(config.repo_url)), text)
        for text in markdown.splitlines(keepends=True)
    )


def target(link: re.Match[str], source: PurePosixPath, repository: str) -> str:
    """Return where a link of a page of the repository leads in the site."""
    path = os.path.normpath(source.parent / link["path"])
    place = link["place"] or ""
    if path in PAGES:
        return PAGES[path] + place
    if path.startswith("docs/"):
        return path.removeprefix("docs/") + place
    if not (ROOT / path).exists():
        log.warning("%s links to %s, which does not exist", source, path)
    return f"{repository}/blob/main/{path}{place}"
