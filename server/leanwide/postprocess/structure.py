"""Which checks a text without a compiler gets, by the kind of text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from types import MappingProxyType
from typing import Final

from attrs import field, frozen

from leanwide.context.view import View
from leanwide.postprocess.commit_message import subject, trailers
from leanwide.postprocess.data_structure import ini_losses, json_losses, toml_losses, xml_losses
from leanwide.postprocess.prose_structure import (
    code_blocks,
    front_matter,
    markdown_headings,
    markdown_links,
    rst_references,
    rst_titles,
)
from leanwide.postprocess.structure_loss import Losses


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _stems(text: str) -> re.Pattern[str]:
    """Return a pattern of words that begin with one of some stems."""
    return re.compile(rf"\b(?:{'|'.join(text.split())})", re.IGNORECASE)


@frozen(kw_only=True)
class StructureCheck:
    """A comparison of a text before and after an edit."""

    losses: Losses
    asked: re.Pattern[str] = field(converter=_stems)
    """What an instruction says that asks for such a change, as beginnings of words."""


@frozen(kw_only=True)
class StructuredText:
    """A kind of text, and what is checked when it is edited."""

    ids: frozenset[str] = field(converter=_words)
    """LSP language ids and Vim file types."""
    suffixes: frozenset[str] = field(converter=_words, default="")
    names: frozenset[str] = field(converter=_words, default="")
    whole: bool = False
    """The whole file is compared, not only the lines that are edited."""
    checks: tuple[StructureCheck, ...]


_LESS: Final = _stems(
    "brief compact concis condens cut delet drop less remov short simpl strip summar trim"
)
_LINKS: Final = "link url href address refer citation footnote note"
_HEADINGS: Final = "head title section chapter structur outlin level reorgani restructur convert"
_KEYS: Final = "key renam mov merg group nest flatten split restructur convert"

STRUCTURED_TEXTS: Final[Mapping[str, StructuredText]] = MappingProxyType(
    {
        "commit": StructuredText(
            ids="gitcommit git-commit",
            names="COMMIT_EDITMSG MERGE_MSG SQUASH_MSG TAG_EDITMSG",
            checks=(
                StructureCheck(losses=trailers, asked="trailer sign author footer"),
                StructureCheck(losses=subject, asked="nothing"),
            ),
        ),
        "ini": StructuredText(
            ids="dosini ini",
            suffixes=".ini .cfg",
            whole=True,
            checks=(StructureCheck(losses=ini_losses, asked=_KEYS),),
        ),
        "json": StructuredText(
            ids="json jsonc json5",
            suffixes=".json .jsonc .webmanifest",
            whole=True,
            checks=(StructureCheck(losses=json_losses, asked=_KEYS),),
        ),
        "markdown": StructuredText(
            ids="markdown mdx pandoc quarto rmd",
            suffixes=".markdown .md .mdx .qmd .rmd",
            checks=(
                StructureCheck(losses=front_matter, asked="front metadata key"),
                StructureCheck(losses=markdown_headings, asked=_HEADINGS),
                StructureCheck(losses=code_blocks, asked="code example block inline fence"),
                StructureCheck(losses=markdown_links, asked=_LINKS),
            ),
        ),
        "restructuredtext": StructuredText(
            ids="restructuredtext rst",
            suffixes=".rst",
            checks=(
                StructureCheck(losses=rst_titles, asked=_HEADINGS),
                StructureCheck(losses=rst_references, asked=f"{_LINKS} directive"),
            ),
        ),
        "toml": StructuredText(
            ids="toml",
            suffixes=".toml",
            whole=True,
            checks=(StructureCheck(losses=toml_losses, asked=_KEYS),),
        ),
        "xml": StructuredText(
            ids="plist svg xhtml xml xsd xsl",
            suffixes=".plist .svg .xhtml .xml .xsd .xsl",
            whole=True,
            checks=(StructureCheck(losses=xml_losses, asked="nothing"),),
        ),
    }
)
"""HTML, CSS and YAML have a grammar, which is all that is asked of them."""


def asks_for_less(instruction: str) -> bool:
    """Whether an instruction asks for a shorter text, or for something to be taken away."""
    return _LESS.search(instruction) is not None


def structured_text(view: View) -> StructuredText | None:
    """Return the kind of a document's text; None where nothing is checked."""
    path = PurePath(view.path)
    for text in STRUCTURED_TEXTS.values():
        named = path.suffix.lower() in text.suffixes and not view.language_id
        if view.language_id in text.ids or path.name in text.names or named:
            return text
    return None


def structure_problem(
    text: StructuredText, before: Sequence[str], after: Sequence[str], instruction: str
) -> str:
    """Return a sentence about what an edit loses although the instruction does not ask for it.

    "" where nothing is lost.
    """
    less = asks_for_less(instruction)
    for check in text.checks:
        asked = less or check.asked.search(instruction) is not None
        for loss in check.losses(before, after):
            name = loss.what.rpartition(".")[2].casefold()
            if not name or not (asked or name in instruction.casefold()):
                return loss.sentence
    return ""
