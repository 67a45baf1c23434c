"""In-place forms: of operators, of functions and methods, and of the modules and functions that take ``inplace``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ..edits import Edit, is_plain, keyword, toggled
from ..names import TENSOR
from ..tree import ProgramTree
from .changes import ProgramChange, short
from .name_flow import NameFlow

_IN = "The result overwrites its input instead of a new tensor; backward fails if it needs what was there before."
_OUT = "The result is a new tensor, and the input keeps its values."
_SIGNS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_BEFORE = re.compile(r"[ \t]*=[ \t]*\Z")
_BETWEEN = re.compile(r"[ \t]*[-+*/][ \t]*(\(*)\Z")
_COMMA = re.compile(r"[ \t]*,?[ \t]*")

# These change how a tensor is seen or followed, give truth values, or draw numbers.
_OF_ANOTHER_KIND = """
    transpose t squeeze unsqueeze swapaxes detach requires_grad random bernoulli
    eq ne lt le gt ge less less_equal greater greater_equal not_equal logical_and logical_or logical_not logical_xor
"""
HAVE_IN_PLACE = {name for name in TENSOR if f"{name}_" in TENSOR} - set(_OF_ANOTHER_KIND.split())

_MODULES = {
    0: "ReLU ReLU6 SELU SiLU Mish Hardswish Hardsigmoid",
    1: "Dropout Dropout1d Dropout2d Dropout3d AlphaDropout LeakyReLU ELU CELU",
    2: "Hardtanh RReLU Threshold",
}
_FUNCTIONS = {
    1: "relu relu6 selu silu mish hardswish hardsigmoid",
    2: "leaky_relu elu celu",
    3: "hardtanh threshold dropout dropout1d dropout2d alpha_dropout feature_alpha_dropout",
    4: "rrelu",
}
# The full name of each, and the place of ``inplace``, counted from 0.
TAKES_INPLACE = {f"torch.nn.{name}": place for place, text in _MODULES.items() for name in text.split()} | {
    f"torch.nn.functional.{name}": place for place, text in _FUNCTIONS.items() for name in text.split()
}


def changes(program: ProgramTree, flow: NameFlow) -> Iterator[ProgramChange]:
    """Yield each computation that has an in-place form, in that form."""
    for node in program.nodes:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and _over_itself(node, flow):
            if isinstance(node.value, ast.BinOp):
                yield from _operator(program, node, node.value)
            elif isinstance(node.value, ast.Call):
                yield from _function(program, node, node.value)
        elif isinstance(node, ast.Call):
            yield from _option(program, node)


def _over_itself(node: ast.Assign, flow: NameFlow) -> bool:
    """Whether a name is bound to what is computed from its own tensor."""
    target = node.targets[0]
    return isinstance(target, ast.Name) and target.id in flow.tensors and flow.computes(node.value, tracked=False)


def _operator(program: ProgramTree, node: ast.Assign, value: ast.BinOp) -> Iterator[ProgramChange]:
    target, sign = node.targets[0], _SIGNS.get(type(value.op))
    if sign is None or not _is(value.left, target):
        return
    before = program.source[program.end(target) : program.start(value.left)]
    between = _BETWEEN.match(program.source[program.end(value.left) : program.start(value.right)])
    if between is None or not _BEFORE.match(before):
        return
    edit = Edit(program.end(target), program.start(value.right), f" {sign}= {between[1]}")
    title = f"`{short(program.text(target))} {sign}= …` in line {node.lineno}"
    yield ProgramChange("in_place", node.lineno, title, _IN, (edit,))


def _function(program: ProgramTree, node: ast.Assign, call: ast.Call) -> Iterator[ProgramChange]:
    """``x = torch.sin(x)`` and ``x = x.sin()``, both as ``x.sin_()``."""
    target, full_name = node.targets[0], program.full_name(call.func)
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    last = full_name.removeprefix("torch.") or method
    if last not in HAVE_IN_PLACE or not is_plain(call) or keyword(call, "out") or keyword(call, "input"):
        return
    if not _BEFORE.match(program.source[program.end(target) : program.start(call)]):
        return
    name, end = program.text(target), program.end(call.func)
    if full_name and call.args and _is(call.args[0], target):
        comma = _COMMA.match(program.source, program.end(call.args[0]))
        end, opening = comma.end() if comma else end, "("
    elif not full_name and isinstance(call.func, ast.Attribute) and _is(call.func.value, target):
        opening = ""
    else:
        return
    edit = Edit(program.start(node), end, f"{name}.{last}_{opening}")
    yield ProgramChange("in_place", node.lineno, f"`{short(name)}.{last}_()` in line {node.lineno}", _IN, (edit,))


def _is(value: ast.expr, target: ast.expr) -> bool:
    return isinstance(value, ast.Name) and isinstance(target, ast.Name) and value.id == target.id


def _option(program: ProgramTree, call: ast.Call) -> Iterator[ProgramChange]:
    """``inplace=True`` of ``nn.ReLU``, ``F.relu`` and their like."""
    name = program.full_name(call.func)
    place = TAKES_INPLACE.get(name)
    if place is None or not is_plain(call):
        return
    edit, given = toggled(program, call, "inplace", place, usual=False)
    if edit is not None:
        title = f"{'without ' if given else ''}`inplace=True` in line {call.lineno}"
        yield ProgramChange("in_place", call.lineno, title, _OUT if given else _IN, (edit,))
