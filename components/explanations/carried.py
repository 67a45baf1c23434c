"""State that goes from one round into the next with its graph: which names, and the line that cuts them off.

The most asked question of all. ``retain_graph=True`` only leads to the next error, so it is never the answer here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ..source.statements import Statement
from ..trace import Backward, Step, Tensor
from .dataflow import Carried, carried, place, reads, writes
from .hints import insert_before, replace_line
from .situation import Advice, Situation, called, listed, shown
from .updates import updates_in

_MOST_JOINS = 30
_OF_TENSORS = re.compile(r"(list|tuple) of \d+ tensors")
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")


@dataclass(frozen=True)
class State:
    """What is carried: ``header`` is that of the loop, or of the function, and ``readers`` read what the round before left.

    ``start`` is the statement of the backward run, or of the call that led to it, in the same function; ``inside`` is
    the call by which a method of the program is reached that keeps the state, ``None`` where the block itself does;
    ``once`` whether it is called once in each round.
    """

    names: tuple[Carried, ...]
    header: Statement
    readers: tuple[Statement, ...]
    start: Statement
    inside: Statement | None = None
    once: bool = True


def state_between(situation: Situation, failed: Backward, earlier: Backward) -> State | None:
    """Return what carries the graph of an earlier run into that of the failed one."""
    whole: State | None = None
    for edge in situation.ancestry.joins(failed, earlier)[:_MOST_JOINS]:
        source = situation.ancestry.nodes.get(edge.source)
        path = situation.during(source.step if source is not None else None)
        found = _along(situation, path, situation.during(failed.step))
        if whole is None or found is None:
            whole = whole or found
        elif found.header is whole.header and found.inside is whole.inside:
            names = dict.fromkeys((*whole.names, *found.names))
            readers = dict.fromkeys((*whole.readers, *found.readers))
            whole = replace(whole, names=tuple(names), readers=tuple(readers))
    return whole


def _along(
    situation: Situation, path: list[tuple[Step, Statement]], start: list[tuple[Step, Statement]]
) -> State | None:
    """Look for state at each level of calls: first where backward is called, then in what is called from there."""
    shared = 0
    while shared + 1 < min(len(path), len(start)) and path[shared][0].index == start[shared][0].index:
        shared += 1
    for level in reversed(range(min(shared + 1, len(path), len(start)))):
        reader, run = path[level][1], start[level][1]
        header = _round(situation, run, reader)
        names = _read_here(situation, header, reader)
        if header is not None and names:
            return State(names, header, (reader,), run)
    for level in range(shared + 1, len(path)):
        reader, caller = path[level][1], path[level - 1][1]
        header = _function(situation, reader)
        names = _outliving(situation, header, reader)
        if header is not None and names:
            run, first = start[min(shared, len(start) - 1)][1], path[shared][1]
            between = [statement for _, statement in path[shared + 1 : level]]
            once = situation.program.header(first) is situation.program.header(run)
            once = once and all(situation.loop(statement) is None for statement in between)
            return State(names, header, (reader,), run, caller, once)
    return _of_a_generator(situation, path[-1][1], start[-1][1]) if path and start else None


def _outliving(situation: Situation, header: Statement | None, reader: Statement) -> tuple[Carried, ...]:
    """What a function finds as its last call left it: an attribute, or a name that it says is ``nonlocal``."""
    block = list(situation.program.block(header))
    declared = {name for statement in block for node in statement.find(ast.Nonlocal) for name in node.names}
    read = set(reads(reader))
    held = [name for name in carried(block) if name.name in declared and name.name in read]
    return tuple(name for name in _read_here(situation, header, reader) if "." in name.name) or tuple(held)


def _of_a_generator(situation: Situation, reader: Statement, run: Statement) -> State | None:
    """State of a loop that yields: each round of the loop that takes from it is one round here."""
    owner = _function(situation, reader)
    yields = [other for other in situation.program.block(owner) for _ in other.find(ast.Yield)] if owner else []
    loop = situation.loop(yields[0]) if len(yields) == 1 else None
    block = list(situation.program.block(loop)) if loop is not None else []
    if owner is None or loop is None or reader not in block or situation.program.enclosing(run, "def") is owner:
        return None
    read = set(reads(reader))
    names = tuple(name for name in carried(block) if name.name in read and _kind(situation, name) == "tensor")
    if situation.program.header(yields[0]) is not loop or not names:
        return None
    return State(names, loop, (reader,), run, reader)


def _round(situation: Situation, run: Statement, reader: Statement) -> Statement | None:
    """The header of the loop that has both statements, or of the function that they are in."""
    loop = situation.loop(run)
    while loop is not None:
        if loop.first <= reader.first and any(other is reader for other in situation.program.block(loop)):
            return loop
        loop = situation.loop(loop)
    return _function(situation, run)


def _function(situation: Situation, statement: Statement) -> Statement | None:
    return situation.program.enclosing(statement, "def")


def _read_here(situation: Situation, header: Statement | None, reader: Statement) -> tuple[Carried, ...]:
    block = list(situation.program.block(header))
    found = [name for name in carried(block) if _may_hold_a_graph(situation, name.name)]
    read = set(reads(reader))
    direct = tuple(name for name in found if name.name in read)
    if direct or reader not in block:
        return direct
    for other in reversed(block[: block.index(reader)]):  # h, c = self.state, read one line below
        if writes(other) & read:
            read |= set(reads(other))
    return tuple(name for name in found if name.name in read)


def _may_hold_a_graph(situation: Situation, name: str) -> bool:
    value = situation.variables.get(name)
    if isinstance(value, Tensor):
        return value.requires_grad and not value.is_leaf
    return not name.isidentifier() or (value is not None and re.match(r"(list|tuple|dict|deque)\b", value) is not None)


# --- the line that cuts it off


def cut_off(situation: Situation, state: State) -> str | None:
    """Return the hint that detaches the state, once in each round; ``None`` where its kind is not known."""
    anchor = _anchor(situation, state)
    inner = {_bound_inside(situation, state, found) for found in state.names}
    if inner != {None}:  # a.h, where a goes through some objects in each round
        first = next(iter(inner))
        if (
            anchor is None
            or len(state.names) > 1
            or first is None
            or situation.program.header(first) is not state.header
        ):
            return None
        anchor = _direct(situation, state.names[0].read, first)
    edits = _edits(situation, state, after=anchor is None)
    if not edits:
        return None
    if anchor is not None:
        return "\n".join(insert_before(anchor.first, edit) for edit in edits)
    return after(situation, state.start, "; ".join(edits)) if len(edits) == 1 or not _blocks(edits) else None


def _bound_inside(situation: Situation, state: State, found: Carried) -> Statement | None:
    """The inner ``for`` that gives ``a`` of ``a.h`` its value, if one does."""
    base = re.split(r"[.\[]", found.name)[0]
    if base == found.name:
        return None
    loops = [other for other in situation.program.block(state.header) if other.words[0] == "for"]
    return next((loop for loop in loops if base in writes(loop)), None)


def _blocks(edits: Iterable[str]) -> bool:
    return any(edit.startswith("if ") for edit in edits)


def _anchor(situation: Situation, state: State) -> Statement | None:
    """The statement of the round before which the state can be detached.

    ``None`` where it can not: backward runs in some rounds only, or the first round begins with a plain number.
    """
    program = situation.program
    run_in = program.header(state.start)
    whole_round = run_in is state.header if state.inside is None else state.once
    if not whole_round or any(_first_value(situation, found.name) == "number" for found in state.names):
        return None
    return min((_direct(situation, found.read, state.header) for found in state.names), key=lambda found: found.first)


def _direct(situation: Situation, statement: Statement, header: Statement) -> Statement:
    """The statement of the header's own block that a statement belongs to."""
    above = situation.program.header(statement)
    while above is not None and above is not header:
        statement, above = above, situation.program.header(above)
    return statement


