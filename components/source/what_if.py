"""One change of a program that asks "what if": a gradient changed at a place, or ended there; another value of a leaf.

Each is made in the text by plain PyTorch: a hook on a name, around a part of a line or on a node; ``.detach()``; the
other number. All else stays as it was typed. Where a text has no room for a change there is none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from .edits import Edit, SourceText, edited, needs_parentheses
from .form.values import write_tensor
from .parsing import parse_expression
from .tree import ProgramTree, dotted, read_program

Kind = Literal["zero", "scale", "clip"]
# What a function is called that hooks what it is given.
_HELPER = "hooked"
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_MOST_WRITTEN_OUT = 4


class Span(NamedTuple):
    """Where an expression stands: lines count from 1, columns from 0 and in characters; the end is behind it."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True)
class Hook:
    """What becomes of a gradient: zero, ``amount`` times it, or each of its numbers between ``-amount`` and that."""

    kind: Kind
    amount: float = 0.0

    def text(self, gradient: str, torch: str) -> str:
        """Return the expression for a gradient of that name; ``torch`` is what the program calls PyTorch."""
        match self.kind:
            case "zero":
                return f"{torch}.zeros_like({gradient})"
            case "scale":
                return f"{self.amount:.12g} * {gradient}"
            case "clip":
                return f"{gradient}.clamp({-self.amount:.12g}, {self.amount:.12g})"


class Along(NamedTuple):
    """One edge of a node: its slot, how many slots there are, and whether it sometimes carries nothing."""

    slot: int
    slots: int
    sometimes: bool = False


def with_hook(source: str, span: Span, hook: Hook, along: Along | None = None) -> str | None:
    """Return the program with a hook on the value of an expression.

    With ``along`` the hook is on its node, and changes what flows along one edge of it. A function may also run where
    nothing is recorded, or on something else than tensors, so there the hook asks first.
    """
    found = _found(source, span)
    if found is None:
        return None
    program, node, torch = found
    recorded = "{}.requires_grad" if along is None else "{}.grad_fn is not None"
    asks = any(isinstance(outer, _FUNCTIONS) for outer in program.above(node))
    call = f"{{}}.register_hook({_of_gradient(hook, torch)})"
    if along is not None:
        call = f"{{}}.grad_fn.register_hook({_of_edge(hook, torch, along)})"
    lines = [f"if {torch}.is_tensor({{}}) and {recorded}:", f"{program.unit}{call}"] if asks else [call]
    name, statement = _name(program, node), program.statement(node)
    if (
        name
        and statement is not None
        and (edit := _behind(program, statement, [line.replace("{}", name) for line in lines]))
    ):
        return _python(program, [edit])
    return _wrapped(program, node, lines)


def _of_gradient(hook: Hook, torch: str) -> str:
    return f"lambda grad: {hook.text('grad', torch)}"


def _of_edge(hook: Hook, torch: str, along: Along) -> str:
    slot, slots, sometimes = along
    flows = f"grads[{slot}]"
    changed = hook.text(flows, torch)
    changed = f"None if {flows} is None else {changed}" if sometimes else changed
    if slots > _MOST_WRITTEN_OUT:
        return f"lambda grads, _: (*grads[:{slot}], {changed}, *grads[{slot + 1}:])"
    parts = [changed if place == slot else f"grads[{place}]" for place in range(slots)]
    return f"lambda grads, _: ({', '.join(parts)}{',' if slots == 1 else ''})"


def detached(source: str, span: Span) -> str | None:
    """Return the program in which no gradient flows back through an expression."""
    found = _found(source, span)
    if found is None:
        return None
    program, node, _ = found
    if _grouped(program, node):
        end = program.end(node) + 1
        return _python(program, [Edit(end, end, ".detach()")])
    if not needs_parentheses(node):
        return _python(program, [program.behind(node, ".detach()")])
    return _python(program, [program.before(node, "("), program.behind(node, ").detach()")])


# --- leaves


def with_leaf_hook(source: str, name: str, line: int | None, hook: Hook) -> str | None:
    """Return the program with a hook on a leaf, ``x`` or a parameter as ``net.0.weight``, which ``line`` has named."""
    program = _program(source)
    made = _made(program, name, line) if program is not None else None
    if program is None or made is None or not (torch := _torch(program)):
        return None
    statement = made if "." in name else _asking(program, name, made)
    if statement is None:
        return None
    edit = _behind(program, statement, [f"{_leaf(name)}.register_hook({_of_gradient(hook, torch)})"])
    return _python(program, [edit]) if edit is not None else None


def with_value(source: str, name: str, line: int | None, dtype: str, value: str) -> str | None:
    """Return the program with another value of a leaf: a number, a list, a call such as ``randn(3)``.

    Raises:
        FormError: the value cannot be read; with what to write instead.
    """
    call = write_tensor(name, value, dtype=dtype, requires_grad=False)
    program = _program(source)
    made = _made(program, name, line) if program is not None else None
    if program is None or made is None or not (torch := _torch(program)):
        return None
    text = SourceText(call)
    tree = parse_expression(call)
    assert isinstance(tree, ast.Call)
    data = text.text(tree.args[0]) if dotted(tree.func) == "torch.tensor" else None
    is_number, written = data is not None and not data.startswith("["), _data(program, made)
    # One number for a list fills it, as it does everywhere.
    if data is not None and written is not None and isinstance(written, ast.List | ast.Tuple) != is_number:
        return _python(program, [program.instead(written, data)])
    filled = f"fill_({data})" if is_number else f"copy_({torch}{call.removeprefix('torch')})"
    edit = _behind(program, made, [f"with {torch}.no_grad():", f"{program.unit}{_leaf(name)}.{filled}"])
    return _python(program, [edit]) if edit is not None else None


