"""In which dtype each operation of a run computed, and how far rounding alone can move its numbers.

A trace has the dtypes of named and of saved tensors and of copies; that of any other result is what its inputs give.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass

from msgspec import UNSET

from ...trace import Backward, Node
from ..index import TraceIndex

# torch.finfo(dtype).eps
EPS = {
    "float64": 2.0**-52,
    "float32": 2.0**-23,
    "bfloat16": 2.0**-7,
    "float16": 2.0**-10,
    "complex128": 2.0**-52,
    "complex64": 2.0**-23,
    "complex32": 2.0**-10,
}
# On a GPU convolutions of float32 may use TF32 (torch.backends.cudnn.allow_tf32), which has 10 bits of fraction.
_TF32 = 2.0**-10
_CONVOLUTIONS = ("Convolution", "Cudnn")
# In units of eps, what one operation can add: it rounds what it is given and what it gives. Sums in float32 and float64
# are added up in the same dtype, in another order on another machine; those of the short dtypes in a longer one.
_ROUNDINGS, _SUMS = 1, 8
# Operations that may lie behind a number without a graph.
_UNSEEN = 64
# What only moves numbers rounds none.
_EXACT = re.compile(
    r"(AccumulateGrad|(T|View|UnsafeView|Reshape|ReshapeAlias|Permute|Transpose|Expand|Squeeze|Unsqueeze|Select|Slice"
    r"|Split|SplitWithSizes|Unbind|Stack|Cat|Clone|Alias|AsStrided|Index|IndexSelect|Gather|Repeat|Flip|Neg|Relu|Where"
    r"|MaxPool2DWithIndices|Embedding|MaskedFill|Copy|CopySlices)(Backward)?\d*)\Z"
)
# PyTorch counts the kinds of its own operations (AddBackward0); a Function of Python's computes what it likes.
_FUNCTION = re.compile(r"Backward\Z")
# Names that PyTorch gives to what a node saves: of the operation's result, and of what it was given.
_RESULTS = ("result", "output")
_NORMED = ("input",)
_OPERANDS = frozenset({"self", "other", "input", "weight", "mat1", "mat2", "mat", "vec", "batch1", "batch2", "target"})
_NUMBERED = re.compile(r"Backward\d*\Z")


def result_dtypes(index: TraceIndex) -> dict[str, str]:
    """Return the dtype of each node's result, by the node's id, without those of which nothing is known."""
    found: dict[str, str] = {}
    for node in index.trace.nodes:
        dtype = _known(index, node) or _of_inputs(index, node, found)
        if dtype is not None:
            found[node.id] = dtype
    return found


def _known(index: TraceIndex, node: Node) -> str | None:
    if node.cast is not UNSET:
        return node.cast.target
    named = index.produced(node.id) or index.tensors.get(node.tensor or "")
    if named is not None:
        return named.dtype
    return next((saved.dtype for saved in node.saved if saved.name in _RESULTS and saved.dtype in EPS), None)


def _of_inputs(index: TraceIndex, node: Node, found: dict[str, str]) -> str | None:
    """The longest dtype of what the operation was given: PyTorch promotes to that; a norm's weight may be longer."""
    norm = "Norm" in node.name
    given = [found.get(edge.target) for edge in index.edges_from.get(node.id, ()) if not norm or edge.slot == 0]
    operands = _NORMED if norm else _OPERANDS
    given += [saved.dtype for saved in node.saved if saved.name in operands and saved.shape]  # no number promotes
    return min((dtype for dtype in given if dtype in EPS), key=lambda dtype: EPS[dtype or ""], default=None)


def operations_by_dtype(index: TraceIndex) -> dict[str, Counter[str]]:
    """Return how often each operation of the forward ran, by the dtype that it gave; copies into another are none."""
    found: dict[str, Counter[str]] = {}
    dtypes = result_dtypes(index)
    for node in index.trace.nodes:
        if node.order == 1 and node.leaf is None and node.cast is UNSET and node.id in dtypes:
            found.setdefault(dtypes[node.id], Counter())[_NUMBERED.sub("", node.name)] += 1
    return found


# --- what rounding explains


