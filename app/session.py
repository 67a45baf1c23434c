"""The one place that knows Streamlit's session, query parameters and caches.

A page lets its program ``start``, knows what it has ``shown`` and asks about it (``look``). The engine behind it is
shared by all sessions of the server: one pool of workers, one memory of traces (equal programs give equal traces, so a
class that opens one lesson runs it once). What a page remembers is a dataclass of its own (``remembered``).
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, TypeVarTuple

import streamlit as st
from msgspec import UNSET, UnsetType

from app.course import Course, load_course
from app.engine import Engine
from app.in_browser import InBrowser, Made
from app.tidying import Tidying, connected
from app.visitor import owner
from components.facts import TraceIndex
from components.reading import KeptTrace, LetGo, ReaderFailed
from components.reading.memory_sections import to_measure
from components.trace import Asked, Device, Draw, Failure, MeasureModules, Program, Trace
from components.widgets.state import STATE
from components.worker import Limits, Run, shared_pool
from components.worker.failures import failed_trace
from components.worker.sent import Sent, SentMemory

# The pages on which a person makes a program; the others look at it.
PROGRAM_PAGES = {"playground": "Playground", "code": "Code", "lessons": "Lessons"}
# Pages that show memory, which is measured when somebody opens them.
_SHOW_MEMORY = ("memory", "compare")
_PATIENCE = 0.6

State = TypeVar("State")
Looked = TypeVar("Looked")
_Given = TypeVarTuple("_Given")


@st.cache_resource(show_spinner=False)
def engine() -> Engine:
    """Return the server's engine; the first call starts the workers, which say which walls stand."""
    shared = Engine(shared_pool())
    Tidying(shared.traces, connected).start()
    return shared


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
    kept: KeptTrace | None = None
    """The trace that the page shows."""
    again: bool = False
    """Whether it was run again, because the server had let its trace go."""
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
    try:
        state: State = STATE[key]
    except KeyError:
        state = STATE[key] = kind()
    return state


def in_browser() -> InBrowser:
    """Return what this session knows of the person's browser."""
    return remembered(InBrowser, "all")


def kept(kind: type[Made], page: str) -> Made:
    """Return what a person has made on a page, of a kind: as the browser kept it, or as it is at first.

    It is written back to the browser after every run of a page in which it has changed, so that it comes back after a
    reload, in another tab, from another server. What the browser brings may be damaged: then it is as at first.
    """
    return in_browser().value(kind, f"{page}:{kind.__name__}")


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


def ask(
    page: str, source: str, question: Asked | UnsetType = UNSET, *, about: object = None, on: Device | None = None
) -> bool:
    """Start a run unless it is what the page asked for last; return whether it was started.

    ``about`` says what is asked for where that is more than the program and the question.
    """
    state = remembered(PageState, page)
    gone = state.kept is not None and state.kept.gone and state.run is None
    if state.asked == (about or (source, question, on)) and not gone:
        return False
    state.again = gone
    start(page, source, question, about=about, on=on)
    return True


def start(
    page: str,
    source: str,
    question: Asked | UnsetType = UNSET,
    *,
    about: object = None,
    again: bool = False,
    on: Device | None = None,
) -> None:
    """Run ``source`` for a page, and ask it a question if there is one; ``on`` is where, else as the person chose.

    An equal program with an equal question that ran before is not run again unless ``again`` asks for it.
    """
    own_device = on or (device() if question is UNSET or isinstance(question, Draw | MeasureModules) else "cpu")
    program = Program(source=source, question=question, device=own_device)
    if page in PROGRAM_PAGES:
        _choices().latest = page
    shared = engine()
    known = None if again else shared.runs_like(program).get(program)
    state = remembered(PageState, page)
    state.stop()
    run = None if known is not None else shared.pool.submit(program, owner=owner(in_browser().person))
    state.again = state.again and not again
    # A newer event can end this run of the page anywhere else: what was asked for is now under way, too, or there.
    state.asked, state.run, state.kept = about or (source, question, on), run, known or state.kept
    if known is not None:
        _take(page, state, known)
    elif run is not None:
        _wait_for(page, run)


def _wait_for(page: str, run: Run) -> None:
    """Wait a little: most programs are done before anyone could see that they run."""
    run.result(_PATIENCE)
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


def measure_again(page: str, stacks: bool = False) -> None:
    """Measure the memory of the trace that a page shows once more: it failed before, or for the calls that allocate."""
    state = remembered(PageState, page)
    if state.kept is not None and not state.kept.gone:
        state.stop()
        _measure(page, state, state.kept, stacks)


def _measure(page: str, state: PageState, kept: KeptTrace, stacks: bool = False) -> None:
    observed = look(page, to_measure, stacks)
    if isinstance(observed, str):
        _hold(page, state, engine().traces.with_memory(kept, SentMemory(None, Limits(), observed)))
        return
    state.run = engine().pool.measure_observed(kept.program, observed, owner=owner(in_browser().person))
    _wait_for(page, state.run)


def _take(page: str, state: PageState, kept: KeptTrace) -> None:
    """Give a page its trace; where it shows memory that nobody has measured yet, have that done."""
    _hold(page, state, kept)
    head = kept.head
    if page.startswith(_SHOW_MEMORY) and not head.measured and head.steps and kept.program.question is UNSET:
        _measure(page, state, kept)


