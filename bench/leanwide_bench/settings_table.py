"""Writes the table of all settings in ``docs/configuration.md``; run as a module.

Types, defaults and meanings come from the options' classes and the built-in configuration.
"""

from __future__ import annotations

import ast
import enum
import inspect
import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints

import attrs

from leanwide.options import Options, built_in
from leanwide_bench.generated_section import with_section

BEGIN: Final = "<!-- settings: written by `make docs` -->\n"
END: Final = "<!-- /settings -->\n"
_HEAD: Final = "| setting | type | default | meaning |\n|---|---|---|---|\n"
_TYPES: Final[Mapping[Any, str]] = {
    str: "text",
    bool: "`true` or `false`",
    int: "whole number",
    float: "number",
    tuple[str, ...]: "list of texts",
}


def table() -> str:
    """Return the table, in Markdown. Sections of the same class share their rows."""
    return _HEAD + "".join(_rows(Options, {"": built_in().values}))


def _rows(kind: type, sections: Mapping[str, Any]) -> Iterator[str]:
    """Yield the rows of a class.

    Args:
        kind: The options' class.
        sections: The default values of each section of this class, by the section's name.
    """
    hints, meanings = get_type_hints(kind), _docstrings(kind)
    below: dict[type, dict[str, Any]] = {}
    for name in (attribute.name for attribute in attrs.fields(kind)):
        values = {f"{prefix}{name}": section[name] for prefix, section in sections.items()}
        if attrs.has(hints[name]):
            named = {f"{key}.": value for key, value in values.items()}
            below.setdefault(hints[name], {}).update(named)
            continue
        keys = "<br>".join(f"`{key}`" for key in values)
        defaults = "<br>".join(f"`{json.dumps(value)}`" for value in values.values())
        yield f"| {keys} | {_type_name(hints[name])} | {defaults} | {meanings[name]} |\n"
    for inner, named in below.items():
        yield from _rows(inner, named)


def _docstrings(kind: type) -> dict[str, str]:
    """Return the docstrings of a class's fields, in Markdown."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(tree, ast.ClassDef)  # noqa: S101  # it is the source of a class
    found: dict[str, str] = {}
    for statement, following in zip(tree.body, tree.body[1:], strict=False):
        match statement, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=text)):
                found[name] = " ".join(str(text).split()).replace("``", "`").replace("|", "\\|")
    return found


def _type_name(hint: Any) -> str:
    """Return a type in words; an enum is its members."""
    if options := [] if hint in _TYPES else get_args(hint):
        return ", ".join(map(_type_name, options))
    if issubclass(hint, enum.StrEnum):
        return ", ".join(f'`"{member}"`' for member in hint)
    return _TYPES[hint]


def main() -> None:
    """Write the table into ``docs/configuration.md``; run in the repository's root."""
    page = Path("docs/configuration.md")
    page.write_text(with_section(page.read_text("utf-8"), BEGIN, END, table()), "utf-8")


if __name__ == "__main__":
    main()
