"""The pages always show a picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import graph
from components.figures import PlayerData, layout
from components.reading import pictures
from tests.app.apptest import settled, visit


@pytest.mark.parametrize("kind", ["Lab", "torchviz"])
def test_a_page_has_a_picture_where_graphviz_cannot_lay_it_out(
    kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(layout, "_command", lambda: [str(tmp_path / "missing")])
    monkeypatch.setattr(pictures, "_pictures", pictures.Pictures())
    shown: list[PlayerData] = []
    monkeypatch.setattr(graph, "player", lambda data, **_: shown.append(data))
    test = visit()
    settled(test.run())
    settled(test.switch_page("screens/playground.py").run())
    settled(test.segmented_control(key="playground:view").set_value(kind).run())
    assert not test.exception
    assert "<svg" in shown[-1].svg
    assert shown[-1].kind == kind.lower()
    assert "drawn plainly: Graphviz could not lay it out" in shown[-1].title
    assert shown[-1].message == ""
