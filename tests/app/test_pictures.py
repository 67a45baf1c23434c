"""The pages always show a picture, and remember the ones that could not be had where that is worth it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app import graph, session
from components.figures import LayoutProblem, PlayerData, layout
from tests.app.apptest import settled, visit


@pytest.mark.parametrize(("reason", "tries"), [("failed", 1), ("too_large", 1), ("timeout", 1), ("busy", 2)])
def test_what_is_slow_or_fails_is_not_tried_again_at_once(
    reason: Any, tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def none(dot: str) -> LayoutProblem:
        asked.append(dot)
        return LayoutProblem(reason, "no")

    monkeypatch.setattr(session, "layout_svg", none)
    dot = f"digraph {{ {reason} }}"
    for _ in range(2):
        assert session.picture(dot) == LayoutProblem(reason, "no")
    assert asked == [dot] * tries
    session._lately.clear()
    session.picture(dot)
    assert len(asked) == (1 if reason in ("failed", "too_large") else tries + 1)


@pytest.mark.parametrize("kind", ["Lab", "torchviz"])
def test_a_page_has_a_picture_where_graphviz_cannot_lay_it_out(
    kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(layout, "_command", lambda: [str(tmp_path / "missing")])
    monkeypatch.setattr(session, "picture", layout.layout_svg)
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
