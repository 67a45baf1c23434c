"""The help and the glossary: every word and key once, the same in the app, in the documents and in the code."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from markupsafe import escape
from streamlit.testing.v1 import AppTest

from app import help as help_
from app.controls import table
from components.facts.terms import GRAPH, PAGES, meaning_of
from components.widgets.panels import heads
from tests.app.apptest import LONG, html_of, settled, visit

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "docs" / "glossary.md"
KEYS = ROOT / "docs" / "keys.md"
KEYBOARD = ROOT / "components" / "widgets" / "player" / "keyboard.js"
PAGE_KEYS = ROOT / "components" / "widgets" / "browser" / "browser.js"
# How the player's script writes keys, and how the help does.
NAMES = {
    "ArrowRight": "→", "ArrowLeft": "←", "ArrowUp": "↑", "ArrowDown": "↓", " ": "Space", "-": "−", "=": "+",
}  # fmt: skip


def opened() -> AppTest:
    def script() -> None:
        from app import help as opened_help

        opened_help.show()

    test = AppTest.from_function(script, default_timeout=LONG).run()
    assert not test.exception
    return test


def test_the_help_shows_every_word_and_every_key() -> None:
    text = html_of(opened())
    for word in {**GRAPH, **PAGES}:
        assert f"<dt>{escape(word)}</dt>" in text, word
    for place, rows in help_.KEYS.items():
        assert f"<h3>{place}</h3>" in text
        assert text.count("<kbd>") >= len(rows)


def test_words_are_searched_by_their_names_and_meanings() -> None:
    test = opened()
    test.text_input(key="help:search").set_value("  Retain_Graph").run()
    text = html_of(test)
    assert text.index("<dt>retain_graph</dt>") < text.index("<dt>kept by retain_graph</dt>")
    assert "<dt>torchviz</dt>" not in text
    test.text_input(key="help:search").set_value("zzz").run()
    assert "No word has this in its name" in test.markdown[0].value


def test_no_word_is_explained_twice_and_each_in_one_sentence() -> None:
    assert GRAPH.keys() & PAGES.keys() == set()
    for word, meaning in {**GRAPH, **PAGES}.items():
        assert meaning.endswith("."), word
        assert len(meaning) <= 140, word


def test_the_keys_of_the_help_are_those_of_the_players_script() -> None:
    script = KEYBOARD.read_text(encoding="utf-8")
    maps = re.findall(r"this\.(withShift|everywhere|inPlayer|inStage) = new Map\((.*?)\);\n", script, re.DOTALL)
    assert len(maps) == 4
    pressed = {
        f"{'Shift+' if kind == 'withShift' else ''}{NAMES.get(key, key.upper() if len(key) == 1 else key)}"
        for kind, text in maps
        for key in re.findall(r'\["([^"]+)", ', text)
    }
    told = {key for keys, _does in help_.KEYS["The player"] for key in keys.split()}
    assert told == pressed


def test_the_keys_of_the_help_are_those_of_the_pages_script() -> None:
    script = PAGE_KEYS.read_text(encoding="utf-8")
    acts = script[script.index("  act(key) {") : script.index("  dispose() {")]
    found = {*re.findall(r'"?(\S)"?: "(?:help|share)"', acts), *re.findall(r'key === "([^"]+)"', acts)} - {"="}
    assert len(found) == 6
    pressed = {NAMES.get(key, key.capitalize()) for key in found}
    told = {
        key for place in ("The pages", "While presenting") for keys, _does in help_.KEYS[place] for key in keys.split()
    }
    assert pressed <= told


def tables(groups: dict[str, dict[str, str]]) -> str:
    """Return tables in Markdown, each under its title."""
    return "\n\n".join(
        f"### {title}\n\n| | |\n|---|---|\n"
        + "\n".join(f"| **{word.replace('|', chr(92) + '|')}** | {said} |" for word, said in rows.items())
        for title, rows in groups.items()
    )


@pytest.mark.parametrize(
    ("path", "groups"),
    [
        (GLOSSARY, help_.WORDS),
        (KEYS, {place: dict(rows) for place, rows in help_.KEYS.items()}),
    ],
    ids=["glossary", "keys"],
)
def test_the_documents_say_the_same(path: Path, groups: dict[str, dict[str, str]]) -> None:
    """``RECORD_GOLDENS=1`` writes the tables anew."""
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition("<!-- from the help -->\n")
    _old, end, after = rest.partition("\n<!-- to here -->")
    assert begin
    assert end
    now = f"{before}{begin}{tables(groups)}{end}{after}"
    if os.environ.get("RECORD_GOLDENS") == "1":
        path.write_text(now, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == now, "record it anew with RECORD_GOLDENS=1"


def test_the_rest_of_the_glossary_explains_no_word_of_the_help_again() -> None:
    own = GLOSSARY.read_text(encoding="utf-8").partition("<!-- from the help -->")[0]
    words = set(re.findall(r"\*\*([^*]+)\*\*", own))
    assert words
    assert words & {*GRAPH, *PAGES} == set()


def test_heads_of_tables_explain_themselves() -> None:
    row = heads("leaf", ".grad")
    assert row.count("<th ") == 2
    assert f'aria-description="{meaning_of("leaf")}"' in row
    assert 'tabindex="0"' in row
    assert "A &lt;" not in heads("value")


@pytest.mark.parametrize("page", ["compare", "playground"])
def test_no_head_of_a_table_is_empty(page: str) -> None:
    test = settled(visit().run())
    text = html_of(settled(test.switch_page(f"screens/{page}.py").run()))
    found = re.findall(r"<th[^>]*>(.*?)</th>", text, re.DOTALL)
    assert found
    assert all(re.sub("<[^>]*>", "", head).strip() for head in found)
    explained = re.findall(r'<th scope="col" tabindex="0" aria-description="([^"]*)">', text)
    assert explained
    assert all(explained)


def test_columns_of_tables_have_their_meaning() -> None:
    def script() -> None:
        from app.controls import table

        table([{"peak": "1 KiB", "line": 3}])

    test = AppTest.from_function(script, default_timeout=LONG).run()
    assert table.__doc__
    assert meaning_of("peak") in test.dataframe[0].proto.columns


@pytest.mark.parametrize("page", ["playground", "code"])
def test_every_toggle_says_what_it_does(page: str) -> None:
    test = settled(visit().run())
    settled(test.switch_page(f"screens/{page}.py").run())
    for view in ("torchviz", "Lab"):
        settled(test.segmented_control(key=f"{page}:view").set_value(view).run())
        assert len(test.toggle) >= 2
        assert [toggle.label for toggle in test.toggle if not toggle.proto.help] == []
