"""The story of a run as one walks through it: a moment is what changes between two presses of the arrow key.

What happens inside a folded box is one moment, so that the story is as long as the picture is detailed. A moment says
what is lit; what else is seen then (values, gradients, what is freed) are changes, each with the moment it came at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from components.figures.happenings import Happening, happenings
from components.figures.homes import Homes
from components.figures.story_words import Words
from components.figures.trace_index import TraceIndex

MOST_MOMENTS = 6_000


@dataclass(frozen=True)
class Moment:
    """``kind`` is that of its happenings, ``fold`` where several of them are one moment.

    ``line`` is the line that runs, ``box`` the box that is lit, ``lit`` other lines to be looked at (the one that made
    the node, the one that freed it). ``n`` counts the happenings up to it. ``run`` says in which engine run it is, ``place`` and ``of`` where in it, from 1.
    """

    kind: str
    text: str
    n: int = 0
    line: int | None = None
    box: str | None = None
    run: int | None = None
    place: int | None = None
    of: int | None = None
    lit: tuple[int, ...] = ()


@dataclass
class Story:
    """The moments, and what comes at which of them.

    ``born`` is by node and by the origin of a tensor; ``passes`` are by node pairs of a moment and an engine step (its
    run and place); ``freed`` are by node; ``changes`` the numbers of the trace's ``gradients`` with their moment;
    ``bound`` are (moment, variable, tensor id or text); ``notes`` are (moment, line, kind, text). ``cut`` says that
    the run goes on after the last moment.
    """

    moments: list[Moment] = field(default_factory=list)
    born: dict[str, int] = field(default_factory=dict)
    passes: dict[str, list[tuple[int, int, int]]] = field(default_factory=lambda: defaultdict(list))
    freed: dict[str, int] = field(default_factory=dict)
    changes: list[tuple[int, int]] = field(default_factory=list)
    bound: list[tuple[int, str, str]] = field(default_factory=list)
    notes: list[tuple[int, int, str, str]] = field(default_factory=list)
    cut: bool = False


def tell(index: TraceIndex, homes: Homes) -> Story:
    """Return the story of a run as told over one picture of its graph."""
    return _Teller(index, homes).story()


class _Teller:
    def __init__(self, index: TraceIndex, homes: Homes) -> None:
        self._index, self._homes, self._words = index, homes, Words(index)
        self._trace = index.trace
        self._told = Story()
        self._births_of_leaves: defaultdict[int | None, list[str]] = defaultdict(list)
        self._changes_by_step: defaultdict[int | None, list[int]] = defaultdict(list)
        self._changes_by_run: dict[tuple[str, str], int] = {}
        for number, change in enumerate(self._trace.gradients):
            if change.cause == "backward" and change.backward is not None and change.tensor is not None:
                self._changes_by_run[change.backward, change.tensor] = number
            else:
                self._changes_by_step[change.step].append(number)

    def story(self) -> Story:
        for inside in self._together():
            self._happened += len(inside)
            if len(self._told.moments) == MOST_MOMENTS:
                self._told.cut = True
                break
            self._tell(inside)
        self._told.passes = dict(self._told.passes)
        return self._told

    def _together(self) -> Iterator[list[Happening]]:
        """Yield the happenings of one moment at a time."""
        for key, same in groupby(happenings(self._trace), self._key):
            inside = list(same)
            if key is not None and key[0] != "born":
                yield inside
                continue
            yield from ([happening] for happening in inside)

    def _key(self, happening: Happening) -> tuple[object, ...] | None:
        """Neighbours with the same key are one moment; ``None`` is a moment of its own."""
        if happening.kind == "error":
            return None
        during = self._homes.folded_at(happening.step)
        box = self._homes.box_of(happening.node) if happening.node is not None else during
        leaf = happening.node is not None and self._index.nodes[happening.node].leaf is not None
        if during is not None and (box in (during, None) or leaf):
            return "during", during
        if happening.node is None:
            return None
        if box is None:
            return "elsewhere", happening.kind, happening.run, happening.step if happening.run is None else None
        return ("fold", box, happening.kind, happening.run) if self._homes.is_folded(box) else None

    # --- telling

    def _tell(self, inside: list[Happening]) -> None:
        first, last = inside[0], inside[-1]
        box = self._homes.folded_at(first.step) if len(inside) > 1 else None
        if box is None:
            box = next((self._homes.box_of(h.node) for h in inside if h.node is not None), None)
        at = self._moment_of(first, last, box, len(inside), inside)
        for happening in inside:
            self._note(at, happening)

    def _moment_of(
        self, first: Happening, last: Happening, box: str | None, count: int, inside: list[Happening]
    ) -> int:
        moments = self._told.moments
        # The line that made a node is complete with the last of them: no moment of its own.
        if (
            last.kind == "line"
            and count == 1
            and moments
            and moments[-1].kind in ("born", "fold")
            and self._last == ("born", last.step)
        ):
            return len(moments) - 1
        if last.kind == "line" and count == 1 and self._ended == last.step and not self._words.news(last):
            return len(moments) - 1
        self._last = last.kind, last.step
        self._ended = last.step if last.kind in ("end", "error") and last.run is not None else self._ended
        run = self._trace.backwards[last.run] if last.run is not None else None
        kind = first.kind if count == 1 else "fold"
        moments.append(
            Moment(
                kind=kind,
                n=self._happened,
                text=self._words.one(first) if count == 1 else self._words.several(inside, self._title(box)),
                line=self._words.line(last),
                box=box,
                run=last.run,
                place=last.place + 1 if last.place is not None else None,
                of=len(run.steps) if run is not None else None,
                lit=self._words.other_lines(first) if count == 1 else (),
            )
        )
        return len(moments) - 1

    def _title(self, box: str | None) -> str:
        title = self._homes.title_of(box) if box is not None else "In another graph"
        return f"{title[0].upper()}{title[1:]}"

    _happened: int = 0
    _last: tuple[str, int | None] = ("", None)
    _ended: int | None = -1

    def _note(self, at: int, happening: Happening) -> None:
        told = self._told
        if happening.kind == "born" and happening.node is not None:
            self._is_born(at, happening.node)
        elif happening.kind == "built" and happening.run is not None:
            for node in self._built[self._trace.backwards[happening.run].id]:
                self._is_born(at, node)
        elif happening.kind == "line" and happening.step is not None:
            self._line(at, happening.step)
        elif happening.kind == "node" and happening.node is not None:
            assert happening.run is not None and happening.place is not None
            told.passes[happening.node].append((at, happening.run, happening.place))
            leaf = self._index.nodes[happening.node].tensor
            number = self._changes_by_run.get((self._trace.backwards[happening.run].id, self._origin(leaf)))
            if number is not None:
                told.changes.append((at, number))
        elif happening.kind in ("end", "error") and happening.run is not None:
            told.freed.update(dict.fromkeys(self._trace.backwards[happening.run].freed, at))

    def _origin(self, tensor: str | None) -> str:
        found = self._index.tensors.get(tensor or "")
        return found.origin if found is not None else ""

    def _is_born(self, at: int, node: str) -> None:
        self._told.born.setdefault(node, at)
        for edge in self._index.edges_from.get(node, ()):
            if self._index.nodes[edge.target].leaf is not None:
                self._told.born.setdefault(edge.target, at)

    def _line(self, at: int, number: int) -> None:
        step, told = self._trace.steps[number], self._told
        for name, value in step.variables.items():
            told.bound.append((at, name, value))
            told.born.setdefault(value, at)
            told.born.setdefault(self._origin(value), at)
        for kind, text in self._words.notes(step):
            told.notes.append((at, step.line, kind, text))
        told.changes += ((at, change) for change in self._changes_by_step.get(number, ()))

    @property
    def _built(self) -> defaultdict[str, list[str]]:
        return self._words.built
