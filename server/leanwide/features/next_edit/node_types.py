"""Node types of all grammars, by what they are to a next edit."""

from __future__ import annotations

from typing import Final

FUNCTIONS: Final = frozenset(
    {
        "anonymous_function",
        "arrow_function",
        "closure_expression",
        "constructor_declaration",
        "func_literal",
        "function_declaration",
        "function_definition",
        "function_expression",
        "function_item",
        "function_signature",
        "function_signature_item",
        "generator_function",
        "generator_function_declaration",
        "lambda",
        "lambda_expression",
        "local_function_statement",
        "method",
        "method_declaration",
        "method_definition",
        "method_signature",
        "singleton_method",
    }
)
"""Bodies with parameters and local names of their own."""

PARAMETERS: Final = frozenset(
    {
        "bracketed_parameter_list",
        "closure_parameters",
        "formal_parameters",
        "inferred_parameters",
        "lambda_parameters",
        "method_parameters",
        "parameter_list",
        "parameters",
    }
)
"""The parameters of a function."""

CLASSES: Final = frozenset(
    {
        "abstract_class_declaration",
        "class",
        "class_body",
        "class_declaration",
        "class_definition",
        "class_specifier",
        "declaration_list",
        "enum_declaration",
        "interface_body",
        "interface_declaration",
        "record_declaration",
        "struct_declaration",
        "struct_specifier",
        "trait_item",
    }
)
"""What has members: a name defined directly in it is used as a member."""

NAMED: Final = frozenset(
    {
        "class_declaration",
        "class_definition",
        "class_specifier",
        "const_item",
        "const_spec",
        "enum_declaration",
        "enum_item",
        "enum_specifier",
        "interface_declaration",
        "macro_definition",
        "mod_item",
        "preproc_def",
        "preproc_function_def",
        "record_declaration",
        "static_item",
        "struct_declaration",
        "struct_item",
        "struct_specifier",
        "trait_declaration",
        "trait_item",
        "type_alias_declaration",
        "type_item",
        "type_spec",
        "union_item",
    }
)
"""Definitions other than functions, whose name is bound around them."""

CALLS: Final = frozenset(
    {
        "call",
        "call_expression",
        "function_call",
        "function_call_expression",
        "invocation_expression",
        "member_call_expression",
        "method_invocation",
        "new_expression",
        "object_creation_expression",
        "scoped_call_expression",
    }
)

ARGUMENTS: Final = frozenset(
    {
        "argument_list",
        "arguments",
        "bracketed_argument_list",
    }
)

KEYS: Final = {
    "argument": "name",
    "field_initializer": "field",
    "keyed_element": "key",
    "keyword_argument": "name",
}
"""Nodes that name a parameter or field which belongs to something else, and the name's field."""

IMPORTS: Final = frozenset(
    {
        "future_import_statement",
        "import_declaration",
        "import_from_statement",
        "import_statement",
        "namespace_use_declaration",
        "package_declaration",
        "preproc_include",
        "use_declaration",
        "using_directive",
    }
)

MEMBER_NAMES: Final = frozenset(
    {
        "field_identifier",
        "hash_key_symbol",
        "private_property_identifier",
        "property_identifier",
    }
)
"""Names of members and keys, which never mean a variable."""

SHORTHANDS: Final = frozenset(
    {
        "shorthand_field_identifier",
        "shorthand_field_initializer",
        "shorthand_property_identifier",
        "shorthand_property_identifier_pattern",
    }
)
"""Names that stand for a key and its value at once."""

LABELS: Final = frozenset({"label_name", "statement_identifier"})
"""Names of statements, which never mean a variable."""

WORDS: Final = frozenset({"word"})
"""What shells pass to commands: text, except where it names a command."""

COMMAND_NAMES: Final = frozenset({"command_name", "function_definition"})
"""Nodes in which a word names a command."""

VARIABLE_NAMES: Final = frozenset({"variable_name"})
"""Names that may follow a ``$`` which is no part of them."""
