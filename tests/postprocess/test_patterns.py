"""No pattern takes more than linear time: texts of documents and answers may be built for that."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

import leanwide.postprocess
import leanwide.syntax
from leanwide.syntax import languages

SIZE = 6_000
"""Characters of a text: backtracking over all pairs of them takes some tenths of a second."""
MOST = 0.06
"""Seconds of the processor; linear time is below a thousandth."""
METHODS = {"match", "fullmatch", "search", "finditer", "findall", "sub", "split"}
USES = {
    "opener": "search", "header": "search", "closer": "match", "clause": "match",
    "prelude": "match", "continues": "search", "macro": "fullmatch",
}  # fmt: skip
"""How the patterns of a language are used."""


def of_modules() -> Iterator[tuple[str, re.Pattern[str], str]]:
    """Each pattern of a module for text, and a method by which the module uses it."""
    for package in (leanwide.postprocess, leanwide.syntax):
        for found in iter_modules(package.__path__):
            module = import_module(f"{package.__name__}.{found.name}")
            source = Path(str(module.__file__)).read_text(encoding="utf-8")
            for name, pattern in vars(module).items():
                is_own = re.search(rf"^{name}\b", source, re.MULTILINE) is not None
                if is_own and isinstance(pattern, re.Pattern) and isinstance(pattern.pattern, str):
                    used = set(re.findall(rf"\b{name}\.(\w+)\(", source)) & METHODS
                    usual = {"match"} if f"_matched({name}," in source else {"finditer"}
                    for method in sorted(used or usual):
                        yield f"{found.name}.{name}.{method}", pattern, method


def of_languages() -> Iterator[tuple[str, re.Pattern[str], str]]:
    for language in languages():
        for key, method in USES.items():
            if text := getattr(language, key):
                yield f"{language.name}.{key}", re.compile(text), method


PATTERNS = [*of_modules(), *of_languages()]


def texts(pattern: re.Pattern[str]) -> Iterator[str]:
    """Texts that repeat what a pattern looks for, with an end that it does not expect."""
    plain = re.sub(r"\\(?P<kept>[^A-Za-z])|\\[A-Za-z]", r"\g<kept>", pattern.pattern)
    marks = [mark for mark in dict.fromkeys(plain) if not mark.isalnum()]
    words = [*dict.fromkeys(re.findall(r"[A-Za-z]{2,}", plain))][:12]
    units = [" ", "a", "\n", *marks, *words, *(f"{word} " for word in words)]
    units += [f"{mark}{other}" for mark in marks for other in (" ", "a", *marks[:6])]
    heads = ["", *(mark * times for mark in marks[:8] for times in (1, 3))]
    for unit in units:
        yield unit * (SIZE // len(unit)) + "\0"
    for head in heads:
        yield f"{head}{' ' * SIZE}\0"
        yield f"{head}{'a' * SIZE}`"
        yield f"{head} a{' ' * SIZE}a{' ' * SIZE}\0"


def seconds(pattern: re.Pattern[str], method: str, text: str) -> float:
    began = time.thread_time()
    found = getattr(pattern, method)(*(("", text) if method == "sub" else (text,)))
    if method == "finditer":
        list(found)
    return time.thread_time() - began


@pytest.mark.parametrize(
    ("pattern", "method"), [one[1:] for one in PATTERNS], ids=[one[0] for one in PATTERNS]
)
def test_no_text_makes_a_pattern_search_it_twice(pattern: re.Pattern[str], method: str):
    for text in texts(pattern):
        if seconds(pattern, method, text) > MOST:  # another process may have the cache
            assert min(seconds(pattern, method, text) for _ in range(3)) < MOST, text[:20]
