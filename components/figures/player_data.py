"""All that the player needs, as one record: the picture, the program, the story, the cards and what is to be coloured.

The same data feed the component in the page and the HTML file that works without a server. The player's scripts know
their form from ``data.d.ts``, which ``widgets/player/declarations.py`` makes of the records here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cached_property, lru_cache
from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType
from pygments import lex
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Number, String

from ..facts import TraceIndex
from ..facts.cards import Card, box_card
from ..facts.closing import closing
from ..facts.failing import FAILED
from ..facts.findings import findings
from ..facts.folding import Homes
from ..facts.gradient_health import MOST_FINDINGS, Illness, norm
from ..facts.groups import group_facts
from ..facts.output import picture_address
from ..facts.story import Story, tell
from ..trace import Gradient
from .lab.records import ONLY, LabGraph, LabOptions
from .lab.words import edge_words, grad_words, leaf_value
from .layout import LayoutProblem, Picture, PictureBox
from .legend import explained, lab_legend, torchviz_legend

_MOST_NAMES = 1_500
_MOST_NODES_READ = 10_000
_MOST_PICTURE_CHARS = 2_000_000

PlayerKind = Literal["lab", "torchviz"]
Carried = tuple[int, str, int]
"""What travelled along a link: moment, text, engine run."""
LeafText = tuple[int, str | None, str | None]
"""What a leaf shows from a moment on: its value and the line about its ``.grad``, ``None`` for what stays as it was."""


class PlayerMoment(Struct, frozen=True, omit_defaults=True):
    """A moment of the story; see ``facts.story``."""

    kind: str
    text: str
    n: int
    line: int | None = None
    box: str | None = None
    run: int | None = None
    lit: tuple[int, ...] = ()


class PlayerBox(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """When a box is born, visited and freed; what to colour it by; what a search finds it by.

    ``columns`` are the numbers of the modules in it, by ``PlayerData.columns``.
    """

    born: int | None = None
    visits: list[int] = []
    freed: int | None = None
    line: int | None = None
    lines: tuple[int, int] | None = None
    names: str | None = None
    node: str | None = None
    order: int | None = None
    bytes: int | None = None
    norm: float | None = None
    module: str | None = None
    folded: bool = False
    columns: tuple[float | None, ...] = ()


class PlayerFinding(Struct, frozen=True):
    """What is to be looked at, with its moment and its box, if it is in one; ``first`` is a first bad number."""

    illness: Illness
    box: str | None
    moment: int
    text: str
    first: bool


class PlayerData(Struct, frozen=True, kw_only=True):
    """What the player is sent.

    ``code`` has the tokens of each line: a word for the style sheet and a text. ``notes`` are moment, line, kind and
    text; of the ``stale`` lines the last note is only the last that was recorded. ``pictures`` are moment, address and
    text. ``carried`` is by the number of a link, ``texts`` by leaf box; ``frames`` are opened folds with the boxes in
    them. ``cut`` says that the run goes on after the last moment, ``more_findings`` that there are others. ``whole`` is
    said of all of the run, ``message`` where there is no picture. ``terms`` are sentences about the words that the
    legend and the cards have. ``opened`` are the open folds, ``level`` is the level of detail that is open as a whole,
    the finest being ``levels``, ``beyond`` whether more is open than that. A ``compact`` picture is one of a model.
    ``columns`` are what boxes can be coloured by besides, each with its unit.
    """

    svg: str
    kind: PlayerKind
    title: str
    message: str
    legend: list[tuple[str, str]]
    terms: dict[str, str]
    source: str
    signature: str
    code: list[list[tuple[str, str]]]
    backwards: list[int]
    failed: int | None
    moments: list[PlayerMoment]
    cut: bool
    whole: str
    notes: list[tuple[int, int, str, str]]
    stale: list[int]
    pictures: list[tuple[int, str, str]]
    boxes: dict[str, PlayerBox]
    cards: dict[str, Card]
    carried: dict[str, list[Carried]]
    texts: dict[str, list[LeafText]]
    findings: list[PlayerFinding]
    more_findings: bool
    frames: list[tuple[str, tuple[str, ...]]]
    opened: tuple[str, ...]
    level: int
    levels: int
    beyond: bool
    compact: bool
    dot: str | UnsetType = UNSET
    columns: list[tuple[str, str]] | UnsetType = UNSET


def player_data(
    index: TraceIndex,
    picture: Picture | LayoutProblem | None,
    *,
    kind: PlayerKind = "lab",
    graph: LabGraph | None = None,
    options: LabOptions | None = None,
    title: str = "Graph",
    empty: str = "",
    dot: str | UnsetType = UNSET,
) -> PlayerData:
    """Return the player's data for one picture of a trace.

    ``graph`` is the Lab graph that the picture shows, ``None`` for a drawing of torchviz. ``empty`` is said where there
    is no picture. ``dot`` is the picture's text in Graphviz's language, to be downloaded.
    """
    svg = picture.svg if isinstance(picture, Picture) else ""
    shown = picture.boxes if isinstance(picture, Picture) else ()
    homes = graph.homes if graph is not None else Homes(alone={box.id for box in shown})
    whole = closing(index)
    if homes.folding is not None:
        index = homes.folding.scope.index  # where autograd recorded nothing, that of the calls of modules
    story = tell(index, homes)
    boxes = _Boxes(index, story, homes, graph, options or LabOptions())
    marked = graph is not None and any(ONLY in link.kinds for link in graph.links)
    legend = lab_legend(shown, marked) if kind == "lab" else torchviz_legend(svg)
    cards = boxes.cards(shown)
    return PlayerData(
        svg=svg,
        kind=kind,
        title=title,
        message=picture.message if isinstance(picture, LayoutProblem) else empty,
        legend=legend,
        terms=explained(legend, shown, cards.values()),
        source=index.trace.program.source,
        signature=index.signature,
        code=code_tokens(index.trace.program.source),
        backwards=sorted({run.line for run in index.trace.backwards if not run.internal and run.line is not None}),
        failed=index.trace.failure.line if index.trace.failure is not None else None,
        moments=_moments(story, boxes.findings()),
        cut=story.cut,
        whole=whole,
        notes=story.notes,
        stale=sorted(story.stale),
        pictures=_pictures(index, story),
        boxes={box.id: boxes.box(box) for box in shown},
        cards=cards,
        carried=boxes.carried(),
        texts=boxes.texts(),
        findings=boxes.findings(),
        more_findings=len(index.once(findings)) > MOST_FINDINGS,
        frames=[(frame.id, frame.boxes) for frame in graph.frames] if graph is not None else [],
        opened=graph.opened if graph is not None else (),
        level=homes.folding.level if homes.folding is not None else 0,
        levels=len(homes.folding.scope.levels) - 1 if homes.folding is not None else 0,
        beyond=homes.folding is not None and homes.folding.beyond,
        compact=graph is not None and graph.compact,
        dot=dot,
    )


def _moments(story: Story, found: list[PlayerFinding]) -> list[PlayerMoment]:
    """Return the moments; the one that made a first bad number tells how."""
    told = {one.moment: one.text for one in reversed(found) if one.first}
    return [
        PlayerMoment(m.kind, told.get(at, m.text) if m.kind != "fold" else m.text, m.n, m.line, m.box, m.run, m.lit)
        for at, m in enumerate(story.moments)
    ]


def _pictures(index: TraceIndex, story: Story) -> list[tuple[int, str, str]]:
    """Return the pictures that lines showed, each with its moment, as far as they are worth their bytes."""
    at = {step: moment for moment, step in story.shown}
    pictures, left = [], _MOST_PICTURE_CHARS
    for display in index.trace.displays:
        moment = at.get(display.step) if display.step is not None else None
        if display.data and moment is not None and len(display.data) <= left:
            left -= len(display.data)
            pictures.append((moment, picture_address(display), display.text))
    return pictures


class _Boxes:
    """What is known of the boxes of one picture, over the story."""

    def __init__(
        self, index: TraceIndex, story: Story, homes: Homes, graph: LabGraph | None, options: LabOptions
    ) -> None:
        self._index, self._story, self._homes = index, story, homes
        self._graph, self._options = graph, options
        self._groups = graph.groups if graph is not None else {}
        self._by_name = {tensor.name: tensor.id for tensor in index.latest.values() if tensor.name is not None}

    def box(self, shown: PictureBox) -> PlayerBox:
        """Return the facts of a box, those that are known."""
        node, _, part = shown.id.partition("~")
        if shown.id in self._groups:
            return self._group(shown.id)
        known = self._index.nodes.get(node)
        if shown.id == FAILED and self._index.trace.failure is not None:
            return PlayerBox(born=len(self._story.moments) - 1, line=self._index.trace.failure.line)
        if known is None:
            return PlayerBox(born=self._born(shown), line=self._line(shown))
        visits = self._story.visits(node)
        born = self._story.born(node)
        if part == "leaf":
            born = self._born_leaf(node, self._index.origin_of(known.tensor))
        place: int | None = None
        gradients: list[Gradient | None] = []
        whole = part == ""
        if whole and visits:
            _, run, place = visits[-1]
            gradients = self._index.trace.backwards[run].steps[place].grad_outputs
        return PlayerBox(
            born=born,
            visits=[visit[0] for visit in visits] if part in ("", "leaf") else [],
            freed=self._story.freed.get(node) if part == "saved" else None,
            line=known.line,
            names=known.module,
            node=node,
            order=place + 1 if place is not None else None,
            bytes=known.saved_bytes if whole else None,
            norm=next((norm(gradient) for gradient in gradients if gradient is not None), None),
            module=known.module if whole else None,
        )

    def _born(self, shown: PictureBox) -> int | None:
        tensor = self._index.tensors.get(shown.id) or self._index.tensors.get(self._by_name.get(shown.label, ""))
        return None if tensor is None else self._bound(tensor.id, tensor.origin)

    def _bound(self, *ids: str) -> int | None:
        return next((self._story.tensors[one] for one in ids if one in self._story.tensors), None)

    def _born_leaf(self, node: str, tensor: str) -> int | None:
        bound, used = self._bound(tensor), self._story.born(node)
        return bound if used is None or (bound is not None and bound < used) else used

    def _line(self, shown: PictureBox) -> int | None:
        tensor = self._index.tensors.get(shown.id)
        return self._index.first_line.get(tensor.origin) if tensor is not None else None

    def _group(self, box: str) -> PlayerBox:
        group = self._groups[box]
        nodes, facts = group.nodes, group_facts(self._index, group)
        words = (text for node in nodes[:_MOST_NODES_READ] for text in (node.name, node.module or ""))
        names = dict.fromkeys((*words, *self._leaves_in[box]))
        return PlayerBox(
            born=self._story.born(nodes[0].id),
            visits=self._moments_of[box],
            freed=self._story.freed.get(nodes[-1].id) if facts.freed_bytes == facts.saved_bytes > 0 else None,
            line=facts.lines[0] if facts.lines is not None else None,
            lines=facts.lines,
            names=" ".join(list(names)[:_MOST_NAMES]),
            bytes=facts.saved_bytes,
            module=group.module or None,
            folded=True,
        )

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

    def cards(self, shown: tuple[PictureBox, ...]) -> dict[str, Card]:
        """Return the card of each box, told of its id or else of its label; the copies of a leaf share the leaf's."""
        made: dict[str, Card] = {}
        for box in shown:
            name = re.sub(r"~\d+$", "~leaf", box.id)
            if name in made:
                continue
            card = box_card(self._index, self._story, self._groups, name)
            if card is None and box.label in self._by_name:
                card = box_card(self._index, self._story, self._groups, self._by_name[box.label])
            if card is not None:
                made[name] = card
        return made

    def carried(self) -> dict[str, list[Carried]]:
        """By number of a link: what travelled along it (moment, text, engine run)."""
        found: dict[str, list[Carried]] = {}
        for number, link in enumerate(self._graph.links if self._graph is not None else ()):
            if link.carries is None:
                continue
            node, slot = link.carries
            for moment, run, place in self._story.visits(node):
                step = self._index.trace.backwards[run].steps[place]
                gradients = step.grad_outputs if slot < 0 else step.grad_inputs
                gradient: Gradient | None = gradients[max(slot, 0)] if max(slot, 0) < len(gradients) else None
                if gradient is not None:
                    text = "" if slot == -2 else edge_words(gradient, self._options)
                    found.setdefault(str(number), []).append((moment, text, run))
        return found

    def texts(self) -> dict[str, list[LeafText]]:
        """By leaf box: its value and the line about its ``.grad`` from each moment on at which one of them changed."""
        leaves = {
            self._index.origin_of(node.tensor): f"{node.id}~leaf"
            for node in self._index.trace.nodes
            if node.tensor is not None and self._homes.box_of(node.id) == node.id
        }
        values: defaultdict[str, dict[int, str]] = defaultdict(dict)
        grads: defaultdict[str, dict[int, str]] = defaultdict(dict)
        for moment, _, value in self._story.bound:
            tensor = self._index.tensors.get(value)
            if tensor is not None and tensor.origin in leaves:
                values[leaves[tensor.origin]][moment] = leaf_value(tensor, self._options)
        for moment, number in self._story.changes:
            change = self._index.trace.gradients[number]
            if change.tensor in leaves:
                grads[leaves[change.tensor]][moment] = grad_words(self._index, change, self._options)
        found: dict[str, list[LeafText]] = {}
        for leaf in dict.fromkeys((*values, *grads)):
            entries: list[LeafText] = [(at, text, None) for at, text in values[leaf].items()]
            entries += [(at, None, text) for at, text in grads[leaf].items()]
            found[leaf] = sorted(entries, key=lambda entry: entry[0])
        return found

    def findings(self) -> list[PlayerFinding]:
        """Return what is to be looked at, with its box and its moment; what no moment tells is left out."""
        found = []
        for one in self._index.once(findings)[:MOST_FINDINGS]:
            moment = int(self._story.at[one.number - 1]) if one.number is not None else len(self._story.moments)
            box = self._homes.box_of(one.node) if one.node is not None else None
            if moment < len(self._story.moments) and (box is not None or one.first):
                found.append(PlayerFinding(one.illness, box, moment, one.text, one.first))
        return found


_SHORT = 5_000
_CLASSES: tuple[tuple[Any, str], ...] = ((Keyword, "k"), (String, "s"), (Number, "m"), (Comment, "c"))


def code_tokens(source: str) -> list[list[tuple[str, str]]]:
    """Return the program's lines as pairs of a word for the style sheet (empty for plain) and a text."""
    return _lately(source) if len(source) <= _SHORT else _tokens(source)


def _tokens(source: str) -> list[list[tuple[str, str]]]:
    lines: list[list[tuple[str, str]]] = [[]]
    for kind, text in lex(source.rstrip(), PythonLexer(stripnl=False, ensurenl=False)):
        css = next((name for token, name in _CLASSES if kind in token), "")
        for index, part in enumerate(text.split("\n")):
            if index:
                lines.append([])
            if part:
                lines[-1].append((css, part))
    return lines


# Nobody changes them; a program is run many times, and a class runs the same ones.
_lately = lru_cache(maxsize=128)(_tokens)