def after(situation: Situation, statement: Statement, code: str) -> str | None:
    """Return the hint that puts a statement behind another one, in its block."""
    header = situation.program.header(statement)
    for other in situation.program.block(header) if header is not None else situation.program.statements:
        if other.first > statement.last and other.indent == statement.indent:
            return insert_before(other.first, code)
        if other.first > statement.last and len(other.indent) < len(statement.indent):
            break
    if "\n" in statement.code or statement.is_header:
        return None
    return replace_line(statement.first, f"{statement.code}; {code}")


def _edits(situation: Situation, state: State, *, after: bool) -> list[str]:
    plain: list[str] = []
    others: list[str] = []
    for found in state.names:
        name = _from_outside(situation, state, found.name) if after else found.name
        kind = _kind(situation, found)
        edit = _detached(name, kind) if name is not None else None
        if edit is None or name is None:
            return []
        guarded = not after and _first_value(situation, found.name) == "none"
        if kind == "tensor" and not guarded:
            plain.append(name)
        else:
            others.append(f"if {name} is not None: {edit}" if guarded else edit)
    together = [f"{', '.join(plain)} = {', '.join(f'{name}.detach()' for name in plain)}"] if plain else []
    return together + others


def _from_outside(situation: Situation, state: State, name: str) -> str | None:
    """``net.h`` for ``self.h``, if backward is not called in the method itself."""
    if state.inside is None or not name.startswith("self."):
        return name
    owner = situation.program.enclosing(state.header, "class")
    for call in state.inside.calls:
        known = situation.variables.get(call.func.id) if isinstance(call.func, ast.Name) else None
        if owner is not None and known == owner.words[1]:
            return f"{called(call)}.{name.removeprefix('self.')}"
    return None


