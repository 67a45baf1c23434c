"""The two sides of the Compare page: where each has its program or trace from, its runs, and what is shown of both.

A side's program is always in an editor. Where it follows something else (the program of another page, the left side
with one switch changed), what it follows fills the editor anew when it changes; who edits it makes it an own text.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec
import streamlit as st

from app import advice, graph, recordings, results, session
from app.controls import chart, one_of
from app.editors import Editor, show_editor
from app.pairs import FIRST_PAIR, PAIRS
from app.uploads import OpenError
from components.facts.compare import Comparison
from components.figures.charts.compare import AXES, timelines_figure
from components.reading import KeptTrace
from components.reading.sections import both_timelines, comparison
from components.source.variants import Variant, elsewhere, on_the_gpu, variants
from components.trace import Device
from components.widgets.compare_panels import (
    drift_panel,
    graphs_panel,
    printed_panel,
    quantities_panel,
    results_panels,
    verdict_line,
)
from components.widgets.editor import Edited, is_built
from components.widgets.panels import note_panel

PAGE = "compare"
LEFT, RIGHT = SIDES = ("left", "right")
TEXT, SWITCH, TRACE = "text", "switch", "trace"
# What is changed, in which line, and its title: a line can be changed in several ways.
Switched = tuple[str, int, str]


class Origin(msgspec.Struct):
    """Where a side has its program from.

    ``source`` is ``TEXT``, ``SWITCH`` (the left program with one thing changed), ``TRACE`` (from a file, called
    ``file``) or the page whose program it is. ``switch`` says which change of the left program was chosen: what, and
    where.
    """

    source: str = TEXT
    file: str = ""
    switch: Switched | None = None


@dataclass
class Side:
    """One side of the page."""

    name: str
    editor: Editor
    problem: str = ""
    """Why the last file could not be opened."""

    @property
    def origin(self) -> Origin:
        """Where it has its program from; a trace is gone with the session that it was opened in, its program is not."""
        origin = session.kept(Origin, page_of(self.name))
        if origin.source == TRACE and session.shown(page_of(self.name)) is None:
            origin.source = TEXT
        return origin

    @property
    def text(self) -> str:
        """The program that was run last."""
        return self.editor.ran

    def comes_from(self, source: str, text: str, file: str = "", switch: Switched | None = None) -> None:
        """Note where the side has its program from."""
        origin = self.origin
        origin.source, origin.file, origin.switch = source, file, switch
        self.editor.run(text)

    def fill(self, text: str, source: str = TEXT, file: str = "", switch: Switched | None = None) -> None:
        """Fill the side's editor."""
        self.editor.fill(text)
        self.comes_from(source, text, file, switch)


def _sides() -> dict[str, Side]:
    texts = zip(SIDES, PAIRS[FIRST_PAIR], strict=True)
    return {name: Side(name, Editor(f"{PAGE}:{name}:editor", text)) for name, text in texts}


@dataclass
class CompareState:
    """What the Compare page remembers; at first it shows the first prepared pair."""

    sides: dict[str, Side] = field(default_factory=_sides)
    again: bool = False
    """Whether both programs are to be run anew."""
    variants: tuple[str, tuple[Variant, ...]] = "", ()
    """The left program, and what can be changed in it."""


def compare_state() -> CompareState:
    """Return what this session's Compare page remembers."""
    return session.remembered(CompareState, PAGE)


def page_of(name: str) -> str:
    """Return the name under which a side runs its program."""
    return f"{PAGE}:{name}"


def side(name: str) -> Side:
    """Return a side as it is."""
    return compare_state().sides[name]


def programs() -> tuple[str, str]:
    """Return the programs of both sides."""
    return side(LEFT).text, side(RIGHT).text


def fill_both(left: str, right: str) -> None:
    """Show a pair of programs."""
    side(LEFT).fill(left)
    side(RIGHT).fill(right)


def choose(name: str, source: str | Switched) -> None:
    """Let a side have its program from somewhere else."""
    now = side(name)
    if isinstance(source, tuple):
        now.comes_from(SWITCH, now.text, switch=source)
    elif source != TRACE:
        now.comes_from(source, now.text)


