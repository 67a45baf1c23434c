"""What is told about the one thing selected: a node, a fold of nodes, a leaf or another tensor.

A card is told over the story: what the engine did at a node is a list of visits, each with its moment, and of a tensor
the changes of its ``.grad``. The browser shows those that have come by the moment one looks at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..trace import Backward, BackwardStep, Gradient, GradientChange, Node, SavedTensor, Tensor
from .calls import forward_call, shapes_text
from .casts import cast_text
from .failing import FAILED, FailedOperation, failed_operation
from .formulas import node_formulas
from .groups import Group, group_facts
from .index import TraceIndex, saved_tensors
from .saved_words import saved_word
from .sharing import Sharing
from .story import Story
from .text import bytes_text, gradient_text, number_text, order_text, plural, shape_text, tensor_text, values_text

Rows = tuple[tuple[str, str], ...]
_LONGEST = 60
_MOST_ROWS = 8
_MOST_VISITS = 40
_MOST_CHANGES = 200
_TOGETHER = "What is changed in place here changes in all that share the memory."


@dataclass(frozen=True)
class CardFormula:
    """A gradient that leaves a node for ``to``: in symbols, and with the numbers of one visit put in."""

    to: str
    symbols: str
    numbers: str | None


@dataclass(frozen=True)
class CardGrid:
    """A large gradient as a picture: the means of blocks of it, in thousandths of the largest, ``None`` for NaN."""

    title: str
    largest: float
    cells: list[list[int | None]]


@dataclass(frozen=True)
class Visit:
    """One visit of the engine, at a moment of the story.

    ``where`` says in which run it was and where in it; ``note`` what becomes of what the node has saved.
    """

    moment: int
    where: str
    rows: Rows
    formulas: tuple[CardFormula, ...] = ()
    grids: tuple[CardGrid, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Card:
    """``rows`` are pairs of a name and a text in monospace; ``note`` is a sentence about what follows from them.

    ``kind`` is a word for the style sheet: ``function``, ``leaf``, ``output``, ``untracked`` or ``folded``. ``visits``
    and ``changes`` (a moment, a name and a text each) come in the order of the story. What is in ``saved`` is freed at
    the moment ``freed``, as ``freed_by`` says.
    """

    title: str
    subtitle: str
    formula: str | None
    rows: Rows
    note: str | None
    kind: str = "function"
    saved: Rows = ()
    freed: int | None = None
    freed_by: str = ""
    formulas: tuple[CardFormula, ...] = ()
    visits: tuple[Visit, ...] = ()
    changes: tuple[tuple[int, str, str], ...] = ()


def box_card(index: TraceIndex, story: Story, groups: Mapping[str, Group], box: str) -> Card | None:
    """Return the card of a box: a fold, a tensor, a node, a leaf by its node's id and ``~leaf``."""
    if box in groups:
        return _fold_card(index, groups[box])
    failed = failed_operation(index) if box == FAILED else None
    if failed is not None:
        return _failed_card(failed)
    if box in index.tensors:
        return _tensor_card(index, story, index.tensors[box])
    node = index.nodes.get(box.partition("~")[0])
    if node is None:
        return None
    tensor = index.value_now(node.tensor) if node.tensor is not None and "~" in box else None
    return _node_card(index, story, node) if tensor is None else _tensor_card(index, story, tensor)


# --- a node


def _node_card(index: TraceIndex, story: Story, node: Node) -> Card:
    visits = tuple(_visit(index, node, *visit) for visit in _ends(story.visits(node.id)))
    return replace(index.once(_still_card, node.id), freed=story.freed.get(node.id), visits=visits)


def _still_card(index: TraceIndex, node_id: str) -> Card:
    """What does not change over the story."""
    node = index.nodes[node_id]
    where = [f"line {node.line}" if node.line is not None else "line not recorded"]
    if node.leaf is not None:
        where = [f"adds to {node.leaf}.grad"]
    if node.module is not None:
        where.append(node.module)
    if node.order > 1:
        where.append(f"{order_text(node.order)}, built by create_graph")
    produced = index.produced(node.id)
    cast = cast_text(node)
    rows: list[tuple[str, str]] = [("cast", cast.removeprefix("cast "))] if cast else []
    call = forward_call(index, node_id)
    if call is not None:
        rows.append(("given → returned", shapes_text(call)))
    if produced is not None:
        rows.append((f"result {produced.name}", tensor_text(produced, _LONGEST)))
        rows += index.once(Sharing).rows(produced)
    rows += [(saved.name, saved.value or "") for saved in node.saved if saved.shape is None]
    freed_by = index.freed_by.get(node.id)
    return Card(
        title=node.name,
        subtitle=" · ".join(where),
        formula=_derivative(index, node),
        rows=tuple(rows),
        note=_note(index, node),
        saved=_saved_rows(index, node),
        freed_by=f"freed by {_call_text(freed_by)}" if freed_by is not None else "",
        formulas=_formulas(index, node, None),
    )