def _hold(page: str, state: PageState, kept: KeptTrace | None) -> None:
    state.kept = kept
    hold(page, kept)


def collect(page: str) -> bool:
    """Take over the trace of a run that is done; return whether one is still running."""
    run = running(page)
    if run is None:
        return False
    result = run.result(0)
    if result is None:
        return True
    state, kept = remembered(PageState, page), _kept(page, result)
    state.run, state.kept = None, kept
    _take(page, state, kept)
    return running(page) is not None


def _kept(page: str, result: Trace | Sent | SentMemory) -> KeptTrace:
    shared = engine()
    if isinstance(result, SentMemory):
        with _readable(page) as measured:
            kept = shared.traces.with_memory(measured, result)
    else:
        kept = shared.traces.keep(result)
    shared.runs_like(kept.program).put(kept)
    return kept


def running(page: str) -> Run | None:
    """Return the page's run that is under way."""
    return remembered(PageState, page).run


def stop(page: str) -> None:
    """Stop the page's run, if one is under way, and forget it."""
    remembered(PageState, page).stop()


def shown(page: str) -> KeptTrace | None:
    """Return what stands for the trace that the page shows; nothing if it was let go."""
    kept = remembered(PageState, page).kept
    return None if kept is None or kept.gone else kept


def ran_again(page: str) -> bool:
    """Whether the page's program ran again because the server had let its trace go."""
    return remembered(PageState, page).again


def look(page: str, function: Callable[[TraceIndex, *_Given], Looked], *args: *_Given) -> Looked:
    """Return ``function(index, *args)`` of the trace that the page shows: see ``Traces.look``.

    Where that was let go, or is too large to be read, the page is shown anew, and says so.
    """
    with _readable(page) as kept:
        return engine().traces.look(kept, function, *args)


def look_at_both(
    page: str, other: str, function: Callable[[TraceIndex, TraceIndex, *_Given], Looked], *args: *_Given
) -> Looked:
    """Return ``function(index, index, *args)`` of the traces that two pages show, as ``look`` does of one."""
    with _readable(page) as one, _readable(other) as another:
        return engine().traces.look_at_both(one, another, function, *args)


def looking(page: str) -> Callable[[Callable[[TraceIndex], Looked]], Looked]:
    """Return ``look`` of the trace that a page shows now, for downloads, which are made outside of any page."""
    kept, traces = remembered(PageState, page).kept, engine().traces
    assert kept is not None
    return lambda function: traces.look(kept, function)


def trace_json(page: str) -> Callable[[], bytes]:
    """Return what gives the page's trace as JSON when somebody wants it; nothing if it was let go by then."""
    kept, traces = remembered(PageState, page).kept, engine().traces
    return lambda: traces.json(kept) if kept is not None and not kept.gone else b""


def trace(page: str) -> Trace | None:
    """Return the trace that the page shows, read in this process."""
    tables = index(page)
    return tables.trace if tables is not None else None


def index(page: str) -> TraceIndex | None:
    """Return the look-up tables of the trace that the page shows, read in this process."""
    if shown(page) is None:
        return None
    with _readable(page) as kept:
        return engine().traces.index(kept)


@contextmanager
def _readable(page: str) -> Iterator[KeptTrace]:
    state = remembered(PageState, page)
    kept = state.kept
    if kept is None:
        raise ValueError(f"{page} shows no trace")
    try:
        yield kept
    except LetGo:
        st.rerun()
    except ReaderFailed as problem:
        failure = Failure(kind="too_large", message=str(problem))
        _hold(page, state, engine().traces.keep(failed_trace(kept.program, failure)))
        st.rerun()


def show(page: str, opened: KeptTrace | None, about: object = None) -> None:
    """Let a page show a trace that it did not run itself, as one that was saved; ``about`` is as in ``ask``."""
    state = remembered(PageState, page)
    state.stop()
    state.asked = about
    _hold(page, state, opened)


def keep(opened: Trace) -> KeptTrace:
    """Return what stands for a trace that somebody has opened; it is kept while a page shows or holds it."""
    kept = engine().traces.keep(opened)
    kept.opened = True
    return kept


def hold(name: str, kept: KeptTrace | None) -> None:
    """Keep a trace in a place with this name, instead of what was kept there."""
    # Sessions have names of their own in tests, where Streamlit gives all of them the same.
    engine().traces.shelf.hold(_session_id(), (in_browser().token, name), kept)


def adopt(page: str, other: str) -> None:
    """Let a page show the trace of another."""
    theirs = shown(other)
    if theirs is None or not page.startswith(_SHOW_MEMORY):
        show(page, theirs)
        return
    known = engine().runs_like(theirs.program).get(theirs.program)
    state = remembered(PageState, page)
    if state.asked is theirs and state.kept is not None and not state.kept.gone:
        collect(page)
        return
    state.stop()
    state.asked = theirs
    # The clock tells whether it is this very run.
    same = known is not None and known.head.duration_ns == theirs.head.duration_ns
    _take(page, state, known if known is not None and same else theirs)


def _session_id() -> str:
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
