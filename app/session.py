"""The one place that knows Streamlit's session, query parameters and caches.

A page lets its program ``start`` and shows its ``trace``. The engine behind it is shared by all sessions of the server:
one pool of workers, one cache of traces (equal programs give equal traces, so a class that opens one lesson runs it
once), one cache of pictures. What a page remembers is a dataclass of its own (``remembered``).
"""

from __future__ import annotations

import builtins
import json
import keyword
import secrets
import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import msgspec
import streamlit as st
from msgspec import UNSET, UnsetType

from app.course import Course, load_course
from app.engine import Engine
from components.facts import TraceIndex
from components.figures import LayoutProblem, Picture, Ways, layout_svg, svg_ways
from components.trace import Asked, Device, Program, Trace
from components.widgets.state import STATE
from components.worker import Run, pool_of_this_machine

# The pages on which a person makes a program; the others look at it.
PROGRAM_PAGES = {"playground": "Playground", "code": "Code", "lessons": "Lessons"}
# Pages that show memory, which is measured when somebody opens them.
_SHOW_MEMORY = ("memory", "compare")
_PATIENCE = 0.6
# How often, and how long, the browser is told of what it is to keep.
_LEAST_TOLD, _TOLD_SECONDS = 5, 30

State = TypeVar("State")
Made = TypeVar("Made", bound=msgspec.Struct)


@st.cache_resource(show_spinner=False)
def engine() -> Engine:
    """Return the server's engine; the first call starts the workers, which say which walls stand."""
    shared = Engine(pool_of_this_machine())
    shared.pool.start()
    return shared


