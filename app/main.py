"""Navigation and theme; `streamlit run app/main.py` starts here."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # `streamlit run` puts only this folder there
    sys.path.insert(0, str(ROOT))

from app import look, session  # noqa: E402


def main() -> None:
    """Show the page that the address asks for."""
    st.set_page_config(page_title="Autograd Lab", page_icon=":material/account_tree:", layout="wide")
    look.apply()
    session.engine()
    pages = [
        st.Page("pages/playground.py", title="Playground", icon=":material/function:", default=True),
        st.Page("pages/code.py", title="Code", icon=":material/code:"),
        st.Page("pages/lessons.py", title="Lessons", icon=":material/school:"),
    ]
    st.navigation(pages, position="top").run()


main()