def _detached(name: str, kind: str) -> str | None:
    return {
        "tensor": f"{name} = {name}.detach()",
        "tuple": f"{name} = tuple(part.detach() for part in {name})",
        "list": f"{name} = [part.detach() for part in {name}]",
    }.get(kind)


def _kind(situation: Situation, found: Carried) -> str:
    """``tensor``, ``tuple`` or ``list`` of tensors; empty where it is not certain."""
    value = situation.variables.get(found.name)
    if isinstance(value, Tensor):
        return "tensor"
    if isinstance(value, str) and (whole := _OF_TENSORS.fullmatch(value)):
        return whole[1]
    if found.name.isidentifier() and value is None and found.grown is None:  # of another function than the failing one
        return _kind_of(situation, ast.Name(found.name))
    if found.name.isidentifier() or found.grown is not None:
        return ""
    values = [pair for pair in _assigned(situation, found.name) if not isinstance(pair[0], ast.Constant)]
    kinds = {kind for value, index in values if (kind := _gives(situation, value, index))}
    return kinds.pop() if len(kinds) == 1 else ""


def _assigned(situation: Situation, name: str) -> Iterator[tuple[ast.expr, int | None]]:
    """What the program gives a place like ``self.h``; of ``out, self.h = f(x)`` the call, and which of its results.

    Of ``out, (self.h, self.c) = f(x)`` it is -1: one of a pair.
    """
    for statement in situation.program.statements:
        for node in statement.find(ast.Assign):
            for target in node.targets:
                if place(target) == name:
                    yield node.value, None
                for index, part in enumerate(target.elts if isinstance(target, ast.Tuple) else ()):
                    inner = part.elts if isinstance(part, ast.Tuple) else ()
                    if place(part) == name or any(place(one) == name for one in inner):
                        yield node.value, -1 if inner else index


def _gives(situation: Situation, value: ast.expr, index: int | None) -> str:
    """``tensor`` or ``tuple`` for what is assigned, empty where it is not certain."""
    if index == -1:
        return "tensor"
    if not isinstance(value, ast.Call):
        return _kind_of(situation, value) if index is None else ""
    for statement, call in situation.calls_anywhere("LSTM", "LSTMCell"):
        assign = next(statement.find(ast.Assign), None)
        if assign is not None and place(assign.targets[0]) == place(value.func):
            return (
                "tuple"
                if (called(call), index) in (("LSTM", 1), ("LSTMCell", None))
                else "tensor"
                if index == 0
                else ""
            )
    made = [
        node.value
        for header in situation.program.functions_named(called(value) or "?")
        for statement in situation.program.block(header)
        for node in statement.find(ast.Return)
    ]
    parts = [given.elts[index] if index is not None and isinstance(given, ast.Tuple) else given for given in made]
    return "tuple" if any(isinstance(part, ast.Tuple) for part in parts) else "tensor"


def _kind_of(situation: Situation, value: ast.expr) -> str:
    """What an expression that is no call stands for: arithmetic gives a tensor, a name what it last stood for."""
    if isinstance(value, ast.Tuple | ast.BinOp):
        return "tuple" if isinstance(value, ast.Tuple) else "tensor"
    if not isinstance(value, ast.Name):
        return ""
    last = next(
        (step.variables[value.id] for step in reversed(situation.trace.steps) if value.id in step.variables), ""
    )
    return "tensor" if last in situation.newest else "tuple" if last.startswith("tuple of") else ""


def _first_value(situation: Situation, name: str) -> str:
    """``none`` or ``number`` for what a round can meet at first, empty for anything else."""
    if name.isidentifier():
        given = next((step.variables[name] for step in situation.trace.steps if name in step.variables), "")
        return "none" if given == "None" else "number" if _NUMBER.fullmatch(given) else ""
    constants = [value.value for value, _ in _assigned(situation, name) if isinstance(value, ast.Constant)]
    return "none" if None in constants else "number" if constants else ""


# --- what is said


