"""What torchviz draws, when somebody asks for it or the graph is small: the only place that knows torchviz.

``make_dot`` recurses once per operation, names boxes by ``id()`` and reads saved tensors. So it is called under a
raised recursion limit, while everything it names is alive and nothing is released, and its ids are replaced: function
boxes get the trace's node ids, other boxes ``v0``, ``v1``, ... in order of appearance.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

with warnings.catch_warnings():
    # torchviz compares versions with distutils, which Python deprecates, here and in every call.
    warnings.simplefilter("ignore", DeprecationWarning)
    import torchviz

from ..trace import Caps, Draw, Drawing, Program
from .drafts import NodeDraft, Truncations
from .failures import Asides
from .names import Named
from .torch_nodes import GraphNode

_STATEMENT = re.compile(r"^\t(\d+)(?: -> (\d+))?(?= \[|$)", re.MULTILINE)
_PROVISIONAL = re.compile(r"(?<=[\t ])n(\d+)(?= ->| \[|$)", re.MULTILINE)
_FRAMES_PER_NODE = 4
# PyTorch does not show what was saved once it is released or was changed in place.
_REFUSED = re.compile("second time|modified by an inplace operation")


class DrawingLog:
    """Writes down what can be drawn, each output once; draws small graphs at once, or the one that is asked for."""

    def __init__(self, program: Program, caps: Caps, truncations: Truncations, asides: Asides) -> None:
        self._asked = program.question if isinstance(program.question, Draw) else None
        self._left_at_once = caps.drawing_nodes_at_once
        self._asides = asides
        self._caps = caps
        self._allowance = truncations.allowance("torchviz", caps.drawings, "drawings of later outputs")
        self._chars = truncations.allowance("torchviz", caps.drawing_chars, "some drawings, for their size")
        self._drawn: set[tuple[int, ...]] = set()
        self.drawings: list[Drawing] = []

    @property
    def full(self) -> bool:
        """Whether nothing more is drawn."""
        return self._allowance.exhausted

    def draw(
        self,
        outputs: Sequence[torch.Tensor],
        names: Named,
        reached: Sequence[tuple[NodeDraft, GraphNode]],
        step: int | None,
        of: str | None = None,
    ) -> None:
        """Draw ``outputs``, below which ``reached`` is the whole graph; ``names`` is what ``named_tensors`` gave."""
        indices = {id(graph_node): node.index for node, graph_node in reached}
        roots = tuple(indices.get(id(output.grad_fn), -1) for output in outputs)
        if not outputs or roots in self._drawn or not self._allowance.take():
            return
        self._drawn.add(roots)
        if of is None:
            of = ", ".join(names[id(output)][0] if id(output) in names else "output" for output in outputs)
        asked = self._asked if self._asked is not None and self._asked.number == len(self.drawings) else None
        # Reading what the program's own ``saved_tensors_hooks`` packed would run them: leave it.
        packed = asked is not None and any(node.packed for node, _ in reached)
        show_attrs, show_saved = (asked.show_attrs, asked.show_saved) if asked and not packed else (False, False)
        text: str | UnsetType | None = UNSET
        if len(reached) > self._caps.drawing_nodes:
            text = None
        elif asked is not None or (self._asked is None and len(reached) <= self._left_at_once):
            self._left_at_once -= len(reached)
            text = self._text(outputs, names, indices, show_attrs, show_saved)
        self.drawings.append(
            Drawing(of=of, step=step, show_attrs=show_attrs, show_saved=show_saved, nodes=len(reached), dot=text)
        )

    def finished(self, node_ids: Mapping[int, str]) -> list[Drawing]:
        """Return the drawings with the nodes' final ids; until then, function boxes carry the indices of drafts."""
        return [
            replace(each, dot=_PROVISIONAL.sub(lambda match: node_ids[int(match[1])], each.dot))
            if isinstance(each.dot, str)
            else each
            for each in self.drawings
        ]

    def _text(
        self,
        outputs: Sequence[torch.Tensor],
        names: Named,
        indices: Mapping[int, int],
        show_attrs: bool,
        show_saved: bool,
    ) -> str | None:
        drawn = outputs[0] if len(outputs) == 1 else tuple(outputs)
        params = dict(names.values())
        try:
            with _deep_enough(len(indices)), warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                dot = torchviz.make_dot(drawn, params=params, show_attrs=show_attrs, show_saved=show_saved)
        except Exception as error:
            if not _REFUSED.search(str(error)):
                self._asides.failed("torchviz", "torchviz's drawing, which the Lab's view does not need", error)
            return None
        text = _renumber(dot.source, indices)
        return text if self._chars.take(len(text)) else None


def _renumber(dot: str, indices: Mapping[int, int]) -> str:
    others: dict[str, str] = {}

    def new_name(address: str) -> str:
        index = indices.get(int(address))
        return f"n{index}" if index is not None else others.setdefault(address, f"v{len(others)}")

    def renamed(match: re.Match[str]) -> str:
        source = new_name(match[1])
        return f"\t{source} -> {new_name(match[2])}" if match[2] else f"\t{source}"

    return _STATEMENT.sub(renamed, dot)


@contextmanager
def _deep_enough(nodes: int) -> Iterator[None]:
    """Let torchviz recurse through a chain of this many nodes."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _FRAMES_PER_NODE * nodes + 2_000))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
