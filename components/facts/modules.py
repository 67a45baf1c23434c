"""The table of modules: what each nn.Module of a program, with all inside of it, has, keeps, gets and takes.

Two sources stand side by side. The observed run knows the graph: what its nodes save, and gradients. A run of its own,
without observers, knows the modules: their parameters and activations, updates and times (``ModuleCosts``). A trace
from elsewhere has the first only, and the columns of the second are empty.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Literal, get_args

from msgspec import Struct

from ..trace import ModuleCost, ModuleCosts, ModuleParameter, Node
from .casts import WeightCopy, weight_copies
from .gradients.amounts import amount_in
from .index import TraceIndex
from .numbers import finite
from .saved_bytes import stored_bytes

Column = Literal["parameters", "activations", "saved", "gradient norm", "update / weight", "forward", "backward"]
COLUMNS: tuple[Column, ...] = get_args(Column)
BYTES: frozenset[Column] = frozenset({"activations", "saved"})
TIMES: frozenset[Column] = frozenset({"forward", "backward"})


class ModuleRow(Struct, frozen=True, kw_only=True):
    """One module with all that is inside of it; ``None`` is what is not known.

    ``kind`` is its class, ``depth`` how many modules are around it. ``parameters`` counts numbers, of which ``frozen``
    require no gradient, in ``parameter_bytes``. ``activations`` and ``saved`` are bytes, ``forward`` and ``backward``
    nanoseconds over all ``calls``. ``line`` is the first that made one of its nodes.
    """

    path: str
    kind: str = ""
    depth: int = 0
    calls: int | None = None
    parameters: int | None = None
    frozen: int = 0
    parameter_bytes: int | None = None
    activations: int | None = None
    saved: int | None = None
    gradient_norm: float | None = None
    update_ratio: float | None = None
    forward: int | None = None
    backward: int | None = None
    line: int | None = None

    def value(self, column: Column) -> float | None:
        """Return the number in a column."""
        values: dict[Column, float | None] = {
            "parameters": self.parameters,
            "activations": self.activations,
            "saved": self.saved,
            "gradient norm": self.gradient_norm,
            "update / weight": self.update_ratio,
            "forward": self.forward,
            "backward": self.backward,
        }
        return values[column]


class ModuleTable(Struct, frozen=True, kw_only=True):
    """The rows, modules around others first; ``sources`` say of each column where its numbers were measured.

    ``total`` is what the modules that are in no other come to, each parameter once. ``copies`` are weights that are
    there in two dtypes. ``notes`` say what is missing.
    """

    rows: list[ModuleRow]
    total: ModuleRow
    sources: dict[Column, str]
    copies: tuple[WeightCopy, ...] = ()
    notes: tuple[str, ...] = ()


def module_paths(index: TraceIndex) -> frozenset[str]:
    """Return the paths of the modules that made nodes of the graph, and of those around them."""
    return frozenset(index.once(_nodes_by_path))


def module_table(index: TraceIndex, costs: ModuleCosts | None = None) -> ModuleTable:
    """Return the table of a trace, with what another run of its program has measured, if one has."""
    return Modules(index, costs).table


class Modules:
    """The modules of a trace by their paths, with what another run of its program has measured, if one has."""

    def __init__(self, index: TraceIndex, costs: ModuleCosts | None) -> None:
        self._index, self._costs = index, costs
        self._measured = {one.path: one for one in costs.modules} if costs is not None else {}
        self._nodes = index.once(_nodes_by_path)
        self._norms = _Norms(index, costs)
        self.paths = [*self._measured, *sorted(path for path in self._nodes if path not in self._measured)]
        self._rows: dict[str, ModuleRow] = {}
        # Of what autograd recorded nothing of.
        self._called_on = {call.path: call.line for call in index.trace.calls or []}

    @cached_property
    def table(self) -> ModuleTable:
        """The rows, and what they come to."""
        rows = [self.row(path) for path in self.paths]
        return ModuleTable(
            rows=rows,
            total=self.together([row.path for row in rows if not row.depth], "all modules"),
            sources=_sources(self._costs, self._norms),
            copies=self._index.once(weight_copies),
            notes=tuple(_notes(self._costs)),
        )

    def row(self, path: str) -> ModuleRow:
        """Return what is known of a module with all that is inside of it."""
        if path not in self._rows:
            self._rows[path] = self._made(path)
        return self._rows[path]

    def together(self, paths: Sequence[str], name: str = "") -> ModuleRow:
        """Return what several modules, none of them inside another, come to: each parameter and storage once."""
        if len(paths) == 1 and not name:
            return self.row(paths[0])
        row = ModuleRow(
            path=name, saved=_kept_at_once(self._index, [node for path in paths for node in self._nodes.get(path, ())])
        )
        costs = self._costs
        if costs is None:
            return _with(row, **_of_leaves(self._index, tuple(f"{path}." for path in paths), self._norms))
        measured = [self._measured[path] for path in paths if path in self._measured]
        if not measured:
            return row
        inside = dict.fromkeys(number for one in measured for number in one.parameters)
        return _with(
            row,
            calls=sum(one.calls for one in measured),
            **self._of_calls(measured),
            **_of_parameters([costs.parameters[number] for number in inside], self._norms),
        )

    def _of_calls(self, costs: Sequence[ModuleCost]) -> dict[str, object]:
        """What the forwards of some modules, none of them inside another, come to."""
        called = [one for cost in costs for one in ([cost] if cost.calls else self._called_in(cost.path))]
        forward = [one.forward_ns for one in called if one.forward_ns is not None]
        backward = [one.backward_ns for one in called if one.backward_ns is not None]
        return {
            "activations": sum(one.activation_bytes for one in called) if called else None,
            "forward": sum(forward) if forward else None,
            "backward": sum(backward) if backward else None,
        }

    def _called_in(self, path: str) -> list[ModuleCost]:
        """The outermost modules that were called inside of one that was not, as a list of modules is not."""
        found: list[ModuleCost] = []
        for one in self._measured.values():  # those around others come first
            if one.calls and one.path.startswith(f"{path}.") and not any(_is_inside(one, other) for other in found):
                found.append(one)
        return found

    def _made(self, path: str) -> ModuleRow:
        nodes, cost = self._nodes.get(path, []), self._measured.get(path)
        row = ModuleRow(
            path=path,
            depth=path.count("."),
            saved=_kept_at_once(self._index, nodes),
            line=next((node.line for node in nodes if node.line is not None), self._called_on.get(path)),
        )
        if self._costs is None:
            return _with(row, **_of_leaves(self._index, f"{path}.", self._norms))
        if cost is None:
            return row
        return _with(
            row,
            kind=cost.kind,
            calls=cost.calls,
            **self._of_calls([cost]),
            **_of_parameters([self._costs.parameters[number] for number in cost.parameters], self._norms),
        )


def _nodes_by_path(index: TraceIndex) -> dict[str, list[Node]]:
    """By the path of each module: the nodes that it, or one inside of it, has made."""
    found: defaultdict[str, list[Node]] = defaultdict(list)
    around: dict[str, tuple[str, ...]] = {}
    for node in index.trace.nodes:
        if node.module:
            if node.module not in around:
                around[node.module] = _with_those_around(node.module)
            for path in around[node.module]:
                found[path].append(node)
    return dict(found)


def _with_those_around(path: str) -> tuple[str, ...]:
    parts = path.split(".")
    return tuple(".".join(parts[:count]) for count in range(1, len(parts) + 1))


def _is_inside(one: ModuleCost, other: ModuleCost) -> bool:
    return one.path.startswith(f"{other.path}.")


def _of_parameters(held: list[ModuleParameter], norms: _Norms) -> dict[str, object]:
    return {
        "parameters": sum(one.count for one in held),
        "frozen": sum(one.count for one in held if not one.requires_grad),
        "parameter_bytes": sum(one.nbytes for one in held),
        "gradient_norm": norms.together(one.name for one in held),
        "update_ratio": _ratio(held),
    }


def _of_leaves(index: TraceIndex, begin: str | tuple[str, ...], norms: _Norms) -> dict[str, object]:
    """What the observed run alone knows: of the leaves that the graph leads to, by their names."""
    leaves = [node for node in index.accumulates.values() if node.leaf is not None and node.leaf.startswith(begin)]
    tensors = [index.tensors[node.tensor] for node in leaves if node.tensor in index.tensors]
    return {
        "parameters": sum(math.prod(tensor.shape) for tensor in tensors),
        "parameter_bytes": sum(tensor.nbytes for tensor in tensors),
        "gradient_norm": norms.together(node.leaf for node in leaves if node.leaf is not None),
    }


def _with(row: ModuleRow, **values: object) -> ModuleRow:
    known = {name: getattr(row, name) for name in row.__struct_fields__}
    return ModuleRow(**{**known, **values})


def _kept_at_once(index: TraceIndex, nodes: Iterable[Node]) -> int:
    """Return the bytes of the storages that nodes kept until the same backward, or to the end: the most of them."""
    together: defaultdict[str, list[Node]] = defaultdict(list)
    for node in nodes:
        if node.saved:
            freed = index.freed_by.get(node.id)
            together[freed.id if freed is not None else ""].append(node)
    return max(map(stored_bytes, together.values()), default=0)


def _ratio(held: Iterable[ModuleParameter]) -> float | None:
    """Return the norm of what a step added to some parameters, beside their norm."""
    stepped = [(finite(one.update_norm), finite(one.weight_norm)) for one in held if one.update_norm is not None]
    if not stepped or any(update is None or weight is None for update, weight in stepped):
        return None
    weights = math.hypot(*(weight or 0.0 for _, weight in stepped))
    return finite(math.hypot(*(update or 0.0 for update, _ in stepped)) / weights) if weights else None


class _Norms:
    """The norm of each parameter's gradient: as a backward last left it in the observed run, where that knows them.

    A parameter that was observed under another name is one of which the run of its own has to tell.
    """

    def __init__(self, index: TraceIndex, costs: ModuleCosts | None) -> None:
        observed = index.once(_observed_norms)
        told = [one for one in costs.parameters if one.gradient_norm is not None] if costs is not None else []
        self.observed = all(one.name in observed for one in told)
        measured = {one.name: finite(one.gradient_norm) for one in told}
        self.by_name: Mapping[str, float | None] = observed if self.observed else measured

    def together(self, names: Iterable[str]) -> float | None:
        """Return the norm of several gradients in one; ``None`` where there are none, or one is not finite."""
        norms = [self.by_name[name] for name in names if name in self.by_name]
        if not norms or any(one is None for one in norms):
            return None
        return finite(math.hypot(*(one or 0.0 for one in norms)))


def _observed_norms(index: TraceIndex) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for change in index.trace.gradients:
        if change.cause == "backward":
            amount = amount_in(index, change.total)
            bad = amount is None or amount.nan or amount.inf
            found[change.variable] = None if amount is None or bad else amount.norm
    return found


_OBSERVED = "the observed run"


def _sources(costs: ModuleCosts | None, norms: _Norms) -> dict[Column, str]:
    graph = f"{_OBSERVED}: storages that nodes kept until one backward(), each once; the most"
    gradient = f"{_OBSERVED}: .grad as the last backward() left it"
    if costs is None:
        leaves = f"{_OBSERVED}: the leaves that the graph leads to"
        return {"parameters": leaves, "saved": graph, "gradient norm": gradient}
    own = _OBSERVED if costs.observed else f"a run of its own, without observers, on {costs.device}"
    step = f"{own}, at the last of {costs.steps:,} calls of optimizer.step()"
    return {
        "parameters": own,
        "activations": f"{own}: storages that its forward gave back first, each once, in the call with the most",
        "saved": graph,
        "gradient norm": gradient if norms.observed else step,
        "update / weight": step,
        "forward": f"{own}: clock time over all calls",
        "backward": f"{own}: clock time of its nodes over all calls of backward()",
    }


def _notes(costs: ModuleCosts | None) -> Iterable[str]:
    if costs is None:
        return
    if not costs.steps:
        yield "No optimizer took a step, so there is no update to compare with the weights."
    if costs.cut:
        yield "There are more modules or parameters than are listed here."
