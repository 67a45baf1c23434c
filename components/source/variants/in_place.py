"""In-place forms: of operators, of functions and methods, and of the modules and functions that take ``inplace``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from .calls import is_plain, keyword, toggled
from .changes import Change, Edit, short
from .flow import Flow
from .in_place_names import HAVE_IN_PLACE, TAKES_INPLACE
from .reading import Code
from .surroundings import Surroundings

_IN = "The result overwrites its input instead of a new tensor; backward fails if it needs what was there before."
_OUT = "The result is a new tensor, and the input keeps its values."
_SIGNS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_BEFORE = re.compile(r"[ \t]*=[ \t]*\Z")
_BETWEEN = re.compile(r"[ \t]*[-+*/][ \t]*(\(*)\Z")
_ARGUMENT = re.compile(r"[ \t]*,?[ \t]*")


def changes(code: Code, around: Surroundings, flow: Flow) -> Iterator[Change]:
    """Yield each computation that has an in-place form, in that form."""
    for node in code.nodes:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and _over_itself(node, flow):
            if isinstance(node.value, ast.BinOp):
                yield from _operator(code, node, node.value)
            elif isinstance(node.value, ast.Call):
                yield from _function(code, around, node, node.value)
        elif isinstance(node, ast.Call):
            yield from _option(code, around, node)


def _over_itself(node: ast.Assign, flow: Flow) -> bool:
    """Whether a name is bound to what is computed from its own tensor."""
    target = node.targets[0]
    return isinstance(target, ast.Name) and target.id in flow.tensors and flow.computes(node.value, tracked=False)


def _operator(code: Code, node: ast.Assign, value: ast.BinOp) -> Iterator[Change]:
    target, sign = node.targets[0], _SIGNS.get(type(value.op))
    if sign is None or not _is(value.left, target):
        return
    before = code.source[code.end(target) : code.start(value.left)]
    between = _BETWEEN.match(code.source[code.end(value.left) : code.start(value.right)])
    if between is None or not _BEFORE.match(before):
        return
    edit = Edit(code.end(target), code.start(value.right), f" {sign}= {between[1]}")
    yield Change("in_place", node.lineno, f"`{short(code.text(target))} {sign}= …` in line {node.lineno}", _IN, (edit,))


def _function(code: Code, around: Surroundings, node: ast.Assign, call: ast.Call) -> Iterator[Change]:
    """``x = torch.sin(x)`` and ``x = x.sin()``, both as ``x.sin_()``."""
    target = node.targets[0]
    name = around.full_name(call.func)
    last = name.removeprefix("torch.") if name else call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if last not in HAVE_IN_PLACE or not is_plain(call) or keyword(call, "out") or keyword(call, "input"):
        return
    if code.source[code.start(node) : code.end(node)].count("=") and not _BEFORE.match(
        code.source[code.end(target) : code.start(call)]
    ):
        return
    if name:
        if not call.args or not _is(call.args[0], target):
            return
        lead = _ARGUMENT.match(code.source, code.end(call.args[0]))
        edits = (
            Edit(code.start(node), lead.end() if lead else code.end(call.args[0]), f"{code.text(target)}.{last}_("),
        )
    elif isinstance(call.func, ast.Attribute) and _is(call.func.value, target):
        edits = (Edit(code.start(node), code.end(call.func), f"{code.text(target)}.{last}_"),)
    else:
        return
    yield Change("in_place", node.lineno, f"`{short(code.text(target))}.{last}_()` in line {node.lineno}", _IN, edits)


def _is(value: ast.expr, target: ast.expr) -> bool:
    return isinstance(value, ast.Name) and isinstance(target, ast.Name) and value.id == target.id


def _option(code: Code, around: Surroundings, call: ast.Call) -> Iterator[Change]:
    """``inplace=True`` of ``nn.ReLU``, ``F.relu`` and their like."""
    name = around.full_name(call.func)
    place = TAKES_INPLACE.get(name)
    if place is None or not is_plain(call):
        return
    edit, given = toggled(code, call, "inplace", place, usual=False)
    if edit is not None:
        title = f"{'without ' if given else ''}`inplace=True` in line {call.lineno}"
        yield Change("in_place", call.lineno, title, _OUT if given else _IN, (edit,))