def _data(program: ProgramTree, made: ast.stmt) -> ast.expr | None:
    """What a statement gives to ``torch.tensor``."""
    call = getattr(made, "value", None)
    if not isinstance(call, ast.Call) or program.full_name(call.func) != "torch.tensor":
        return None
    return call.args[0] if call.args else None


def _leaf(name: str) -> str:
    """How a program says a leaf: a parameter's name is not one of Python's."""
    owner, dot, path = name.partition(".")
    return f'{owner}.get_parameter("{path}")' if dot else name


def _made(program: ProgramTree, name: str, line: int | None) -> ast.stmt | None:
    """The statement that makes a leaf, or the module that it is a parameter of."""
    owner, dot, _ = name.partition(".")
    assigned = [
        node
        for node in program.nodes
        if isinstance(node, ast.Assign | ast.AnnAssign) and any(target == owner for target in _targets(node))
    ]
    if dot:
        # Parameters of lazy modules are none until they were used.
        if "Lazy" in program.source:
            return None
        return assigned[0] if len(assigned) == 1 and assigned[0] in program.tree.body else None
    return next((one for one in assigned if line is not None and one.lineno <= line <= (one.end_lineno or 0)), None)


def _targets(node: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    inner = [one for target in targets for one in (target.elts if isinstance(target, ast.Tuple) else [target])]
    return [one.id for one in inner if isinstance(one, ast.Name)]


def _asking(program: ProgramTree, name: str, made: ast.stmt) -> ast.stmt | None:
    """The statement from which on a leaf asks for a gradient: that which makes it, or ``x.requires_grad_()``."""
    words = ("requires_grad", "Parameter")
    if any(word in program.text(made) for word in words):
        return made
    for node in program.tree.body:
        call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and dotted(node.value.func)
        switch = isinstance(node, ast.Assign) and dotted(node.targets[0])
        if call == f"{name}.requires_grad_" or switch == f"{name}.requires_grad":
            return node
    return None


# --- places in a text


@lru_cache(maxsize=8)
def _program(source: str) -> ProgramTree | None:
    return read_program(source)


def _found(source: str, span: Span) -> tuple[ProgramTree, ast.expr, str] | None:
    """The program, the expression and what PyTorch is called."""
    program = _program(source)
    if program is None or not (torch := _torch(program)) or max(span.line, span.end_line) > len(program.lines):
        return None
    place = program.starts[span.line - 1] + span.column, program.starts[span.end_line - 1] + span.end_column
    for node in program.nodes:
        if isinstance(node, ast.expr) and (program.start(node), program.end(node)) == place:
            return program, node, torch
    return None


def _torch(program: ProgramTree) -> str:
    """What the program calls PyTorch; empty where it does not import it."""
    return next((name for name, module in program.imports.items() if module == "torch"), "")


def _name(program: ProgramTree, node: ast.expr) -> str:
    """The variable or attribute that is given the value of an expression, empty where it has no name."""
    statement = program.parents.get(node)
    if isinstance(statement, ast.Assign):
        return dotted(statement.targets[0])
    return dotted(statement.target) if isinstance(statement, ast.AnnAssign) else ""


def _behind(program: ProgramTree, statement: ast.stmt, lines: Sequence[str]) -> Edit | None:
    """The edit that puts lines behind a statement, ``None`` where its last line goes on."""
    indent = program.indentation(statement)
    if indent is None or not program.ends_line(statement):
        return None
    line = statement.end_lineno or statement.lineno
    ending, offset = program.new_line(line), program.starts[line]
    text = "".join(f"{indent}{one}{ending}" for one in lines)
    ends = program.lines[line - 1].endswith(("\n", "\r"))
    return Edit(offset, offset, text if ends else f"{ending}{text.removesuffix(ending)}")


def _wrapped(program: ProgramTree, node: ast.expr, lines: Sequence[str]) -> str | None:
    """The program with a call around an expression, of a function that hooks what it is given and returns it."""
    top = [one for one in program.tree.body if one.lineno <= node.lineno <= (one.end_lineno or one.lineno)]
    if not top or program.indentation(top[0]) is None:
        return None
    taken = (
        {part.id for part in ast.walk(program.tree) if isinstance(part, ast.Name)} if _HELPER in program.source else ()
    )
    names = (_HELPER, *(f"{_HELPER}_{number}" for number in range(2, len(taken) + 3)))
    name = next(one for one in names if one not in taken)
    first = program.first_line(top[0])
    body = [
        f"def {name}(t):",
        *(f"{program.unit}{line.replace('{}', 't')}" for line in lines),
        f"{program.unit}return t",
    ]
    ending = program.new_line(first)
    offset = program.starts[first - 1]
    helper = Edit(offset, offset, "".join(f"{line}{ending}" for line in body))
    if _grouped(program, node):
        start = program.start(node) - 1
        return _python(program, [helper, Edit(start, start, name)])
    return _python(program, [helper, program.before(node, f"{name}("), program.behind(node, ")")])


def _grouped(program: ProgramTree, node: ast.expr) -> bool:
    """Whether an expression stands right between parentheses that are not those of a call."""
    before, behind = program.source[: program.start(node)], program.source[program.end(node) :]
    return before.endswith("(") and behind.startswith(")") and not re.search(r"[\w)\]}\"'] *\(\Z", before[-80:])


def _python(program: ProgramTree, edits: Sequence[Edit]) -> str | None:
    """The edited program, ``None`` where Python could not read it."""
    return edited(program.source, edits) if program.stays_python(edits) else None
