"""The player with its switches: which graph, which view, what stands in the boxes, what is open, what to download."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

import streamlit as st

from app import session
from components.facts import TraceIndex, saved_bytes
from components.facts.compare.graphs import GraphMarks
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
from components.widgets.player.page import standalone_page
from components.widgets.player.view import player
from components.worker.collector import collector_paused

_WHOLE = "whole program"
_NO_MARKS = GraphMarks()


@dataclass(frozen=True)
class _Shown:
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
    goto: tuple[int, int] | None = None,
    only: GraphMarks = _NO_MARKS,
) -> None:
    """Show the player with its switches. A fragment: opening a box draws the graph anew and nothing else.

    ``above`` is what the page has above the player, in CSS pixels. ``goto`` is ``player``'s. ``only`` is what to
    mark in the Lab view because a graph beside it has nothing like it.
    """
    index = session.index(page)
    if index is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        kind = st.segmented_control(
            "View", ["Lab", "torchviz"], default="Lab", key=f"{page}:view", label_visibility="collapsed", required=True
        )
        shown = _torchviz(page, index) if kind == "torchviz" else _lab(page, index, only)
        data = _data(index, shown, "torchviz" if kind == "torchviz" else "lab")
        _downloads(page, index.trace, data)
    player(
        data,
        key=f"{page}:player",
        above=above,
        show_code=show_code,
        channel="" if show_code else page,
        goto=goto,
        on_fold=lambda word, group: _fold(page, index, word, group),
    )


def _data(index: TraceIndex, shown: _Shown, kind: Literal["lab", "torchviz"]) -> PlayerData:
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
        st.download_button(
            "Player as one HTML file",
            lambda: standalone_page(data, "Autograd Lab"),
            "autograd-lab.html",
            "text/html",
            key=f"{page}:html",
            on_click="ignore",
        )
        st.download_button(
            "Trace as JSON",
            lambda: encode_trace(trace),
            "trace.json",
            "application/json",
            key=f"{page}:json",
            on_click="ignore",
        )
        st.download_button(
            "Program (.py)", trace.program.source, "program.py", "text/x-python", key=f"{page}:py", on_click="ignore"
        )


# --- the Lab view


def _lab(page: str, index: TraceIndex, only: GraphMarks) -> _Shown:
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
        return _Shown(None, "Graph", _nothing(index.trace), "", whole, options)
    folded = None if opened is not None else lambda groups: graph(replace(options, opened=groups))
    drawn = draw_lab(whole, session.ways(), folded)
    seen = drawn.graph or whole
    session.state()[f"{page}:opened"] = seen.opened
    return _Shown(drawn.image, _title(seen, index, root) + _said(drawn), "", drawn.dot, seen, options)


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
    state, address, key = session.state(), session.address(), _fold_key(page, index)
    if not state.get(f"{page}:linked"):
        state[f"{page}:linked"] = True
        asked = address.get("open", "")
        of, _, groups = asked.partition("~")
        if of == index.signature and re.fullmatch(r"g(\.\d{1,6}){1,40}(,g(\.\d{1,6}){1,40}){0,500}", groups):
            state[key] = tuple(groups.split(","))
    opened: tuple[str, ...] | None = state.get(key)
    if opened is None and "open" in address:
        del address["open"]
    return opened


def _fold_key(page: str, index: TraceIndex) -> str:
    root = session.state().get(f"{page}:root:lab") or _WHOLE
    return f"{page}:opened:{root}:{index.signature}"


def _fold(page: str, index: TraceIndex, word: str, group: str) -> None:
    """Open or close a group of the picture; what is inside a closed one is closed with it."""
    opened = [one for one in session.state().get(f"{page}:opened", ()) if one != group]
    if word == "open":
        opened.append(group)
    else:
        opened = [one for one in opened if not one.startswith(f"{group}.")]
    session.state()[_fold_key(page, index)] = tuple(opened)
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


def _torchviz(page: str, index: TraceIndex) -> _Shown:
    choices = torchviz_choices(index.trace)
    of = choices[0] if choices else None
    if len(choices) > 1:
        of = st.selectbox("Drawing of", choices, key=f"{page}:root:viz", label_visibility="collapsed", width=180)
    attrs = st.toggle("show_attrs", key=f"{page}:attrs")
    saved = st.toggle("show_saved", key=f"{page}:saved")
    drawing = torchviz_dot(index.trace, of, show_attrs=attrs, show_saved=saved)
    if drawing is None:
        return _Shown(None, "torchviz", _nothing(index.trace))
    if drawing.dot is None:
        return _Shown(LayoutProblem("too_large", why_not_drawn(index.trace, drawing)), "torchviz")
    drawn = draw_torchviz(drawing.dot, session.ways())
    plain = (drawing.show_attrs, drawing.show_saved) != (attrs, saved)
    word = " · show_attrs and show_saved were not recorded for this graph" if plain else ""
    said = f"{_said(drawn)} · the Lab view folds it" if drawn.gave_up else ""
    return _Shown(drawn.image, f"make_dot({drawing.of}){said}{word}", "", drawing.dot)


def _nothing(trace: Trace) -> str:
    if trace.failure is not None and trace.failure.kind in ("timeout", "out_of_memory", "crashed"):
        return "The run ended before its graph could be read."
    if trace.failure is not None:
        return "The program stopped before it built a graph."
    return "No graph yet. Make a tensor with requires_grad=True and compute something with it."
