"""What Markdown and reStructuredText lose besides words: links, notes, headings, code blocks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from leanwide.postprocess.structure_loss import TextLoss, missing

_FENCE: Final = re.compile(r"\s*(`{3,}|~{3,})")
_LINK: Final = re.compile(
    r"\]\(\s*<?([^\s)>]+)|<(https?://[^<>\s]+)>|\b(?:href|src)=\"([^\"]+)\""
    r"|^ {0,3}\[[^\]^][^\]]*\]:\s*<?([^\s>]+)"
)
_DEFINITION: Final = re.compile(r" {0,3}(\[[^\]^][^\]]*\]):")
_NOTE: Final = re.compile(r"\[\^[^\[\]\s]+\]:?")
_ATX: Final = re.compile(r" {0,3}(#{1,6})(?:\s+|$)(.*)")
_SETEXT: Final = re.compile(r" {0,3}(=+|-{2,})\s*")
_FRONT_MATTER: Final = ("---", "+++")
_KEY: Final = re.compile(r"([\w-]+)\s*[:=]")
_UNDERLINE: Final = re.compile(r"([=\-`:.'\"~^_*+#])\1+\s*")
_RST_TARGET: Final = re.compile(r"\s*\.\. (_[^:]+:|\[[^\]]+\])")
_RST_DIRECTIVE: Final = re.compile(r"\s*\.\. (?:\|[^|]+\| )?([\w:-]+)::")
_RST_ROLE: Final = re.compile(r":[\w:-]{1,60}:`(?:[^`<]*<)?([^`>]+)>?`|<([^<`>\s]+)>`__?")


def markdown_links(before: Sequence[str], after: Sequence[str]) -> Iterator[TextLoss]:
    """Yield the link targets, reference definitions and footnotes that Markdown loses."""
    old, new = list(_outside_fences(before)), list(_outside_fences(after))
    yield from missing(_found(_LINK, old), _found(_LINK, new), "The link to `{}` is missing.")
    yield from missing(
        _matched(_DEFINITION, old), _matched(_DEFINITION, new), "The definition of `{}` is missing."
    )
    yield from missing(_found(_NOTE, old), _found(_NOTE, new), "The footnote `{}` is missing.")


def markdown_headings(before: Sequence[str], after: Sequence[str]) -> Iterator[TextLoss]:
    """Yield the headings of levels that have fewer headings than before."""
    yield from _fewer(list(_headings(before)), list(_headings(after)))


def code_blocks(before: Sequence[str], after: Sequence[str]) -> Iterator[TextLoss]:
    """Yield the code blocks of Markdown that are missing."""
    old, new = _openings(before), _openings(after)
    if len(new) < len(old):
        yield TextLoss("block", f"A code block is missing: {len(old)} before, {len(new)} now.")


def front_matter(before: Sequence[str], after: Sequence[str]) -> Iterator[TextLoss]:
    """Yield the keys that the front matter of Markdown loses."""
    old, new = _front_matter(before), _front_matter(after)
    if old and not new:
        yield TextLoss("front matter", f"The front matter between {before[0].strip()} is missing.")
    else:
        yield from missing(old, new, "The key `{}` of the front matter is missing.")


def rst_references(before: Sequence[str], after: Sequence[str]) -> Iterator[TextLoss]:
    """Yield the targets, footnotes, references and directives that reStructuredText loses."""
    yield from missing(
        _matched(_RST_TARGET, before), _matched(_RST_TARGET, after), "`.. {}` is missing."
    )
    yield from missing(
        _found(_RST_ROLE, before), _found(_RST_ROLE, after), "The reference to `{}` is missing."
    )
    directives = Counter(_matched(_RST_DIRECTIVE, before))
    directives.subtract(_matched(_RST_DIRECTIVE, after))
    for name, lost in directives.items():
        if lost > 0:
            yield TextLoss(name, f"A directive `.. {name}::` is missing.")


def rst_titles(before: Sequence[str], after: Sequence[str]) -> Iterator[TextLoss]:
    """Yield the titles of reStructuredText that are missing, or whose underlines are too short."""
    old, new = list(_titles(before)), list(_titles(after))
    yield from _fewer([title[:2] for title in old], [title[:2] for title in new])
    known = {text for _, text, short in old if short}
    for _, text, short in new:
        if short and text not in known:
            yield TextLoss(text, f"The underline of the title `{text}` is too short.")


def _fewer(old: Sequence[tuple[str, str]], new: Sequence[tuple[str, str]]) -> Iterator[TextLoss]:
    """Yield the first heading that is missing, where a level has fewer of them than before."""
    before, after = (Counter(level for level, _ in found) for found in (old, new))
    texts = {text for _, text in new}
    levels = {level for level, count in before.items() if count > after[level]}
    lost = [(level, text) for level, text in old if level in levels]
    level, text = next((one for one in lost if one[1] not in texts), lost[0] if lost else ("", ""))
    if lost:
        mark = f"{level} " if level.startswith("#") else ""
        yield TextLoss(text, f"The heading `{mark}{text}` is missing.")


def _outside_fences(lines: Sequence[str]) -> Iterator[str]:
    opened = ""
    for line in lines:
        fence = _FENCE.match(line)
        if fence and not opened:
            opened = fence[1]
        elif fence and line.strip().startswith(opened) and not line.strip().strip(opened[0]):
            opened = ""
        elif not opened:
            yield line


def _openings(lines: Sequence[str]) -> list[int]:
    """Return the lines that open a code block."""
    fences = [row for row, line in enumerate(lines) if _FENCE.match(line)]
    return fences[::2]


def _found(pattern: re.Pattern[str], lines: Sequence[str]) -> list[str]:
    """Return what a pattern finds in lines: its only group that took part, else all of it."""
    return [
        next((group for group in match.groups() if group), match.group())
        for line in lines
        for match in pattern.finditer(line)
    ]


def _matched(pattern: re.Pattern[str], lines: Sequence[str]) -> list[str]:
    return [match[1] for match in map(pattern.match, lines) if match]


def _headings(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the level, as number signs, and the text of each heading."""
    above = ""
    for line in _outside_fences(lines[len(_front_lines(lines)) :]):
        atx = _ATX.fullmatch(line)
        if atx:
            yield atx[1], _heading_text(atx[2].strip())
        elif above.strip() and not _is_list(above) and (setext := _SETEXT.fullmatch(line)):
            yield "#" if setext[1].startswith("=") else "##", above.strip()
        above = line if not atx else ""


