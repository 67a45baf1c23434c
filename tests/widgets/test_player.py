"""The Python side of the graph: what it sends to the browser, and what it makes of the answer."""

from __future__ import annotations

from pathlib import Path

from components.widgets.graph_view import view
from streamlit.testing.v1 import AppTest

from components.figures import Card, Picture

APP = str(Path(__file__).with_name("graph_app.py"))


def drawn(show: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=30)
    app.query_params["show"] = show
    return app.run()


def test_the_component_is_on_the_page() -> None:
    app = drawn("graph")
    assert not app.exception
    assert len(app.get("bidi_component")) == 1
    assert app.text[0].value == "selected: None"


def test_a_missing_picture_is_no_error() -> None:
    for show in ("empty", "problem"):
        app = drawn(show)
        assert not app.exception
        assert len(app.get("bidi_component")) == 1


def test_the_files_of_the_component_are_whole() -> None:
    """A one-line text with a slash in it would be taken for a path."""
    for name in ("graph.html", "graph.css", "svg.js", "camera.js", "card.js", "graph.js"):
        assert view._text(name).count("\n") > 10, name


def boxes(*groups: str) -> tuple[view._Shown, ...]:
    return view._boxes(f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(groups)}</svg>')


def group(ident: str, kinds: str, label: str) -> str:
    return f'<g id="x" class="node {kinds}"><title>{ident}</title><text>{label}</text></g>'


def test_a_box_finds_its_card_by_id_by_node_and_by_name() -> None:
    card = Card("", "", None, (), None, None)
    cards = dict.fromkeys(["n1", "n0~leaf", "n0", "name:w"], card)
    found = {
        box.id: view._card_name(box, cards)
        for box in boxes(
            group("n1", "function", "ExpBackward0"),
            group("n1~saved", "saved", "result"),
            group("n0~2", "leaf copy", "x"),
            group("v0", "", "w"),
            group("v1", "", "nobody"),
        )
    }
    assert found == {"n1": "n1", "n1~saved": "n1", "n0~2": "n0~leaf", "v0": "name:w", "v1": None}


def test_the_legend_has_the_kinds_that_are_in_the_picture() -> None:
    shown = boxes(group("n0~leaf", "leaf", "x"), group("n1", "function order2", "E"), '<g class="edge saved"/>')
    assert view._legend(shown) == [["function", "function"], ["leaf", "leaf"], ["order2", "built by create_graph"]]


def test_a_picture_is_read_once() -> None:
    svg = Picture('<svg xmlns="http://www.w3.org/2000/svg"/>', 1, 1, 0).svg
    assert view._boxes(svg) is view._boxes(svg)
