"""The section that holds the derivative against finite differences and SymPy."""

from __future__ import annotations

import streamlit as st

from app.derivatives.asking import ask, chosen
from components.facts.derivatives import check_words
from components.figures.charts.derivatives import check_rows
from components.trace import Checks, ChecksAnswer


def checks(text: str) -> None:
    """Show the section."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        inputs, _ = chosen(text, one_number=False)
    st.caption(
        "In double precision: the derivative that `backward()` gives, beside central differences "
        "(f(x + ε) − f(x − ε)) / 2ε with ε = 10⁻⁶, and beside SymPy's derivative of the formula."
    )
    answer = ask("checks", text, Checks(inputs=inputs))
    if not isinstance(answer, ChecksAnswer):
        return
    words = check_words(answer)
    tell = {True: st.success, False: st.error, None: st.warning}[words.good]
    tell(words.verdict, icon={True: ":material/check_circle:", False: ":material/error:", None: None}[words.good])
    for more in words.more:
        st.caption(more)
    if answer.entries:
        st.markdown(check_rows(answer))
        total = len(answer.rows) * len(answer.columns)
        if total > len(answer.entries):
            st.caption(f"The {len(answer.entries)} entries farthest off, of {total:,}.")
    if answer.gradcheck is False and answer.message:
        with st.expander("What gradcheck says"):
            st.code(answer.message, language=None)
