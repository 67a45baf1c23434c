"""The Compare page: two programs, or one program and a variant of it, side by side."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import compare_sides, linked, results, session, style
from app.controls import download
from app.pairs import PAIRS
from app.workbench import MADE, frame, heading

_PAIR, _NONE = "compare:pair", "Prepared pairs"


def page() -> None:
    """Show both programs and, once both have run, what is different."""
    linked.follow_pair()
    edited = compare_sides.settle()
    making, did = frame("compare", [MADE, 1 - MADE])
    with making:
        with heading("compare", "Compare"):
            _pair()
        linked.note_pair()
        bar = st.container(horizontal=True, vertical_alignment="center")
        for name in compare_sides.SIDES:
            compare_sides.show_side(name, edited[name])
        under_way = [results.progress(compare_sides.page_of(name)) for name in compare_sides.SIDES]
    pages = [compare_sides.page_of(name) for name in compare_sides.SIDES]
    both = all(session.shown(page) is not None for page in pages) and not any(under_way)
    with bar:
        st.button("Run both", key="compare:run", type="primary", icon=":material/play_arrow:", on_click=_run_both)
        if both:
            download(
                "Both traces",
                partial(compare_sides.zipped, compare_sides.both_files()),
                "compare-traces.zip",
                "compare:zip",
            )
        if any(edited[name].text != compare_sides.side(name).text for name in compare_sides.SIDES):
            style.add(".st-key-compare-shown { opacity: .5; }")
            with st.container(key="compare-edited", width="content"):
                st.markdown("Edited: press Run both.")
    if both:
        with did, st.container(key="compare-shown"):
            compare_sides.show()


def _pair() -> None:
    # It names the pair that is shown, also after a program was changed.
    shown = next((name for name, pair in PAIRS.items() if pair == compare_sides.programs()), _NONE)
    session.widgets()[_PAIR] = shown
    st.selectbox(
        "Pair",
        [*([_NONE] if shown == _NONE else []), *PAIRS],
        key=_PAIR,
        format_func=lambda name: f"Pair: {name}" if name != _NONE else _NONE,
        label_visibility="collapsed",
        on_change=_choose_pair,
    )


def _run_both() -> None:
    compare_sides.compare_state().again = True


def _choose_pair() -> None:
    name = session.widgets()[_PAIR]
    if name in PAIRS:
        compare_sides.fill_both(*PAIRS[name])


page()
