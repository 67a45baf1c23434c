"""Every place where a name of the program begins to stand for something."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from .reading import Code

_GROWING = frozenset({"append", "extend", "insert", "add", "update", "setdefault", "appendleft"})
_ANY_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True)
class Binding:
    """Names, and the expression that they take from; ``None`` where that may be anything."""

    names: frozenset[str]
    value: ast.expr | None


def bindings(code: Code) -> Iterator[Binding]:
    """Yield what the program's assignments, loops, calls and functions bind."""
    calls, used = _calls(code)
    for node in code.nodes:
        match node:
            case ast.Assign(targets=targets, value=value):
                yield from (Binding(_named(target), value) for target in targets)
                yield from (Binding(_named(target), None) for target in targets if _asks_for_grad(target))
            case ast.AugAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
                yield Binding(_named(target), value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield Binding(_named(target), value)
            case ast.For() | ast.AsyncFor() | ast.comprehension():
                yield Binding(_named(node.target), node.iter)
            case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
                yield Binding(_named(target), value)
            case ast.Call(func=ast.Attribute(attr=attr, value=base)) if attr in _GROWING:
                yield from (Binding(_named(base), argument) for argument in node.args)
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="requires_grad_", value=base))):
                yield Binding(_named(base), None)
            case ast.ClassDef(name=name) if node.bases:
                yield Binding(frozenset({name}), None)
            case ast.Return(value=ast.expr() as value) | ast.Yield(value=ast.expr() as value):
                yield from _results(code, node, value)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                yield from _parameters(node, calls, used)
            case _:
                pass


def _asks_for_grad(target: ast.expr) -> bool:
    return isinstance(target, ast.Attribute) and target.attr == "requires_grad"


def _named(target: ast.expr) -> frozenset[str]:
    """The names that a target binds, and the names of the objects that it changes."""
    found: set[str] = set()
    pending = [target]
    while pending:
        one = pending.pop()
        if isinstance(one, ast.Name):
            found.add(one.id)
        elif isinstance(one, ast.Tuple | ast.List):
            pending.extend(one.elts)
        elif isinstance(one, ast.Starred | ast.Attribute | ast.Subscript):
            pending.append(one.value)
    return frozenset(found)


def _results(code: Code, node: ast.AST, value: ast.expr) -> Iterator[Binding]:
    function = next((one for one in code.above(node) if isinstance(one, _ANY_FUNCTION)), None)
    if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        yield Binding(frozenset({function.name}), value)


def _calls(code: Code) -> tuple[dict[str, list[ast.Call]], Counter[str]]:
    """The calls of each name, and how often it is said, called or not."""
    calls: dict[str, list[ast.Call]] = {}
    used: Counter[str] = Counter()
    for node in ast.walk(code.tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            used[node.id] += 1
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            calls.setdefault(node.func.id, []).append(node)
    return calls, used


def _parameters(node: ast.AST, calls: dict[str, list[ast.Call]], used: Counter[str]) -> Iterator[Binding]:
    """A function that is called by its name alone takes what it is given there; any other may take anything."""
    if not isinstance(node, _ANY_FUNCTION):
        return
    own = [one.arg for one in (*node.args.posonlyargs, *node.args.args)]
    others = [one.arg for one in (*node.args.kwonlyargs, node.args.vararg, node.args.kwarg) if one is not None]
    seen = [] if isinstance(node, ast.Lambda) else calls.get(node.name, [])
    known = isinstance(node, ast.FunctionDef) and 0 < len(seen) == used[node.name] and not node.decorator_list
    if not known or others or any(_spreads(call) for call in seen):
        yield Binding(frozenset(own + others), None)
        return
    for call in seen:
        yield from (Binding(frozenset({name}), value) for name, value in zip(own, call.args, strict=False))
        yield from (Binding(frozenset({one.arg}), one.value) for one in call.keywords if one.arg in own)


def _spreads(call: ast.Call) -> bool:
    return any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords)
