"""Answers questions about source text with tree-sitter. Pure: it reads only its own query files."""

from leanwide.syntax.completion_end import completed_length, plain_length
from leanwide.syntax.definition import Definition
from leanwide.syntax.definition_end import definition_end
from leanwide.syntax.documentation import (
    DocumentationConvention,
    announced_start,
    documentation_above,
    documentation_convention,
    documentation_runs,
    documentation_start,
    documented_name,
    first_documentation,
)
from leanwide.syntax.errors import error_count, error_nodes, first_error
from leanwide.syntax.focus import focused
from leanwide.syntax.import_parts import ImportPart, ImportStatement, import_statements
from leanwide.syntax.languages import Language, language_for, languages
from leanwide.syntax.lexer import closers, without_comments
from leanwide.syntax.literals import NO_TEXT, TextRows, literal_lines, text_rows
from leanwide.syntax.macros import macro_heads
from leanwide.syntax.names import Import, imports, references
from leanwide.syntax.outline import definitions, definitions_from, earlier_siblings, enclosing
from leanwide.syntax.pieces import ScopePart, Scopes
from leanwide.syntax.place import completion_shape, in_comment, in_string
from leanwide.syntax.text import Edit, Position, Span, content, difference, slice_text, split
from leanwide.syntax.tree import SyntaxTree, parse
from leanwide.syntax.violations import Violation, violations

__all__ = [
    "NO_TEXT",
    "Definition",
    "DocumentationConvention",
    "Edit",
    "Import",
    "ImportPart",
    "ImportStatement",
    "Language",
    "Position",
    "ScopePart",
    "Scopes",
    "Span",
    "SyntaxTree",
    "TextRows",
    "Violation",
    "announced_start",
    "closers",
    "completed_length",
    "completion_shape",
    "content",
    "definition_end",
    "definitions",
    "definitions_from",
    "difference",
    "documentation_above",
    "documentation_convention",
    "documentation_runs",
    "documentation_start",
    "documented_name",
    "earlier_siblings",
    "enclosing",
    "error_count",
    "error_nodes",
    "first_documentation",
    "first_error",
    "focused",
    "import_statements",
    "imports",
    "in_comment",
    "in_string",
    "language_for",
    "languages",
    "literal_lines",
    "macro_heads",
    "parse",
    "plain_length",
    "references",
    "slice_text",
    "split",
    "text_rows",
    "violations",
    "without_comments",
]
