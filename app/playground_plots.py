"""The two plots below the Playground's toggles: ``.grad`` per press, and the bytes that the graph holds.

They show the last program that ran, also while another runs or what is typed cannot be read, so that nothing jumps.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app import session
from app.controls import chart
from app.playground_form import made
from components.facts.presses import Presses, presses
from components.figures.charts.presses import ADDED, AFTER, BUILT, KEPT, grad_figure, held_figure
from components.source.form import Form, Written
from components.widgets.panels import Markup, joined

_WORDS = Markup('<div class="al-plot-words" role="status">{}</div>')
_KEY = Markup('<span class="al-key"><i style="background: {}"></i>{}</span>')
_FREED = Markup('<span class="al-key"><i class="al-freed"></i>freed</span>')


@dataclass
class PlotsState:
    """What the presses did in the last program that ran."""

    shown: Presses | None = None


def show(form: Form, written: Written | None) -> None:
    """Show both plots, side by side."""
    state = session.remembered(PlotsState, "playground")
    ran = session.shown("playground")
    if ran is not None and written is not None and ran.program.source == written.source:
        state.shown = session.look("playground", presses, form, written)
    shown = state.shown
    with st.container(horizontal=True, key="playground-plots"):
        with st.container(width="stretch", gap=None, key="playground-plot-grad"):
            leaf = _leaf(shown.leaves if shown is not None else ())
            words = "" if shown is None else shown.grad_words(leaf) if leaf else "no .grad"
            st.html(_WORDS.format(words))
            chart(grad_figure(shown, leaf), "playground:grads", small=True, alt=f"The .grad per press: {words}")
        with st.container(width="stretch", gap=None, key="playground-plot-held"):
            where = " on the GPU" if shown is not None and shown.device == "cuda" else ""
            keys = [_KEY.format(KEPT, f"held{where}"), _KEY.format(BUILT, "create_graph"), _FREED]
            st.html(Markup('<div class="al-plot-head">{}</div>').format(joined(keys)))
            words = "" if shown is None else shown.held_words()
            st.html(_WORDS.format(words))
            chart(held_figure(shown), "playground:held", small=True, alt=f"The bytes held over the presses: {words}")


def _leaf(leaves: tuple[str, ...]) -> str:
    """Say what the bars are, and let the person choose the leaf where there are several; empty without a leaf."""
    kept, key = made(), "playground:plotted"
    leaf = kept.plotted if kept.plotted in leaves else next(iter(leaves), "")
    keys = Markup('<div class="al-plot-head">{}</div>').format(
        joined([_KEY.format(ADDED, "added"), _KEY.format(AFTER, ".grad")])
    )
    with st.container(horizontal=True, vertical_alignment="center", key="playground-plot-leaf"):
        if len(leaves) > 1:
            session.widgets()[key] = leaf
            st.selectbox(
                "Leaf whose .grad is plotted",
                leaves,
                key=key,
                on_change=lambda: setattr(kept, "plotted", session.widgets()[key]),
                label_visibility="collapsed",
                width=72,
            )
        st.html(keys, width="content")
    return leaf