def told(situation: Situation, state: State, failed: Backward, earlier: Backward) -> Advice:
    """Return what is said of state that is carried from round to round."""
    own = _loss_of_the_round(situation, state)
    if own is not None:
        return _total(situation, state, failed, own)
    names = [f"{shown(found.name)}{_bound_on(state, found)}" for found in state.names]
    read = sorted({reader.first for reader in state.readers})
    one = len(names) == 1
    return Advice(
        f"{' and '.join(names)} {'goes' if one else 'go'} from one round into the next with {'its' if one else 'their'} graph: "
        f"{listed(read)} read{'s' * (len(read) == 1)} {'it' if one else 'them'}. {_why(situation, failed, earlier)} `.detach()` keeps the numbers and "
        f"ends the graph there. {_no_cure(earlier)}",
        _with_nothing_retained(situation, cut_off(situation, state), earlier),
    )


def _bound_on(state: State, found: Carried) -> str:
    """`` (line 9)`` where a name gets its value, if that is not where it is read."""
    return f" (line {found.bound.first})" if found.bound not in state.readers else ""


def _why(situation: Situation, failed: Backward, earlier: Backward) -> str:
    if situation.failure.message.startswith("Trying to backward"):
        return (
            f"So `backward()` on line {failed.line} comes into the round before, whose graph line {earlier.line} freed."
        )
    return (
        f"So `backward()` on line {failed.line} comes into the round before: line {earlier.line} keeps its graph, but weights "
        "that it saved have been updated since."
    )


def _no_cure(earlier: Backward) -> str:
    if earlier.retain_graph:
        return "`retain_graph=True` is no longer needed then."
    return "`retain_graph=True` is no cure: each round would go back through all before it."


def _with_nothing_retained(situation: Situation, hint: str | None, earlier: Backward) -> str | None:
    statement = situation.program.at(earlier.line)
    if hint is None or statement is None or not earlier.retain_graph or f"Line {statement.first}:" in hint:
        return hint
    edits = [statement.without_keyword(call, "retain_graph") for call in statement.calls if called(call) == "backward"]
    plain = situation.hint_at(statement, *edits) if all(edits) else None
    return f"{hint}\n{plain}" if plain is not None else hint


def _loss_of_the_round(situation: Situation, state: State) -> tuple[Carried, ast.expr | None] | None:
    """Where backward starts from a sum over the rounds: that sum, and what this round added to it."""
    if len(state.names) != 1 or state.inside is not None:
        return None
    found, calls = state.names[0], [call for call in state.start.calls if called(call) == "backward"]
    target = calls[0].func.value if len(calls) == 1 and isinstance(calls[0].func, ast.Attribute) else None
    if target is None:
        return None
    if found.grown is not None:
        summed = isinstance(target, ast.Call) and called(target) == "sum" and not target.keywords
        whole = [name for name in ast.walk(target) if place(name) == found.name]
        return (found, found.grown) if summed and whole and len(list(ast.walk(target))) <= 6 else None
    if place(target) != found.name:
        return None
    return found, _added(situation, state, found.name)


def _added(situation: Situation, state: State, name: str) -> ast.expr | None:
    for statement in situation.program.block(state.header):
        for node in statement.nodes:
            if isinstance(node, ast.AugAssign) and place(node.target) == name and isinstance(node.op, ast.Add):
                return node.value
            if isinstance(node, ast.Assign) and place(node.targets[0]) == name and isinstance(node.value, ast.BinOp):
                sides = (node.value.left, node.value.right)
                for side, other in (sides, sides[::-1]):
                    if isinstance(node.value.op, ast.Add) and place(side) == name:
                        return other
    return None


def _total(situation: Situation, state: State, failed: Backward, own: tuple[Carried, ast.expr | None]) -> Advice:
    found, added = own
    line = failed.line or state.start.first
    where = _direct(situation, found.read, state.header).first
    text = (
        f"{shown(found.name)} is made up of all rounds (line {where}), so `backward()` on line {line} goes back through the rounds "
        "before as well, and those graphs were freed."
    )
    if not updates_in(situation, state.header):
        return Advice(
            f"{text} Either call it on what one round adds, in each round, or on the sum, once, after the loop; "
            "the gradients are the same."
        )
    each_round = situation.program.header(state.start) is state.header
    if not isinstance(added, ast.Name) or not each_round:
        return Advice(f"{text} A step of training needs what was added since the last one.", cut_off(situation, state))
    calls = [call for call in state.start.calls if called(call) == "backward"]
    target = calls[0].func
    hint = (
        situation.hint_at(state.start, (target, f"{added.id}.backward")) if isinstance(target, ast.Attribute) else None
    )
    return Advice(f"{text} A step of training needs the loss of its own round: {shown(added.id)}.", hint)
