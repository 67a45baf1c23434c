"""The one place that knows Streamlit's session, query parameters and caches.

A page asks ``run`` for the trace of a program. The engine behind it is shared by all sessions of the server: one pool
of workers, one memory of traces (equal programs give equal traces, so a class that opens one lesson runs it once), one
memory of pictures.
"""

from __future__ import annotations

import builtins
import keyword
import threading
from collections import OrderedDict
from collections.abc import MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st
from msgspec import UNSET, UnsetType

from app.course import Course, load_course
from components.facts import TraceIndex
from components.figures import LayoutProblem, Picture, Ways, layout_svg, svg_ways
from components.trace import Asked, Device, Program, Trace, why_not_measured
from components.worker import Pool, Run, pool_of_this_machine

# The pages on which a person makes a program; the others look at it.
PROGRAM_PAGES = {"playground": "Playground", "code": "Code", "lessons": "Lessons"}
# Pages that show memory, which is measured when somebody opens them.
_SHOW_MEMORY = ("memory", "compare")
_TRACES = 64
_LARGEST_REMEMBERED = 4_000
_PATIENCE = 0.6


@dataclass
class TraceMemory:
    """The traces of the programs that were run last. Safe to use from many threads."""

    _traces: OrderedDict[Program, Trace] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, program: Program) -> Trace | None:
        """Return the trace of an equal program, if it is still here."""
        with self._lock:
            if program in self._traces:
                self._traces.move_to_end(program)
            return self._traces.get(program)

    def put(self, trace: Trace) -> None:
        """Remember a trace, unless it is huge or its failure was the machine's, not the program's."""
        kind = trace.failure.kind if trace.failure is not None else None
        if trace.memory is None and trace.memory_note not in (UNSET, why_not_measured(trace)):
            return  # it could not be measured this time
        events = len(trace.memory.events) if trace.memory is not None else 0
        if max(len(trace.nodes), events // 5) > _LARGEST_REMEMBERED or kind in ("timeout", "crashed", "out_of_memory"):
            return
        with self._lock:
            self._traces[trace.program] = trace
            while len(self._traces) > _TRACES:
                self._traces.popitem(last=False)


@dataclass
class Engine:
    """What all sessions share."""

    pool: Pool
    memory: TraceMemory = field(default_factory=TraceMemory)
    # Sliders ask many questions: they must not push the lessons out.
    answers: TraceMemory = field(default_factory=TraceMemory)

    def memory_of(self, program: Program) -> TraceMemory:
        """Return where the trace of a program is remembered."""
        return self.memory if program.question is UNSET else self.answers


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
    found = layout_svg(dot)
    if isinstance(found, LayoutProblem) and found.reason in ("timeout", "busy"):
        raise _NoPicture(found)
    return found


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


def state() -> MutableMapping[str | int, Any]:
    """Return what this person's session remembers, widgets included."""
    return st.session_state


def address() -> MutableMapping[str, str]:
    """Return the query parameters of the page's address."""
    return st.query_params


def start(page: str, source: str, question: Asked | UnsetType = UNSET, *, again: bool = False) -> None:
    """Run ``source`` for a page, and ask it a question if there is one.

    An equal program with an equal question that ran before is not run again unless ``again`` asks for it.
    """
    program = Program(source=source, question=question, device=device() if question is UNSET else "cpu")
    if page in PROGRAM_PAGES:
        st.session_state["latest"] = page
    shared = engine()
    remembered = None if again else shared.memory_of(program).get(program)
    stop(page)
    if remembered is not None:
        _take(page, remembered)
        return
    _wait_for(page, shared.pool.submit(program, owner=_owner()))


def _wait_for(page: str, run: Run) -> None:
    """Let a page wait for a run; most programs are done before anyone could see that they run."""
    st.session_state[f"{page}:run"] = run
    run.wait(_PATIENCE)
    collect(page)


def measure_again(page: str) -> None:
    """Measure the memory of the trace that a page shows, which could not be measured before."""
    shown = trace(page)
    if shown is not None:
        stop(page)
        _wait_for(page, engine().pool.measure(shown, owner=_owner()))


def _take(page: str, trace: Trace) -> None:
    """Give a page its trace; where it shows memory that nobody has measured yet, have that done."""
    st.session_state[f"{page}:trace"] = trace
    measured = trace.memory is not None or trace.memory_note is not UNSET
    if page.startswith(_SHOW_MEMORY) and not measured and trace.steps and trace.program.question is UNSET:
        _wait_for(page, engine().pool.measure(trace, owner=_owner()))


def completions() -> tuple[str, ...]:
    """Return what editors complete: Python's own words, and what the installed modules have once that is known."""
    return engine().pool.names() or tuple(sorted({*keyword.kwlist, *dir(builtins)}))


def has_gpu() -> bool:
    """Whether programs of this server can use a GPU."""
    return engine().pool.gpu is not None


def device() -> Device:
    """Return what this person's programs may use; questions about them are answered on the CPU."""
    return "cuda" if st.session_state.get("device") == "cuda" and has_gpu() else "cpu"


def latest() -> str | None:
    """Return the page on which a program was run last, of those that have one."""
    found = st.session_state.get("latest")
    return found if isinstance(found, str) else None


def collect(page: str) -> bool:
    """Take over the trace of a run that is done; return whether one is still running."""
    run = running(page)
    if run is None:
        return False
    trace = run.wait(0)
    if trace is None:
        return True
    engine().memory_of(trace.program).put(trace)
    st.session_state[f"{page}:run"] = None
    _take(page, trace)
    return running(page) is not None


def running(page: str) -> Run | None:
    """Return the page's run that is under way."""
    run = st.session_state.get(f"{page}:run")
    return run if isinstance(run, Run) else None


def stop(page: str) -> None:
    """Stop the page's run, if one is under way, and forget it."""
    run = running(page)
    if run is not None:
        run.stop()
        st.session_state[f"{page}:run"] = None


def trace(page: str) -> Trace | None:
    """Return the trace that the page shows."""
    found = st.session_state.get(f"{page}:trace")
    return found if isinstance(found, Trace) else None


def show(page: str, opened: Trace | None) -> None:
    """Let a page show a trace that it did not run itself, as one that was saved."""
    stop(page)
    st.session_state[f"{page}:trace"] = opened
    st.session_state.pop(f"{page}:adopted", None)


def adopt(page: str, other: str) -> None:
    """Let a page show the trace of another."""
    found = trace(other)
    if found is None or not page.startswith(_SHOW_MEMORY):
        show(page, found)
    elif st.session_state.get(f"{page}:adopted") is not found or trace(page) is None:
        stop(page)
        st.session_state[f"{page}:adopted"] = found
        known = engine().memory_of(found.program).get(found.program)
        # The clock tells whether it is this very run.
        _take(page, known if known is not None and known.duration_ns == found.duration_ns else found)
    else:
        collect(page)


def index(page: str) -> TraceIndex | None:
    """Return the look-up tables of the trace that the page shows, which know how it was folded before."""
    shown = trace(page)
    if shown is None:
        return None
    kept = st.session_state.get(f"{page}:index")
    if not isinstance(kept, TraceIndex) or kept.trace is not shown:
        kept = st.session_state[f"{page}:index"] = TraceIndex(shown)
    return kept


def _owner() -> str:
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    return context.session_id if context is not None else ""