def switches() -> tuple[Variant, ...]:
    """Return what can be changed in the left program; worked out once for a program."""
    state, text = compare_state(), side(LEFT).text
    if state.variants[0] != text:
        state.variants = text, (*elsewhere(text, gpu=session.has_gpu()), *variants(text))
    return state.variants[1]


def switch_now() -> Variant | None:
    """Return the change that the right side shows; in another program the one that is most like the one chosen."""
    wanted, offered = side(RIGHT).origin.switch, switches()
    if wanted is None or not offered:
        return offered[0] if offered else None
    kind, line, _ = wanted
    return min(offered, key=lambda one: (switched(one) != wanted, one.switch != kind, abs(one.line - line)))


def switched(variant: Variant) -> Switched:
    """Return what tells a change from the other changes of the same program."""
    return variant.switch, variant.line, variant.title


def settle() -> dict[str, Edited]:
    """Let both sides follow what they follow, take what was typed, and start what has to run.

    Returns what is typed on each side. Where both are run anew, that is run though nobody asked for it by itself.
    """
    state = compare_state()
    again, state.again = state.again, False
    edited = {}
    for name in SIDES:
        _follow(name)
        now, page = side(name), page_of(name)
        edited[name] = _take_typed(name, now, again)
        if now.origin.source == TRACE:
            continue
        if again:
            session.start(page, now.text, again=True, on=_device(name))
        else:
            session.ask(page, now.text, on=_device(name))
    return edited


def _device(name: str) -> Device | None:
    """Where a side has to run: that on the GPU there, what stands beside it on the CPU; else as the person chose."""
    if on_the_gpu(side(name).text):
        return "cuda"
    return "cpu" if any(on_the_gpu(text) for text in programs()) else None


def _follow(name: str) -> None:
    now = side(name)
    if now.origin.source in session.PROGRAM_PAGES:
        session.collect(now.origin.source)  # what was started there may be done by now
        shown = session.shown(now.origin.source)
        if shown is not None and shown.program.source != now.editor.source:
            now.fill(shown.program.source, now.origin.source)
    elif now.origin.source == SWITCH:
        variant = switch_now()
        if variant is None:
            choose(name, TEXT)
        elif variant.source != now.editor.source:
            now.fill(variant.source, SWITCH, switch=switched(variant))


def _take_typed(name: str, now: Side, again: bool) -> Edited:
    edited = now.editor.typed()
    asked = now.editor.asks(edited)
    if (asked or again) and (edited.text != now.text or (asked and now.origin.source == TRACE)):
        now.comes_from(TEXT, edited.text)
    return edited


# --- on the page

# In CSS pixels of the window's height: all but both editors; one error; all but the pictures.
_BESIDE, _ERROR, _ABOVE = 330, 130, 395


