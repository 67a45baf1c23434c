"""The two sides of the Compare page: where each has its program or trace from, and its runs.

A side's program is always in an editor. Where it follows something else (the program of another page, the left side
with one switch changed), what it follows fills the editor anew when it changes; who edits it makes it an own text.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import streamlit as st

from app import session
from app.examples import FIRST_PAIR, PAIRS
from app.uploads import OpenError, opened_trace
from app.workbench import problem_of
from components.source.variants import Variant, variants
from components.trace import Trace
from components.widgets.editor import code_editor, edited_so_far

LEFT, RIGHT = SIDES = ("left", "right")
TEXT, SWITCH, TRACE = "text", "switch", "trace"
# What is changed, in which line, and its title: a line can be changed in several ways.
Switched = tuple[str, int, str]


@dataclass(frozen=True)
class Side:
    """One side.

    ``source`` is ``TEXT``, ``SWITCH`` (the left program with one thing changed), ``TRACE`` (from a file, called
    ``file``) or the page whose program it is. ``text`` is the program, ``given`` what filled the editor and ``turn``
    the number of that filling. ``switch`` says which change of the left program was chosen: what, and where.
    """

    source: str
    text: str
    given: str
    turn: int = 0
    file: str = ""
    switch: Switched | None = None

    @property
    def revision(self) -> str:
        """Tells the editor that it was filled anew."""
        return hashlib.sha256(f"{self.turn}\n{self.given}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


def page_of(name: str) -> str:
    """Return the key under which a side runs its program."""
    return f"compare:{name}"


def editor_of(name: str) -> str:
    """Return the key of a side's editor."""
    return f"compare:{name}:editor"


def side(name: str) -> Side:
    """Return a side as it is; at first it is that of the first prepared pair."""
    found = session.state().get(f"compare:{name}:side")
    if isinstance(found, Side):
        return found
    text = PAIRS[FIRST_PAIR][SIDES.index(name)]
    return _put(name, Side(TEXT, text, text))


def fill(name: str, text: str, source: str = TEXT, file: str = "", switch: Switched | None = None) -> Side:
    """Fill a side's editor."""
    return _put(name, Side(source, text, text, side(name).turn + 1, file, switch))


def fill_both(left: str, right: str) -> None:
    """Show a pair of programs."""
    fill(LEFT, left)
    fill(RIGHT, right)


def open_trace(name: str, trace: Trace, file: str) -> None:
    """Show a saved trace on a side."""
    session.show(page_of(name), trace)
    fill(name, trace.program.source, TRACE, file)


def choose(name: str, source: str | Switched) -> None:
    """Let a side have its program from somewhere else."""
    now = side(name)
    if isinstance(source, tuple):
        _put(name, replace(now, source=SWITCH, switch=source, file=""))
    elif source != TRACE:
        _put(name, replace(now, source=source, switch=None, file=""))


def switches() -> tuple[Variant, ...]:
    """Return what can be changed in the left program; worked out once for a program."""
    text = side(LEFT).text
    kept = session.state().get("compare:switches")
    if not isinstance(kept, tuple) or kept[0] != text:
        kept = session.state()["compare:switches"] = text, variants(text)
    found: tuple[Variant, ...] = kept[1]
    return found


def switch_now() -> Variant | None:
    """Return the change that the right side shows; in another program the one that is most like the one chosen."""
    wanted, found = side(RIGHT).switch, switches()
    if wanted is None or not found:
        return found[0] if found else None
    kind, line, _ = wanted
    return min(found, key=lambda one: (switched(one) != wanted, one.switch != kind, abs(one.line - line)))


def switched(variant: Variant) -> Switched:
    """Return what tells a change from the other changes of the same program."""
    return variant.switch, variant.line, variant.title


def settle(again: bool) -> None:
    """Let both sides follow what they follow, take what was typed, and start what has to run.

    ``again`` runs both anew, with what is typed though nobody asked for it to be run.
    """
    for name in SIDES:
        _follow(name)
        now = _typed(name, again)
        page = page_of(name)
        started = session.state().get(f"{page}:source")
        if now.source == TRACE:
            session.state().pop(f"{page}:source", None)
        elif again or started != now.text:
            session.state()[f"{page}:source"] = now.text
            session.start(page, now.text, again=again)


