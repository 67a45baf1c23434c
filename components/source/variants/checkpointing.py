"""``torch.utils.checkpoint`` around a call of a module or function of the program, and taken away."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from .. import names
from .calls import is_plain, keyword, with_keyword
from .changes import Change, Edit
from .flow import Flow
from .flow_names import ENGINE, TRANSFORMS
from .reading import Code
from .surroundings import Surroundings

_CHECKPOINT = "torch.utils.checkpoint.checkpoint"
_OWN = frozenset({"use_reentrant", "preserve_rng_state", "context_fn", "determinism_check", "debug", "early_stop"})
_WITH = "The forward saves the call's inputs and not what is inside; backward runs the call again to have that."
_WITHOUT = "The forward saves all that backward needs inside the call, and nothing is computed again."
_IMPORT = f"from {_CHECKPOINT.rpartition('.')[0]} import checkpoint"
_SIMPLE = ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Return | ast.Expr
_OPENING = re.compile(r"[ \t]*\([ \t]*")
_SHORT = re.compile(r"[\w.\[\]]{1,40}\Z")
# Methods of anything that is no block of a model.
_METHODS = (
    names.MODULE
    | names.OPTIMIZER
    | names.SCHEDULER
    | names.NODE
    | names.STR
    | frozenset(dir(list) + dir(dict) + dir(set))
)


def changes(code: Code, around: Surroundings, flow: Flow) -> Iterator[Change]:
    """Yield each call of a block on tensors in a checkpoint, and each checkpoint without."""
    blocks = _block_names(code, around)
    for call in code.nodes:
        if not isinstance(call, ast.Call) or not is_plain(call):
            continue
        if around.full_name(call.func) == _CHECKPOINT:
            yield from _without(code, call)
        elif _is_block(code, call.func, blocks, around) and _fits(code, around, flow, call):
            yield from _with(code, around, call)


def _block_names(code: Code, around: Surroundings) -> set[str]:
    """The names of the program that may stand for a module or a function that computes."""
    bound: set[str] = set()
    others: set[str] = set()
    for node in ast.walk(code.tree):
        match node:
            case ast.FunctionDef(name=name):
                yields = any(isinstance(one, ast.Yield | ast.YieldFrom) for one in ast.walk(node))
                (others if yields else bound).add(name)
            case ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
                others.add(name)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=called)) if (
                around.full_name(called) in TRANSFORMS | ENGINE
            ):
                others.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                bound.add(name)
            case ast.arg(arg=name):
                bound.add(name)
            case _:
                pass
    return bound - others


def _is_block(code: Code, called: ast.expr, blocks: set[str], around: Surroundings) -> bool:
    if isinstance(called, ast.Name):
        return called.id in blocks and not around.full_name(called)
    base = called
    while isinstance(base, ast.Attribute | ast.Subscript):
        base = base.value
    if not isinstance(base, ast.Name) or base.id not in blocks or around.full_name(base):
        return False
    if not isinstance(called, ast.Attribute):
        return True
    own = isinstance(called.value, ast.Name) and called.value.id == "self"
    return called.attr not in _METHODS and (own or called.attr not in names.TENSOR)


def _fits(code: Code, around: Surroundings, flow: Flow, call: ast.Call) -> bool:
    statement = code.statement(call)
    if not isinstance(statement, _SIMPLE) or (isinstance(statement, ast.Expr) and statement.value is call):
        return False
    if any(keyword(call, name) for name in _OWN) or not any(flow.holds(one, tracked=False) for one in call.args):
        return False
    return around.records(call) and around.runs_in_place(call)


def _with(code: Code, around: Surroundings, call: ast.Call) -> Iterator[Change]:
    own = around.imported_as(_CHECKPOINT)
    header: tuple[Edit, ...] = ()
    if own is None and not around.has_torch:
        if not around.is_free("checkpoint") or (edit := _header(code)) is None:
            return
        own, header = "checkpoint", (edit,)
    opening = _OPENING.match(code.source, code.end(call.func))
    option = with_keyword(code, call, "use_reentrant=False")
    if opening is None or option is None:
        return
    start = code.start(call.func)
    comma = "," if code.source[opening.end()] in "\r\n" else ", "
    edits = (Edit(start, start, f"{own or _CHECKPOINT}("), Edit(code.end(call.func), opening.end(), comma), option)
    block = code.text(call.func)
    named = f" around `{block}(…)`" if _SHORT.match(block) else ""
    yield Change("checkpoint", call.lineno, f"`checkpoint`{named} in line {call.lineno}", _WITH, (*header, *edits))


def _header(code: Code) -> Edit | None:
    """The import, above the first statement that may follow it."""
    for place, statement in enumerate(code.tree.body):
        text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and place == 0
        future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        if not text and not future:
            start = code.starts[code.first_line(statement) - 1]
            return Edit(start, start, _IMPORT + code.new_line(1)) if code.indentation(statement) == "" else None
    return None


def _without(code: Code, call: ast.Call) -> Iterator[Change]:
    """``checkpoint(block, x, use_reentrant=False)`` as ``block(x)``."""
    if not call.args or "#" in code.text(call):
        return
    block = code.text(call.args[0])
    if not isinstance(call.args[0], ast.Name | ast.Attribute | ast.Subscript | ast.Call):
        block = f"({block})"
    rest = [code.text(one) for one in call.args[1:]]
    rest += [code.text(one) for one in call.keywords if one.arg not in _OWN]
    edit = Edit(code.start(call), code.end(call), f"{block}({', '.join(rest)})")
    yield Change("checkpoint", call.lineno, f"without `checkpoint` in line {call.lineno}", _WITHOUT, (edit,))