def _ends(visits: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """The first and the last visits, where they are many: a loop is unfolded at its ends."""
    half = _MOST_VISITS // 2
    return visits if len(visits) <= _MOST_VISITS else visits[:half] + visits[-half:]


def _call_text(run: Backward) -> str:
    """``backward() on line 9``."""
    return f"{run.call}() on line {run.line}" if run.line is not None else f"{run.call}()"


def _visit(index: TraceIndex, node: Node, moment: int, number: int, place: int) -> Visit:
    return replace(index.once(_still_visit, node.id, number, place), moment=moment)


def _still_visit(index: TraceIndex, node_id: str, number: int, place: int) -> Visit:
    node, run = index.nodes[node_id], index.trace.backwards[number]
    step = run.steps[place]
    gradients = _gradients(index, node, step)
    grids = [(name, gradient.grid) for name, gradient in gradients if gradient is not None]
    return Visit(
        moment=0,
        where=f"step {place + 1:,} of {len(run.steps):,} of {_call_text(run)}",
        rows=tuple((name, _gradient_words(gradient)) for name, gradient in gradients),
        formulas=_formulas(index, node, step),
        grids=tuple(CardGrid(name, grid.largest, grid.cells) for name, grid in grids if grid is not None),
        note=_next(run, node),
    )


def _formulas(index: TraceIndex, node: Node, step: BackwardStep | None) -> tuple[CardFormula, ...]:
    """Return one formula for each gradient that goes on; the same for several of them is said once."""
    targets, found = index.targets(node.id), dict[tuple[str, str | None], list[str]]()
    for formula in node_formulas(index, node, step):
        if step is not None and formula.slot < len(step.grad_inputs) and step.grad_inputs[formula.slot] is None:
            continue  # not asked for in this run
        found.setdefault((formula.symbols, formula.numbers), []).append(targets.get(formula.slot, ""))
    return tuple(CardFormula(", ".join(dict.fromkeys(to)), *texts) for texts, to in found.items())


def _next(run: Backward, node: Node) -> str:
    if not saved_tensors(node):
        return ""
    if node.id in run.freed:
        return "This call has no retain_graph: when it is done, what this node has saved is freed."
    return "retain_graph=True: what this node has saved stays." if run.retain_graph else ""


def _gradients(index: TraceIndex, node: Node, step: BackwardStep) -> list[tuple[str, Gradient | None]]:
    targets = index.targets(node.id)
    ways_out = [(f"gradient out to {targets[i]}", g) for i, g in enumerate(step.grad_inputs) if i in targets]
    return [*(("gradient in", gradient) for gradient in step.grad_outputs), *ways_out]


def _gradient_words(gradient: Gradient | None) -> str:
    """A gradient's numbers with its shape if it has one; else its shape and summary."""
    if gradient is None:
        return "none"
    text = values_text(gradient.values, _LONGEST)
    if text is None and gradient.summary is not None:
        s = gradient.summary
        bad = "".join(f", {count:,} {word}" for word, count in (("nan", s.nan), ("inf", s.inf)) if count)
        return f"{shape_text(gradient.shape)} from {_number(s.min)} to {_number(s.max)}, mean {_number(s.mean)}{bad}"
    return text or shape_text(gradient.shape)


def _number(value: object) -> str:
    return "-" if value is None else number_text(value)


def _saved_rows(index: TraceIndex, node: Node) -> Rows:
    return tuple((saved_word(index, node, saved), _saved_text(index, saved)) for saved in saved_tensors(node))


def _derivative(index: TraceIndex, node: Node) -> str | None:
    """PyTorch's own derivative, and what its names are here."""
    told = ((saved.name, saved_word(index, node, saved)) for saved in saved_tensors(node))
    here = ", ".join(f"{name} = {words}" for name, words in told if name != words)
    return f"{node.formula}; here {here}" if node.formula and here else node.formula


def _saved_text(index: TraceIndex, saved: SavedTensor) -> str:
    shown = values_text(index.saved_values(saved), _LONGEST)
    size = f"{shape_text(saved.shape or [])} {saved.dtype}, {bytes_text(saved.nbytes)}"
    text = f"{shown}  {size}" if shown is not None else size
    tensor = index.value_now(saved.tensor or "")
    before = index.tensors.get(saved.tensor or "")
    if tensor is None or before is None or (tensor.version or 0) <= (before.version or 0):
        return text
    return f"{text}; since changed in place, now {tensor_text(tensor, _LONGEST)}"


def _note(index: TraceIndex, node: Node) -> str | None:
    freed_by = index.freed_by.get(node.id)
    if node.id in index.stopped:
        stop = index.stop_at(node.id)
        if stop.cause in ("freed", "changed"):
            how = "freed by" if stop.cause == "freed" else "changed in place by"
            return f"Backward stopped here: what this node had saved was {how} {stop.where}."
        return "Backward stopped here: it gave NaN." if stop.cause == "nan" else "Backward stopped here."
    if not saved_tensors(node):
        return None
    if freed_by is not None:
        again = "Another pass through this node needs retain_graph=True there."
        return f"{_call_text(freed_by)} had no retain_graph and freed what this node had saved. {again}"
    return "What this node saved is still in memory: the graph can be run backward again."


def _failed_card(failed: FailedOperation) -> Card:
    """Return the card of the operation that shapes ended."""
    call = failed.call
    got = [(f"{call.kind} got", shapes_text(call))] if call is not None and call.inputs else []
    return Card(
        title=call.path if call is not None else "The operation that failed",
        subtitle="no node: autograd did not come to record it",
        formula=None,
        rows=(
            (f"line {failed.line}", failed.code),
            *got,
            *((tensor.name or "", tensor_text(tensor, _LONGEST)) for tensor in failed.operands),
        ),
        note=failed.message,
        kind="untracked",
    )


# --- a fold


def _fold_card(index: TraceIndex, group: Group) -> Card:
    nodes, facts = group.nodes, group_facts(index, group)
    lines, names = facts.lines, facts.names
    shown = names.most_common(_MOST_ROWS)
    rows = [(name, f"{count:,}") for name, count in shown]
    if len(names) > _MOST_ROWS:
        rest = len(nodes) - sum(count for _, count in shown)
        rows.append((f"{len(names) - _MOST_ROWS} other kinds", f"{rest:,}"))
    of_calls = forward_call(index, nodes[0].id) is not None
    if not of_calls:
        rows.append(("saved for backward", bytes_text(facts.saved_bytes)))
    if facts.saved_bytes:
        rows.append(("of that, freed", bytes_text(facts.freed_bytes)))
    where = "lines not recorded"
    if lines:
        where = f"line {lines[0]}" if lines[0] == lines[1] else f"lines {lines[0]} to {lines[1]}"
    times = f", {group.times:,} times" if group.times > 1 else ""
    return Card(
        title=group.piece.title,
        subtitle=f"{plural(len(nodes), 'call' if of_calls else 'node')} in one box{times} · {where}",
        formula=(index.code(lines[0]) if lines is not None and lines[0] == lines[1] else "") or None,
        rows=tuple(rows),
        note="Open it to see what is inside.",
        kind="folded",
    )


# --- a tensor


def _tensor_card(index: TraceIndex, story: Story, tensor: Tensor) -> Card:
    """Return the card of a leaf, an output or a tensor that autograd does not know."""
    rows = [
        ("value", tensor_text(tensor, _LONGEST)),
        ("shape", shape_text(tensor.shape)),
        ("dtype", tensor.dtype),
        ("requires_grad", str(tensor.requires_grad)),
        ("bytes", bytes_text(tensor.nbytes)),
        ("version", "-" if tensor.version is None else str(tensor.version)),
    ]
    shared = index.once(Sharing).rows(tensor)
    rows += shared
    if tensor.node is not None and tensor.node in index.nodes:
        rows.append(("grad_fn", index.nodes[tensor.node].name))
    if tensor.summary is not None and values_text(tensor.values, _LONGEST) is None:
        summary = tensor.summary
        named = (("min", summary.min), ("max", summary.max), ("mean", summary.mean))
        rows += [(name, "-" if value is None else number_text(value)) for name, value in named]
    line = index.first_line.get(tensor.origin)
    kind, word, note = _kind(index, tensor)
    return Card(
        title=tensor.name or tensor.id,
        subtitle=f"{word} · line {line}" if line is not None else word,
        formula=None,
        rows=tuple(rows),
        note=" ".join(filter(None, (note, _TOGETHER if shared else None))) or None,
        kind=kind,
        changes=tuple(
            (moment, *_change_row(change))
            for moment, number in story.changes
            if (change := index.trace.gradients[number]).tensor == tensor.origin
        )[-_MOST_CHANGES:],
    )


def _change_row(change: GradientChange) -> tuple[str, str]:
    where = f"line {change.line}" if change.line is not None else "line not recorded"
    if change.cause == "backward":
        return f"{where}: backward", f"+ {gradient_text(change.added, 28)} = {gradient_text(change.total, 28)}"
    word = {"zero": "zeroed", "none": "set to None", "assigned": "assigned"}[change.cause]
    return f"{where}: {word}", gradient_text(change.total, _LONGEST)


def _kind(index: TraceIndex, tensor: Tensor) -> tuple[str, str, str | None]:
    if tensor.node is not None:
        return "output", "result of an operation", None
    if tensor.requires_grad:
        unused = None if tensor.origin in index.accumulates else "Nothing was computed from this leaf in a graph."
        return "leaf", "leaf", unused
    return "untracked", "not tracked", "requires_grad is False: no gradient flows through this tensor."
