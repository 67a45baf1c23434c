"""What is said at each moment of the story: one sentence, in PyTorch's words, with the numbers of this run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ..trace import Backward, Node, Step
from .additions import Additions
from .events import Event
from .index import TraceIndex, saved_tensors
from .output import as_terminal, in_words
from .saved_bytes import stored_bytes
from .saved_words import saved_word
from .text import bytes_text, gradient_text, plural, tensor_text
from .untracked import unrecorded_block

_MOST_MADE = 3
_SHORT = 28
_SUM = 40


class Sentences:
    """Finds the words for the events of one trace."""

    def __init__(self, index: TraceIndex) -> None:
        self._index, self._trace = index, index.trace
        self._in_place = changes_in_place(index)

    @cached_property
    def _blocks(self) -> dict[int, str]:
        """By step: that a ``with`` block begins or ends in which autograd does not record."""
        found: dict[int, str] = {}
        inside: set[tuple[str | None, int]] = set()
        for step in self._trace.steps:
            word = unrecorded_block(self._index.code(step.line))
            if not word:
                continue
            place = step.function, step.line
            ends = place in inside
            found[step.index] = "autograd records again" if ends else f"{word}: autograd stops recording"
            inside ^= {place}
        return found

    def line(self, event: Event) -> int | None:
        """Return the line that runs; that of the call for what an engine run does."""
        if event.run is not None:
            return self._trace.backwards[event.run].line
        if event.kind == "error" and self._trace.failure is not None:
            return self._trace.failure.line
        step = self._step(event.step)
        if step is not None:
            return step.line
        return self._index.nodes[event.node].line if event.node is not None else None

    def _step(self, index: int | None) -> Step | None:
        return self._trace.steps[index] if index is not None and index < len(self._trace.steps) else None

    def notes(self, step: Step) -> list[tuple[str, str]]:
        """Return what a line made and printed, as texts for chips beside it."""
        tensors = self._index.tensors
        notes = []
        if step.variables:
            shown = [
                f"{name} = {tensor_text(tensors[value], _SHORT) if value in tensors else value}"
                for name, value in list(step.variables.items())[:_MOST_MADE]
            ]
            more = f", +{len(step.variables) - _MOST_MADE}" if len(step.variables) > _MOST_MADE else ""
            notes.append(("made", ", ".join(shown) + more))
        printed = self._trace.stdout[slice(*step.stdout)].rstrip("\n")
        if printed:
            notes.append(("printed", as_terminal(printed)[:400]))
        shown = [in_words(display) for display in self._index.displays_by_step.get(step.index, ())]
        if shown:
            notes.append(("shown", "; ".join(dict.fromkeys(shown))[:400]))
        return notes

    def other_lines(self, event: Event) -> tuple[int, ...]:
        """Return lines to look at besides the one that runs: what made the node, what freed or changed its tensors."""
        if event.node is None or event.run is None:
            return ()
        lines = [self._index.nodes[event.node].line]
        if event.kind == "error":
            lines.append(self._index.stop_at(event.node).line)
        return tuple(dict.fromkeys(line for line in lines if line is not None))

    def one(self, event: Event) -> str:
        """Return the sentence for a event that is a moment of its own."""
        run = self._trace.backwards[event.run] if event.run is not None else None
        node = self._index.nodes.get(event.node or "")
        step = self._step(event.step)
        match event.kind:
            case "call":
                return f"Line {step.line if step else '?'} calls a function of the program."
            case "line":
                return self._line(step)
            case "born":
                return self._born(node)
            case "error":
                return self._error(event, node)
        assert run is not None
        match event.kind:
            case "begin":
                return self._begin(run)
            case "built":
                count = plural(len(self._index.built_by[run.id]), "node")
                return f"create_graph=True recorded what this pass computed: {count} of a graph of the gradient."
            case "end":
                return self._end(run)
        assert node is not None
        assert event.place is not None
        return self._visited(run, node, event.place)

    def several(self, counts: Mapping[str, int], where: str) -> str:
        """Return the sentence for what happened, so many of each kind, in a folded box, or in another graph."""
        passed = counts.get("node", 0) - counts.get("leaf", 0)
        named = (
            (counts.get("line", 0), "line run"),
            (counts.get("born", 0), "node recorded"),
            (counts.get("begin", 0), "backward call"),
            (passed, "node passed"),
            (counts.get("leaf", 0), "gradient accumulated"),
        )
        return f"{where}: {', '.join(_counted(count, word) for count, word in named if count) or 'no node'}."

    def _line(self, step: Step | None) -> str:
        if step is None:
            return "A line that was not recorded."
        changed = [self._change(number) for number in self._index.changes_by_step.get(step.index, ())]
        made = [text for kind, text in self.notes(step) if kind == "made"]
        printed = [f"prints {_first_line(text)}" for kind, text in self.notes(step) if kind == "printed"]
        printed += [_first_line(text) for kind, text in self.notes(step) if kind == "shown"]
        block = self._blocks.get(step.index)
        in_place = self._in_place.by_step.get(step.index)
        said = "; ".join([*([block] if block else []), *([in_place] if in_place else []), *changed, *made, *printed])
        end = "" if said.endswith((".", "…")) else "."
        return f"Line {step.line}: {said}{end}" if said else f"Line {step.line} runs."

    def _change(self, number: int) -> str:
        change = self._trace.gradients[number]
        word = {"zero": "set to zero", "none": "set to None", "assigned": "assigned"}.get(change.cause, "changed")
        return f"{change.variable}.grad is {word}"

    def _born(self, node: Node | None) -> str:
        if node is None:
            return "A node is recorded."
        saved = saved_tensors(node)
        in_place = self._in_place.by_node.get(node.id)
        if in_place is not None:
            return f"{node.name} is recorded: {in_place}."
        if not saved:
            return f"{node.name} is recorded; it needs no tensor for its backward."
        names = ", ".join(dict.fromkeys(saved_word(self._index, node, one) for one in saved))
        return f"{node.name} is recorded and saves {names} ({bytes_text(node.saved_bytes)}) for its backward."

    def _begin(self, run: Backward) -> str:
        names = []
        for start in run.outputs[:3]:
            tensor = self._index.produced(start)
            names.append(tensor.name if tensor is not None and tensor.name else self._index.nodes[start].name)
        flags = [f"{name}=True" for name in ("retain_graph", "create_graph") if getattr(run, name)]
        grad = next((step.grad_outputs[0] for step in run.steps if step.grad_outputs), None)
        with_ = f" with the gradient {gradient_text(grad, _SHORT)}" if grad is not None else ""
        said = f" ({', '.join(flags)})" if flags else ""
        return f"{run.call}() begins at {', '.join(names) or 'its output'}{with_}{said}."

    def _end(self, run: Backward) -> str:
        said = self.left_behind(run)
        if run.freed:
            return f"{run.call}() is done and {said}."
        return f"{run.call}() is done. {said or 'There was nothing to free'}."

    def left_behind(self, run: Backward) -> str:
        """Return what an engine run freed or kept, and by which switch; empty where there was nothing to free."""
        if run.freed:
            freed = [self._index.nodes[node] for node in run.freed]
            return f"frees what {plural(len(freed), 'node')} had saved ({bytes_text(stored_bytes(freed))})"
        if not run.retain_graph and not run.create_graph:
            return ""
        # Where nothing is said of retain_graph, it is what create_graph is.
        switch = "create_graph=True" if run.create_graph else "retain_graph=True"
        passed = (self._index.nodes[node] for node in dict.fromkeys(step.node for step in run.steps))
        kept = [node for node in passed if node.saved_bytes]
        what = f" and its {bytes_text(stored_bytes(kept))}" if kept else ""
        return f"{switch} keeps the graph{what}"

    def _visited(self, run: Backward, node: Node, place: int) -> str:
        step = run.steps[place]
        incoming = [gradient_text(grad, _SHORT) for grad in step.grad_outputs if grad is not None]
        if node.leaf is not None:
            return self._accumulated(run, node, incoming)
        targets = self._index.targets(node.id)
        outgoing = [
            f"{gradient_text(grad, _SHORT)} to {targets[slot]}"
            for slot, grad in enumerate(step.grad_inputs)
            if grad is not None and slot in targets
        ]
        arrives = f"{node.name}: {', '.join(incoming) or 'no gradient'} {'come' if len(incoming) > 1 else 'comes'} in"
        return f"{arrives}, {' and '.join(outgoing)}." if outgoing else f"{arrives}; nothing goes on."

    def _accumulated(self, run: Backward, node: Node, incoming: list[str]) -> str:
        for change in self._index.changes.get(self._index.origin_of(node.tensor), ()):
            if change.backward == run.id and change.added is not None and change.total is not None:
                added, total = gradient_text(change.added, _SHORT), gradient_text(change.total, _SHORT)
                came = self._index.once(Additions).sum_text(change, _SUM)
                if came is not None:
                    return f"{node.leaf}.grad gets {added} added: {came}."
                if added == total:
                    return f"{node.leaf}.grad becomes {total}."
                return f"{node.leaf}.grad gets {added} added and comes to {total}."
        arrives = ", ".join(incoming) or "No gradient"
        return f"{arrives} arrives at {node.leaf}; grad() returns it and leaves .grad alone."

    def _error(self, event: Event, node: Node | None) -> str:
        message = self._trace.failure.message if self._trace.failure is not None else "The run stopped."
        if event.run is not None:
            failure = self._trace.backwards[event.run].failure
            message = failure.message if failure is not None else message
        first = message.strip().split("\n")[0][:200]
        if node is None:
            return first
        stop = self._index.stop_at(node.id)
        why = {
            "freed": f"What it had saved was freed by the call on {stop.where}.",
            "changed": f"What it had saved was changed in place on {stop.where}.",
        }
        return f"The engine stops at {node.name}. {why.get(stop.cause, first)}"


def _counted(count: int, words: str) -> str:
    noun, _, rest = words.partition(" ")
    return f"{plural(count, noun)} {rest}" if noun != "backward" else plural(count, words)


def _first_line(text: str) -> str:
    first, more, _ = text.partition("\n")
    return f"{first} …" if more else first


# --- changes in place


@dataclass
class InPlace:
    """Texts like ``y is changed in place (version 1)``: by the node that does it, or by step where none is recorded."""

    by_node: dict[str, str] = field(default_factory=dict)
    by_step: dict[int, str] = field(default_factory=dict)


def changes_in_place(index: TraceIndex) -> InPlace:
    """Return every change of a variable's tensor that raised its version, with the node that had saved it before."""
    savers = _savers(index)
    found = InPlace()
    versions: dict[str, int] = {}
    for step in index.trace.steps:
        for name, value in step.variables.items():
            tensor = index.tensors.get(value)
            if tensor is None or tensor.version is None:
                continue
            before, now = versions.get(tensor.origin), tensor.version
            versions[tensor.origin] = now
            if before is None or now <= before:
                continue
            text = f"{name} is changed in place (version {now})"
            had = [one for one, version in savers[tensor.origin] if version < now and _is_before(one, step.index)]
            if had:
                text += f", after {had[-1].name} had saved it"
            if tensor.node is not None and index.nodes[tensor.node].step == step.index:
                found.by_node[tensor.node] = text
            else:
                found.by_step[step.index] = text
    return found


def _savers(index: TraceIndex) -> defaultdict[str, list[tuple[Node, int]]]:
    """By origin of a tensor: the nodes that saved it, each with the version that it had then."""
    found = defaultdict[str, list[tuple[Node, int]]](list)
    for node in index.trace.nodes:
        for saved in node.saved:
            tensor = index.tensors.get(saved.tensor or "")
            if tensor is not None:
                found[tensor.origin].append((node, tensor.version or 0))
    return found


def _is_before(node: Node, step: int) -> bool:
    return node.step is not None and node.step < step
