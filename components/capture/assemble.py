"""From drafts to the finished trace: ids in order of birth, lines and modules of nodes, names of leaves.

Everything that is known only at the end is filled in here, once; so is PyTorch's own derivative of every node, from
``derivatives.yaml`` inside the torch wheel. That file lists forward operations; the node's name follows from the
operation's: ``pow.Tensor_Scalar`` is the first ``pow`` in it, so its node is ``PowBackward0`` (the rule of
``torchgen``'s ``create_op_names``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
import yaml
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from ..trace import Cast, Edge, Failure, Node
from .drafts import BackwardDraft, NodeDraft, StepDraft
from .torch_nodes import Marks

_PARAMETER = re.compile(r"(\w+)\s*(?:=[^,]*)?(?:,|$)")


class Ids:
    """The final ids of nodes and engine runs, by the index of their drafts."""

    def __init__(self, nodes: Sequence[NodeDraft], runs: Sequence[BackwardDraft]) -> None:
        births = _births(nodes)
        self.in_order = sorted(nodes, key=lambda draft: (births[draft.index], draft.index))
        self.nodes = {draft.index: f"n{position}" for position, draft in enumerate(self.in_order)}
        self.backwards = {draft.index: f"b{draft.index}" for draft in runs}


def _births(drafts: Sequence[NodeDraft]) -> dict[int, tuple[int, int]]:
    """By draft: PyTorch's number; a leaf's node comes just before the first node that leads to it."""
    births = {draft.index: (draft.number, 1) for draft in drafts}
    for draft in drafts:
        for target in draft.targets or ():
            if target is not None and target[0].leaf is not None:
                births[target[0].index] = min(births[target[0].index], (draft.number, 0))
    return births


@dataclass(frozen=True)
class Makers:
    """Who made the nodes: the line, the module, the ``create_graph`` run of the engine. Of a leaf's node, nobody."""

    lines: Marks[StepDraft | None]
    modules: Marks[str | None]
    runs: Marks[BackwardDraft | None]


def finished_nodes(ids: Ids, makers: Makers, steps: Sequence[StepDraft], first_number: int) -> list[Node]:
    """Return the node records in order of birth; ``first_number`` is that of the program's first node."""
    derivative = formulas()
    first_steps = _first_steps(steps)
    records = []
    for draft in ids.in_order:
        leaf = draft.leaf.identity if draft.leaf is not None else None
        step = makers.lines.owner_of(draft.number) if leaf is None else first_steps.get(leaf.index)
        run = makers.runs.owner_of(draft.number) if leaf is None else None
        records.append(
            Node(
                id=ids.nodes[draft.index],
                name=draft.name,
                line=step.line if step is not None else None,
                step=step.index if step is not None else None,
                module=makers.modules.owner_of(draft.number) if leaf is None else None,
                order=run.order if run is not None else 1,
                leaf=(leaf.shown_name or f"leaf t{leaf.index}") if leaf is not None else None,
                tensor=f"t{leaf.index}" if leaf is not None else None,
                saved=[saved.finish() for saved in draft.saved],
                saved_bytes=draft.saved_bytes,
                formula=derivative.get(draft.name),
                created_by=ids.backwards[run.index] if run is not None else None,
                number=draft.number - first_number if leaf is None and draft.number >= first_number else None,
                cast=_cast(draft, step),
            )
        )
    return records


def _cast(draft: NodeDraft, step: StepDraft | None) -> Cast | UnsetType:
    if draft.cast is None:
        return UNSET
    source, target = draft.cast
    return Cast(source=source, target=target, autocast=step is not None and step.autocast)


def _first_steps(steps: Sequence[StepDraft]) -> dict[int, StepDraft]:
    """By tensor: the step that first bound it to a variable."""
    first: dict[int, StepDraft] = {}
    for step in steps:
        for value in step.variables.values():
            if not isinstance(value, str):
                first.setdefault(value.identity.index, step)
    return first


def finished_edges(ids: Ids) -> list[Edge]:
    """Return the edges, by source in order of birth, then by slot."""
    return [
        Edge(source=ids.nodes[draft.index], target=ids.nodes[target[0].index], input=target[1], slot=slot)
        for draft in ids.in_order
        for slot, target in enumerate(draft.targets or ())
        if target is not None
    ]


def located(failure: Failure, error: BaseException, ids: Ids, runs: Sequence[BackwardDraft]) -> Failure:
    """Add the node and the engine run in which the program's last exception arose."""
    for draft in reversed(runs):
        if draft.error == id(error):
            node = ids.nodes[draft.entered.index] if draft.entered is not None else None
            return replace(failure, node=node, backward=ids.backwards[draft.index], line=failure.line or draft.line)
    return failure


@cache
def formulas() -> dict[str, str]:
    """Return ``{node name: "input: formula; input: formula"}`` for every node that PyTorch generates."""
    path = Path(torch.__file__).parent.parent / "torchgen" / "packaged" / "autograd" / "derivatives.yaml"
    if not path.exists():
        return {}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return _by_node(yaml.load(path.read_text(encoding="utf-8"), Loader=loader))


def _by_node(entries: Iterable[dict[str, Any]]) -> dict[str, str]:
    by_node: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for entry in entries:
        signature, _, parameters = entry["name"].rpartition(" -> ")[0].partition("(")
        inputs = frozenset(_PARAMETER.findall(parameters.rpartition(")")[0]))
        lines = list(_lines(entry.get("dispatch", {}).get("Default", entry), inputs))
        if not lines:
            continue
        operation = signature.partition(".")[0].removesuffix("_forward")
        camel = "".join(part.title() for part in operation.split("_")) + ("_" if operation.endswith("_") else "")
        by_node[f"{camel}Backward{seen[camel]}"] = "; ".join(lines)
        seen[camel] += 1
    return by_node


def _lines(derivatives: dict[str, Any], inputs: frozenset[str]) -> Iterator[str]:
    """Yield the formula of each input; the file's other entries are forward-mode formulas, named after outputs."""
    for names, text in derivatives.items():
        if inputs.issuperset(names.split(", ")) and text != "non_differentiable":
            yield f"{names}: {' '.join(str(text).split())}"
