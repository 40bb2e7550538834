"""What compilers refuse and tree-sitter's grammars accept, as data for each language.

Each rule holds for certain from the text of one file: names that may mean two things, branches of
``#ifdef`` and the like are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from attrs import field, frozen

Sameness = Literal["name", "parameters", "head", "receiver"]
"""What two definitions of one scope may not share: the name; the name and the types of the
parameters; all of the head; the name and the type that it belongs to."""


def _kinds(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _unique(same: Mapping[Sameness, str]) -> Mapping[str, Sameness]:
    return MappingProxyType({kind: how for how, kinds in same.items() for kind in kinds.split()})


@frozen(kw_only=True)
class PlaceRule:
    """Statements that stand only within certain others."""

    kinds: frozenset[str] = field(converter=_kinds)
    within: frozenset[str] = field(converter=_kinds)
    """The innermost one of ``within`` and ``outside`` around a statement has to be one of these."""
    outside: frozenset[str] = field(converter=_kinds, default="")
    at_top: bool = False
    """They may stand in neither."""
    wants_async: bool = False
    """Of ``within``, only those are meant whose head says ``async``."""
    where: str
    """The end of the sentence "It has … outside of …"."""


@frozen(kw_only=True)
class CompilerRules:
    """The rules of one language; names of nodes are those of its grammar."""

    once: frozenset[str] = field(converter=_kinds, default="")
    """Of which a file has one at most."""
    early: frozenset[str] = field(converter=_kinds, default="")
    """At the top level, above all of ``late``."""
    late: frozenset[str] = field(converter=_kinds, default="")
    scopes: frozenset[str] = field(converter=_kinds, default="")
    """Whose children make one scope; a branch that may not be compiled is one of its own."""
    unique: Mapping[str, Sameness] = field(converter=_unique, factory=dict)
    """Definitions of which a scope has one at most."""
    types: frozenset[str] = field(converter=_kinds, default="")
    """Of ``unique``, those whose names are apart from the names of the others."""
    exempt: frozenset[str] = field(converter=_kinds, default="")
    """What makes the definition in it no duplicate, such as a decorator."""
    import_kinds: frozenset[str] = field(converter=_kinds, default="")
    """Words of an import whose names are apart from the names that others bring in."""
    sure_imports: str = ""
    """Pattern for the beginning of imports whose name is known, and can mean one thing only."""
    sections: frozenset[str] = field(converter=_kinds, default="")
    """What begins a part of the file with imports of its own."""
    places: tuple[PlaceRule, ...] = ()
    constructors: frozenset[str] = field(converter=_kinds, default="")
    """Which have the name of the class around them, or lack the type of a result."""
    classes: frozenset[str] = field(converter=_kinds, default="")
    returns: frozenset[str] = field(converter=_kinds, default="")
    """Statements that give a value back."""
    functions: frozenset[str] = field(converter=_kinds, default="")
    """What statements of ``returns`` leave."""
    result: tuple[str, ...] = ()
    """The fields of ``functions`` that hold the type of the result."""
    nothing: frozenset[str] = field(converter=_kinds, default="")
    """Types of functions that give nothing back; without any, no type means nothing."""


_C_BRANCHES: Final = "preproc_if preproc_ifdef preproc_else preproc_elif preproc_elifdef"
_JS_FUNCTIONS: Final = (
    "function_declaration function_expression arrow_function method_definition "
    "generator_function generator_function_declaration"
)
_JS_LOOPS: Final = "for_statement for_in_statement while_statement do_statement"
_JAVASCRIPT: Final = CompilerRules(
    scopes="program statement_block class_body object for_statement switch_body class_static_block",
    unique={
        "name": "function_declaration generator_function_declaration class_declaration "
        "abstract_class_declaration lexical_declaration",
        "receiver": "method_definition",
    },
    exempt="ambient_declaration",
    places=(
        PlaceRule(
            kinds="await_expression",
            within=_JS_FUNCTIONS,
            at_top=True,
            wants_async=True,
            where="`await` outside of an async function",
        ),
        PlaceRule(
            kinds="break_statement",
            within=f"{_JS_LOOPS} switch_statement labeled_statement",
            outside=_JS_FUNCTIONS,
            where="`break` outside of a loop",
        ),
        PlaceRule(
            kinds="continue_statement",
            within=_JS_LOOPS,
            outside=_JS_FUNCTIONS,
            where="`continue` outside of a loop",
        ),
    ),
)
_C: Final = CompilerRules(
    scopes=f"translation_unit declaration_list field_declaration_list compound_statement "
    f"{_C_BRANCHES}",
    unique={
        "head": "function_definition",
        "name": "struct_specifier union_specifier enum_specifier",
    },
    types="struct_specifier union_specifier enum_specifier",
    exempt="template_declaration",
)
_GO_STANDARD: Final = r"([a-z]+|(crypto|go|html|math|net|runtime|text)/[^.]*)"
"""Paths in the standard library, some of all, whose last part is the name of the package."""
_JAVA_TYPES: Final = (
    "class_declaration interface_declaration enum_declaration record_declaration "
    "annotation_type_declaration"
)
_CSHARP_TYPES: Final = (
    "class_declaration struct_declaration interface_declaration enum_declaration record_declaration"
)

COMPILER_RULES: Final[Mapping[str, CompilerRules]] = MappingProxyType(
    {
        "c": _C,
        "cpp": _C,
        "csharp": CompilerRules(
            once="file_scoped_namespace_declaration",
            early="using_directive",
            late=f"{_CSHARP_TYPES} namespace_declaration",
            scopes="compilation_unit declaration_list block preproc_if preproc_else preproc_elif",
            unique={"parameters": f"method_declaration {_CSHARP_TYPES}"},
            places=(
                PlaceRule(
                    kinds="await_expression",
                    within="method_declaration local_function_statement lambda_expression "
                    "anonymous_method_expression",
                    at_top=True,
                    wants_async=True,
                    where="`await` outside of an async method",
                ),
            ),
            constructors="constructor_declaration",
            classes=f"{_CSHARP_TYPES}",
            returns="return_statement",
            functions="method_declaration local_function_statement lambda_expression "
            "anonymous_method_expression accessor_declaration operator_declaration "
            "conversion_operator_declaration constructor_declaration",
            result=("returns", "type"),
            nothing="void",
        ),
        "go": CompilerRules(
            once="package_clause",
            early="package_clause import_declaration",
            late="function_declaration method_declaration type_declaration var_declaration "
            "const_declaration",
            scopes="source_file block expression_case default_case type_case communication_case",
            unique={
                "name": "function_declaration type_spec const_spec var_spec",
                "receiver": "method_declaration",
            },
            sure_imports=rf'import (\w|" {_GO_STANDARD} ")',
            returns="return_statement",
            functions="function_declaration method_declaration func_literal",
            result=("result",),
            places=(
                PlaceRule(
                    kinds="continue_statement",
                    within="for_statement",
                    outside="func_literal function_declaration method_declaration",
                    where="`continue` outside of a loop",
                ),
            ),
        ),
        "java": CompilerRules(
            once="package_declaration",
            early="package_declaration import_declaration",
            late=_JAVA_TYPES,
            scopes="program class_body interface_body enum_body_declarations block "
            "annotation_type_body constructor_body",
            unique={
                "parameters": "method_declaration constructor_declaration",
                "name": f"{_JAVA_TYPES} field_declaration",
            },
            types=_JAVA_TYPES,
            places=(
                PlaceRule(
                    kinds="continue_statement",
                    within="for_statement enhanced_for_statement while_statement do_statement",
                    outside="method_declaration constructor_declaration lambda_expression",
                    where="`continue` outside of a loop",
                ),
            ),
            constructors="constructor_declaration",
            classes="class_declaration enum_declaration record_declaration",
            returns="return_statement",
            functions="method_declaration constructor_declaration lambda_expression",
            result=("type",),
            nothing="void",
        ),
        "javascript": _JAVASCRIPT,
        "php": CompilerRules(
            scopes="program declaration_list compound_statement colon_block",
            unique={
                "name": "function_definition method_declaration class_declaration "
                "interface_declaration trait_declaration"
            },
            types="class_declaration interface_declaration trait_declaration",
            import_kinds="function const",
            sections="namespace_definition",
            returns="return_statement",
            functions="function_definition method_declaration anonymous_function arrow_function",
            result=("return_type",),
            nothing="void",
        ),
        "python": CompilerRules(
            early="future_import_statement",
            late="import_statement import_from_statement function_definition class_definition "
            "decorated_definition if_statement try_statement with_statement",
            scopes="module block",
            unique={"name": "function_definition class_definition"},
            exempt="decorated_definition",
            places=(
                PlaceRule(
                    kinds="return_statement yield",
                    within="function_definition lambda",
                    outside="class_definition",
                    where="`return` or `yield` outside of a function",
                ),
                PlaceRule(
                    kinds="break_statement continue_statement",
                    within="for_statement while_statement",
                    outside="function_definition class_definition",
                    where="`break` or `continue` outside of a loop",
                ),
                PlaceRule(
                    kinds="await",
                    within="function_definition lambda",
                    at_top=True,
                    wants_async=True,
                    where="`await` outside of an async function",
                ),
            ),
        ),
        "ruby": CompilerRules(
            scopes="program body_statement block_body do_block then else",
            unique={"name": "method"},
        ),
        "rust": CompilerRules(
            scopes="source_file declaration_list block",
            unique={
                "name": "function_item struct_item enum_item union_item trait_item type_item "
                "const_item static_item mod_item"
            },
            types="struct_item enum_item union_item trait_item type_item mod_item",
            sure_imports="extern",  # a name of `use` may be a type, a value and a macro at once
            places=(
                PlaceRule(
                    kinds="await_expression",
                    within="function_item closure_expression async_block",
                    at_top=True,
                    wants_async=True,
                    where="`.await` outside of an async function",
                ),
            ),
        ),
        "tsx": _JAVASCRIPT,
        "typescript": _JAVASCRIPT,
    }
)
"""By the name of the language."""
