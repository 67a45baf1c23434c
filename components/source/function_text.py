"""A function cut out of a program: what leads from chosen variables to an output, as text to read, edit and run.

A derivative is that of a function, and ``torch.func`` and ``autograd.functional`` take one. Most programs have none:
they compute ``y`` from ``x`` line by line. The statements that lead from the one to the other are found by a backward
slice over the top level of the program; those that depend on a chosen variable become the body of ``f``, the others
stay above it. Statements such as ``y.backward()`` or ``print(y)`` lead nowhere and are left out.

Known limitations: names are followed, not objects, so a change through another name of the same list is not seen; loops
and branches are taken or left as a whole.
"""

from __future__ import annotations

import ast
import symtable
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .edits import SourceText, inside_strings
from .parsing import parse
from .tree import base_name

_ALWAYS_KEPT = frozenset({"manual_seed", "set_default_dtype"})
_CHANGING = frozenset({"append", "extend", "insert", "update", "add", "pop", "remove", "clear", "setdefault", "sort"})
_HARMLESS = frozenset({"requires_grad_", "retain_grad", "register_hook"})


class NoFunction(ValueError):
    """No function can be cut out; the message says why and in which line."""


@dataclass
class _Statement:
    """One statement of the top level: which names it binds, changes and uses."""

    tree: ast.stmt
    binds: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)
    runs_backward: int | None = None
    takes_a_step: int | None = None
    reads_grad: int | None = None

    @property
    def is_import(self) -> bool:
        return isinstance(self.tree, ast.Import | ast.ImportFrom)

    @property
    def sets_up(self) -> bool:
        """Whether it sets a seed or a default, which everything after it sees."""
        call = self.tree.value if isinstance(self.tree, ast.Expr) else None
        return isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in _ALWAYS_KEPT

    @property
    def binds_for_good(self) -> bool:
        """Whether what its names stood for before plays no part any more."""
        return isinstance(self.tree, ast.Assign | ast.AnnAssign | ast.FunctionDef | ast.ClassDef)


def function_text(source: str, output: str, inputs: Sequence[str]) -> str:
    """Return a program that defines ``f(*inputs)``, which gives ``output``, and binds the inputs as ``source`` does.

    The source has to be a program that ran: it is parsed here.

    Raises:
        NoFunction: the output does not follow from the inputs by statements that can be repeated.
    """
    program = parse(source)
    statements = [_read(tree) for tree in program.tree.body]
    end = _last(statements, len(statements), output)
    if end is None:
        raise NoFunction(f"The program binds no variable {output} at its top level.")
    points = {name: _point(statements, end, name) for name in inputs}
    body, above = _parts(statements, end, output, points)
    if not body:
        listed = " or ".join(inputs)
        raise NoFunction(f"{output} does not depend on {listed}.")
    _refuse_training(statements, end, body | above, output)
    return _written(SourceText(program.text), statements, body, above, output, inputs)


def _refuse_training(statements: Sequence[_Statement], end: int, kept: set[int], output: str) -> None:
    """A function cannot repeat a backward pass or a step of an optimizer on its way; raise ``NoFunction``."""
    advice = "Write the function yourself: def f(...), with what leads to the output."
    for place, one in enumerate(statements[: end + 1]):
        if one.takes_a_step is not None:
            raise NoFunction(
                f"Line {one.takes_a_step} takes a step() before {output} is computed, and the function would miss what "
                f"that changed. {advice}"
            )
        line = one.runs_backward or one.reads_grad
        if place in kept and line is not None:
            raise NoFunction(
                f"Line {line} runs backward() or reads .grad on the way to {output}, which cannot be repeated as part "
                f"of a function. {advice}"
            )


