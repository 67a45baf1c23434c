"""Pictures and texts made from traces: what they hold, by equality; what they cannot hold, by hostile names."""

from __future__ import annotations

import textwrap

import pytest
from msgspec import UNSET

from components.capture import capture_program
from components.facts import leaf_rows
from components.facts.text import bytes_text, number_text, values_text
from components.figures import (
    Box,
    LabGraph,
    LayoutProblem,
    Picture,
    lab_dot,
    lab_graph,
    lab_roots,
    layout_svg,
    torchviz_choices,
    torchviz_dot,
)
from components.figures.player_data import code_tokens
from components.trace import Program, Trace
from tests.facts.test_cards import card_of


def trace_of(source: str) -> Trace:
    return capture_program(Program(source=textwrap.dedent(source).lstrip()))


CUBE = """
    import torch
    x = torch.tensor(2.0, requires_grad=True)
    y = x ** 3
    y.backward()
"""


def test_the_lab_graph_of_a_cube() -> None:
    graph = lab_graph(trace_of(CUBE))
    assert {(box.id, box.kinds, box.title) for box in graph.boxes} == {
        ("t1", ("output",), "y"),
        ("n1", ("function", "released"), "PowBackward0"),
        ("n1~saved", ("saved", "freed"), "x"),
        ("n0", ("function",), "AccumulateGrad"),
        ("n0~leaf", ("leaf",), "x"),
    }
    (leaf,) = (box for box in graph.boxes if "leaf" in box.kinds)
    assert (leaf.value, leaf.detail) == ("2", ".grad 12")
    assert {(link.source, link.target, link.label) for link in graph.links} == {
        ("t1", "n1", "1"),
        ("n1", "n1~saved", ""),
        ("n1", "n0", "12"),  # 3 * 2**2 = 12
        ("n0", "n0~leaf", ""),
    }


def test_the_node_where_backward_stopped_is_marked() -> None:
    trace = trace_of(textwrap.dedent(CUBE) + "y.backward()\n")
    stopped = [box.title for box in lab_graph(trace).boxes if "stopped" in box.kinds]
    assert stopped == ["PowBackward0"]
    card = card_of(trace, trace.failure.node or "") if trace.failure else None
    assert card is not None
    assert card.note == "Backward stopped here: what this node had saved was freed by line 4."


def test_a_leaf_that_is_used_often_is_drawn_beside_each_use() -> None:
    trace = trace_of("""
        import torch
        w = torch.tensor(0.5, requires_grad=True)
        y = w
        for i in range(6):
            y = torch.tanh(y) * w
        y.backward()
    """)
    graph = lab_graph(trace)
    copies = [box for box in graph.boxes if "copy" in box.kinds]
    assert len(copies) == 6  # one at each product but the one that has the leaf itself
    assert {box.title for box in copies} == {"w"}
    ends = [link.target for link in graph.links]
    assert all(ends.count(copy.id) == 1 for copy in copies)


def test_a_long_chain_is_folded_and_stands_for_every_node() -> None:
    trace = trace_of(
        "import torch\nx = torch.ones(1, requires_grad=True)\ny = x\nfor i in range(900):\n    y = y * 2\n"
    )
    graph = lab_graph(trace)
    assert graph.nodes == 901
    (folded,) = (box for box in graph.boxes if "folded" in box.kinds)
    # Each product saves the number 2 as a float64: 898 * 8 bytes = 7.016 KiB.
    assert (folded.title, folded.value) == ("iterations 2 to 899", "×898")
    assert folded.detail == "y = y * 2\n898 nodes · saves 7.016 KiB"
    assert graph.groups[folded.id].piece.size == 898


def test_roots_are_the_outputs_of_backward_and_what_is_left() -> None:
    trace = trace_of("""
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        a = x * 2
        a.backward()
        b = x.exp()
    """)
    assert [root.label for root in lab_roots(trace)] == ["a (line 4)", "b"]
    assert torchviz_choices(trace) == ["a", "b"]
    boxes = lab_graph(trace, lab_roots(trace)[1]).boxes
    assert "ExpBackward0" in {box.title for box in boxes}
    assert "MulBackward0" not in {box.title for box in boxes}


def test_torchviz_variants() -> None:
    trace = trace_of(CUBE)
    plain = torchviz_dot(trace)
    saved = torchviz_dot(trace, "y", show_saved=True)
    assert plain is not None
    assert saved is not None
    assert isinstance(plain.dot, str)
    assert "orange" not in plain.dot
    assert (saved.show_saved, saved.dot) == (True, UNSET)  # it is drawn when somebody asks for it
    assert torchviz_dot(trace, "nothing") is None


def test_without_a_graph_the_tensors_stand_alone() -> None:
    graph = lab_graph(trace_of("import torch\na = torch.tensor([1.0, 2.0])\n"))
    assert graph.boxes == (Box("t0", ("untracked",), "a", "[1, 2]"),)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", '"quoted" \\N \\l', "a\nb\tc\x00", "&amp;&lt;", "π ∂ 图", "]]>"]
)
def test_hostile_names_are_drawn_as_text(name: str) -> None:
    picture = layout_svg(lab_dot(LabGraph((Box("n0", ("leaf",), name, name),), (), 1)))
    assert isinstance(picture, Picture), picture
    assert "<script" not in picture.svg


def test_a_layout_that_takes_too_long_is_given_up() -> None:
    edges = "".join(f"a{i % 60} -> a{(i * 7 + 3) % 61}; a{i} -> a{(i * 13 + 5) % 400};" for i in range(4_000))
    problem = layout_svg(f"digraph {{{edges}}}", seconds=0.05)
    assert isinstance(problem, LayoutProblem)
    assert problem.reason == "timeout"


def test_bad_dot_is_a_plain_message() -> None:
    problem = layout_svg("digraph {")
    assert isinstance(problem, LayoutProblem)
    assert problem.reason == "failed"


def test_leaves_with_what_the_last_backward_added() -> None:
    trace = trace_of("""
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        w = torch.ones(2, requires_grad=True)
        y = x ** 3
        y.backward(retain_graph=True)
        y.backward()
    """)
    assert [(row.name, row.value, row.grad, row.added) for row in leaf_rows(trace)] == [
        ("x", "2", "24", "12"),
        ("w", "[1, 1]", "None", ""),
    ]


def test_the_code_is_cut_into_coloured_pieces_that_make_up_its_lines() -> None:
    source = 'import torch\n\nx = \'a\\n\' # <b>\ny = """two\nlines""" if 1 else \x00\n'
    lines = code_tokens(source)
    assert ["".join(text for _, text in line) for line in lines] == source.rstrip().split("\n")
    assert lines[0] == [("k", "import"), ("", " "), ("", "torch")]


def test_short_texts() -> None:
    assert [number_text(value) for value in (12.0, 0.14157, -0.0, "nan", True, 3)] == [
        "12",
        "0.1416",
        "0",
        "nan",
        "True",
        "3",
    ]
    assert [bytes_text(count) for count in (28, 1536, 2 * 1024**2)] == ["28 B", "1.5 KiB", "2 MiB"]
    assert values_text([[1.0, 2.5], [3.0, 4.0]]) == "[[1, 2.5], [3, 4]]"
    assert values_text([1.0] * 100) is None
