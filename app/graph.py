"""The player with its switches: which graph, which view, what stands in the boxes, what is open, what to download."""

from __future__ import annotations

import hashlib
import json
import re
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import msgspec
import streamlit as st
from streamlit import runtime

from app import modules_table, session, torchviz_view, what_if
from app.controls import download, kept_choice, kept_toggle, one_of
from app.links import CODE, FORM, PACKED, PAIR
from app.takehome import file_name, notebook, script
from components.facts.compare.graphs import GraphMarks
from components.facts.terms import meaning_of
from components.figures import PlayerData
from components.reading import KeptTrace
from components.reading.graph_view import NO_MARKS, WHOLE, GraphAsked, graph_view, other_foldings, way_to_module
from components.reading.modules import ModulesTold
from components.reading.offers import Place
from components.reading.torchviz_view import TorchvizAsked
from components.widgets.browser import write
from components.widgets.picture_buttons import picture_buttons
from components.widgets.player.page import standalone_page
from components.widgets.player.view import player

# In CSS pixels: what is around the player in a frame of somebody else's page.
_EMBEDDED = 22
# A browser that has received a picture has painted it after this time, measured with what a page shows beside it.
_PAINTS_SECONDS = 0.06


class Look(msgspec.Struct):
    """How a page's graph is looked at; ``opened`` are the groups opened in it, by the root's name.

    They are about the program with the signature ``of``.
    """

    torchviz: bool = False
    values: bool = True
    saved: bool = True
    shapes: bool = False
    show_attrs: bool = False
    show_saved: bool = False
    root: str = ""
    drawing: str = ""
    of: str = ""
    opened: dict[str, list[str]] = msgspec.field(default_factory=dict)
    modules: bool = False


class View(Look):
    """How a person looks at it now, as the address said that was followed last; and looked at it at other addresses."""

    taken: str = ""
    others: dict[str, Look] = msgspec.field(default_factory=dict)


@dataclass
class GraphState:
    """What a page remembers of its player: which boxes are open in its picture, and where it is to go.

    ``asked`` is what the picture is of, ``coarser`` and ``finer`` are what is open one level of detail up and down.
    """

    drawn: tuple[str, ...] = ()
    coarser: tuple[str, ...] = ()
    finer: tuple[str, ...] = ()
    asked: GraphAsked | None = None
    goto: tuple[int, int] | tuple[int, None, str] | None = None
    """The number of the request and the moment, or a box in its place."""
    painted: weakref.ref[KeptTrace] | None = None
    """What stands for the trace that the browser has painted a picture of, while there is such a thing."""


@st.fragment
def show(
    page: str,
    *,
    above: int,
    show_code: bool = True,
    only: GraphMarks = NO_MARKS,
    asks: bool = False,
) -> None:
    """Show the player with its switches. A fragment: opening a box draws the graph anew and nothing else.

    ``above`` is what the page has above the player, in CSS pixels. ``only`` is what to mark in the Lab view because a
    graph beside it has nothing like it. ``asks`` says whether the page can show what would be if something were
    another.
    """
    if session.shown(page) is None:
        return
    if asks and what_if.take_news(page):
        st.rerun()
    view, asks = _view(page), asks and not st.context.is_embedded
    _take_link(page, view)
    with st.container(horizontal=True, vertical_alignment="center", key=f"{page}-tools"):
        view.torchviz = one_of("View", ("Lab", "torchviz"), f"{page}:view", last=_kind(view)) == "torchviz"
        with_modules = asks and modules_table.offered(page)
        measured = modules_table.told(page) if with_modules and view.modules else None
        data, places = (_torchviz(page, view), {}) if view.torchviz else _lab(page, only, asks, measured)
        if with_modules:
            _modules_button(page, view)
        _downloads(page, data)
    if view.torchviz:
        torchviz_view.show_under_way(page)
    if st.context.is_embedded:
        above, show_code = _EMBEDDED, show_code or session.shows_only_player()
    above += modules_table.HEIGHT if measured is not None else 0
    player(
        data,
        key=f"{page}:player",
        above=above,
        show_code=show_code,
        channel="" if show_code else page,
        goto=_state(page).goto,
        on_fold=lambda word, group: _fold(page, word, group),
        changes={key: place.told for key, place in places.items()},
        on_what_if=lambda of, kind, amount: what_if.ask(page, places.get(of), kind, amount),
        refused=what_if.refused(page) if asks else 0,
    )
    _let_it_be_painted(page)
    if measured is not None:
        modules_table.show(page, measured, partial(_lead_to_module, page))
    # The runs of this fragment do not pass by what writes for the page.
    write(
        {name: text for name, text in session.in_browser().to_keep().items() if name == f"{page}:View"},
        key=f"{page}:writer",
    )


