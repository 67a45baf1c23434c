"""The Compare page: two programs, or one program and a variant of it, side by side."""

from __future__ import annotations

import streamlit as st

from app import results, session
from app.compare import making, sharing, shown, sides
from app.compare.examples import PAIRS


def page() -> None:
    """Show both programs and, once both have run, what is different."""
    sharing.read_link()
    sides.settle(again=bool(session.state().pop("compare:again", False)))
    sharing.forget_link()
    bar = st.container(horizontal=True, vertical_alignment="center")
    sharing.problem()
    columns = st.columns(2, gap="medium")
    under_way = False
    for column, name in zip(columns, sides.SIDES, strict=True):
        with column:
            making.make(name)
            under_way |= results.progress(sides.page_of(name))
    left, right = (session.index(sides.page_of(name)) for name in sides.SIDES)
    ready = left is not None and right is not None and not under_way
    with bar:
        _bar()
        sharing.share((left.trace, right.trace) if ready and left is not None and right is not None else None)
    if ready and left is not None and right is not None:
        shown.show(left, right)


def _bar() -> None:
    with st.popover("Prepared pairs", icon=":material/list:"):
        for name, pair in PAIRS.items():
            st.button(name, key=f"compare:pair:{name}", width="stretch", on_click=sides.fill_both, args=pair)
    st.button(
        "Run both",
        key="compare:run",
        type="primary",
        icon=":material/play_arrow:",
        on_click=lambda: session.state().update({"compare:again": True}),
    )


page()
