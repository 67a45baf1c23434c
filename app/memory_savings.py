"""The section *What would save memory*: variants of the program, each run and measured, beside the program itself."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from app import session
from app.memory_timeline import PAGE
from components.facts.compare.outcomes import Outcome
from components.facts.text import bytes_text, plural, signed_bytes
from components.reading import KeptTrace
from components.reading.memory_sections import MemoryAbout, outcome_of
from components.source.variants import Variant, variants
from components.widgets.panels import Markup, heads, joined, with_code

MOST = 8
# What is about memory; what another switch shows is on the Compare page.
SWITCHES = ("no_grad", "detach", "del", "set_to_none", "in_place", "checkpoint", "retain_graph", "create_graph")
# These hold memory as long as they are there; the other switches are the other way round.
_HOLDING = ("set_to_none", "retain_graph", "create_graph")
_A_WHILE = 0.5


@dataclass
class Measuring:
    """Variants of one program under way: the first of all runs is the program itself."""

    source: str
    left: list[Variant]
    all: int
    original: KeptTrace | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    started: bool = False
    stopped: bool = False

    @property
    def page(self) -> str:
        """The key of the run that is next or under way."""
        return f"{PAGE}:variant:{self.all - len(self.left) if self.original is not None else 'original'}"

    @property
    def done(self) -> bool:
        """Whether nothing is left to run."""
        return self.stopped or (self.original is not None and not self.left)


@dataclass
class SavingsState:
    """The variants that were measured last, or are under way."""

    measuring: Measuring | None = None


def _state() -> SavingsState:
    return session.remembered(SavingsState, PAGE)


@dataclass
class _Offered:
    """The program that was looked at last, and what could save memory in it."""

    source: str = ""
    variants: list[Variant] = field(default_factory=list)


def _offered(source: str) -> list[Variant]:
    known = session.remembered(_Offered, PAGE)
    if known.source != source:
        known.source, known.variants = source, [variant for variant in variants(source) if may_save(variant)]
    return known.variants


def saving(about: MemoryAbout) -> None:
    """Show the section."""
    shown = session.shown(PAGE)
    assert shown is not None  # its memory is shown
    source = shown.program.source
    offered = _offered(source)
    if not offered:
        st.markdown("No line of this program invites a change that would save memory.")
        return
    st.caption(
        "Each change is made to a copy of the program, which is then run and measured: nothing here is estimated. "
        "Results that change, or a program that fails, are part of the answer."
        + (" The trace is of a GPU; here both are run on the CPU." if about.device != "cpu" else "")
    )
    wanted = _wanted(offered, shown.head.signature)
    picked = pick(offered, wanted)
    measuring = _state().measuring
    running = measuring is not None and not measuring.done and measuring.source == source
    word = f"Measure {plural(len(picked), 'variant')}"
    count = sum(variant.switch in wanted for variant in offered)
    if len(picked) < count:
        word += f" of {count:,}"
    st.button(
        word,
        icon=":material/play_arrow:",
        type="primary",
        key=f"{PAGE}:measure",
        disabled=running,
        on_click=_measure,
        args=(source, picked),
    )
    if measuring is None or measuring.source != source:
        return
    if not measuring.done:
        _watch()
    elif measuring.outcomes:
        _results(measuring.outcomes)
    if measuring.stopped:
        st.caption("Stopped: the other variants were not run.")


def _measure(source: str, picked: Sequence[Variant]) -> None:
    _state().measuring = Measuring(source, list(picked), len(picked))


def may_save(variant: Variant) -> bool:
    """Return whether a variant can need less memory: it takes out what holds memory, or puts in what spares it."""
    takes_out = variant.title.startswith("without ") or " instead of `" in variant.title
    return variant.switch in SWITCHES and takes_out == (variant.switch in _HOLDING)


def pick(offered: Sequence[Variant], wanted: Sequence[str]) -> list[Variant]:
    """Return at most ``MOST`` variants of the wanted switches, in turns: the first of each, then the second."""
    by_switch = [[variant for variant in offered if variant.switch == switch] for switch in wanted]
    longest = max((len(group) for group in by_switch), default=0)
    turns = [group[turn] for turn in range(longest) for group in by_switch if turn < len(group)]
    return turns[:MOST]


def _wanted(offered: Sequence[Variant], signature: str) -> list[str]:
    switches = [switch for switch in SWITCHES if any(variant.switch == switch for variant in offered)]
    chosen = st.pills(
        "Changes", switches, selection_mode="multi", key=f"{PAGE}:{signature}:switches", label_visibility="collapsed"
    )
    return list(chosen) or switches


# --- running them, one after the other


@st.fragment(run_every=0.4)
def _watch() -> None:
    measuring = _state().measuring
    if measuring is None:
        return
    _progress(measuring)
    if _advanced(measuring):
        st.rerun()


def _progress(measuring: Measuring) -> None:
    done = measuring.all - len(measuring.left)
    word = measuring.left[0].title if measuring.original is not None and measuring.left else "the program itself"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(done / measuring.all, text=f"{done} of {measuring.all} measured · now: {word}")
        st.button("Stop", icon=":material/stop_circle:", key=f"{PAGE}:measure-stop", on_click=_stop, args=(measuring,))


def _stop(measuring: Measuring) -> None:
    session.stop(measuring.page)
    measuring.stopped = True


def _advanced(measuring: Measuring) -> bool:
    """Start and collect runs for a while; return whether all are done."""
    until = time.monotonic() + _A_WHILE
    while not measuring.done:
        page = measuring.page
        if not measuring.started:
            source = measuring.source if measuring.original is None else measuring.left[0].source
            session.start(page, source)
            measuring.started = True
        if session.collect(page):
            return False
        _take(measuring, page)
        if time.monotonic() > until:
            break
    return measuring.done


def _take(measuring: Measuring, page: str) -> None:
    kept = session.shown(page)
    measuring.started = False
    if kept is None or (measuring.original is not None and measuring.original.gone):
        measuring.stopped = True
    elif measuring.original is None:
        measuring.original = kept
        session.hold(f"{PAGE}:original", kept)
    else:
        variant = measuring.left.pop(0)
        told = variant.title, variant.line, variant.what
        measuring.outcomes.append(session.engine().traces.look_at_both(measuring.original, kept, outcome_of, *told))
    session.show(page, None)  # what is needed of it is in its outcome


# --- the table


def helps(result: Outcome) -> bool:
    """Return whether a variant runs and needs less: at its peak, saved for backward or at the end."""
    pairs = (result.peak, result.saved, result.final)
    return result.same is not None and any(pair is not None and pair[1] < pair[0] for pair in pairs)


def _results(outcomes: Sequence[Outcome]) -> None:
    useful = [result for result in outcomes if helps(result)]
    useless = [result for result in outcomes if not helps(result)]
    if useful:
        st.html(table(useful))
    else:
        st.markdown("None of these changes saves memory.")
    if useless:
        with st.expander(f"Does not help ({len(useless)})", icon=":material/do_not_disturb_on:"):
            st.html(table(useless))


def table(outcomes: Sequence[Outcome]) -> Markup:
    """Return what was measured as a table in HTML, the largest saving of the peak first."""
    rows = sorted(outcomes, key=lambda one: one.peak[1] - one.peak[0] if one.peak and one.same is not None else 1 << 62)
    words = ("change", "peak", "saved at most", "left at the end", "results")
    return Markup('<div class="al-panel al-wide"><table class="al-table">{}{}</table></div>').format(
        heads(*words), joined(map(_row, rows))
    )


def _row(result: Outcome) -> Markup:
    # What a program used until it failed says nothing of what it would have used.
    pairs = (result.peak, result.saved, result.final) if result.same is not None else ()
    cells = joined(Markup("<td class='bytes'>{}</td>").format(_pair(pair)) for pair in pairs)
    return Markup("<tr><td class='words'><b>{}</b><br><span class='al-note'>{}</span></td>{}<td>{}{}</td></tr>").format(
        with_code(result.title),
        with_code(result.what),
        cells or Markup("<td>—</td>") * 3,
        {True: "✓ ", False: "≠ ", None: "✗ "}[result.same],
        with_code(result.results),
    )


def _pair(pair: tuple[int, int] | None) -> Markup | str:
    if pair is None:
        return "not known"
    before, after = pair
    if before == after:
        return Markup("{}<br><span class='al-note'>as before</span>").format(bytes_text(after))
    part = f", {100 * (after - before) / before:+.0f} %".replace("-", "−") if before else ""
    return Markup("{}<br><b>→ {}</b><br><span class='al-note'>{}{}</span>").format(
        bytes_text(before), bytes_text(after), signed_bytes(after - before), part
    )