def _let_it_be_painted(page: str) -> None:
    """Hold the rest of the page back until the browser has painted the picture of another trace.

    What arrives together it lays out together, and a page's widgets take it longer than the picture does.
    """
    state, shown = _state(page), session.shown(page)
    painted = state.painted() if state.painted is not None else None
    if shown is not None and painted is not shown and runtime.exists():
        state.painted = weakref.ref(shown)
        time.sleep(_PAINTS_SECONDS)


def lead(page: str, moment: int) -> None:
    """Lead the page's player to a moment of the run."""
    state = _state(page)
    state.goto = (state.goto[0] if state.goto is not None else 0) + 1, moment


def stop_leading(page: str) -> None:
    """Forget where the page's player was to go: it shows another trace."""
    _state(page).goto = None


def _state(page: str) -> GraphState:
    return session.remembered(GraphState, page)


def _downloads(page: str, data: PlayerData) -> None:
    with (
        st.popover("Download", icon=":material/download:"),
        st.container(key=f"{page.replace(':', '-')}-al-downloads", gap=None),
    ):
        picture_buttons(f"{page}:player")
        name, source = session.name_of(page), data.source

        def file(label: str, ending: str, make: Callable[[], str | bytes]) -> None:
            download(label, make, file_name(name, ending), f"{page}:{ending}", icon=None)

        file("Player as one HTML file", "html", _standalone(page, data, f"{name} · Autograd Lab"))
        file("Program (.py)", "py", partial(script, source))
        file("Notebook (.ipynb)", "ipynb", partial(notebook, source, name, session.cells_of(page)))
        file("Trace as JSON", "json", session.trace_json(page))


def _standalone(page: str, data: PlayerData, title: str) -> Callable[[], str]:
    """Return what makes the player as a file, in which boxes can be opened and closed as here."""
    look, asked = session.looking(page), _state(page).asked
    if data.kind != "lab" or asked is None:
        return partial(standalone_page, data, title)
    return lambda: standalone_page(data, title, look(partial(other_foldings, asked=asked)))


# --- the Lab view


def _lab(page: str, only: GraphMarks, asks: bool, measured: ModulesTold | None) -> tuple[PlayerData, dict[str, Place]]:
    view, signature = _view(page), _signature(page)
    key = view.root or WHOLE
    opened = tuple(view.opened[key]) if view.of == signature and key in view.opened else None
    asked = GraphAsked(
        root=key,
        values=view.values,
        shapes=view.shapes,
        saved=view.saved,
        opened=opened,
        only=only,
        asks=asks,
        modules=measured is not None,
        costs=measured.costs if measured is not None else None,
    )
    shown = session.look(page, graph_view, asked)
    if len(shown.roots) > 1:
        kept_choice("Graph of", [WHOLE, *shown.roots], view, "root", f"{page}:root:lab", width=190)
    _switches(page, view)
    state = _state(page)
    state.drawn, state.coarser, state.finer, state.asked = shown.opened, shown.coarser, shown.finer, asked
    return shown.data, shown.places


def _torchviz(page: str, view: View) -> PlayerData:
    asked = TorchvizAsked(of=view.drawing, show_attrs=view.show_attrs, show_saved=view.show_saved)
    return torchviz_view.data(page, view, asked)


def _switches(page: str, view: View) -> None:
    """What stands in the boxes: values, saved tensors, shapes."""
    with st.popover("Show", icon=":material/tune:"):
        for label, field in (("values", "values"), ("saved tensors", "saved"), ("shapes", "shapes")):
            kept_toggle(label, view, field, f"{page}:{field}")


# --- the table of modules


def _modules_button(page: str, view: View) -> None:
    """Show the button that shows and hides the table."""

    def turn() -> None:
        view.modules = not view.modules

    st.button(
        "Modules",
        key=f"{page}:modules-shown",
        icon=":material/table_rows:",
        type="primary" if view.modules else "secondary",
        help=meaning_of("Modules"),
        on_click=turn,
    )


