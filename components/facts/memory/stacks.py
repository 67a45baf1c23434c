"""Which Python calls allocated what is alive at a moment: the calls as a tree, the bytes under each added up.

PyTorch's own calls that only pass on what they are given are left out of the tree: between two layers of a model there
are two of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import UNSET

from ...trace import CallFrame
from . import MemoryIndex

MOST_PARTS = 400
MOST_LEVELS = 30
_MOST_IN_TEXT = 12
PROGRAM = "<program>"
_PASSING_ON = frozenset(
    {
        ("torch/nn/modules/module.py", "_wrapped_call_impl"),
        ("torch/nn/modules/module.py", "_call_impl"),
        ("torch/utils/_contextlib.py", "decorate_context"),
        ("torch/optim/optimizer.py", "wrapper"),
        ("torch/optim/optimizer.py", "_use_grad"),
        ("torch/optim/optimizer.py", "maybe_fallback"),
        ("torch/autograd/graph.py", "_engine_run_backward"),
    }
)


@dataclass(frozen=True)
class StackPart:
    """A call, or the blocks of one name and ``category`` that a call allocated; ``outer`` is its place in the tree.

    ``bytes`` and ``blocks`` are all that was alive of it and of what is inside. ``code`` is the program's line.
    """

    outer: int | None
    name: str
    file: str
    line: int | None
    code: str
    category: str
    bytes: int
    blocks: int


@dataclass(frozen=True)
class Stacks:
    """The tree, outer calls before inner ones and large ones before small ones, of at most ``MOST_PARTS`` parts.

    ``bytes`` are those of all blocks whose calls are known, ``unknown`` those of the others; ``left_out`` counts the
    parts that were too many, or too deep.
    """

    parts: tuple[StackPart, ...]
    bytes: int
    unknown: int
    left_out: int


def stack_text(memory: MemoryIndex, block: int) -> str:
    """Return the calls that allocated a block, the outermost first, of many the inner ones; empty if not known."""
    frames, innermost = memory.record.frames or [], memory.blocks[block].frame
    if innermost is UNSET:
        return ""
    path = _path(frames, innermost, _MOST_IN_TEXT + 1)
    calls = (frames[index] for index in path[-_MOST_IN_TEXT:])
    told = (f"{c.function} ({c.file}{'' if c.line is None else f':{c.line}'})" for c in calls)
    return ("… > " if len(path) > _MOST_IN_TEXT else "") + " > ".join(told)


@dataclass(eq=False)
class _Branch:
    frame: CallFrame | None = None
    name: str = ""
    category: str = ""
    bytes: int = 0
    blocks: int = 0
    inside: dict[object, _Branch] = field(default_factory=dict)


def stacks_info(memory: MemoryIndex, event: int) -> Stacks:
    """Return the calls that allocated what was alive after an event; without a record of calls nothing is known."""
    frames = memory.record.frames or []
    root, unknown = _Branch(), 0
    for place in memory.alive(event):
        block = memory.blocks[place]
        if block.frame is UNSET:
            unknown += block.bytes
            continue
        branch = root
        for index in _path(frames, block.frame):
            _add(branch, block.bytes)
            frame = frames[index]
            key = frame.file, frame.line, frame.function
            branch = branch.inside.setdefault(key, _Branch(frame))
        _add(branch, block.bytes)
        category = memory.category(place, event)
        name = block.name or (block.operation or "not named").rpartition("::")[2]
        _add(branch.inside.setdefault((name, category), _Branch(None, name, category)), block.bytes)
    parts, left_out = _flat(memory, root)
    return Stacks(parts, root.bytes, unknown, left_out)


def _path(frames: list[CallFrame], innermost: int, most: int | None = None) -> list[int]:
    """The calls around a block that are shown, the outermost first; of more than ``most`` the inner ones."""
    path: list[int] = []
    index: int | None = innermost
    while index is not None and len(path) != most:
        if (frames[index].file, frames[index].function) not in _PASSING_ON:
            path.append(index)
        index = frames[index].outer
    return path[::-1]


def _add(branch: _Branch, size: int) -> None:
    branch.bytes += size
    branch.blocks += 1


def _flat(memory: MemoryIndex, root: _Branch) -> tuple[tuple[StackPart, ...], int]:
    """The largest parts of the tree: an outer one is never smaller than what is inside of it."""
    levels: list[list[tuple[int | None, _Branch]]] = [[(None, branch) for branch in root.inside.values()]]
    found: list[tuple[int, int | None, _Branch]] = []  # level, number of the outer one, itself
    while levels[-1]:
        below: list[tuple[int | None, _Branch]] = []
        for outer, branch in levels[-1]:
            below += [(len(found), inside) for inside in branch.inside.values()]
            found.append((len(levels), outer, branch))
        levels.append(below)
    order = sorted(range(len(found)), key=lambda number: (-found[number][2].bytes, number))
    shown = [number for number in order if found[number][0] <= MOST_LEVELS][:MOST_PARTS]
    places = {number: place for place, number in enumerate(shown)}
    parts = []
    for number in shown:
        _, outer, branch = found[number]
        parts.append(_part(memory, branch, None if outer is None else places[outer]))
    return tuple(parts), len(found) - len(parts)


def _part(memory: MemoryIndex, branch: _Branch, outer: int | None) -> StackPart:
    frame = branch.frame
    line = frame.line if frame is not None else None
    file = frame.file if frame is not None else ""
    name = branch.name if frame is None else "the program" if frame.function == "<module>" else frame.function
    code = memory.index.code(line) if file == PROGRAM else ""
    return StackPart(outer, name, file, line, code, branch.category, branch.bytes, branch.blocks)
