"""The player with its switches: which graph, which view, what stands in the boxes, what is open, what to download."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

import streamlit as st

from app import session
from app.controls import download, one_of
from components.facts import TraceIndex
from components.facts.compare.graphs import GraphMarks
from components.facts.saved_bytes import saved_bytes
from components.facts.text import bytes_text, plural
from components.figures import (
    Drawn,
    LabGraph,
    LabOptions,
    LayoutProblem,
    Picture,
    PlayerData,
    Root,
    draw_lab,
    draw_torchviz,
    lab_graph,
    lab_roots,
    player_data,
    torchviz_choices,
    torchviz_dot,
    why_not_drawn,
    with_marks,
)
from components.trace import Trace, encode_trace
from components.trace.codec import collector_paused
from components.widgets.player.page import standalone_page
from components.widgets.player.view import player

_WHOLE = "whole program"
_NO_MARKS = GraphMarks()


@dataclass
class GraphState:
    """What a page remembers of its player: which boxes are open, and where it is to go."""

    drawn: tuple[str, ...] = ()
    """The groups that are open in the picture."""
    opened: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """Those that the person or a link has opened, by the root's name and the program's signature."""
    link_followed: bool = False
    goto: tuple[int, int] | None = None
    """The number of the request and the moment."""


@dataclass(frozen=True)
class _View:
    """What a view shows: a picture or why there is none, its DOT text, and the Lab graph behind it."""

    picture: Picture | LayoutProblem | None
    title: str
    empty: str = ""
    dot: str = ""
    graph: LabGraph | None = None
    options: LabOptions | None = None


@st.fragment
def show(
    page: str,
    *,
    above: int,
    show_code: bool = True,
    only: GraphMarks = _NO_MARKS,
) -> None:
    """Show the player with its switches. A fragment: opening a box draws the graph anew and nothing else.

    ``above`` is what the page has above the player, in CSS pixels. ``only`` is what to mark in the Lab view because a
    graph beside it has nothing like it.
    """
    index = session.index(page)
    if index is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key=f"{page}-tools"):
        torchviz = one_of("View", ("Lab", "torchviz"), f"{page}:view") == "torchviz"
        shown = _torchviz(page, index) if torchviz else _lab(page, index, only)
        data = _data(index, shown, "torchviz" if torchviz else "lab")
        _downloads(page, index.trace, data)
    player(
        data,
        key=f"{page}:player",
        above=above,
        show_code=show_code,
        channel="" if show_code else page,
        goto=_state(page).goto,
        on_fold=lambda word, group: _fold(page, index, word, group),
    )


def lead(page: str, moment: int) -> None:
    """Lead the page's player to a moment of the run."""
    state = _state(page)
    state.goto = (state.goto[0] if state.goto is not None else 0) + 1, moment


def stop_leading(page: str) -> None:
    """Forget where the page's player was to go: it shows another trace."""
    _state(page).goto = None


def _state(page: str) -> GraphState:
    return session.remembered(GraphState, page)


def _data(index: TraceIndex, shown: _View, kind: Literal["lab", "torchviz"]) -> PlayerData:
    with collector_paused():  # the tables of a large trace are millions of objects, none of them garbage
        return player_data(
            index,
            shown.picture,
            kind=kind,
            graph=shown.graph,
            options=shown.options,
            title=shown.title,
            empty=shown.empty,
            dot=shown.dot,
        )


def _downloads(page: str, trace: Trace, data: PlayerData) -> None:
    with st.popover("Download", icon=":material/download:"):
        page_file = partial(standalone_page, data, "Autograd Lab")
        download("Player as one HTML file", page_file, "autograd-lab.html", f"{page}:html", icon=None)
        download("Trace as JSON", partial(encode_trace, trace), "trace.json", f"{page}:json", icon=None)
        download("Program (.py)", trace.program.source, "program.py", f"{page}:py", icon=None)


# --- the Lab view


def _lab(page: str, index: TraceIndex, only: GraphMarks) -> _View:
    roots = {f"{number + 1}. {root.label}": root for number, root in enumerate(lab_roots(index))}
    chosen = None
    if len(roots) > 1:
        chosen = st.selectbox(
            "Graph of", [_WHOLE, *roots], key=f"{page}:root:lab", label_visibility="collapsed", width=190
        )
    values, saved, shapes = _switches(page)
    opened = _opened(page, index)
    options = LabOptions(values=values, shapes=shapes, saved=saved, opened=opened)
    root = roots.get(chosen or "")

    def graph(shown: LabOptions) -> LabGraph:
        with collector_paused():
            return with_marks(lab_graph(index, root, shown), only)

    whole = graph(options)
    if not whole.boxes:
        return _View(None, "Graph", _nothing(index.trace), "", whole, options)
    folded = None if opened is not None else lambda groups: graph(replace(options, opened=groups))
    drawn = draw_lab(whole, session.ways(), folded)
    seen = drawn.graph or whole
    _state(page).drawn = seen.opened
    return _View(drawn.image, _title(seen, index, root) + _said(drawn), "", drawn.dot, seen, options)


