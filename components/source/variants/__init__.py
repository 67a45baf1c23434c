"""One program with one thing changed: what the Compare page offers beside the program itself.

A text goes in, texts come out. Nothing runs here and nothing knows torch: each change is found in the syntax tree and
made in the text, so that comments and layout stay as they are. Which names hold tensors is a guess (``name_flow``); a
variant may fail when it runs, which is then what there is to see.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from ..edits import Edit, edited
from ..tree import ProgramTree, read_program
from . import checkpointing, deleting, detaching, grad_mode, in_place, options
from .changes import SWITCHES, ProgramChange, Switch, Variant
from .elsewhere import elsewhere, on_the_gpu
from .name_flow import NameFlow

__all__ = ["MOST", "SWITCHES", "Switch", "Variant", "elsewhere", "on_the_gpu", "variants"]

MOST = 60
_BYTE_ORDER_MARK = "\ufeff"


def variants(source: str) -> tuple[Variant, ...]:
    """Return the program's variants in the order of their switches, then of their lines; no two have the same text.

    At most ``MOST``; where there are more, no switch gives more than another still could, and each gives its first
    ones. Empty for a text that is empty, not Python, or larger than a program may be. Never raises.

    >>> [one.title for one in variants("loss.backward()")]
    ['`retain_graph=True` in line 1', '`create_graph=True` in line 1']
    """
    text = source.removeprefix(_BYTE_ORDER_MARK)
    program = read_program(text)
    if program is None:
        return ()
    flow = NameFlow(program)
    groups = _first_of_each([_distinct(_changes(switch, program, flow)) for switch in SWITCHES])
    made: dict[str, Variant] = {}
    for change in (change for group in groups for change in group):
        changed = edited(text, change.edits)
        if changed != text and changed not in made and program.stays_python(change.edits):
            whole = source[: len(source) - len(text)] + changed
            title = _unlike(change.title, {one.title for one in made.values()})
            made[changed] = Variant(change.switch, change.line, title, change.what, whole)
    return tuple(made.values())


def _unlike(title: str, others: set[str]) -> str:
    """The title, with a number where the line holds several such changes."""
    numbered = (f"{title} ({number})" for number in itertools.count(2))
    return title if title not in others else next(one for one in numbered if one not in others)


def _changes(switch: Switch, program: ProgramTree, flow: NameFlow) -> Iterable[ProgramChange]:
    match switch:
        case "no_grad":
            return grad_mode.changes(program, flow)
        case "retain_graph" | "create_graph":
            return options.engine_options(program, switch)
        case "detach":
            return detaching.changes(program, flow)
        case "del":
            return deleting.changes(program, flow)
        case "set_to_none":
            return options.set_to_none(program)
        case "in_place":
            return in_place.changes(program, flow)
        case "checkpoint":
            return checkpointing.changes(program, flow)


def _distinct(changes: Iterable[ProgramChange]) -> list[ProgramChange]:
    """The changes by their lines; of two that make the same edits, the first."""
    by_edits: dict[tuple[Edit, ...], ProgramChange] = {}
    for change in changes:
        by_edits.setdefault(change.edits, change)
    return sorted(by_edits.values(), key=lambda change: change.line)


def _first_of_each(groups: Sequence[list[ProgramChange]]) -> list[list[ProgramChange]]:
    """The first changes of each group, ``MOST`` in all: each group in turn gives one more, until there are so many."""
    kept = [0] * len(groups)
    for turn in range(MOST):
        for place, group in enumerate(groups):
            if turn < len(group) and sum(kept) < MOST:
                kept[place] += 1
    return [group[:count] for group, count in zip(groups, kept, strict=True)]