class _NoPicture(Exception):
    """Carries a layout's problem past the cache: on a busy minute it must not stick."""

    def __init__(self, problem: LayoutProblem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@st.cache_data(max_entries=200, show_spinner=False)
def _laid_out(dot: str) -> Picture | LayoutProblem:
    result = layout_svg(dot)
    if isinstance(result, LayoutProblem) and result.reason in ("timeout", "busy"):
        raise _NoPicture(result)
    return result


@st.cache_data(max_entries=200, ttl=60, show_spinner=False)
def _lately(dot: str) -> Picture | LayoutProblem:
    """What was too slow is not tried again at once, or each click would take that time."""
    try:
        return _laid_out(dot)
    except _NoPicture as none:
        if none.problem.reason == "busy":
            raise
        return none.problem


def picture(dot: str) -> Picture | LayoutProblem:
    """Lay out a DOT text, or remember how it was."""
    try:
        return _lately(dot)
    except _NoPicture as none:
        return none.problem


def ways() -> Ways[Picture]:
    """Return how the pages make pictures."""
    return replace(svg_ways(), lay_out=picture)


@st.cache_resource(show_spinner=False)
def course() -> Course:
    """Return the course, read once."""
    return load_course()


# --- what one person's session remembers


@dataclass
class PageState:
    """The program that a page shows, and how far it is."""

    asked: object = None
    """What the page asked for last (``start``); the other page's trace where it shows that (``adopt``)."""
    run: Run | None = None
    """The run that is under way."""
    trace: Trace | None = None
    index: TraceIndex | None = None
    """The look-up tables of that trace, which know how it was folded before."""
    name: str = ""
    """What the program is called."""
    cells: list[tuple[str, str]] | None = None
    """The kind and text of the cells of a notebook of it, where it has other ones than those of the program."""

    def stop(self) -> None:
        """Stop the run, if one is under way, and forget it."""
        if self.run is not None:
            self.run.stop()
            self.run = None


@dataclass
class _Choices:
    """What holds for all pages: where a program was run last, and what programs may use."""

    latest: str | None = None
    device: Device = "cpu"


def remembered(kind: type[State], page: str) -> State:
    """Return what this session remembers of a kind for a page, made when it is first asked for.

    It stays when other pages are shown, unlike what Streamlit knows of widgets. Ask again after a wait: a later run of
    the page may have changed it, and this run ends here if there is one.
    """
    key = f"{page}:{kind.__name__}"
    if key not in STATE:
        STATE[key] = kind()
    state: State = STATE[key]
    return state


@dataclass
class InBrowser:
    """What is kept in the person's browser, and what this session has made of it."""

    token: str = field(default_factory=lambda: secrets.token_hex(8))
    """The session's name, by which the browser knows whom it has told."""
    arrived: bool = False
    texts: dict[str, str] = field(default_factory=dict)
    """The values as the browser has them, as JSON by name."""
    made: dict[str, msgspec.Struct] = field(default_factory=dict)
    changed: dict[str, _Change] = field(default_factory=dict)
    """What was changed lately, by name."""


@dataclass
class _Change:
    """A value as it is now, since when, and how often the browser was told."""

    text: str
    since: float
    told: int = 0


def in_browser() -> InBrowser:
    """Return what this session knows of the person's browser."""
    return remembered(InBrowser, "all")


def kept(kind: type[Made], page: str) -> Made:
    """Return what a person has made on a page, of a kind: as the browser kept it, or as it is at first.

    It is written back to the browser after every run of a page in which it has changed, so that it comes back after a
    reload, in another tab, from another server. What the browser brings may be damaged: then it is as at first.
    """
    store, name = in_browser(), f"{page}:{kind.__name__}"
    if name not in store.made:
        store.made[name] = _made(kind, store.texts.get(name, "{}"))
        # Only what a person changes from here on is written: the browser may know more by now.
        store.texts[name] = _json(store.made[name])
    made = store.made[name]
    assert isinstance(made, kind)
    return made


@dataclass
class _History:
    """Whether the person has just gone back or forward; what the browser is to write into its address."""

    went: bool = False
    changes: list[Callable[[], None]] = field(default_factory=list)
    """What a press changes in the address, until a run of a page has told the browser."""
    leaving: tuple[str, Mapping[str, str]] | None = None
    """The page that a press leads to, and its address."""
    rewrites: list[Mapping[str, object]] = field(default_factory=list)


def go() -> None:
    """Note that the person has gone back or forward."""
    remembered(_History, "all").went = True


def set_out() -> None:
    """Note whether it is Back or Forward that this run of a page follows; a later run may end it before it has."""
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    if context is not None and context.is_history_navigation:
        go()


def went() -> bool:
    """Return whether the person has just gone back or forward."""
    return remembered(_History, "all").went


def stay() -> None:
    """Note that the page has followed the way back or forward."""
    remembered(_History, "all").went = False


def to_keep() -> Mapping[str, str]:
    """Return what this session has changed lately of what the browser keeps, as JSON by name.

    A change is told again for a while: a connection can break, and a browser skips what newer data overtook.
    """
    store, now = in_browser(), time.monotonic()
    for name, made in store.made.items():
        text = _json(made)
        if text != store.texts.get(name):
            store.texts[name], store.changed[name] = text, _Change(text, now)
    for name, change in list(store.changed.items()):
        change.told += 1
        if change.told > _LEAST_TOLD and now - change.since > _TOLD_SECONDS:
            del store.changed[name]
    return {name: change.text for name, change in store.changed.items()}


def _json(made: msgspec.Struct) -> str:
    try:
        return msgspec.json.encode(made).decode()
    except UnicodeEncodeError:  # half a character, as browsers can send it
        return json.dumps(msgspec.to_builtins(made))


def _made(kind: type[Made], text: str) -> Made:
    """Read what a browser kept, which may be damaged: then it is as at first."""
    try:
        return msgspec.convert(json.loads(text), kind)
    except (ValueError, msgspec.ValidationError, RecursionError):
        return kind()


def rewrite(was: str, names: Sequence[str], parts: Mapping[str, str]) -> None:
    """Let the page's address have ``parts`` where one of these names has the value ``was``."""
    remembered(_History, "all").rewrites.append({"was": was, "names": list(names), "parts": dict(parts)})


def rewritten() -> Sequence[Mapping[str, object]]:
    """Return what the browser is to write into its address after this run."""
    history = remembered(_History, "all")
    now, history.rewrites = history.rewrites, []
    return now


def shows_only_player() -> bool:
    """Whether a page of somebody else's shows this one in a frame, and of it the player alone."""
    return bool(st.context.is_embedded) and address().get("show") == "player"


def widgets() -> MutableMapping[str | int, Any]:
    """Return the values of this session's widgets by their keys, which are ``PAGE:WORD``."""
    return STATE


def address() -> MutableMapping[str, str]:
    """Return the query parameters of the page's address."""
    changes = remembered(_History, "all").changes
    while changes:
        changes[0]()  # where this run ends here, the next one does it
        del changes[0]
    return st.query_params


def go_to(**parts: str) -> None:
    """Let the page's address have these query parameters and no others: one entry of the browser's history."""
    remembered(_History, "all").changes.append(lambda: st.query_params.from_dict(parts))


def change_address(parts: Mapping[str, str | None]) -> None:
    """Let query parameters of the page's address be others; ``None`` takes one away. One entry of the history."""

    def change() -> None:
        changed = {**st.query_params.to_dict(), **parts}
        st.query_params.from_dict({name: value for name, value in changed.items() if value is not None})

    remembered(_History, "all").changes.append(change)


def leave_for(screen: str, address: Mapping[str, str] | None = None) -> None:
    """Go to another page from a press; ``screen`` is its file in this folder."""
    remembered(_History, "all").leaving = f"screens/{screen}.py", address or {}


def leave() -> None:
    """Go where a press leads, if it leads to another page."""
    history = remembered(_History, "all")
    leaving, history.leaving = history.leaving, None
    if leaving is not None:
        st.switch_page(leaving[0], query_params=leaving[1])


# --- running programs


def ask(page: str, source: str, question: Asked | UnsetType = UNSET, *, about: object = None) -> bool:
    """Start a run unless it is what the page asked for last; return whether it was started.

    ``about`` says what is asked for where that is more than the program and the question.
    """
    if remembered(PageState, page).asked == (about or (source, question)):
        return False
    start(page, source, question, about=about)
    return True


def start(
    page: str, source: str, question: Asked | UnsetType = UNSET, *, about: object = None, again: bool = False
) -> None:
    """Run ``source`` for a page, and ask it a question if there is one.

    An equal program with an equal question that ran before is not run again unless ``again`` asks for it.
    """
    program = Program(source=source, question=question, device=device() if question is UNSET else "cpu")
    if page in PROGRAM_PAGES:
        _choices().latest = page
    shared = engine()
    known = None if again else shared.cache_of(program).get(program)
    state = remembered(PageState, page)
    # From here on no later run of the page can end this one: what was asked for is under way, too.
    state.stop()
    state.asked = about or (source, question)
    if known is not None:
        _take(page, state, known)
    else:
        state.run = shared.pool.submit(program, owner=_owner())
        _wait_for(page, state.run)


def _wait_for(page: str, run: Run) -> None:
    """Wait a little: most programs are done before anyone could see that they run."""
    run.wait(_PATIENCE)
    collect(page)


def call(page: str, name: str, cells: list[tuple[str, str]] | None = None) -> None:
    """Say what the program of a page is called, and which cells it has where they are more than its text."""
    state = remembered(PageState, page)
    state.name, state.cells = name, cells


def name_of(page: str) -> str:
    """Return what the program of a page is called."""
    return remembered(PageState, page).name or page.partition(":")[0].partition("-")[0].capitalize()


def cells_of(page: str) -> list[tuple[str, str]] | None:
    """Return the cells of a page's program, as far as they are more than its text."""
    return remembered(PageState, page).cells


def measure_again(page: str) -> None:
    """Measure the memory of the trace that a page shows, which could not be measured before."""
    state = remembered(PageState, page)
    if state.trace is not None:
        state.stop()
        _measure(page, state, state.trace)


def _measure(page: str, state: PageState, trace: Trace) -> None:
    state.run = engine().pool.measure(trace, owner=_owner())
    _wait_for(page, state.run)


def _take(page: str, state: PageState, trace: Trace) -> None:
    """Give a page its trace; where it shows memory that nobody has measured yet, have that done."""
    state.trace = trace
    measured = trace.memory is not None or trace.memory_note is not UNSET
    if page.startswith(_SHOW_MEMORY) and not measured and trace.steps and trace.program.question is UNSET:
        _measure(page, state, trace)


def collect(page: str) -> bool:
    """Take over the trace of a run that is done; return whether one is still running."""
    run = running(page)
    if run is None:
        return False
    trace = run.wait(0)
    if trace is None:
        return True
    engine().cache_of(trace.program).put(trace)
    state = remembered(PageState, page)
    state.run = None
    _take(page, state, trace)
    return running(page) is not None


def running(page: str) -> Run | None:
    """Return the page's run that is under way."""
    return remembered(PageState, page).run


def stop(page: str) -> None:
    """Stop the page's run, if one is under way, and forget it."""
    remembered(PageState, page).stop()


def trace(page: str) -> Trace | None:
    """Return the trace that the page shows."""
    return remembered(PageState, page).trace


def index(page: str) -> TraceIndex | None:
    """Return the look-up tables of the trace that the page shows."""
    state = remembered(PageState, page)
    if state.trace is None:
        return None
    if state.index is None or state.index.trace is not state.trace:
        state.index = TraceIndex(state.trace)
    return state.index


def show(page: str, opened: Trace | None, about: object = None) -> None:
    """Let a page show a trace that it did not run itself, as one that was saved; ``about`` is as in ``ask``."""
    state = remembered(PageState, page)
    state.stop()
    state.trace, state.asked = opened, about


def adopt(page: str, other: str) -> None:
    """Let a page show the trace of another."""
    theirs = trace(other)
    if theirs is None or not page.startswith(_SHOW_MEMORY):
        show(page, theirs)
        return
    known = engine().cache_of(theirs.program).get(theirs.program)
    state = remembered(PageState, page)
    if state.asked is theirs and state.trace is not None:
        collect(page)
        return
    state.stop()
    state.asked = theirs
    # The clock tells whether it is this very run.
    _take(page, state, known if known is not None and known.duration_ns == theirs.duration_ns else theirs)


def _owner() -> str:
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    return context.session_id if context is not None else ""


# --- what holds for all pages


def _choices() -> _Choices:
    return remembered(_Choices, "all")


def latest() -> str | None:
    """Return the page on which a program was run last, of those that have one."""
    return _choices().latest


def completions() -> tuple[str, ...]:
    """Return what editors complete: Python's own words, and what the installed modules have once that is known."""
    return engine().pool.names() or tuple(sorted({*keyword.kwlist, *dir(builtins)}))


def has_gpu() -> bool:
    """Whether programs of this server can use a GPU."""
    return engine().pool.gpu is not None


def device() -> Device:
    """Return what this person's programs may use; questions about them are answered on the CPU."""
    return "cuda" if _choices().device == "cuda" and has_gpu() else "cpu"


def choose_device(device: Device) -> None:
    """Let this person's programs use a device from the next run on."""
    _choices().device = device
