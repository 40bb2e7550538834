"""Questions about source text, answered by tree-sitter. Pure: no I/O but its own query files."""

from leanwide.syntax.close import completed_length
from leanwide.syntax.definition import Definition
from leanwide.syntax.errors import error_count, parses_no_worse
from leanwide.syntax.languages import Language, language_for, languages
from leanwide.syntax.names import Import, imports, references
from leanwide.syntax.outline import definitions, earlier_siblings, enclosing
from leanwide.syntax.place import Place, Shape, expects_block, in_comment, in_string, place, shape
from leanwide.syntax.statement import statement_start
from leanwide.syntax.text import Edit, Position, Span, split
from leanwide.syntax.tree import SyntaxTree, parse

__all__ = [
    "Definition",
    "Edit",
    "Import",
    "Language",
    "Place",
    "Position",
    "Shape",
    "Span",
    "SyntaxTree",
    "completed_length",
    "definitions",
    "earlier_siblings",
    "enclosing",
    "error_count",
    "expects_block",
    "imports",
    "in_comment",
    "in_string",
    "language_for",
    "languages",
    "parse",
    "parses_no_worse",
    "place",
    "references",
    "shape",
    "split",
    "statement_start",
]
