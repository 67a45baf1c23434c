"""The plain drawing: nothing on top of anything else, every line from box to box, whatever the graph, and quickly."""

from __future__ import annotations

import re
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.figures import Box, LabGraph, Link, Picture, lab_dot, lab_graph, layout_svg, render
from components.figures.layout import PictureBox, boxes_of
from components.figures.without_graphviz import (
    MOST_BOXES,
    Sketch,
    bounded,
    lab_sketch,
    pinned_dot,
    plain_svg,
    torchviz_sketch,
)
from components.figures.without_graphviz.arranged import rising
from tests.figures import traces as t

SVG = "{http://www.w3.org/2000/svg}"
Rectangle = tuple[float, float, float, float]
Pair = tuple[int, int]


def sketch_of(count: int, pairs: list[Pair]) -> Sketch:
    """Return a sketch of so many boxes, of three widths, as torchviz would write them."""
    boxes = "".join(f'\tn{i} [label="{"Mul" * (1 + i % 3)}Backward{i}"]\n' for i in range(count))
    links = "".join(f"\tn{a} -> n{b}\n" for a, b in pairs)
    return torchviz_sketch(f"digraph {{\n{boxes}{links}}}\n")


def numbers(text: str) -> list[tuple[float, float]]:
    """Return the points of a path or polygon, read as the player reads them."""
    found = [float(number) for number in re.findall(r"-?[\d.]+", text)]
    return list(zip(found[::2], found[1::2], strict=True))


def boxes_in(picture: Picture) -> tuple[PictureBox, ...]:
    """What stands in the SVG, which is what the picture says of itself."""
    boxes = tuple(boxes_of(ElementTree.fromstring(picture.svg)))
    assert boxes == picture.boxes
    return boxes


def titled(svg: str, kind: str) -> list[tuple[str, ElementTree.Element]]:
    groups = [one for one in ElementTree.fromstring(svg).iter(f"{SVG}g") if kind in one.attrib["class"].split()]
    return [(group.findtext(f"{SVG}title") or "", group) for group in groups]


def rectangles(svg: str) -> dict[str, Rectangle]:
    """Return left, top, right and bottom of each box."""
    found = {}
    for name, group in titled(svg, "node"):
        shape = next(one for one in group if one.tag in (f"{SVG}path", f"{SVG}polygon"))
        xs, ys = zip(*numbers(shape.get("points") or shape.attrib["d"]), strict=True)
        found[name] = min(xs), min(ys), max(xs), max(ys)
    return found


def check(picture: Picture) -> None:
    """No two boxes meet, and every line begins and ends at the edge of a box that its title names."""
    boxes = rectangles(picture.svg)
    rows: dict[float, list[Rectangle]] = {}
    for left, top, right, bottom in boxes.values():
        assert 0 <= left < right <= picture.width
        assert 0 <= top < bottom <= picture.height
        rows.setdefault(round((top + bottom) / 2, 1), []).append((left, top, right, bottom))
    stretches = sorted((min(one[1] for one in row), max(one[3] for one in row)) for row in rows.values())
    assert all(above[1] < below[0] for above, below in pairwise(stretches))
    for row in rows.values():
        assert all(one[2] < other[0] for one, other in pairwise(sorted(row)))
    for name, group in titled(picture.svg, "edge"):
        source, target = name.split("->")
        path, head = group.find(f"{SVG}path"), group.find(f"{SVG}polygon")
        assert path is not None
        points = numbers(path.attrib["d"])
        assert len(points) % 3 == 1
        assert on_edge(points[0], boxes[source]), name
        assert on_edge(points[-1] if head is None else numbers(head.attrib["points"])[1], boxes[target]), name


def on_edge(point: tuple[float, float], box: Rectangle) -> bool:
    (x, y), (left, top, right, bottom) = point, box
    inside = left - 0.02 <= x <= right + 0.02 and top - 0.02 <= y <= bottom + 0.02
    return inside and min(abs(x - left), abs(x - right), abs(y - top), abs(y - bottom)) < 0.02


