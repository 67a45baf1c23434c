"""All variants of a program: each switch's changes, made, checked and counted."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from . import backward, checkpointing, deleting, detaching, grad_mode, in_place, zeroing
from .changes import SWITCHES, Change, Edit, Switch, Variant, edited
from .flow import Flow
from .reading import Code, parsed, read
from .surroundings import Surroundings

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
    code = read(text)
    if code is None:
        return ()
    around = Surroundings(code)
    flow = Flow(code, around)
    groups = _shared([_distinct(_changes(switch, code, around, flow)) for switch in SWITCHES])
    made: dict[str, Variant] = {}
    for change in (change for group in groups for change in group):
        changed = edited(text, change.edits)
        if changed != text and changed not in made and _is_python(code, change.edits):
            whole = source[: len(source) - len(text)] + changed
            title = _unlike(change.title, {one.title for one in made.values()})
            made[changed] = Variant(change.switch, change.line, title, change.what, whole)
    return tuple(made.values())


def _is_python(code: Code, edits: Sequence[Edit]) -> bool:
    """Whether the edited text can be parsed: the lines of those statements of the top level that the edits touch."""
    first = code.line_of(min(edit.start for edit in edits))
    last = code.line_of(max(edit.end for edit in edits))
    ends = ((one, one.end_lineno or one.lineno) for one in code.tree.body)
    touched = [(code.first_line(one), end) for one, end in ends if end >= first and code.first_line(one) <= last]
    start = code.starts[min([first, *(line for line, _ in touched)]) - 1]
    end = code.starts[max([last, *(line for _, line in touched)])]
    moved = [Edit(edit.start - start, edit.end - start, edit.text) for edit in edits]
    return parsed(edited(code.source[start:end], moved)) is not None


def _unlike(title: str, others: set[str]) -> str:
    """The title, with a number where the line holds several such changes."""
    numbered = (f"{title} ({number})" for number in itertools.count(2))
    return title if title not in others else next(one for one in numbered if one not in others)


def _changes(switch: Switch, code: Code, around: Surroundings, flow: Flow) -> Iterable[Change]:
    match switch:
        case "no_grad":
            return grad_mode.changes(code, around, flow)
        case "retain_graph" | "create_graph":
            return backward.changes(code, around, switch)
        case "detach":
            return detaching.changes(code, around, flow)
        case "del":
            return deleting.changes(code, around, flow)
        case "set_to_none":
            return zeroing.changes(code)
        case "in_place":
            return in_place.changes(code, around, flow)
        case "checkpoint":
            return checkpointing.changes(code, around, flow)


def _distinct(changes: Iterable[Change]) -> list[Change]:
    """The changes by their lines; of two that make the same edits, the first."""
    by_edits: dict[tuple[Edit, ...], Change] = {}
    for change in changes:
        by_edits.setdefault(change.edits, change)
    return sorted(by_edits.values(), key=lambda change: change.line)


def _shared(groups: Sequence[list[Change]]) -> list[list[Change]]:
    """As many of each group as keep the whole to ``MOST``, taken in turns."""
    kept = [0] * len(groups)
    for turn in range(MOST):
        for place, group in enumerate(groups):
            if turn < len(group) and sum(kept) < MOST:
                kept[place] += 1
    return [group[:count] for group, count in zip(groups, kept, strict=True)]
