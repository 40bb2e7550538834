"""Faithful answers about real files: the code with one name changed, as models write it.

``LEANWIDE_RANDOM_ANSWERS`` says how many, ``LEANWIDE_RANDOM_SEED`` makes others, and
``LEANWIDE_RANDOM_FOLDERS``, folders between colons, names the files.
"""

from __future__ import annotations

import os
import random
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from attrs import frozen

from leanwide.context.passage import Passage
from leanwide.context.prose import is_prose
from leanwide.context.view import Snapshot, split_lines
from leanwide.features.ask.selection import ResolvedSelection
from leanwide.features.edit.assignment import fenced_form
from leanwide.features.edit.fence import fence_around
from leanwide.features.edit.length_guard import LEAST_SHARE
from leanwide.features.edit.rewrite import rewritten
from leanwide.features.refusal import Refusal
from leanwide.postprocess.splice import applied
from leanwide.syntax import (
    Definition,
    Scopes,
    SyntaxTree,
    content,
    definitions,
    error_count,
    imports,
    language_for,
    parse,
    text_rows,
)

ANSWERS: Final = int(os.environ.get("LEANWIDE_RANDOM_ANSWERS", "60"))
SEED: Final = int(os.environ.get("LEANWIDE_RANDOM_SEED", "1"))
ROOT: Final = Path(__file__).parents[3]
FOLDERS: Final = [
    Path(folder) for folder in os.environ.get("LEANWIDE_RANDOM_FOLDERS", "").split(":") if folder
] or [
    ROOT / "server",
    ROOT / "editors",
    ROOT / "docs",
    ROOT / ".github",
    Path(os.__file__).parent / "json",
]
SUFFIXES: Final = {
    ".c": "c", ".cc": "cpp", ".cpp": "cpp", ".cs": "csharp", ".css": "css", ".go": "go",
    ".h": "cpp", ".html": "html", ".java": "java", ".js": "javascript", ".json": "json",
    ".lua": "lua", ".md": "markdown", ".mjs": "javascript", ".php": "php", ".py": "python",
    ".rb": "ruby", ".rs": "rust", ".rst": "restructuredtext", ".sh": "shellscript",
    ".toml": "toml", ".ts": "typescript", ".tsx": "typescriptreact", ".yaml": "yaml",
    ".yml": "yaml",
}  # fmt: skip
WORD: Final = re.compile(r"\b[a-z][a-z]{3,}[A-Z_0-9][A-Za-z_0-9]+\b")
"""Names that no language has as a keyword."""
ASKED: Final = "rename it in keys, titles, links, references, metadata and code"
"""What has to be asked for in data and prose."""
WRAPPERS: Final = {"class", "function", "implementation", "interface", "method", "module", "struct"}
"""Kinds of definitions that a model repeats around code."""
MOST: Final = 80
"""Lines of a passage."""


@frozen
class Case:
    """A passage of a file, and an answer that changes one name in it."""

    path: Path
    resolved: ResolvedSelection
    form: str
    answer: str
    wanted: str

    def __str__(self) -> str:
        passage = self.resolved.passage
        return f"{self.path}:{passage.first + 1}-{passage.last} {self.form}"

    def outcome(self) -> str | Refusal:
        """The text after the edit, or why there is none."""
        code = fenced_form(fence_around(self.resolved)).read(self.answer)
        try:
            change = rewritten(self.resolved, LEAST_SHARE, code.text, ASKED)
        except Refusal as refusal:
            return refusal
        return "".join(applied(change.lines, change.edits))


def files() -> list[Path]:
    found = (path for folder in FOLDERS for path in folder.rglob("*") if path.suffix in SUFFIXES)
    return sorted(path for path in found if path.is_file() and 200 < path.stat().st_size < 60_000)


def cases(rng: random.Random) -> Iterator[Case]:
    paths = files()
    by_suffix: dict[str, list[Path]] = {}
    for path in paths:
        by_suffix.setdefault(path.suffix, []).append(path)
    while True:
        path = rng.choice(by_suffix[rng.choice(sorted(by_suffix))])
        try:
            text = path.read_bytes().decode()
        except UnicodeDecodeError:
            continue
        yield from of_file(path, text, rng)