def _said(drawn: Drawn[Picture]) -> str:
    return f" · {drawn.gave_up}" if drawn.gave_up else ""


def _switches(page: str) -> tuple[bool, bool, bool]:
    """What stands in the boxes: values, saved tensors, shapes."""
    with st.popover("Show", icon=":material/tune:"):
        values = st.toggle("values", value=True, key=f"{page}:values")
        saved = st.toggle("saved tensors", value=True, key=f"{page}:saved-boxes")
        shapes = st.toggle("shapes", key=f"{page}:shapes")
    return values, saved, shapes


def _opened(page: str, index: TraceIndex) -> tuple[str, ...] | None:
    """Return the groups that the person, or the link that led here, has opened; ``None`` if nobody has."""
    state, address, key = _state(page), session.address(), _root_and_program(page, index)
    if not state.link_followed:
        state.link_followed = True
        asked = address.get("open", "")
        of, _, groups = asked.partition("~")
        if of == index.signature and re.fullmatch(r"g(\.\d{1,6}){1,40}(,g(\.\d{1,6}){1,40}){0,500}", groups):
            state.opened[key] = tuple(groups.split(","))
    opened = state.opened.get(key)
    if opened is None and "open" in address:
        del address["open"]
    return opened


def _root_and_program(page: str, index: TraceIndex) -> tuple[str, str]:
    return session.widgets().get(f"{page}:root:lab") or _WHOLE, index.signature


def _fold(page: str, index: TraceIndex, word: str, group: str) -> None:
    """Open or close a group of the picture; what is inside a closed one is closed with it."""
    state = _state(page)
    opened = [other for other in state.drawn if other != group]
    if word == "open":
        opened.append(group)
    else:
        opened = [other for other in opened if not other.startswith(f"{group}.")]
    state.opened[_root_and_program(page, index)] = tuple(opened)
    session.address()["open"] = f"{index.signature}~{','.join(opened)}"


def _title(drawn: LabGraph, index: TraceIndex, root: Root | None) -> str:
    if not drawn.nodes:
        return _no_graph(index.trace)
    folded = f" in {plural(len(drawn.boxes), 'box')}" if drawn.groups else ""
    saved = saved_bytes(index.trace, None if root is None else index.reachable(list(root.nodes)))
    how = "" if saved.once or not saved.size else ", each node by itself"
    return f"{plural(drawn.nodes, 'node')}{folded} · {bytes_text(saved.size)} saved{how}"


def _no_graph(trace: Trace) -> str:
    if not trace.numbered:
        return "No graph: autograd recorded nothing"
    return f"No graph is left: autograd recorded {plural(trace.numbered, 'operation')}, but nothing holds the result"


# --- the torchviz view


def _torchviz(page: str, index: TraceIndex) -> _View:
    choices = torchviz_choices(index.trace)
    of = choices[0] if choices else None
    if len(choices) > 1:
        of = st.selectbox("Drawing of", choices, key=f"{page}:root:viz", label_visibility="collapsed", width=180)
    attrs = st.toggle("show_attrs", key=f"{page}:attrs")
    saved = st.toggle("show_saved", key=f"{page}:saved")
    drawing = torchviz_dot(index.trace, of, show_attrs=attrs, show_saved=saved)
    if drawing is None:
        return _View(None, "torchviz", _nothing(index.trace))
    if drawing.dot is None:
        return _View(LayoutProblem("too_large", why_not_drawn(index.trace, drawing)), "torchviz")
    drawn = draw_torchviz(drawing.dot, session.ways())
    plain = (drawing.show_attrs, drawing.show_saved) != (attrs, saved)
    word = " · show_attrs and show_saved were not recorded for this graph" if plain else ""
    said = f"{_said(drawn)} · the Lab view folds it" if drawn.gave_up else ""
    return _View(drawn.image, f"make_dot({drawing.of}){said}{word}", "", drawing.dot)


def _nothing(trace: Trace) -> str:
    if trace.failure is not None and trace.failure.kind in ("timeout", "out_of_memory", "crashed"):
        return "The run ended before its graph could be read."
    if trace.failure is not None:
        return "The program stopped before it built a graph."
    return "No graph yet. Make a tensor with requires_grad=True and compute something with it."