def _lead_to_module(page: str, path: str) -> None:
    """Open what is around a module and lead the player to its box."""
    view, state = _view(page), _state(page)
    for key in dict.fromkeys((view.root or WHOLE, WHOLE)):
        way = session.look(page, way_to_module, key, state.drawn if key == (view.root or WHOLE) else (), path)
        if way is not None:
            break
    else:
        return
    if view.of != _signature(page):
        view.of, view.opened = _signature(page), {}
    view.root, view.opened[key], view.torchviz = key, list(way.opened), False
    session.widgets()[f"{page}:view"] = _kind(view)
    state.goto = (state.goto[0] if state.goto is not None else 0) + 1, None, way.box


_NAMES = ("view", "boxes", "graph", "open")
_ABOUT = ("lesson", CODE, PACKED, FORM, PAIR)
_LOOKS = 6


def _take_link(page: str, view: View) -> None:
    """Look at a graph as the link says that led here, and as before when one goes back or forward."""
    address = session.address()
    asked = {name: value for name in _NAMES if (value := address.get(_prefix(page) + name))}
    here = asked | {name: address[name] for name in _ABOUT if name in address}
    key = hashlib.sha256(json.dumps(here).encode()).hexdigest()[:16] if here else ""
    if key == view.taken or not (here or session.went()):
        return
    fields = msgspec.to_builtins(view)
    look = view.others.pop(key, None)
    view.others.pop(view.taken, None)
    view.others = dict([*view.others.items(), (view.taken, msgspec.convert(fields, Look))][-_LOOKS:])
    view.taken = key
    look = look or (_look(asked) if asked else None)
    if look is not None:
        for name in Look.__struct_fields__:
            setattr(view, name, getattr(look, name))
        session.widgets()[f"{page}:view"] = _kind(view)


def _look(asked: Mapping[str, str]) -> Look:
    """Read how a link says that a graph is looked at."""
    look = Look(torchviz=asked.get("view") == "torchviz")
    if "boxes" in asked:
        for name in _switches_of(look):
            setattr(look, name, name in asked["boxes"].split(","))
    setattr(look, "drawing" if look.torchviz else "root", asked.get("graph", ""))
    of, _, groups = asked.get("open", "").partition("~")
    if re.fullmatch(r"g(\.\d{1,6}){1,40}(,g(\.\d{1,6}){1,40}){0,500}", groups):
        look.of, look.opened = of, {look.root or WHOLE: groups.split(",")}
    return look


def link_parts(page: str) -> dict[str, str]:
    """Return the part of an address that says how a page's graph is looked at."""
    view = _view(page)
    if session.shown(page) is None:
        return {}
    boxes, plain = (
        [name for name in _switches_of(look) if getattr(look, name)] for look in (view, Look(view.torchviz))
    )
    parts = {"view": _kind(view).lower(), "boxes": "" if boxes == plain else ",".join(boxes) or "none"}
    parts["graph"] = view.drawing if view.torchviz else view.root if view.root != WHOLE else ""
    opened = view.opened.get(view.root or WHOLE, [])
    if view.of == _signature(page) and opened and not view.torchviz:
        parts["open"] = f"{view.of}~{','.join(opened)}"
    return {_prefix(page) + name: value for name, value in parts.items() if value}


def _prefix(page: str) -> str:
    """What the names begin with where a page has two graphs."""
    side = page.partition(":")[2]
    return f"{side}-" if side else ""


def _kind(look: Look) -> str:
    return "torchviz" if look.torchviz else "Lab"


def _switches_of(look: Look) -> tuple[str, ...]:
    return ("show_attrs", "show_saved") if look.torchviz else ("values", "saved", "shapes")


def _fold(page: str, word: str, group: str) -> None:
    """Open or close a group of the picture, or a level; what is inside a closed one is closed with it."""
    view, state = _view(page), _state(page)
    opened = [other for other in state.drawn if other != group]
    if word == "open":
        opened.append(group)
    elif word == "level":
        opened = list(state.finer if group == "finer" else state.coarser)
    else:
        opened = [other for other in opened if not other.startswith(f"{group}.")]
    if view.of != _signature(page):
        view.of, view.opened = _signature(page), {}
    view.opened[session.widgets().get(f"{page}:root:lab") or WHOLE] = opened


def _view(page: str) -> View:
    return session.kept(View, page)


def _signature(page: str) -> str:
    """Tells the program that a page shows from others."""
    shown = session.shown(page)
    return shown.head.signature if shown is not None else ""
