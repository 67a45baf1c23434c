"""Reads the form's expression: which names are free, and which few places of the text have to change.

The text is never rewritten as a whole. Reading it gives a list of edits by position, such as ``torch.`` in front of
``sin``, so that the program keeps the spelling, spacing and comments of the person who typed it.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from . import form_names
from .form_edits import Edit
from .form_error import FormError
from .form_numbers import number_nodes
from .form_parsing import CODE_PAGE, EXAMPLE, clean, parse

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_CALLABLE = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Lambda, ast.IfExp)
_STATEMENTS = (ast.Assign, ast.AugAssign, ast.Expr)
_WORDS = {
    ast.AnnAssign: "A type annotation",
    ast.AsyncFor: "async",
    ast.AsyncFunctionDef: "async",
    ast.AsyncWith: "async",
    ast.ClassDef: "class",
    ast.Delete: "del",
    ast.FunctionDef: "def",
    ast.ImportFrom: "import",
}


class Use(NamedTuple):
    """A free name where it stands."""

    line: int
    start: int
    name: str


@dataclass
class Reading:
    """What reading an expression found.

    ``output`` is the name that the last line assigns; ``None`` where the last line is an expression, which begins at
    ``last``. ``bound`` are the names that the lines assign, ``modules`` those of ``form_names.IMPORTS`` in use.
    """

    text: str
    tree: ast.Module
    uses: list[Use] = field(default_factory=list)
    bound: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    edits: list[Edit] = field(default_factory=list)
    output: str | None = None
    last: tuple[int, int] = (1, 0)

    @property
    def free(self) -> list[str]:
        """The free names in order of appearance, each once."""
        return list(dict.fromkeys(use.name for use in sorted(self.uses)))


def read(expression: str) -> Reading:
    """Read the lines of an expression. Raises FormError with the line and what to write instead."""
    text = clean(expression)
    reading = Reading(text, parse(text))
    if not reading.tree.body:
        raise FormError("There is no expression.", advice=EXAMPLE)
    numbers: set[str] = set()
    for statement in reading.tree.body:
        _read_statement(statement, reading, numbers)
    _find_output(reading)
    return reading


def _read_statement(statement: ast.stmt, reading: Reading, numbers: set[str]) -> None:
    """Read one line; ``numbers`` are the names that stand for plain numbers so far."""
    if not isinstance(statement, _STATEMENTS):
        word = _WORDS.get(type(statement), type(statement).__name__.lower())
        raise FormError(f"{word} cannot be written here.", line=statement.lineno, advice=CODE_PAGE)
    if isinstance(statement, ast.AugAssign):
        _refuse_power_sign(statement.op, statement.lineno)
        if isinstance(statement.target, ast.Name) and statement.target.id not in reading.bound:
            reading.uses.append(Use(statement.target.lineno, statement.target.col_offset, statement.target.id))
    plain = number_nodes(statement.value, numbers, reading.bound)
    _read_names(statement.value, reading, plain)
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    for target in targets:
        if target is not None:
            _read_target(target, reading, plain)
            if isinstance(target, ast.Name):
                (numbers.add if statement.value in plain else numbers.discard)(target.id)


def _read_target(target: ast.expr, reading: Reading, plain: set[ast.AST]) -> None:
    _read_names(target, reading, plain)
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            if node.id in form_names.IMPORTS:
                raise FormError(
                    f"{node.id} is a module here and cannot be assigned.",
                    line=node.lineno,
                    advice=f"Choose another name, for example {node.id.lower()}_1.",
                )
            reading.bound.add(node.id)


def _read_names(root: ast.expr, reading: Reading, plain: set[ast.AST]) -> None:
    """Walk an expression; names of its own (of a lambda or a comprehension) are not free inside it."""
    stack: list[tuple[ast.AST, ast.AST | None, frozenset[str]]] = [(root, None, frozenset())]
    while stack:
        node, parent, own = stack.pop()
        _refuse(node)
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load) and node.id not in own and node.id not in reading.bound:
                _read_name(node, parent, reading, plain)
            continue
        stack += reversed([(child, node, inner) for child, inner in _children(node, own)])


def _children(node: ast.AST, own: frozenset[str]) -> Iterator[tuple[ast.AST, frozenset[str]]]:
    if isinstance(node, ast.Lambda):
        yield from ((default, own) for default in [*node.args.defaults, *node.args.kw_defaults] if default)
        yield node.body, own | {part.arg for part in ast.walk(node.args) if isinstance(part, ast.arg)}
    elif isinstance(node, _COMPREHENSIONS):
        targets = [part for loop in node.generators for part in ast.walk(loop.target)]
        inner = own | {part.id for part in targets if isinstance(part, ast.Name)}
        yield node.generators[0].iter, own  # Python evaluates the first one outside
        for child in ast.iter_child_nodes(node):
            parts = ast.iter_child_nodes(child) if isinstance(child, ast.comprehension) else [child]
            yield from ((part, inner) for part in parts if part is not node.generators[0].iter)
    else:
        yield from ((child, own) for child in ast.iter_child_nodes(node))


def _read_name(node: ast.Name, parent: ast.AST | None, reading: Reading, plain: set[ast.AST]) -> None:
    """Sort out one name that the expression does not define itself."""
    name, line, start = node.id, node.lineno, node.col_offset
    if isinstance(parent, ast.Attribute) and name in form_names.IMPORTS:
        reading.modules.add(name)
    elif name in form_names.IMPORTS:
        message = f"{name} is a module here and has no value of its own."
        raise FormError(message, line=line, advice=f"Choose another name, for example {name.lower()}_1.")
    elif isinstance(parent, ast.Attribute) and name in form_names.FOREIGN_MODULES:
        raise FormError(
            f"{name} is not available here.", line=line, advice="Use PyTorch's function, such as torch.sin."
        )
    elif isinstance(parent, ast.Attribute) and name in form_names.SUBMODULES:
        reading.edits.append(Edit(line, start, start, "torch."))
    elif isinstance(parent, ast.Call) and parent.func is node:
        prefix = _prefix(node, parent, reading, plain)
        reading.modules |= {module for module in ("F", "math") if prefix == f"{module}."}
        reading.edits.append(Edit(line, start, start, prefix))
    elif name in form_names.CONSTANTS:
        reading.edits.append(Edit(line, start, node.end_col_offset or start, form_names.CONSTANTS[name]))
    elif name not in form_names.TYPES:
        reading.uses.append(Use(line, start, name))


def _prefix(node: ast.Name, call: ast.Call, reading: Reading, plain: set[ast.AST]) -> str:
    """Return what goes in front of a bare function: nothing for Python's own."""
    name = node.id
    listed = (ast.List, ast.Tuple, *_COMPREHENSIONS)
    if name in form_names.OF_LISTS and call.args and isinstance(call.args[0], listed):
        return ""
    if call in plain:
        return "" if name in form_names.OF_NUMBERS | form_names.BUILT_IN else "math."
    if name in form_names.BUILT_IN:
        return ""
    if name in form_names.PREFIXES:
        return form_names.PREFIXES[name]
    raise _unknown_function(name, node.lineno, reading)


