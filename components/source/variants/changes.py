"""A change to a program's text, the variant that it makes, and whether it would matter in its place."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from ..edits import Edit, inside_strings
from ..tree import ProgramTree, dotted, imported

Switch = Literal["no_grad", "retain_graph", "create_graph", "detach", "del", "set_to_none", "in_place", "checkpoint"]
Elsewhere = Literal["autocast", "cuda"]
SWITCHES: tuple[Switch, ...] = get_args(Switch)
_LONGEST_NAME = 40
_OFF = frozenset({"no_grad", "inference_mode"})
_OF_AUTOGRAD = frozenset({"torch.autograd.Function", "torch.autograd.function.Function"})
_EVALUATED_LATER = ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(frozen=True)
class ProgramChange:
    """One change, not made yet; its edits do not overlap. The other fields are those of ``Variant``."""

    switch: Switch | Elsewhere
    line: int
    title: str
    what: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Variant:
    """A program with one thing changed.

    ``line`` counts from 1 in the original program. ``title`` names the change, code in backticks. ``what`` says in one
    sentence what it does to the graph or to memory. ``source`` is the whole program, which is what it was everywhere
    else.
    """

    switch: Switch | Elsewhere
    line: int
    title: str
    what: str
    source: str


def short(name: str) -> str:
    """Return a name of the program as a title has it: its beginning where it is long."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def has_torch(program: ProgramTree) -> bool:
    """Whether ``torch`` can be written anywhere in a program: imported by that name and bound to nothing else."""
    names = (node for node in ast.walk(program.tree) if isinstance(node, ast.Name) and node.id == "torch")
    at_top = imported(statement for statement in program.tree.body if isinstance(statement, ast.Import))
    return at_top.get("torch") == "torch" and all(isinstance(name.ctx, ast.Load) for name in names)


def is_recorded(program: ProgramTree, node: ast.AST) -> bool:
    """Whether autograd records what is computed here, as far as the text around it says."""
    for outer in program.above(node):
        if isinstance(outer, ast.With | ast.AsyncWith):
            modes = [_mode(program, item.context_expr) for item in outer.items]
        elif isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef):
            modes = [_mode(program, decorator) for decorator in outer.decorator_list]
        elif isinstance(outer, ast.ClassDef) and any(program.full_name(base) in _OF_AUTOGRAD for base in outer.bases):
            return False
        else:
            continue
        switched = [mode for mode in modes if mode is not None]
        if switched:
            return switched[-1]
    return True


def _mode(program: ProgramTree, node: ast.expr) -> bool | None:
    """Whether a context or decorator switches recording on or off; ``None`` if it is about something else."""
    name = program.full_name(node.func if isinstance(node, ast.Call) else node)
    last = name.rpartition(".")[2]
    if not name.startswith("torch.") or last not in _OFF | {"enable_grad", "set_grad_enabled"}:
        return None
    if last == "set_grad_enabled" and isinstance(node, ast.Call) and node.args:
        return not (isinstance(node.args[0], ast.Constant) and node.args[0].value is False)
    return last not in _OFF


def runs_in_place(program: ProgramTree, node: ast.AST) -> bool:
    """Whether an expression is computed where it is written, once, and for more than to be printed."""
    for outer in program.above(node):
        if isinstance(outer, ast.stmt):
            return True
        if isinstance(outer, _EVALUATED_LATER) or (isinstance(outer, ast.Call) and dotted(outer.func) == "print"):
            return False
    return True


def wrapped(program: ProgramTree, statements: Sequence[ast.stmt], head: str) -> list[Edit]:
    """Return the edits that put statements, which follow each other in one block, into a block of their own.

    ``head`` begins it. Empty where that cannot be written: beside other statements in one line.
    """
    indentation = program.indentation(statements[0])
    if indentation is None or not program.ends_line(statements[-1]):
        return []
    first, last = program.first_line(statements[0]), statements[-1].end_lineno or statements[-1].lineno
    edits = [Edit(program.starts[first - 1], program.starts[first - 1], f"{indentation}{head}{program.new_line(1)}")]
    within = inside_strings(node for statement in statements for node in ast.walk(statement))
    for line in range(first, last + 1):
        text = program.lines[line - 1]
        if text.strip() and line not in within:
            place = program.starts[line - 1] + (len(indentation) if text.startswith(indentation) else 0)
            edits.append(Edit(place, place, program.unit))
    return edits
