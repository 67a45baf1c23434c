"""All that the player needs, as JSON: the picture, the program, the story, the cards and what is to be coloured.

The same data feed the component in the page and the HTML file that works without a server.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cached_property
from typing import Any, Literal

import msgspec

from ..facts import TraceIndex
from ..facts.folding import Homes
from ..facts.gradient_health import MOST_FINDINGS, norm
from ..facts.groups import group_facts
from ..facts.output import picture_address
from ..facts.story import Story, tell
from ..trace import Gradient
from .cards.boxes import box_card
from .code_tokens import code_tokens
from .lab.marks import ONLY
from .lab.records import LabGraph, LabOptions
from .lab.words import edge_words, leaf_words
from .layout import LayoutProblem, Picture
from .picture_boxes import ShownBox, boxes_of, legend_of

_MOST_NAMES = 400
_MOST_NODES_READ = 2_000
_MOST_PICTURE_CHARS = 2_000_000


def player_data(
    index: TraceIndex,
    picture: Picture | LayoutProblem | None,
    *,
    kind: Literal["lab", "torchviz"] = "lab",
    graph: LabGraph | None = None,
    options: LabOptions | None = None,
    title: str = "Graph",
    empty: str = "",
) -> dict[str, Any]:
    """Return the player's data for one picture of a trace: JSON values only.

    ``graph`` is the Lab graph that the picture shows, ``None`` for a drawing of torchviz. ``empty`` is said where there
    is no picture.
    """
    svg = picture.svg if isinstance(picture, Picture) else ""
    shown = boxes_of(svg)
    homes = graph.homes if graph is not None and graph.homes is not None else Homes(alone={box.id for box in shown})
    story = tell(index, homes)
    told = _Boxes(index, story, homes, graph, options or LabOptions())
    marked = graph is not None and any(ONLY in link.kinds for link in graph.links)
    return {
        "svg": svg,
        "kind": kind,
        "title": title,
        "message": picture.message if isinstance(picture, LayoutProblem) else empty,
        "legend": legend_of(shown, marked) if kind == "lab" else [],
        "source": index.trace.program.source,
        "signature": index.signature,
        "code": code_tokens(index.trace.program.source),
        "backwards": sorted({run.line for run in index.trace.backwards if not run.internal and run.line is not None}),
        "failed": index.trace.failure.line if index.trace.failure is not None else None,
        "moments": [_without_nulls(msgspec.to_builtins(moment)) for moment in story.moments],
        "cut": story.cut,
        "notes": [list(note) for note in story.notes],
        "pictures": _pictures(index, story),
        "boxes": {box.id: told.box(box) for box in shown},
        "cards": told.cards(shown),
        "carried": told.carried(),
        "texts": told.texts(),
        "findings": told.findings(),
        "more_findings": len(index.findings) > MOST_FINDINGS,
        "frames": [[frame.id, list(frame.boxes)] for frame in graph.frames] if graph is not None else [],
    }


def _pictures(index: TraceIndex, story: Story) -> list[list[Any]]:
    """Return the pictures that lines showed, each with its moment, as far as they are worth their bytes."""
    at = {step: moment for moment, step in story.shown}
    found, left = [], _MOST_PICTURE_CHARS
    for display in index.trace.displays:
        moment = at.get(display.step) if display.step is not None else None
        if display.data and moment is not None and len(display.data) <= left:
            left -= len(display.data)
            found.append([moment, picture_address(display), display.text])
    return found


def _without_nulls(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if value not in (None, [], ())}


def _set(entries: list[list[Any]], moment: int, place: int, words: str) -> None:
    """Of several values in one moment the last counts."""
    if not entries or entries[-1][0] != moment or entries[-1][place] is None:
        entries.append([moment, None, None])
    entries[-1][place] = words


class _Boxes:
    """What is known of the boxes of one picture, over the story."""

    def __init__(
        self, index: TraceIndex, story: Story, homes: Homes, graph: LabGraph | None, options: LabOptions
    ) -> None:
        self._index, self._story, self._homes = index, story, homes
        self._graph, self._options = graph, options
        self._groups = dict(graph.groups) if graph is not None else {}
        self._by_name = {tensor.name: tensor.id for tensor in index.latest.values() if tensor.name is not None}

    def box(self, shown: ShownBox) -> dict[str, Any]:
        """When a box is born, passed and freed; what to colour it by; what a search finds it by."""
        node, _, part = shown.id.partition("~")
        if shown.id in self._groups:
            return _without_nulls(self._group(shown.id))
        known = self._index.nodes.get(node)
        if known is None:
            return _without_nulls({"born": self._born(shown), "line": self._line(shown)})
        tensor = self._index.origin_of(known.tensor)
        visits = self._story.passes(node)
        facts: dict[str, Any] = {
            "born": self._born_leaf(node, tensor) if part == "leaf" else self._story.born(node),
            "line": known.line,
            "names": known.module,
            "node": node,
        }
        if part in ("", "leaf"):
            facts["passes"] = [visit[0] for visit in visits]
        if part == "saved":
            facts["freed"] = self._story.freed.get(node)
        if part == "":
            facts |= {"bytes": known.saved_bytes, "module": known.module}
            if visits:
                _, run, place = visits[-1]
                came = self._index.trace.backwards[run].steps[place].grad_outputs
                facts["order"] = place + 1
                facts["norm"] = next((norm(gradient) for gradient in came if gradient is not None), None)
        return _without_nulls(facts)

    def _born(self, shown: ShownBox) -> int | None:
        tensor = self._index.tensors.get(shown.id) or self._index.tensors.get(self._by_name.get(shown.label, ""))
        return None if tensor is None else self._bound(tensor.id, tensor.origin)

    def _bound(self, *ids: str) -> int | None:
        return next((self._story.tensors[one] for one in ids if one in self._story.tensors), None)

    def _born_leaf(self, node: str, tensor: str) -> int | None:
        bound, used = self._bound(tensor), self._story.born(node)
        return bound if used is None or (bound is not None and bound < used) else used

    def _line(self, shown: ShownBox) -> int | None:
        tensor = self._index.tensors.get(shown.id)
        return self._index.first_line.get(tensor.origin) if tensor is not None else None

    def _group(self, box: str) -> dict[str, Any]:
        group = self._groups[box]
        nodes, facts = group.nodes, group_facts(self._index, group)
        words = (text for node in nodes[:_MOST_NODES_READ] for text in (node.name, node.module or ""))
        names = dict.fromkeys((*words, *self._leaves_in[box]))
        lines = facts.lines
        return {
            "born": self._story.born(nodes[0].id),
            "passes": self._moments_of[box],
            "freed": self._story.freed.get(nodes[-1].id) if facts.freed_bytes == facts.saved_bytes > 0 else None,
            "line": lines[0] if lines is not None else None,
            "lines": list(lines) if lines is not None else None,
            "names": " ".join(list(names)[:_MOST_NAMES]),
            "bytes": facts.saved_bytes,
            "module": group.module or None,
            "folded": True,
        }

    @cached_property
    def _leaves_in(self) -> defaultdict[str, list[str]]:
        """By folded box: the names of the leaves in it."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for node in self._index.trace.nodes if self._groups else ():
            box = self._homes.box_of(node.id) if node.leaf is not None else None
            if box in self._groups:
                found[box or ""].append(node.leaf or "")
        return found

    @cached_property
    def _moments_of(self) -> defaultdict[str, list[int]]:
        """By box: the moments at which the engine was in it."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for at, moment in enumerate(self._story.moments):
            if moment.box is not None and moment.run is not None and moment.kind in ("node", "fold"):
                found[moment.box].append(at)
        return found

    def cards(self, shown: tuple[ShownBox, ...]) -> dict[str, Any]:
        """Return the card of each box, told of its id or else of its label; the copies of a leaf share the leaf's."""
        made: dict[str, Any] = {}
        for box in shown:
            name = re.sub(r"~\d+$", "~leaf", box.id)
            if name in made:
                continue
            card = box_card(self._index, self._story, self._groups, name)
            if card is None and box.label in self._by_name:
                card = box_card(self._index, self._story, self._groups, self._by_name[box.label])
            if card is not None:
                made[name] = msgspec.to_builtins(card)
        return made

    def carried(self) -> dict[str, list[list[Any]]]:
        """By number of a link: what travelled along it (moment, text, engine run)."""
        found: dict[str, list[list[Any]]] = {}
        for number, link in enumerate(self._graph.links if self._graph is not None else ()):
            if link.carries is None:
                continue
            node, slot = link.carries
            for moment, run, place in self._story.passes(node):
                step = self._index.trace.backwards[run].steps[place]
                gradients = step.grad_outputs if slot < 0 else step.grad_inputs
                gradient: Gradient | None = gradients[max(slot, 0)] if max(slot, 0) < len(gradients) else None
                if gradient is not None:
                    text = "" if slot == -2 else edge_words(gradient, self._options)
                    found.setdefault(str(number), []).append([moment, text, run])
        return found

    def texts(self) -> dict[str, list[list[Any]]]:
        """By leaf box: its value and the line about its ``.grad`` from each moment on at which one of them changed."""
        found: dict[str, list[list[Any]]] = {}
        leaves = {
            self._index.origin_of(node.tensor): f"{node.id}~leaf"
            for node in self._index.trace.nodes
            if node.tensor is not None and self._homes.box_of(node.id) == node.id
        }
        for moment, _, value in self._story.bound:
            tensor = self._index.tensors.get(value)
            if tensor is not None and tensor.origin in leaves:
                words, _ = leaf_words(tensor, None, False, self._options)
                _set(found.setdefault(leaves[tensor.origin], []), moment, 1, words)
        for moment, number in self._story.changes:
            change = self._index.trace.gradients[number]
            if change.tensor in leaves:
                _, words = leaf_words(None, change.total, True, self._options)
                _set(found.setdefault(leaves[change.tensor], []), moment, 2, words)
        for entries in found.values():
            entries.sort(key=lambda entry: entry[0])
        return found

    def findings(self) -> list[dict[str, Any]]:
        """Return the ill gradients with their box and moment, those of boxes that are not shown left out."""
        told = []
        for finding in self._index.findings[:MOST_FINDINGS]:
            box = self._homes.box_of(finding.node)
            visits = self._story.passes(finding.node)
            moment = next((m for m, run, place in visits if (run, place) == (finding.run, finding.place)), None)
            if box is not None and moment is not None:
                name = self._index.nodes[finding.node].name
                told.append(
                    {"illness": finding.illness, "box": box, "moment": moment, "text": f"{name}: {finding.text}"}
                )
        return told
