"""The two plots below the Playground's toggles: ``.grad`` per press, and the bytes that the graph holds.

They show the last program that ran, also while another runs or what is typed cannot be read, so that nothing jumps.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st
from markupsafe import Markup

from app import session
from app.controls import chart
from app.playground_form import made
from components.facts.presses import Presses, presses
from components.figures.charts.presses import ADDED, AFTER, BUILT, KEPT, grad_figure, held_figure
from components.source.form import Form, Written
from components.widgets.panels import joined

_WORDS = Markup('<div class="al-plot-words" role="status">{}</div>')
_KEY = Markup('<span class="al-key"><i style="background: {}"></i>{}</span>')
_FREED = Markup('<span class="al-key"><i class="al-freed"></i>freed</span>')


@dataclass
class PlotsState:
    """What the presses did in the last program that ran."""

    shown: Presses = field(default_factory=Presses)


def show(form: Form, written: Written | None) -> None:
    """Show both plots, side by side."""
    state = session.remembered(PlotsState, "playground")
    index = session.index("playground")
    if index is not None and written is not None and index.trace.program.source == written.source:
        state.shown = presses(index, form, written)
    shown = state.shown
    with st.container(horizontal=True, key="playground-plots", gap="small"):
        with st.container(width="stretch", gap=None, key="playground-plot-grad"):
            leaf = _leaf(shown)
            st.html(_WORDS.format(shown.grad_words(leaf) if leaf else "no .grad"))
            chart(grad_figure(shown, leaf), "playground:grads", small=True)
        with st.container(width="stretch", gap=None, key="playground-plot-held"):
            where = " on the GPU" if shown.device == "cuda" else ""
            keys = [_KEY.format(KEPT, f"held{where}"), _KEY.format(BUILT, "create_graph"), _FREED]
            st.html(Markup('<div class="al-plot-head">{}</div>').format(joined(keys)))
            st.html(_WORDS.format(shown.held_words()))
            chart(held_figure(shown), "playground:held", small=True)


def _leaf(shown: Presses) -> str:
    """Say what the bars are, and let the person choose the leaf where there are several; empty without a leaf."""
    kept = made()
    leaf = kept.plotted if kept.plotted in shown.leaves else next(iter(shown.leaves), "")
    of = ".grad" if not leaf or shown.is_number(leaf) else "norm of .grad"
    keys = Markup('<div class="al-plot-head">{}</div>').format(
        joined([_KEY.format(ADDED, "added"), _KEY.format(AFTER, of)])
    )
    if len(shown.leaves) < 2:
        st.html(keys)
        return leaf
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        key = "playground:plotted"
        session.widgets()[key] = leaf

        def chosen() -> None:
            kept.plotted = session.widgets()[key]

        st.selectbox(
            "Leaf whose .grad is plotted",
            shown.leaves,
            key=key,
            on_change=chosen,
            label_visibility="collapsed",
            width=72,
        )
        st.html(keys, width="content")
    return leaf