def show_side(name: str, edited: Edited) -> None:
    """Show where one side has its program from, and the program in its editor."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"compare-{name}-tools"):
        _source(name)
        _open(name)
    failures = sum(one is not None and one.failure is not None for one in map(session.shown, map(page_of, SIDES)))
    beside = _BESIDE + _ERROR * failures
    show_editor(page_of(name), edited, side(name).editor.key, 120, f"{name.capitalize()} program", beside=beside, of=2)
    shown = session.shown(page_of(name))
    if shown is not None and session.running(page_of(name)) is None:
        editor = side(name).editor
        results.failure(shown, advice.in_editor(editor, lambda: side(name).comes_from(TEXT, editor.source)))


def _source(name: str) -> None:
    """Let the person choose where a side has its program from: one way to change the left one is one choice."""
    key, now, title = f"{PAGE}:{name}:from", side(name), name.capitalize()
    words: dict[str | Switched, str] = {TEXT: f"{title}: the program below"}
    for page, called in session.PROGRAM_PAGES.items():
        if session.shown(page) is not None or now.origin.source == page:
            words[page] = f"{title}: my program on {called}"
    if now.origin.source == TRACE:
        words[TRACE] = f"{title}: {now.origin.file}"
    if name == RIGHT:
        for variant in switches():
            words[switched(variant)] = f"{title}: left, {variant.title.replace('`', '')}"
    changed = switch_now() if now.origin.source == SWITCH else None
    session.widgets()[key] = switched(changed) if changed is not None else now.origin.source
    st.selectbox(
        f"{title} side",
        list(words),
        key=key,
        format_func=lambda source: words[source],
        label_visibility="collapsed",
        on_change=lambda: choose(name, session.widgets()[key]),
    )


def _open(name: str) -> None:
    key = f"{PAGE}:{name}:upload"

    def uploaded() -> None:
        file, now = session.widgets()[key], side(name)
        if file is None:
            return
        try:
            trace = recordings.opened(page_of(name), file.name, file.getvalue())
        except OpenError as error:
            now.problem = str(error)
            return
        session.show(page_of(name), trace)
        now.fill(trace.program.source, TRACE, file.name)
        now.problem = ""

    with st.popover("Open trace", icon=":material/folder_open:"):
        words = f"A saved trace or a recorded training for the {name} side"
        st.file_uploader(words, type=recordings.ENDINGS, key=key, on_change=uploaded)
        st.markdown("*Download* → *Trace as JSON* above a graph saves one; so does `python -m app trace`.")
    if side(name).problem:
        st.error(side(name).problem)
    page = page_of(name)
    recordings.choose_step(page, session.shown(page), lambda trace: session.show(page, trace))


def show() -> None:
    """Show the comparison of both traces."""
    left, right = map(page_of, SIDES)
    found = compared(left, right)
    changed = switch_now() if side(RIGHT).origin.source == SWITCH else None
    verdict_line(found.verdict, changed.what if changed is not None else "")
    only = found.graphs.only_left, found.graphs.only_right
    for column, page, marked in zip(st.columns(2, gap="small"), (left, right), only, strict=True):
        with column:
            graph.show(page, above=_ABOVE, show_code=not is_built(), only=marked)
    if found.drift is not None:
        drift_panel(found.drift)
    results_panels(found.results)
    printed_panel(found.printed)
    quantities_panel(found.quantities)
    graphs_panel(found.graphs)
    _memory(left, right)


@dataclass
class _Compared:
    """The traces that were compared last, and what is different."""

    pair: tuple[KeptTrace | None, KeptTrace | None] = (None, None)
    comparison: Comparison | None = None


def compared(page: str, other: str) -> Comparison:
    """Return what is different in the traces that two pages show; worked out once."""
    known, pair = session.remembered(_Compared, other), (session.shown(page), session.shown(other))
    if known.comparison is None or known.pair != pair:
        known.comparison, known.pair = session.look_at_both(page, other, comparison), pair
    return known.comparison


def both_files() -> dict[str, tuple[str, Callable[[], bytes]]]:
    """Return by side the program that ran, and what gives its trace as JSON."""
    shown = {name: session.shown(page_of(name)) for name in SIDES}
    return {name: (one.program.source, session.trace_json(page_of(name))) for name, one in shown.items() if one}


def zipped(files: Mapping[str, tuple[str, Callable[[], bytes]]]) -> bytes:
    """Return a zip archive of both programs and both traces."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (source, trace) in files.items():
            archive.writestr(f"{name}.json", trace())
            archive.writestr(f"{name}.py", source.encode("utf-8", "surrogatepass"))
    return made.getvalue()


@st.fragment
def _memory(left: str, right: str) -> None:
    """The memory of both over time. A fragment: its switches draw nothing else anew."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Memory**")
        by = one_of("Over", AXES, "compare:axis", AXES.__getitem__, first="line")
        saved = st.toggle("saved for backward", value=True, key="compare:saved")
    info = session.look_at_both(left, right, both_timelines, by)
    if info.sides:
        chart(timelines_figure(info, saved=saved), f"compare:memory:{by}")
    for note in info.notes:
        note_panel(note)