def _heading_text(text: str) -> str:
    """Return the text of a heading without number signs that close it."""
    bare = text.rstrip("#")
    return bare.rstrip() if bare and bare[-1].isspace() else text


def _is_list(line: str) -> bool:
    return line.lstrip().startswith(("- ", "* ", "+ ", ">", "|"))


def _front_matter(lines: Sequence[str]) -> list[str]:
    return _matched(_KEY, _front_lines(lines))


def _front_lines(lines: Sequence[str]) -> Sequence[str]:
    """Return the lines of the front matter, with those that enclose it."""
    mark = lines[0].strip() if lines else ""
    if mark not in _FRONT_MATTER:
        return ()
    end = next((row for row, line in enumerate(lines) if row and line.strip() == mark), 0)
    return lines[: end + 1] if end and _KEY.match(lines[1]) else ()


def _titles(lines: Sequence[str]) -> Iterator[tuple[str, str, bool]]:
    """Yield the character below each title, its text, and whether the underline is too short."""
    for text, line in pairwise(lines):
        under, length = _UNDERLINE.fullmatch(line), len(line.strip())
        is_title = text.strip() == text.rstrip() != "" and not _UNDERLINE.fullmatch(text)
        if under and is_title and length >= min(3, len(text)):
            yield under[1], text.strip(), length < len(text.rstrip())
