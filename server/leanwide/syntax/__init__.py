"""Questions about source text, answered by tree-sitter. Pure: no I/O but its own query files."""

from leanwide.syntax.close import completed_length
from leanwide.syntax.definition import Definition
from leanwide.syntax.documentation import (
    Convention,
    convention_of,
    documentation,
    documentation_in,
    documentation_start,
    documented,
)
from leanwide.syntax.errors import error_count, first_error, parses_no_worse
from leanwide.syntax.focus import focused
from leanwide.syntax.languages import Language, language_for, languages
from leanwide.syntax.literals import literal_lines
from leanwide.syntax.names import Import, imports, references
from leanwide.syntax.outline import definitions, definitions_from, earlier_siblings, enclosing
from leanwide.syntax.place import (
    Shape,
    expects_block,
    in_comment,
    in_string,
    place,
    shape,
)
from leanwide.syntax.statement import statement_start
from leanwide.syntax.text import Edit, Position, Span, content, difference, slice_text, split
from leanwide.syntax.tree import SyntaxTree, parse

__all__ = [
    "Convention",
    "Definition",
    "Edit",
    "Import",
    "Language",
    "Position",
    "Shape",
    "Span",
    "SyntaxTree",
    "completed_length",
    "content",
    "convention_of",
    "definitions",
    "definitions_from",
    "difference",
    "documentation",
    "documentation_in",
    "documentation_start",
    "documented",
    "earlier_siblings",
    "enclosing",
    "error_count",
    "expects_block",
    "first_error",
    "focused",
    "imports",
    "in_comment",
    "in_string",
    "language_for",
    "languages",
    "literal_lines",
    "parse",
    "parses_no_worse",
    "place",
    "references",
    "shape",
    "slice_text",
    "split",
    "statement_start",
]