def edited(name: str) -> bool:
    """Return whether a side's editor holds something that was not run yet."""
    now = side(name)
    return edited_so_far(now.given, key=editor_of(name), revision=now.revision).text != now.text


def _follow(name: str) -> None:
    now = side(name)
    if now.source in session.PROGRAM_PAGES:
        session.collect(now.source)  # what was started there may be done by now
        trace = session.trace(now.source)
        if trace is not None and trace.program.source != now.given:
            fill(name, trace.program.source, now.source)
    elif now.source == SWITCH:
        found = switch_now()
        if found is None:
            choose(name, TEXT)
        elif found.source != now.given:
            fill(name, found.source, SWITCH, switch=switched(found))


def _typed(name: str, again: bool) -> Side:
    now, key = side(name), editor_of(name)
    edited = edited_so_far(now.given, key=key, revision=now.revision)
    asked = edited.run != session.state().get(f"{key}:asked", 0)
    session.state()[f"{key}:asked"] = edited.run
    if (asked or again) and (edited.text != now.text or (asked and now.source == TRACE)):
        return _put(name, replace(now, source=TEXT, text=edited.text, switch=None, file=""))
    return now


def _put(name: str, now: Side) -> Side:
    session.state()[f"compare:{name}:side"] = now
    return now


# In CSS pixels; in lines of code, the least and the most that an editor shows at once.
_LINE, _AROUND, _LEAST, _MOST = 22.4, 12, 6, 14


def make(name: str) -> None:
    """Show where one side has its program from, and the program."""
    with st.container(horizontal=True, vertical_alignment="center"):
        _source(name)
        _open(name)
    _editor(name)


def _source(name: str) -> None:
    """Let the person choose where a side has its program from: one way to change the left one is one choice."""
    key, now, title = f"compare:{name}:from", side(name), name.capitalize()
    words: dict[str | Switched, str] = {TEXT: f"{title}: the program below"}
    for page, called in session.PROGRAM_PAGES.items():
        if session.trace(page) is not None or now.source == page:
            words[page] = f"{title}: my program on {called}"
    if now.source == TRACE:
        words[TRACE] = f"{title}: {now.file}"
    if name == RIGHT:
        for one in switches():
            words[switched(one)] = f"{title}: left, {one.title.replace('`', '')}"
    changed = switch_now() if now.source == SWITCH else None
    session.state()[key] = switched(changed) if changed is not None else now.source
    st.selectbox(
        f"{title} side",
        list(words),
        key=key,
        format_func=lambda source: words[source],
        label_visibility="collapsed",
        on_change=lambda: choose(name, session.state()[key]),
        width=370,
    )


def _open(name: str) -> None:
    key, problem = f"compare:{name}:upload", f"compare:{name}:problem"

    def uploaded() -> None:
        file = session.state()[key]
        if file is None:
            return
        try:
            open_trace(name, opened_trace(file.name, file.getvalue()), file.name)
        except OpenError as error:
            session.state()[problem] = str(error)
        else:
            session.state().pop(problem, None)

    with st.popover("Open trace", icon=":material/upload_file:"):
        st.file_uploader(f"A saved trace for the {name} side (.json)", type=["json"], key=key, on_change=uploaded)
        st.markdown("*Download* → *Trace as JSON* above a graph saves one; so does `python -m app trace`.")
    if problem in session.state():
        st.error(str(session.state()[problem]))


def _editor(name: str) -> None:
    now, page = side(name), page_of(name)
    shown = session.trace(page)
    code_editor(
        now.given,
        key=editor_of(name),
        revision=now.revision,
        words=session.completions(),
        problem=problem_of(shown.failure if shown is not None else None),
        height=_height(),
        channel=page,
        label=f"{name.capitalize()} program",
    )


def _height() -> int:
    """Return how high both editors are: as the longer program is, within bounds."""
    lines = max(side(name).text.rstrip("\n").count("\n") + 1 for name in SIDES)
    return round(_AROUND + _LINE * min(max(lines, _LEAST), _MOST))
