"""The help that `?` opens on every page: the keys by place, and the glossary."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from components.facts.terms import GRAPH, PAGE_GROUPS
from components.widgets.panels import Markup, joined, with_code

Keys = tuple[tuple[str, str], ...]

KEYS: dict[str, Keys] = {
    "The player": (
        ("← →", "one step back or on; from the whole picture, → begins"),
        ("Home End", "to the first step, to the last step"),
        ("Space", "plays, and halts"),
        ("B", "to the next `backward()`"),
        ("E", "to the next error"),
        ("I", "to what is to be looked at: the first NaN or infinity, gradients that explode or vanish, dead units"),
        ("W", "shows the whole run again"),
        ("↑ ↓", "along the edges of the graph, up or down"),
        ("Shift+← Shift+→", "along the edges of the graph, to the left or right"),
        ("Enter Escape", "opens the card of the selected box; closes it"),
        ("O", "opens the selected folded box"),
        ("C", "closes the frame around the selected box"),
        ("[ ] , .", "fewer, larger boxes; the next level of boxes opened; comma and full stop do the same"),
        ("+ −", "zooms in, zooms out"),
        ("0", "fits the picture into its place"),
        ("F", "fills the screen, and leaves it"),
        ("/", "searches the graph; Enter goes to the next place found, Escape leaves"),
    ),
    "The editor": (
        ("Ctrl+Enter", "runs the program"),
        ("Tab Shift+Tab", "takes a completion or indents; takes the indent back"),
        ("Escape Tab", "one after the other: leaves the editor"),
        ("Ctrl+F", "searches, and replaces"),
        ("Ctrl+Z Ctrl+Y", "takes a change back; makes it again"),
        ("Ctrl+/", "turns lines into comments, and back"),
        ("F8", "to the line with the error"),
    ),
    "The pages": (
        ("?", "opens this help"),
        ("S", "opens Share: a link to what is shown, a code for phones, a frame for other pages"),
        ("P", "begins to present: program, graph, leaves, output and nothing else"),
        ("Enter Shift+Enter", "in the Playground's expression: runs it; begins a new line"),
        ("Tab Shift+Tab", "to the next button or field, to the one before"),
    ),
    "While presenting": (
        ("+ −", "larger text, smaller text"),
        ("Page Down Page Up", "one step on or back, as the remote of a projector does"),
        ("P Escape", "ends it"),
    ),
}


WORDS = {"The graph": GRAPH, **PAGE_GROUPS}


@st.dialog("Help", width="large")
def show() -> None:
    """Show the keys and the words."""
    words, keys = st.tabs(["Words", "Keys"])
    with words:
        asked = st.text_input(
            "Search the words",
            key="help:search",
            placeholder="Search, as in: retain_graph",
            label_visibility="collapsed",
        )
        found = matching(asked)
        for title, group in found.items():
            st.html(_words(title, group))
        if not found:
            st.markdown("No word has this in its name or its meaning.")
    with keys:
        st.html(Markup('<div class="al-all-keys">{}</div>').format(joined(map(_keys, KEYS, KEYS.values()))))


def matching(asked: str) -> dict[str, dict[str, str]]:
    """Return the words with a text in their name, then those with it in their meaning; without one all, by group."""
    text = asked.strip().casefold()
    if not text:
        return WORDS
    words = {word: meaning for group in WORDS.values() for word, meaning in group.items()}
    named = {word: meaning for word, meaning in words.items() if text in word.casefold()}
    told = {word: meaning for word, meaning in words.items() if text in meaning.casefold() and word not in named}
    return {"Found": named | told} if named or told else {}


def _words(title: str, group: Mapping[str, str]) -> Markup:
    pairs = joined(Markup("<dt>{}</dt><dd>{}</dd>").format(word, with_code(said)) for word, said in group.items())
    return Markup('<section class="al-help"><h3>{}</h3><dl>{}</dl></section>').format(title, pairs)


def _keys(place: str, rows: Keys) -> Markup:
    pairs = joined(Markup("<dt>{}</dt><dd>{}</dd>").format(_pressed(keys), with_code(does)) for keys, does in rows)
    return Markup('<section class="al-help al-keys"><h3>{}</h3><dl>{}</dl></section>').format(place, pairs)


def _pressed(keys: str) -> Markup:
    names = keys.replace("Page ", "Page\N{NO-BREAK SPACE}").split(" ")
    return joined((Markup("<kbd>{}</kbd>").format(name) for name in names), " ")
