"""``torch.utils.checkpoint`` around a call of a module or function of the program, and taken away."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from .. import names
from ..edits import Edit, is_plain, keyword, needs_parentheses, with_keyword
from ..tree import ProgramTree, base_name
from .changes import ProgramChange, has_torch, is_recorded, runs_in_place
from .name_flow import ENGINE, TRANSFORMS, NameFlow

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


def changes(program: ProgramTree, flow: NameFlow) -> Iterator[ProgramChange]:
    """Yield each call of a block on tensors in a checkpoint, and each checkpoint without."""
    blocks = _block_names(program)
    for call in program.nodes:
        if not isinstance(call, ast.Call) or not is_plain(call):
            continue
        if program.full_name(call.func) == _CHECKPOINT:
            yield from _without(program, call)
        elif _is_block(program, call.func, blocks) and _fits(program, flow, call):
            yield from _with(program, call)


def _block_names(program: ProgramTree) -> set[str]:
    """The names of the program that may stand for a module or a function that computes."""
    bound: set[str] = set()
    others: set[str] = set()
    for node in ast.walk(program.tree):
        match node:
            case ast.FunctionDef(name=name):
                yields = any(isinstance(one, ast.Yield | ast.YieldFrom) for one in ast.walk(node))
                (others if yields else bound).add(name)
            case ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
                others.add(name)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=called)) if (
                program.full_name(called) in TRANSFORMS | ENGINE
            ):
                others.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                bound.add(name)
            case ast.arg(arg=name):
                bound.add(name)
            case _:
                pass
    return bound - others


def _is_block(program: ProgramTree, called: ast.expr, blocks: set[str]) -> bool:
    if isinstance(called, ast.Name):
        return called.id in blocks and not program.full_name(called)
    base = base_name(called)
    if base not in blocks or base in program.imports:
        return False
    if not isinstance(called, ast.Attribute):
        return True
    own = isinstance(called.value, ast.Name) and called.value.id == "self"
    return called.attr not in _METHODS and (own or called.attr not in names.TENSOR)


def _fits(program: ProgramTree, flow: NameFlow, call: ast.Call) -> bool:
    statement = program.statement(call)
    if not isinstance(statement, _SIMPLE) or (isinstance(statement, ast.Expr) and statement.value is call):
        return False
    if any(keyword(call, name) for name in _OWN) or not any(flow.holds(one, tracked=False) for one in call.args):
        return False
    return is_recorded(program, call) and runs_in_place(program, call)


def _with(program: ProgramTree, call: ast.Call) -> Iterator[ProgramChange]:
    own = next((name for name, path in program.imports.items() if path == _CHECKPOINT), None)
    header: tuple[Edit, ...] = ()
    if own is None and not has_torch(program):
        if not _is_free(program, "checkpoint") or (edit := _header(program)) is None:
            return
        own, header = "checkpoint", (edit,)
    opening = _OPENING.match(program.source, program.end(call.func))
    option = with_keyword(program, call, "use_reentrant", "False")
    if opening is None or option is None:
        return
    comma = "," if program.source[opening.end()] in "\r\n" else ", "
    around = program.before(call.func, f"{own or _CHECKPOINT}(")
    edits = (*header, around, Edit(program.end(call.func), opening.end(), comma), option)
    block = program.text(call.func)
    named = f" around `{block}(…)`" if _SHORT.match(block) else ""
    yield ProgramChange("checkpoint", call.lineno, f"`checkpoint`{named} in line {call.lineno}", _WITH, edits)


def _is_free(program: ProgramTree, name: str) -> bool:
    """Whether a program says a name nowhere."""
    said = (name in (getattr(node, "id", None), getattr(node, "name", None)) for node in ast.walk(program.tree))
    return name not in program.imports and not any(said)


def _header(program: ProgramTree) -> Edit | None:
    """The import, above the first statement that may follow it."""
    for place, statement in enumerate(program.tree.body):
        text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and place == 0
        future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        if not text and not future:
            start = program.starts[program.first_line(statement) - 1]
            return Edit(start, start, _IMPORT + program.new_line(1)) if program.indentation(statement) == "" else None
    return None


def _without(program: ProgramTree, call: ast.Call) -> Iterator[ProgramChange]:
    """``checkpoint(block, x, use_reentrant=False)`` as ``block(x)``."""
    if not call.args or "#" in program.text(call):
        return
    block = program.text(call.args[0])
    if needs_parentheses(call.args[0]):
        block = f"({block})"
    rest = [program.text(one) for one in call.args[1:]]
    rest += [program.text(one) for one in call.keywords if one.arg not in _OWN]
    edit = program.instead(call, f"{block}({', '.join(rest)})")
    yield ProgramChange("checkpoint", call.lineno, f"without `checkpoint` in line {call.lineno}", _WITHOUT, (edit,))