@settings(max_examples=150)
@given(st.data())
def test_any_graph_is_drawn_with_every_line_from_box_to_box(data: st.DataObject) -> None:
    """Circles, loops to a box itself, double lines, boxes without any: whatever comes."""
    count = data.draw(st.integers(1, 40))
    pairs = data.draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=80))
    picture = plain_svg(sketch_of(count, pairs))
    check(picture)
    assert len(boxes_in(picture)) == count
    drawn = Counter(name for name, _ in titled(picture.svg, "edge"))
    assert drawn == Counter(f"n{a}->n{b}" for a, b in pairs)


MANY = {
    "a chain": [(i, i + 1) for i in range(MOST_BOXES - 1)],
    "a circle": [(i, (i + 1) % MOST_BOXES) for i in range(MOST_BOXES)],
    "a star": [(0, i) for i in range(1, MOST_BOXES)],
    "a tree": [((i - 1) // 2, i) for i in range(1, MOST_BOXES)],
    "a tangle": [(i, i * k % MOST_BOXES) for i in range(MOST_BOXES) for k in (7, 13)],
    "what all use": [(i, j) for i in range(MOST_BOXES - 2) for j in (i + 1, MOST_BOXES - 1)],
    "nothing but boxes": [],
}


@pytest.mark.parametrize("name", MANY)
def test_ten_thousand_boxes_take_seconds(name: str) -> None:
    sketch = sketch_of(MOST_BOXES, MANY[name])
    started = time.process_time()
    picture = plain_svg(sketch)
    # About one and a half where nothing else runs.
    assert time.process_time() - started < 5
    assert len(boxes_in(picture)) == MOST_BOXES
    check(picture)


def test_more_than_can_be_drawn_are_the_first_of_them() -> None:
    sketch = bounded(sketch_of(12, [(i, i + 1) for i in range(11)]), 5)
    assert ([box.id for box in sketch.boxes], sketch.left_out) == ([f"n{i}" for i in range(5)], 7)
    assert [(link.source, link.target) for link in sketch.links] == [(f"n{i}", f"n{i + 1}") for i in range(4)]
    whole = sketch_of(MOST_BOXES + 1, [])
    assert len(boxes_in(plain_svg(whole))) == MOST_BOXES


def test_a_lab_picture_has_the_boxes_kinds_links_and_texts_of_graphviz() -> None:
    saved = t.saved("self", [2, 2])
    nodes = [t.leaf("n0", "w"), t.node("n1", "MulBackward0", 1, [saved]), t.node("n2", "TanhBackward0", 2)]
    graph = lab_graph(t.make_trace(nodes=nodes, edges=t.edges("n1 n0", "n2 n1")))
    plain, laid_out = plain_svg(lab_sketch(graph)), layout_svg(lab_dot(graph), 20)
    assert isinstance(laid_out, Picture)
    for kind in ("node", "edge"):
        mine, theirs = (
            {(name, one.get("id"), one.get("class"), texts(one)) for name, one in titled(picture.svg, kind)}
            for picture in (plain, laid_out)
        )
        assert mine == theirs
    assert boxes_in(plain)[0] in boxes_in(laid_out)
    check(plain)


def texts(group: ElementTree.Element) -> tuple[str, ...]:
    return tuple((one.text or "").replace("\xa0", " ") for one in group.iter(f"{SVG}text"))


def test_what_a_node_saved_stands_beside_it_and_gradient_flows_downwards() -> None:
    nodes = [t.node(f"n{i}", "MulBackward0", 1, [t.saved("self", [])]) for i in range(3)]
    graph = lab_graph(t.make_trace(nodes=nodes, edges=t.edges("n2 n1", "n1 n0")))
    boxes = rectangles(plain_svg(lab_sketch(graph)).svg)
    assert boxes["n2"][3] < boxes["n1"][1] < boxes["n1"][3] < boxes["n0"][1]
    for i in range(3):
        node, beside = boxes[f"n{i}"], boxes[f"n{i}~saved"]
        assert 0 < beside[0] - node[2] < 40
        assert sum(node[1::2]) == pytest.approx(sum(beside[1::2]), abs=0.1)


@pytest.mark.parametrize("name", ['<script>"&', "a\nb\x00\x1b[0m", "]]>&lt;--", '" onload="x', "π ∂ 图 \u202e", ""])
def test_every_text_arrives_as_text(name: str) -> None:
    boxes = (Box("n0", ("leaf",), name, name, f"{name}\n{name}"), Box("n1", ("function",), name))
    sketch = lab_sketch(LabGraph(boxes, (Link("n1", "n0", ("gradient",), name),), 2))
    root = ElementTree.fromstring(plain_svg(sketch).svg)
    assert {one.tag.removeprefix(SVG) for one in root.iter()} <= {"svg", "g", "title", "path", "polygon", "text"}
    assert not [one for one in root.iter() if any(key.startswith("on") for key in one.attrib)]
    painted = render(pinned_dot(sketch), "png", 20, "nop2")
    assert isinstance(painted, bytes)
    assert painted.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "dot",
    [
        'digraph {\n\tgraph [size="12,12"]\n\tnode [shape=box style=filled]\n\tn0 [label="x\n (2)" fillcolor=orange]\n'
        '\tn0 -> n1\n\tn1 [label=AddBackward0]\n\tn0 -> n1 [style=dotted dir=none]\n}\n',
        'digraph g { rankdir=TB; a -> b -> c [label="1"]; subgraph cluster_x { d; "e f" } d:n -> "e f":s; }',
        'digraph { /* a -> z */ a [label=<<b>bold</b><br/>low>] // b\n a -> "q\\"uoted" }',
        "graph { a -- b; b -- a }",
    ],
)  # fmt: skip
def test_a_dot_text_is_read_as_graphviz_reads_it(dot: str) -> None:
    plain, laid_out = plain_svg(torchviz_sketch(dot)), layout_svg(dot, 20)
    assert isinstance(laid_out, Picture)
    assert {box.id for box in boxes_in(plain)} == {box.id for box in boxes_in(laid_out)}
    ends = [
        sorted(re.sub(r":\w+|--|->", " ", name).split() for name, _ in titled(one.svg, "edge"))
        for one in (plain, laid_out)
    ]
    assert ends[0] == ends[1]
    assert {box.label for box in boxes_in(plain)} == {box.label for box in boxes_in(laid_out)}


@given(st.text(alphabet='ab"\\<>[]{}=;,-> \n/*', max_size=60))
def test_no_text_stops_the_reader(text: str) -> None:
    ElementTree.fromstring(plain_svg(torchviz_sketch(text)).svg)


@pytest.mark.parametrize("part", ['"', "<", "<a", "<<a>", "/*", "[", "{", "a[b=", "\\", '"\\', "<a><"])
def test_a_long_text_that_closes_nothing_is_read_quickly(part: str) -> None:
    started = time.process_time()
    torchviz_sketch(f"digraph {{{part * 20_000}")
    assert time.process_time() - started < 2


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(0.01, 10)), max_size=30))
def test_rising_numbers_keep_their_order_and_their_mean(pairs: list[tuple[float, float]]) -> None:
    wishes, weights = [wish for wish, _ in pairs], [weight for _, weight in pairs]
    found = rising(wishes, weights)
    assert all(one <= other + 1e-9 for one, other in pairwise(found))
    assert sum(map(lambda x, w: x * w, found, weights)) == pytest.approx(sum(x * w for x, w in pairs), abs=1e-6)
    assert rising(sorted(wishes), weights) == sorted(wishes)
