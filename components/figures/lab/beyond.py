"""What autograd has no node of: the calls of modules that it did not record, and the operation that shapes ended.

Both are drawn as not tracked, so that nobody takes them for nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from ...facts.calls import Forward, shapes_text
from ...facts.failing import FAILED, FailedOperation
from ...facts.text import plural, shape_text
from ...trace import Tensor
from .records import Box, LabGraph, Link

_MOST_CODE = 48


def as_calls(graph: LabGraph, forward: Forward) -> LabGraph:
    """Return the picture of a graph of calls: their shapes in the boxes, and lines that nothing flows along."""

    def told(box: Box) -> Box:
        call, group = forward.calls.get(box.id), graph.groups.get(box.id)
        stopped = tuple(kind for kind in box.kinds if kind == "stopped")
        if call is not None:
            where = " · ".join(filter(None, (call.path, f"line {call.line}" if call.line is not None else "")))
            failed = ("stopped",) if call.failed else stopped
            return replace(box, kinds=("untracked", *failed), value=shapes_text(call), detail=where)
        if group is None:
            return box
        times = f"×{group.times:,}  " if group.times > 1 else ""
        calls = f" · {plural(group.piece.size, 'call')}" if group.piece.size > 1 else ""
        return replace(box, kinds=("folded", *stopped), value=f"{times}{forward.shapes_of(group)}{calls}", detail="")

    return replace(
        graph,
        boxes=tuple(told(box) for box in graph.boxes),
        links=tuple(replace(link, kinds=("output",), label="", carries=None) for link in graph.links),
    )


def with_failed(graph: LabGraph, failed: FailedOperation, end_of: Callable[[Tensor], str | None]) -> LabGraph:
    """Return the picture with a box for the operation that shapes ended, and lines to what it was given.

    ``end_of`` returns the box that stands for a tensor. Where none of them is in the picture, the line leads to what
    was made last.
    """
    drawn = {box.id for box in graph.boxes}
    ends = [end for end in map(end_of, failed.operands) if end in drawn]
    last = next((box.id for box in graph.boxes if box.kinds[0] in ("function", "folded")), None)
    call = failed.call
    title = call.path if call is not None else failed.code[:_MOST_CODE]
    value = f"{call.kind} of {_shapes(call.inputs)}" if call is not None and call.inputs else ""
    given = ", ".join(f"{tensor.name} {shape_text(tensor.shape)}" for tensor in failed.operands)
    lines = [f"stopped here: line {failed.line}", failed.code[:_MOST_CODE] if call is not None else "", given]
    box = Box(FAILED, ("function", "stopped"), title, value, "\n".join(filter(None, lines)))
    links = [Link(FAILED, end, ("cut",)) for end in dict.fromkeys(ends or filter(None, [last]))]
    return replace(graph, boxes=(box, *graph.boxes), links=(*graph.links, *links))


def _shapes(shapes: Iterable[list[int]]) -> str:
    return ", ".join(map(shape_text, shapes))