def _unknown_function(name: str, line: int, reading: Reading) -> FormError:
    guess = form_names.ALIASES.get(name) or _nearest(name, form_names.PREFIXES.keys() | form_names.BUILT_IN)
    if len(name) == 1 or name in reading.free:
        message, advice = f"{name} is not a function.", f"To multiply, write {name}*(...)."
    elif guess:
        message, advice = f"There is no function {name}.", f"Did you mean {guess}?"
    else:
        message = f"There is no function {name}."
        advice = "Use PyTorch's functions here; define your own on the Code page."
    return FormError(message, line=line, advice=advice)


def _refuse_power_sign(operator: ast.operator, line: int) -> None:
    if isinstance(operator, ast.BitXor):
        raise FormError("^ is not a power in Python.", line=line, advice="Write **, as in x**2.")


def _refuse(node: ast.AST) -> None:
    """Say no to what is an expression in Python and not in the form."""
    if isinstance(node, ast.BinOp):
        _refuse_power_sign(node.op, node.lineno)
    elif isinstance(node, ast.NamedExpr):
        raise FormError(
            ":= cannot be written here.", line=node.lineno, advice="Write the assignment on a line of its own."
        )
    elif isinstance(node, ast.JoinedStr | ast.Yield | ast.YieldFrom | ast.Await):
        names = {ast.JoinedStr: "An f-string", ast.Await: "await"}
        raise FormError(f"{names.get(type(node), 'yield')} cannot be written here.", line=node.lineno, advice=CODE_PAGE)
    elif isinstance(node, ast.Call) and not isinstance(node.func, _CALLABLE):
        raise FormError(
            "What stands before the parenthesis is not a function.",
            line=node.lineno,
            advice="To multiply, write *, as in 2*(x + 1).",
        )


def _find_output(reading: Reading) -> None:
    last = reading.tree.body[-1]
    reading.last = (last.lineno, last.col_offset)
    if isinstance(last, ast.Expr):
        return
    target = last.targets[0] if isinstance(last, ast.Assign) else getattr(last, "target", None)
    if not isinstance(target, ast.Name):
        message = "The last line assigns no single name, so there is no output."
        raise FormError(message, line=last.lineno, advice="Add a last line with the output, for example x.sum().")
    reading.output = target.id


def _nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that is most like ``name``, if one is close; capital letters count for little."""
    by_lower: dict[str, str] = {}
    for candidate in sorted(candidates):
        if candidate != name:
            by_lower.setdefault(candidate.lower(), candidate)
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.7)
    return by_lower[found[0]] if found else None
