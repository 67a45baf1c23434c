"""From drafts to the finished trace: ids in order of birth, lines and modules of nodes, names of leaves.

Everything that is known only at the end is filled in here, once.
"""

from __future__ import annotations

from msgspec.structs import replace

from ..trace import Edge, Failure, Node, SavedTensor
from .engine import EngineObserver
from .formulas import formulas
from .modules import ModuleObserver
from .nodes import NodeDraft, NodeLog, SavedDraft
from .steps import StepDraft, StepObserver


class Ids:
    """The final ids of nodes and engine runs, by the index of their drafts."""

    def __init__(self, nodes: NodeLog, engine: EngineObserver) -> None:
        births = _births(nodes.drafts)
        self.in_order = sorted(nodes.drafts, key=lambda draft: (births[draft.index], draft.index))
        self.nodes = {draft.index: f"n{position}" for position, draft in enumerate(self.in_order)}
        self.backwards = {draft.index: f"b{draft.index}" for draft in engine.drafts}


def _births(drafts: list[NodeDraft]) -> dict[int, tuple[int, int]]:
    """By draft: PyTorch's number; a leaf's node comes just before the first node that leads to it."""
    births = {draft.index: (draft.number, 1) for draft in drafts}
    for draft in drafts:
        for target in draft.targets or ():
            if target is not None and target[0].leaf is not None:
                births[target[0].index] = min(births[target[0].index], (draft.number, 0))
    return births


def finished_nodes(
    ids: Ids, steps: StepObserver, modules: ModuleObserver, engine: EngineObserver, first_number: int
) -> list[Node]:
    """Return the node records in order of birth."""
    derivative = formulas()
    first_steps = _first_steps(steps)
    records = []
    for draft in ids.in_order:
        maker = engine.maker_of(draft)
        leaf = draft.leaf.identity if draft.leaf is not None else None
        step = steps.makers.owner_of(draft.number) if leaf is None else first_steps.get(leaf.index)
        records.append(
            Node(
                id=ids.nodes[draft.index],
                name=draft.name,
                line=step.line if step is not None else None,
                step=step.index if step is not None else None,
                module=modules.marks.owner_of(draft.number) if leaf is None else None,
                order=engine.order_of(draft),
                leaf=(leaf.shown_name or f"leaf t{leaf.index}") if leaf is not None else None,
                tensor=f"t{leaf.index}" if leaf is not None else None,
                saved=[_finished_saved(saved) for saved in draft.saved],
                saved_bytes=draft.saved_bytes,
                formula=derivative.get(draft.name),
                created_by=ids.backwards[maker.index] if maker is not None else None,
                number=draft.number - first_number if leaf is None and draft.number >= first_number else None,
            )
        )
    return records


def _first_steps(steps: StepObserver) -> dict[int, StepDraft]:
    """By tensor: the step that first bound it to a variable."""
    first: dict[int, StepDraft] = {}
    for step in steps.drafts:
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


def located(failure: Failure, error: BaseException, ids: Ids, engine: EngineObserver) -> Failure:
    """Add the node and the engine run in which the program's last exception arose."""
    for draft in reversed(engine.drafts):
        if draft.error == id(error):
            node = ids.nodes[draft.entered.index] if draft.entered is not None else None
            return replace(failure, node=node, backward=ids.backwards[draft.index], line=failure.line or draft.line)
    return failure


def _finished_saved(saved: SavedDraft) -> SavedTensor:
    if saved.tensor is None:
        return saved.record
    return replace(saved.record, tensor=f"t{saved.tensor.index}")