def of_file(path: Path, text: str, rng: random.Random) -> Iterator[Case]:
    lines = tuple(split_lines(text))
    name = SUFFIXES[path.suffix]
    language = language_for(name, path.name)
    tree = parse(language, lines) if language is not None else None
    for _ in range(3):
        kind = rng.choice(["definition", "statements", "statements", "lines"])
        passage = chosen(kind, lines, tree, rng)
        if passage is None:
            continue
        own = [content(line) for line in lines[passage.first : passage.last]]
        words = sorted({word for line in own for word in WORD.findall(line)})
        if not words:
            continue
        word = rng.choice(words)
        new = [re.sub(rf"\b{word}\b", f"{word}Qq", line) for line in own]
        endings = [line[len(content(line)) :] for line in lines[passage.first : passage.last]]
        wanted = "".join(
            (
                *lines[: passage.first],
                *map("".join, zip(new, endings, strict=True)),
                *lines[passage.last :],
            )
        )
        if tree is not None and (breaks(tree, wanted) or in_text(tree, passage, own, new)):
            continue
        snapshot = Snapshot(
            uri=path.as_uri(), path=str(path), language_id=name, version=1, lines=lines
        )
        resolved = ResolvedSelection(view=snapshot.at(passage.first, 0), tree=tree, passage=passage)
        around = tree if kind != "lines" else None
        form, code = "plain", "\n".join(new)
        if not is_prose(resolved.view):
            form, code = formed(new, around, passage, rng)
        fence = fence_around(resolved)
        yield Case(path, resolved, form, f"Here:\n\n{fence}\n{code}\n{fence}\n", wanted)


def breaks(tree: SyntaxTree, text: str) -> bool:
    """Whether a name that is no word of the language has to be where it was."""
    return error_count(parse(tree.language, split_lines(text))) > error_count(tree)


def in_text(tree: SyntaxTree, passage: Passage, old: list[str], new: list[str]) -> bool:
    """Whether a line in a string changes: nothing says how far a model has moved it."""
    text = text_rows(tree).part(passage.first, passage.last)
    return any(old[row] != new[row] for row in text.kept)


def chosen(
    kind: str, lines: tuple[str, ...], tree: SyntaxTree | None, rng: random.Random
) -> Passage | None:
    """A definition, a run of statements, or any lines."""
    first = rng.randrange(len(lines))
    last = min(len(lines), first + rng.randrange(1, 12))
    if tree is not None and kind != "lines":
        found = definitions(tree)
        if kind == "definition" and found:
            one = rng.choice(found)
            first, last = one.start.line, one.end.line + 1
        else:
            scope = rng.choice([None, *found])
            parts = Scopes.of(tree).pieces(scope)
            if not parts:
                return None
            at = rng.randrange(len(parts))
            end = min(len(parts) - 1, at + rng.randrange(4))
            first, last = parts[at].span.start.line, parts[end].span.end.line + 1
    while first < last and not lines[first].strip():
        first += 1
    while last > first and not lines[last - 1].strip():
        last -= 1
    return Passage(first=first, last=last) if 0 < last - first <= MOST else None


def formed(
    new: list[str], tree: SyntaxTree | None, passage: Passage, rng: random.Random
) -> tuple[str, str]:
    """How a model writes lines: as they are, from column 0, in their class, below imports."""
    code = "\n".join(new)
    form = rng.choice(["plain", "dedented", "wrapped", "imports"])
    if form == "dedented":
        return form, textwrap.dedent(code)
    if tree is None or not tree.language.containers:
        return "plain", code
    if form == "imports" and (head := import_lines(tree, passage)):
        return form, f"{head}\n\n{code}"
    if form == "wrapped" and (around := owner(tree, passage)):
        body = around.body_start
        opens = body is not None and tree.lines[body.line].strip() == "{"
        below = (body.line if body is not None and opens else around.signature_end.line) + 1
        head = "".join(tree.lines[around.start.line : below]).rstrip()
        tail = content(tree.lines[around.end.line]).strip()
        end = f"\n{tail}" if re.fullmatch(r"\W{1,2}|end", tail) else ""
        return form, f"{head}\n{code}{end}"
    return "plain", code


def import_lines(tree: SyntaxTree, passage: Passage) -> str:
    found = [one.span for one in imports(tree)]
    if any(span.end.line >= passage.first for span in found):
        return ""
    rows = sorted({row for span in found for row in range(span.start.line, span.end.line + 1)})
    return "".join(tree.lines[row] for row in rows).rstrip()


def owner(tree: SyntaxTree, passage: Passage) -> Definition | None:
    """The innermost definition around a passage that is in its body."""
    around = [
        one
        for one in definitions(tree)
        if one.signature_end.line < passage.first and one.end.line >= passage.last - 1
    ]
    wraps = around and around[-1].kind in WRAPPERS and tree.language.containers
    return around[-1] if wraps else None


def test_an_answer_with_one_changed_name_changes_that_name_and_nothing_else():
    made = cases(random.Random(SEED))
    refused: list[str] = []
    for _ in range(ANSWERS):
        case = next(made)
        outcome = case.outcome()
        if isinstance(outcome, Refusal):
            refused.append(f"{case}: {outcome}")
        else:
            assert without_trailing(outcome) == without_trailing(case.wanted), str(case)
    # An answer in part of a class, or with a name that is a rule of the language, may not parse.
    assert len(refused) <= ANSWERS // 20, "\n".join(refused)


def without_trailing(text: str) -> list[str]:
    """Lines without white space at their ends, which an edit may take off."""
    return [line.rstrip() for line in text.splitlines()]
