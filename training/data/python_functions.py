"""Instruction pairs of Python functions, made by syntax."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from random import Random
from typing import Final

from training.data import pairs, spoken
from training.data.pairs import Pair

LANGUAGE: Final = "python"
Function = ast.FunctionDef | ast.AsyncFunctionDef

REQUESTS: Final = {
    "explain": pairs.EXPLAIN,
    "say": pairs.EXPLAIN,
    "document": (
        "Write a docstring for this function.",
        "Add a docstring to this function.",
        "Document this code.",
    ),
    "annotate": ("Add type annotations to this function.", "Annotate this function with types."),
    "fstring": ("Use f-strings in this code.", "Rewrite this code with f-strings."),
    "comprehension": (
        "Rewrite this loop as a comprehension.",
        "Simplify this loop with a comprehension.",
    ),
    "test": ("Write a test for this function.", "Write a pytest test for this function."),
}


def functions(tree: ast.Module) -> list[Function]:
    """Return every function of a file."""
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


def pairs_of(function: Function, random: Random) -> Iterator[Pair]:
    """Yield every pair for a function, in the order of ``REQUESTS``."""
    for kind, make in _MAKERS.items():
        if made := make(function):
            code, answer = made
            if max(len(code), len(answer)) <= pairs.MAX_CODE:
                request = random.choice(REQUESTS[kind])
                yield Pair(kind, pairs.asked(request, code, LANGUAGE), answer)


def without_docstring(function: Function) -> Function:
    """Return a copy of a function without its docstring."""
    copied = _copy(function)
    if ast.get_docstring(copied) is not None:
        copied.body = copied.body[1:] or [ast.Pass()]
    return copied


def _explain(function: Function) -> tuple[str, str] | None:
    text = _description(function)
    return (
        (ast.unparse(without_docstring(function)), pairs.headed(function.name, text))
        if text
        else None
    )


def _say(function: Function) -> tuple[str, str] | None:
    text = spoken.sentence(function.name, [a.arg for a in function.args.args])
    if text is None or len(function.body) < 2 or _description(function):
        return None
    return ast.unparse(without_docstring(function)), pairs.headed(function.name, text)


def _description(function: Function) -> str | None:
    """Return the docstring's first sentence if it describes what the function's name says."""
    text = pairs.sentence(ast.get_docstring(function) or "")
    good = len(function.body) > 1 and pairs.is_prose(text) and spoken.speaks(text, function.name)
    return text if good else None


def _document(function: Function) -> tuple[str, str] | None:
    text = _description(function)
    if text is None:
        return None
    bare = without_docstring(function)
    documented = _copy(bare)
    documented.body.insert(0, ast.Expr(ast.Constant(text)))
    return ast.unparse(bare), pairs.fenced(ast.unparse(documented), LANGUAGE)


def _annotate(function: Function) -> tuple[str, str] | None:
    slots = [argument.annotation for argument in function.args.args if argument.arg != "self"]
    if not slots or None in slots or function.returns is None:
        return None
    whole = without_docstring(function)
    bare = _copy(whole)
    bare.returns = None
    for argument in (*bare.args.args, *bare.args.kwonlyargs, *bare.args.posonlyargs):
        argument.annotation = None
    return ast.unparse(bare), pairs.fenced(ast.unparse(whole), LANGUAGE)


def _fstring(function: Function) -> tuple[str, str] | None:
    before = without_docstring(function)
    after = _FString().visit(_copy(before))
    old, new = ast.unparse(before), ast.unparse(ast.fix_missing_locations(after))
    return None if old == new else (old, pairs.fenced(new, LANGUAGE))


def _comprehension(function: Function) -> tuple[str, str] | None:
    before = without_docstring(function)
    after = _copy(before)
    after.body = _joined(after.body)
    old, new = ast.unparse(before), ast.unparse(ast.fix_missing_locations(after))
    return None if old == new else (old, pairs.fenced(new, LANGUAGE))


def _test(function: Function) -> tuple[str, str] | None:
    names = [argument.arg for argument in function.args.args]
    if "self" in names or "cls" in names or function.name.startswith("_") or len(names) > 4:
        return None
    setup = "".join(f"    {name} = ...\n" for name in names)
    call = f"{function.name}({', '.join(names)})"
    body = f"def test_{function.name}():\n{setup}    assert {call} == ..."
    header = without_docstring(function)
    return ast.unparse(header), pairs.fenced(body, LANGUAGE)


def _copy(function: Function) -> Function:
    copied = ast.parse(ast.unparse(function)).body[0]
    assert isinstance(copied, Function)
    return copied


class _FString(ast.NodeTransformer):
    """Turns ``"…%s…" % x`` and ``"…{}…".format(x)`` into f-strings where that is safe."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        text = _literal(node.left)
        if not isinstance(node.op, ast.Mod) or text is None:
            return node
        values = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
        return _interpolated(text.split("%s"), values, "%") or node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        function = node.func
        if not isinstance(function, ast.Attribute) or function.attr != "format" or node.keywords:
            return node
        text = _literal(function.value)
        pieces = text.split("{}") if text is not None else []
        return _interpolated(pieces, node.args, "{}") or node


def _literal(node: ast.expr) -> str | None:
    """Return the text of a string literal."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def _interpolated(pieces: list[str], values: list[ast.expr], banned: str) -> ast.JoinedStr | None:
    simple = (ast.Name, ast.Attribute)
    if len(pieces) != len(values) + 1 or any(mark in "".join(pieces) for mark in {*banned, "{"}):
        return None
    if not values or not all(isinstance(value, simple) for value in values):
        return None
    parts: list[ast.expr] = [ast.Constant(pieces[0])]
    for value, piece in zip(values, pieces[1:], strict=True):
        parts += [ast.FormattedValue(value, -1), ast.Constant(piece)]
    return ast.JoinedStr([part for part in parts if getattr(part, "value", None) != ""])


def _joined(body: list[ast.stmt]) -> list[ast.stmt]:
    """Replace ``xs = []`` followed by ``for …: xs.append(…)`` with a list comprehension."""
    result: list[ast.stmt] = []
    for statement in body:
        made = _as_comprehension(result[-1], statement) if result else None
        if made is None:
            result.append(statement)
        else:
            result[-1] = made
    return result


def _as_comprehension(first: ast.stmt, loop: ast.stmt) -> ast.stmt | None:
    match first, loop:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=ast.List(elts=[])),
            ast.For(target=target, iter=source, body=[inner], orelse=[]),
        ):
            condition: list[ast.expr] = []
            if isinstance(inner, ast.If) and len(inner.body) == 1 and not inner.orelse:
                condition, inner = [inner.test], inner.body[0]
            value = _appended(inner, name)
            if value is None:
                return None
            generator = ast.comprehension(target, source, condition, 0)
            return ast.Assign([ast.Name(name, ast.Store())], ast.ListComp(value, [generator]))
    return None


def _appended(statement: ast.stmt, name: str) -> ast.expr | None:
    match statement:
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name(id=target), attr="append"), args=[value]
            )
        ) if target == name:
            return value
    return None


_MAKERS: Final[dict[str, Callable[[Function], tuple[str, str] | None]]] = {
    "explain": _explain,
    "say": _say,
    "document": _document,
    "annotate": _annotate,
    "fstring": _fstring,
    "comprehension": _comprehension,
    "test": _test,
}
