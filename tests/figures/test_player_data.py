"""The player's data: JSON, of every kind of program, with a fact for every box that is drawn."""

from __future__ import annotations

import json
import textwrap
from typing import Any

import msgspec
import pytest

from components.capture import capture_program
from components.facts import TraceIndex
from components.facts.gradient_health import norm
from components.figures import LabOptions, PlayerData, lab_dot, lab_graph, layout_svg, player_data, torchviz_dot
from components.trace import Gradient, Program, Summary
from tests.figures import traces as t
from tests.program_texts import PROGRAMS


def data_of(source: str, opened: tuple[str, ...] | None = None) -> dict[str, Any]:
    index = TraceIndex(capture_program(Program(source=textwrap.dedent(source).strip())))
    options = LabOptions(opened=opened)
    graph = lab_graph(index, options=options)
    picture = layout_svg(lab_dot(graph)) if graph.boxes else None
    return sent(player_data(index, picture, graph=graph, options=options))


def sent(data: PlayerData) -> dict[str, Any]:
    """Return the data as the browser gets them."""
    told: dict[str, Any] = json.loads(json.dumps(msgspec.to_builtins(data), allow_nan=False))
    return told


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_has_a_story_that_fits_its_picture(name: str) -> None:
    data = data_of(PROGRAMS[name])
    boxes, moments = data["boxes"], data["moments"]
    assert moments
    for facts in boxes.values():
        assert facts.get("born", 0) in range(len(moments))
        assert all(0 <= at < len(moments) for at in facts.get("visits", ()))
        assert facts.get("freed", 0) <= len(moments)
    lit = {moment["box"] for moment in moments if "box" in moment}
    assert lit <= boxes.keys()
    assert all(box in boxes for box in data["cards"])


def test_what_is_drawn_comes_with_the_moments() -> None:
    data = data_of("""
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        y = x ** 3
        y.backward(retain_graph=True)
        y.backward()
    """)
    assert data["boxes"]["n1"] == {
        "born": 1,
        "line": 3,
        "node": "n1",
        "visits": [3, 7],
        "bytes": 4,
        "order": 1,
        "norm": 1.0,
    }
    assert data["boxes"]["n1~saved"]["freed"] == 9
    # Link 1 is from the output, 2 from AccumulateGrad to the leaf, 3 the gradient 3 * 2**2 = 12.
    assert data["carried"] == {
        "1": [[3, "1", 0], [7, "1", 1]],
        "2": [[4, "", 0], [8, "", 1]],
        "3": [[3, "12", 0], [7, "12", 1]],
    }
    assert data["texts"] == {"n0~leaf": [[0, "2", None], [4, None, ".grad 12"], [8, None, ".grad 12 + 12 = 24"]]}
    assert data["backwards"] == [4, 5]
    assert data["whole"] == (
        "Line 5, call 2: backward() adds 12 to x.grad: 12 + 12 = 24. It frees 4 B, kept by retain_graph=True on line 4."
    )


def test_what_is_to_be_looked_at_comes_with_its_box_and_its_moment() -> None:
    data = data_of("""
        import torch
        x = torch.tensor([0.0, 4.0], requires_grad=True)
        (x.sqrt() * 0).sum().backward()
        w = torch.tensor(1000.0, requires_grad=True)
        (w ** 3).backward()
    """)
    # 0 / (2 * sqrt(0)) is NaN, and comes on to x; a single gradient of 3 * 1000**2 = 3e6 is nothing ill.
    first, second = data["findings"]
    assert (first["illness"], first["first"]) == ("nan", True)
    assert first["text"].startswith(
        "SqrtBackward0 (line 3) made NaN in 1 of 2 elements in backward() of line 3: 0 came in"
    )
    assert data["moments"][first["moment"]]["text"] == first["text"]
    assert first["box"] == data["moments"][first["moment"]]["box"]
    assert (second["illness"], second["text"], second["first"]) == ("nan", "x.grad: 1 NaN", False)
    assert data["whole"].startswith(
        "SqrtBackward0 (line 3) made NaN in 1 of 2 elements in backward() of line 3. Line 5"
    )


def test_after_the_cap_on_lines_the_notes_of_a_loop_are_the_last_recorded() -> None:
    """Of 5,000 lines that are recorded the loop's are the last; the two before it ran once."""
    data = data_of("""
        import torch
        a = 1
        for i in range(4000):
            a = a + 1
        print(a)
    """)
    assert data["stale"] == [3, 4]
    assert data_of("a = 1\nfor i in range(40):\n    a = a + 1")["stale"] == []


def test_the_norm_is_that_of_all_elements() -> None:
    assert norm(t.gradient([3.0, 4.0])) == 5.0
    summary = Summary(min=3.0, max=4.0, mean=3.5, std=0.5, nan=0, inf=0, zero=0)
    # sqrt(2 * (3.5**2 + 0.5**2)) = sqrt(25) = 5
    assert norm(Gradient(shape=[2], values=None, summary=summary)) == 5.0


def test_torchviz_boxes_are_told_by_their_nodes() -> None:
    trace = capture_program(
        Program(source="import torch\nx = torch.ones(1, requires_grad=True)\ny = x.exp()\ny.backward()")
    )
    drawing = torchviz_dot(trace)
    assert drawing is not None
    data = sent(player_data(TraceIndex(trace), layout_svg(drawing.dot or ""), kind="torchviz"))
    assert data["boxes"]["n1"]["visits"] == [3]
    assert {card["title"] for card in data["cards"].values()} >= {"ExpBackward0", "AccumulateGrad"}
