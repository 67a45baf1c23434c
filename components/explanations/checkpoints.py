"""Checkpointing: a function that backward runs a second time, and that must then compute what it computed before."""

from __future__ import annotations

import ast
import re

from ..source.edits import keyword
from ..source.statements import Statement
from .dataflow import grows, place, reads, writes
from .situation import Advice, Rules, Situation, shown

rules = Rules()

_CALLS = ("checkpoint", "checkpoint_sequential")


def checkpoint_in(situation: Situation, statements: tuple[Statement, ...]) -> tuple[Statement, ast.Call] | None:
    """Return the one call of ``checkpoint`` in some statements."""
    found = [pair for pair in situation.calls_anywhere(*_CALLS) if pair[0] in statements]
    return found[0] if len(found) == 1 else None


def not_reentrant(situation: Situation, statement: Statement, call: ast.Call) -> str | None:
    """Return the hint that gives a call of ``checkpoint`` the implementation without these limits."""
    return situation.hint_at(statement, statement.with_keyword(call, "use_reentrant", "False"))


def is_reentrant(call: ast.Call) -> bool:
    """Return whether a call of ``checkpoint`` asks for the older implementation."""
    given = keyword(call, "use_reentrant")
    return given is not None and isinstance(given.value, ast.Constant) and given.value.value is True


@rules.on(
    r"use_reentrant=True, torch\.utils\.checkpoint is incompatible|Checkpointing is not compatible with \.grad\(\)"
)
def _reentrant_grad(situation: Situation, match: re.Match[str]) -> Advice:
    found = checkpoint_in(situation, situation.program.statements)
    text = (
        "With `use_reentrant=True` a checkpoint works for `backward()` alone, not for `grad()` nor for chosen inputs."
    )
    if found is None:
        return Advice(f"{text} Call `checkpoint` with `use_reentrant=False`.")
    return Advice(
        f"{text} `use_reentrant=False` on line {found[0].first} has no such limit, and computes the same.",
        not_reentrant(situation, *found),
    )


@rules.on(
    r"checkpoint: (Recomputed values for the following tensors have different metadata|"
    r"A different number of tensors was saved|trying to save more tensors during recomputation)"
)
def _mismatch(situation: Situation, match: re.Match[str]) -> Advice:
    found = checkpoint_in(situation, situation.program.statements)
    what = "tensors of another shape or dtype" if "metadata" in match[1] else "another number of tensors"
    text = (
        f"A checkpoint keeps no intermediate results and runs its function again during backward. The second time it made {what}, so it "
        "does not compute the same again."
    )
    if found is None:
        return Advice(
            f"{text} What the function reads must be the same then: no counter, no switch that changes in between."
        )
    statement, call = found
    function = place(call.args[0]) if call.args else None
    changing = _changing(situation, function)
    return Advice(
        f"{text} Line {statement.first} checkpoints {shown(function or 'it')}"
        + (
            f", which depends on {shown(changing[0])}, and that changes (line {changing[1]})."
            if changing is not None
            else ": what it reads besides its arguments must not change before backward has run."
        )
    )


def _changing(situation: Situation, function: str | None) -> tuple[str, int] | None:
    """A name from outside that a function reads and that some line changes, if there is just one."""
    header = next(iter(situation.program.functions_named(function or "?")), None)
    if header is None:
        return None
    block = list(situation.program.block(header))
    own = {name for statement in block for name in writes(statement)} | set(header.parameters)
    named = {name for other in block if other.words[:1] == ("global",) for name in other.words[1:]}
    read = {name for statement in block for name in reads(statement) if name not in own - named}
    changed: dict[str, int] = {}
    for statement in situation.program.statements:
        inside = statement in block
        filled = {name for name, _ in grows(statement)} | _shrinks(statement)
        written = writes(statement) & named if inside else set()
        for name in (filled | written) & read:
            changed.setdefault(name, statement.first)
    return next(iter(changed.items())) if len(changed) == 1 else None


def _shrinks(statement: Statement) -> set[str]:
    """The containers that a statement takes something out of."""
    owners = [call.func for call in statement.calls if isinstance(call.func, ast.Attribute)]
    taken = [place(owner.value) for owner in owners if owner.attr in ("pop", "popleft", "remove", "clear")]
    return {name for name in taken if name is not None}