@dataclass(frozen=True)
class Rounding:
    """What rounding has done to a number by now: ``eps`` of the shortest dtype on its way, and all steps together.

    ``apart`` is relative to the largest number of a tensor.
    """

    eps: float = 0.0
    apart: float = 0.0

    def __or__(self, other: Rounding) -> Rounding:
        """Either way has led here."""
        return Rounding(max(self.eps, other.eps), max(self.apart, other.apart))

    def then(self, eps: float, times: float) -> Rounding:
        """One operation more."""
        return Rounding(max(self.eps, eps), self.apart + times * eps)


class Roundings:
    """How far rounding alone can have moved each number of a run.

    An operation adds to the most that any of its inputs brings; a backward goes the way once more; a weight that an
    optimizer has changed brings along what its gradient had.

    Known limitations: of what is computed without a graph nobody knows from what; it may have as much as anything
    before it, and some. That an operation makes a small error large (a difference of nearly equal numbers) is nothing
    that rounding alone explains.
    """

    def __init__(self, index: TraceIndex) -> None:
        self._index = index
        self.dtypes = result_dtypes(index)
        self.nodes: dict[str, Rounding] = {}
        self.runs: dict[str, Rounding] = {}
        """What the gradients of each engine run have, by its id."""
        self._leaves: dict[str, Rounding] = {}
        self._after: list[tuple[int, Rounding]] = []  # the worst by then, by step
        self._worst = Rounding()
        updated = {tensor.origin for tensor in index.trace.tensors if tensor.id != tensor.origin}
        seen = {*self.dtypes.values(), *(tensor.dtype for tensor in index.trace.tensors)}
        self._shortest = max((EPS.get(dtype, 0.0) for dtype in seen), default=EPS["float32"])
        runs = sorted(index.trace.backwards, key=begun_in, reverse=True)
        for node in index.trace.nodes:
            # The step of an AccumulateGrad is the one that bound its leaf, which may come later.
            while runs and node.leaf is None and node.step is not None and begun_in(runs[-1]) < node.step:
                self._run(runs.pop(), updated)
            self._node(node)
        while runs:
            self._run(runs.pop(), updated)

    def _node(self, node: Node) -> None:
        now = Rounding()
        for edge in self._index.edges_from.get(node.id, ()):
            target = self._index.nodes[edge.target]
            leaf = self._leaves.get(self._index.origin_of(target.tensor)) if target.leaf is not None else None
            now |= leaf or self.nodes.get(edge.target, Rounding())
        if _FUNCTION.search(node.name):
            now = self._unseen(now)
        elif not _EXACT.match(node.name):
            eps = EPS.get(self.dtypes.get(node.id, ""), 0.0)
            if self._index.trace.program.device == "cuda" and node.name.startswith(_CONVOLUTIONS):
                eps = max(eps, _TF32)
            now = now.then(eps, _times(eps))
        self.nodes[node.id] = now
        self._note(node.step, now)

    def _run(self, run: Backward, updated: set[str]) -> None:
        there = Rounding()
        for output in run.outputs:
            there |= self.nodes.get(output, Rounding())
        back = Rounding(there.eps, 2 * there.apart).then(there.eps, _times(there.eps))
        self.runs[run.id] = back
        self._note(begun_in(run), back)
        for step in run.steps:
            node = self._index.nodes.get(step.node)
            origin = self._index.origin_of(node.tensor) if node is not None and node.leaf is not None else ""
            if origin in updated:
                self._leaves[origin] = self._leaves.get(origin, Rounding()) | back.then(there.eps, _ROUNDINGS)

    def _note(self, step: int | None, now: Rounding) -> None:
        self._worst |= now
        if step is not None and (not self._after or self._after[-1][0] <= step):
            self._after.append((step, self._worst))

    def without_graph(self, step: int) -> Rounding:
        """Return what a number can have that was computed in this step without a graph, nobody knows from what."""
        place = bisect_right(self._after, step, key=lambda one: one[0])
        before = self._after[place - 1][1] if place else Rounding()
        return self._unseen(before)

    def _unseen(self, now: Rounding) -> Rounding:
        return now.then(self._shortest, _UNSEEN * _times(self._shortest))


def begun_in(run: Backward) -> int:
    """Return the last step that had begun before a run of the engine: its line may have called functions first."""
    return next((step for step in (run.after, run.step) if step is not None), 0)


def _times(eps: float) -> int:
    return _ROUNDINGS if eps > EPS["float32"] else _SUMS
