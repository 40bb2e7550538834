"""The rules by which an edit counts as useful.

An edit is *damaging* where the text before or behind the selection is not what it was, byte for
byte, but for imports by name that were added above it. It *parses worse* where tree-sitter finds
more errors in the file than before. It is *useful* where it is neither, changes something, and
keeps the rule of its kind:

- ``simplify``: no more tokens of code than before, and the same names are defined;
- ``document``: documentation is there, and the tokens of code are the same;
- ``fix``: the misspelt name is gone, and at least 90 % of the code's tokens are those of the true
  code, in its order;
- ``annotate``: every parameter has a type, and the tokens of the body are the same;
- ``test``: it is a text of its own that parses, names what is tested, and has a test in it; the
  file itself is not changed;
- ``shorten``: fewer words, at least a quarter of them, the same headings and code blocks;
- ``spelling``: the misspelt word is gone, and at least 90 % of the words are the true ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import SequenceMatcher
from types import MappingProxyType
from typing import Final

from attrs import frozen

from leanwide.syntax import (
    Language,
    SyntaxTree,
    definitions,
    documentation_runs,
    error_count,
    import_statements,
    language_for,
    parse,
    split,
)
from leanwide_bench.edits.mistakes import names, tokens, untyped_parameters
from leanwide_bench.edits.tasks import EditKind, EditTask

_LIKE: Final = 0.9
"""Share of tokens, or words, that a repair keeps."""
_LEAST_LEFT: Final = 0.25
"""Share of words that a shortened text keeps."""
_TEST: Final = re.compile(
    r"def test|\bassert|unittest|#\[test\]|func Test|\b(?:it|test|describe)\s*\("
)
"""What a test looks like in Python, Rust, Go or JavaScript."""
_FENCE: Final = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_HEADING: Final = re.compile(r"^#+ .*$", re.MULTILINE)


@frozen(kw_only=True)
class EditVerdict:
    """What an edit did."""

    damaged: bool
    """Text outside of the selection is not what it was."""
    worse: bool
    """The file has more syntax errors than before."""
    useful: bool
    why: str
    """Why it is not useful; "" if it is."""


@frozen(kw_only=True)
class _Changed:
    """A selection before and after."""

    task: EditTask
    old: SyntaxTree
    new: SyntaxTree
    last: int
    """The end of the selection in ``new``."""

    @property
    def text(self) -> str:
        return "".join(self.new.lines[self.task.first : self.last])


def judge(task: EditTask, text: str, other: str = "") -> EditVerdict:
    """Judge an edit by the rules that this module's docstring names.

    Args:
        task: What was asked for.
        text: The file after the edit.
        other: The text of the test, in another file.
    """
    language = _language(task)
    old, whole = parse(language, split(task.text)), parse(language, split(text))
    new = _without_new_imports(old, whole, task.first)
    head, tail = old.lines[: task.first], old.lines[task.last :]
    last = len(new.lines) - len(tail)
    kept = last >= task.first and new.lines[: task.first] == head and new.lines[last:] == tail
    worse = error_count(whole) > error_count(old)
    if not kept:
        why = "text outside of the selection was changed"
    elif worse:
        why = "it parses worse"
    elif task.kind is EditKind.TEST:
        why = _test_fault(task, text, other)
    elif text == task.text:
        why = "nothing was changed"
    else:
        why = _RULES[task.kind](_Changed(task=task, old=old, new=new, last=last))
    return EditVerdict(damaged=not kept, worse=worse, useful=not why, why=why)


def _without_new_imports(old: SyntaxTree, new: SyntaxTree, selected: int) -> SyntaxTree:
    """Return a text without the imports by name that were added above a selection."""
    known = {part.source for statement in import_statements(old) for part in statement.parts}
    added = set[int]()
    for statement in import_statements(new):
        first, last = statement.span.start.line, statement.span.end.line
        named = all(part.name and part.source not in known for part in statement.parts)
        if statement.at_top and statement.parts and named and first - len(added) <= selected:
            added.update(range(first, last + 1))
    kept = [line for row, line in enumerate(new.lines) if row not in added]
    return parse(new.language, kept) if added else new


def code_tokens(tree: SyntaxTree, first: int, last: int) -> list[str]:
    """Return the tokens of lines, without comments and documentation."""
    runs = documentation_runs(tree, first, last)
    documented = {line for run in runs for line in range(*run)}
    return [
        token.text
        for token in tokens(tree, first, last)
        if not token.comment and token.at.line not in documented
    ]


def _language(task: EditTask) -> Language:
    language = language_for("", task.name)
    if language is None:
        raise ValueError(f"{task.name} is in no language that is known")
    return language


def _test_fault(task: EditTask, text: str, other: str) -> str:
    if text != task.text:
        return "the file itself was changed"
    if not other.strip():
        return "there is no test"
    if error_count(parse(_language(task), split(other))):
        return "the test does not parse"
    if not re.search(rf"\b{re.escape(task.definition)}\b", other):
        return "the test does not name what is tested"
    return "" if _TEST.search(other) else "nothing in it is a test"


def _simplify_fault(changed: _Changed) -> str:
    task, last = changed.task, changed.last
    old = code_tokens(changed.old, task.first, task.last)
    new = code_tokens(changed.new, task.first, last)
    if len(new) > len(old):
        return "the code is longer than before"
    if _defined(changed.old, task.first, task.last) != _defined(changed.new, task.first, last):
        return "other names are defined than before"
    return "" if new != old else "no code was changed"


def _document_fault(changed: _Changed) -> str:
    task, last = changed.task, changed.last
    old = code_tokens(changed.old, task.first, task.last)
    if code_tokens(changed.new, task.first, last) != old:
        return "code was changed"
    found = documentation_runs(changed.new, task.first, last)
    return "" if found else "there is no documentation"


def _fix_fault(changed: _Changed) -> str:
    task = changed.task
    left = {name.text for name in names(changed.new, task.first, changed.last)}
    if task.mistake in left:
        return "the mistake is still there"
    old = code_tokens(changed.old, task.first, task.last)
    true = [task.truth if token == task.mistake else token for token in old]
    new = code_tokens(changed.new, task.first, changed.last)
    return "" if _alike(true, new) else "more than the mistake was changed"


def _annotate_fault(changed: _Changed) -> str:
    task = changed.task
    if untyped_parameters(changed.new, task.first, changed.last):
        return "a parameter has no type"
    old, new = (_body_tokens(tree, task) for tree in (changed.old, changed.new))
    return "" if old and old == new else "code was changed"


def _body_tokens(tree: SyntaxTree, task: EditTask) -> list[str]:
    found = next((each for each in definitions(tree) if each.start.line == task.first), None)
    if found is None or found.body_start is None:
        return []
    return code_tokens(tree, found.body_start.line, found.end.line + 1)


def _shorten_fault(changed: _Changed) -> str:
    old, new = "".join(changed.task.lines), changed.text
    if _HEADING.findall(_FENCE.sub("", old)) != _HEADING.findall(_FENCE.sub("", new)):
        return "headings were changed"
    blocks = [[match[0] for match in _FENCE.finditer(text)] for text in (old, new)]
    if blocks[0] != blocks[1]:
        return "code blocks were changed"
    before, after = len(old.split()), len(new.split())
    if after >= before:
        return "the text is not shorter"
    return "" if after >= _LEAST_LEFT * before else "nearly nothing is left"


def _spelling_fault(changed: _Changed) -> str:
    task, new = changed.task, changed.text
    if re.search(rf"\b{task.mistake}\b", new):
        return "the mistake is still there"
    true = "".join(task.lines).replace(task.mistake, task.truth)
    return "" if _alike(true.split(), new.split()) else "more than the mistake was changed"


_RULES: Final[Mapping[EditKind, Callable[[_Changed], str]]] = MappingProxyType(
    {
        EditKind.SIMPLIFY: _simplify_fault,
        EditKind.DOCUMENT: _document_fault,
        EditKind.FIX: _fix_fault,
        EditKind.ANNOTATE: _annotate_fault,
        EditKind.SHORTEN: _shorten_fault,
        EditKind.SPELLING: _spelling_fault,
    }
)
"""Each returns why an edit is not useful; "" if it is."""


def _alike(true: Sequence[str], new: Sequence[str]) -> bool:
    return SequenceMatcher(None, true, new, autojunk=False).ratio() >= _LIKE


def _defined(tree: SyntaxTree, first: int, last: int) -> list[str]:
    return [found.name for found in definitions(tree) if first <= found.start.line < last]
