"""Which files people wrote: no data, tests, vendored, generated or minified code."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

from training.corpus.archives import MAX_BYTES

SKIPPED_PARTS: Final = frozenset(
    {
        "test", "tests", "testing", "_test", "idle_test", "site-packages", "dist-packages",
        "lib2to3", "turtledemo", "ensurepip", "pydoc_data", "encodings", "__pycache__",
        "_vendor", "vendor", "vendored", "_vendored", "third_party", "externals", "extern",
        "testsuite", "test_data", "unicode_data", "lextab", "data",
        "_click", "_jinja2", "_requests",  # copies of held-out distributions in other packages
    }
)  # fmt: skip
ELSEWHERE: Final = frozenset(
    {
        "__tests__", "__mocks__", "spec", "testdata", "fixtures", "node_modules", "thirdparty",
        "3rdparty", "third-party", "external", "deps", "contrib", "locale", "locales", "i18n",
        "lang", "min", "umd", "autom4te.cache", "debian", "esm5", "esm2015", "fesm2022",
    }
)  # fmt: skip
"""Folders that are left out besides, of packages that are not Python's."""
PYTHON_ONLY: Final = frozenset({"include"})
SKIPPED_NAMES: Final = re.compile(
    r"^(test_.*|.*_test|.*_tests|conftest|.*_pb2|_?version)\.py$"
    r"|\.(min|bundle|umd|iife|pb|test|spec|stories|generated|gen)\.[a-z]+$"
    r"|(_test|\.pb|_string|zz_generated.*|_gen)\.go$|_test\.(c|cc|cpp)$|^.*Tests?\.java$"
    r"|^(configure|config\.(guess|sub|rpath)|install-sh|ltmain\.sh|depcomp|missing|compile|"
    r"mkinstalldirs|test-driver|ylwrap|bootstrap-vcpkg|gradlew|mvnw)(\.sh)?$"
    r"|^(change(log|s)|history|news|releases?|authors|contributors|licen[cs]e|copying|"
    r"third.?party.*|code.of.conduct|security|pull_request_template|backers|maintainers)"
    r"([-_.].*)?\.(md|markdown|rst)$",
    re.IGNORECASE,
)
GENERATED: Final = re.compile(
    r"@generated|do not (edit|modify)|auto-?generated|automatically generated|"
    r"generated (by|from|automatically|file)",
    re.IGNORECASE,
)
COMPILED: Final = re.compile(
    r"__esModule|sourceMappingURL=|__webpack_require__|_interopRequire|__awaiter\b|"
    r"regeneratorRuntime|_createClass\b|_classCallCheck\b|/\*#__PURE__\*/|tslib_\d"
)
"""What compilers and bundlers of JavaScript leave in their output."""
MAX_LINE: Final = 400
MAX_PROSE_LINE: Final = 1200
MAX_MEAN_LINE: Final = 90
LITERAL: Final = "0123456789,\"'"
MAX_LITERAL: Final = 0.22
"""Share of such characters beyond which a text is a table."""


def is_handwritten(path: str, text: str, language: str) -> bool:
    """Whether a file is neither vendored, test data, generated, minified nor a table."""
    parts = PurePosixPath(path).parts
    skipped = SKIPPED_PARTS | (PYTHON_ONLY if language == "python" else ELSEWHERE)
    if skipped.intersection(parts) or SKIPPED_NAMES.search(parts[-1]):
        return False
    if not 200 < len(text) <= MAX_BYTES or GENERATED.search(text[:1500]):
        return False
    if language in ("javascript", "typescript") and COMPILED.search(text):
        return False
    return _has_lines_to_read(text, language)


def _has_lines_to_read(text: str, language: str) -> bool:
    """Whether the lines are as long, and the literals as few, as in text that people write."""
    lines = text.splitlines()
    if language in ("markdown", "restructuredtext"):
        return max(map(len, lines)) <= MAX_PROSE_LINE and not _is_table(text)
    is_long = max(map(len, lines)) > MAX_LINE or len(text) > MAX_MEAN_LINE * len(lines)
    return not is_long and not _is_table(text)


def _is_table(text: str) -> bool:
    return sum(map(text.count, LITERAL)) > MAX_LITERAL * len(text)
