"""Rules of style that a page has in some states only.

A rule for all pages that looks for such a state (``.stApp:has(...)``) would have the browser work out every style anew
at each change of a page: measured, that is half of what it does after a press.
"""

from __future__ import annotations

import streamlit as st


def add(rules: str) -> None:
    """Let the page have these rules, of our own words, until it is run without them."""
    st.html(f"<style>{rules}</style>")