def _read(tree: ast.stmt) -> _Statement:
    table = symtable.symtable(ast.unparse(tree), "program", "exec")
    found = _Statement(tree, binds={one.get_name() for one in table.get_symbols() if one.is_assigned()})
    found.binds |= {one.get_name() for one in table.get_symbols() if one.is_imported() or one.is_namespace()}
    found.uses = _used(table)
    if isinstance(tree, ast.FunctionDef | ast.ClassDef):
        return found  # what its body does happens when it is called
    for node in ast.walk(tree):
        match node:
            case ast.AugAssign(target=ast.Name(id=name)):
                found.uses.add(name)
                found.changes.add(name)
            case ast.Subscript(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
                found.changes |= _base(node)
            case ast.Attribute(attr="grad"):
                found.reads_grad = node.lineno
            case ast.Call(func=ast.Attribute(attr=attr) as called):
                _read_call(found, node, called, attr)
    return found


def _read_call(found: _Statement, node: ast.Call, called: ast.Attribute, attr: str) -> None:
    if _is_change(attr):
        # torch.nn.init.ones_(w) changes what it is given.
        found.changes |= _base(called).union(*(_base(argument) for argument in node.args[:1]))
    if attr == "backward":
        found.runs_backward = node.lineno
    if attr == "step":
        found.takes_a_step = node.lineno


def _used(table: symtable.SymbolTable) -> set[str]:
    """The names of the program that a statement reads, also from inside functions, classes and comprehensions."""
    used: set[str] = set()
    pending = [(table, True)]
    while pending:
        inner, top = pending.pop()
        for one in inner.get_symbols():
            if one.is_referenced() and (top or one.is_global()):
                used.add(one.get_name())
        pending.extend((child, False) for child in inner.get_children())
    return used


def _is_change(attribute: str) -> bool:
    in_place = attribute.endswith("_") and not attribute.endswith("__") and attribute not in _HARMLESS
    return in_place or attribute in _CHANGING


def _base(node: ast.expr) -> set[str]:
    """The variable at the beginning of ``x.data[0]``, if it is one."""
    name = base_name(node)
    return set() if name is None else {name}


def _last(statements: Sequence[_Statement], end: int, name: str) -> int | None:
    """The last statement before ``end`` that binds a name."""
    return next((i for i in range(end - 1, -1, -1) if name in statements[i].binds), None)


def _point(statements: Sequence[_Statement], end: int, name: str) -> int:
    bound = [i for i in range(end + 1) if name in statements[i].binds]
    if not bound or (len(bound) == 1 and bound[0] == end):
        raise NoFunction(f"The program binds no variable {name} before the output.")
    changed = [i for i in range(bound[0] + 1, end + 1) if name in statements[i].changes | statements[i].binds]
    if changed:
        line = statements[changed[0]].tree.lineno
        raise NoFunction(f"Line {line} changes {name}, so it is not one input. Choose another, or write the function.")
    return bound[0]


def _slice(statements: Sequence[_Statement], end: int, wanted: Iterable[str], stops: Iterable[int]) -> set[int]:
    """The statements up to ``end`` from which the wanted names follow; those of ``stops`` are not looked behind."""
    needed, kept, stops = set(wanted), set(), set(stops)
    for place in range(end, -1, -1):
        one = statements[place]
        if place in stops:
            needed -= one.binds
        elif one.sets_up:
            kept.add(place)
            needed |= one.uses
        elif needed & (one.binds | one.changes):
            kept.add(place)
            if one.binds_for_good:
                needed -= one.binds - one.uses
            needed |= one.uses
    return kept


def _parts(
    statements: Sequence[_Statement], end: int, output: str, points: dict[str, int]
) -> tuple[set[int], set[int]]:
    """Return the places of the function's body and of what stays above it."""
    way = _slice(statements, end, {output}, points.values())
    above: set[int] = set()
    for name, place in points.items():
        above |= _slice(statements, place, {name}, ())
    body = _depending(statements, way, set(points))
    # What a statement of the body changes has to be made anew in each call.
    while more := _made_for(statements, body, way - body):
        body |= more
        body |= _depending(statements, way, set(points) | {name for place in more for name in statements[place].binds})
    return body, above | (way - body)


def _depending(statements: Sequence[_Statement], way: set[int], names: set[str]) -> set[int]:
    found: set[int] = set()
    tainted = set(names)
    for place in sorted(way):
        one = statements[place]
        if not one.is_import and tainted & (one.uses | one.changes):
            found.add(place)
            tainted |= one.binds | one.changes
    return found


def _made_for(statements: Sequence[_Statement], body: set[int], others: set[int]) -> set[int]:
    changed = {name for place in body for name in statements[place].changes}
    return {place for place in others if not statements[place].is_import and changed & statements[place].binds}


def _written(
    source: SourceText,
    statements: Sequence[_Statement],
    body: set[int],
    above: set[int],
    output: str,
    inputs: Sequence[str],
) -> str:
    used = {name for place in body | above for name in statements[place].uses}
    imports = {i for i, one in enumerate(statements) if one.is_import and one.binds & used} | {
        i
        for i, one in enumerate(statements)
        if isinstance(one.tree, ast.ImportFrom) and one.tree.module == "__future__"
    }
    bound = {name for one in statements for name in one.binds}
    name = next(one for one in ("f", "function", "f_of_program") if one not in bound | used)
    head = [_text(source, statements[place].tree) for place in sorted(imports | above)]
    inside = [textwrap.indent(_text(source, statements[place].tree), "    ") for place in sorted(body)]
    return "\n".join([*head, "", f"def {name}({', '.join(inputs)}):", *inside, f"    return {output}", ""])


def _text(source: SourceText, tree: ast.stmt) -> str:
    """A statement as it is written; anew where it holds a text of several lines, which indentation would change."""
    decorated = isinstance(tree, ast.FunctionDef | ast.ClassDef) and tree.decorator_list
    return ast.unparse(tree) if decorated or inside_strings(ast.walk(tree)) else source.text(tree)
