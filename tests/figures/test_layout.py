"""The layout program: what comes back, the limits it runs under, the texts that must not become more than texts."""

from __future__ import annotations

import resource
import struct
import subprocess
import sys
import threading
import xml.etree.ElementTree as ElementTree
import zlib
from pathlib import Path

import pytest

from components.figures import Box, LabGraph, LayoutProblem, Link, Picture, lab_dot, lab_graph, layout, layout_svg
from tests.figures import traces as t

# The layout program's walls let no program read the virtual environment of this one.
PYTHON = getattr(sys, "_base_executable", sys.executable)
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = ['<script>alert(1)</script>"', "\\N \\G \\l", "a\nb\x00\x1b[0m", "]]>&lt;--", '->" id="x', "π ∂ 图 \u202e"]


def picture_of(dot: str) -> Picture:
    picture = layout_svg(dot, 20)
    assert isinstance(picture, Picture), picture
    return picture


def test_boxes_carry_the_ids_and_kinds_of_the_trace() -> None:
    picture = picture_of(lab_dot(lab_graph(t.chain(2))))
    root = ElementTree.fromstring(picture.svg)
    found = {group.get("id"): group.get("class") for group in root.iter(f"{SVG}g") if "node" in group.get("class", "")}
    assert found == {
        "n2": "node function",
        "n1": "node function",
        "n0": "node function",
        "n0~leaf": "node leaf",
        "t1": "node output",
    }
    assert picture.width > 0
    assert picture.height > picture.width, "a chain of five boxes is taller than wide"


def test_gradient_flows_downwards() -> None:
    graph = LabGraph(
        (Box("n1", ("function",), "upper"), Box("n0", ("leaf",), "lower")), (Link("n1", "n0", ("gradient",)),), 2
    )
    root = ElementTree.fromstring(picture_of(lab_dot(graph)).svg)
    height = {text.text: float(text.attrib["y"]) for text in root.iter(f"{SVG}text")}
    assert height["upper"] < height["lower"]


@pytest.mark.parametrize("name", HOSTILE)
def test_every_text_of_a_program_arrives_as_text(name: str) -> None:
    boxes = (Box("n0", ("leaf",), name, name, f"{name}\n{name}"), Box("n1", ("function",), name))
    root = ElementTree.fromstring(picture_of(lab_dot(LabGraph(boxes, (Link("n1", "n0", ("gradient",), name),), 2))).svg)
    assert not [element.tag for element in root.iter() if element.tag.rpartition("}")[2] in ("script", "a", "image")]
    shown = "".join(root.itertext())
    printable = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name)
    assert shown.replace("\xa0", " ").count(printable.strip()) >= 4


def test_a_shared_leaf_in_a_long_loop_can_be_laid_out() -> None:
    """``y = tanh(y) * x`` sixty times: as one box, ``x`` would keep dot busy for more than a minute."""
    nodes = [t.leaf("n0", "x")]
    pairs = []
    for i in range(1, 121, 2):
        nodes += [t.node(f"n{i}", "TanhBackward0"), t.node(f"n{i + 1}", "MulBackward0")]
        pairs += [f"n{i} n{i - 1}", f"n{i + 1} n{i}", f"n{i + 1} n0"]
    graph = lab_graph(t.make_trace(nodes=nodes, edges=t.edges(*pairs)))
    assert len([box for box in graph.boxes if "copy" in box.kinds]) == 60
    picture_of(lab_dot(graph))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_no_attribute_makes_the_layout_program_read_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", 500, 400, 8, 2, 0, 0, 0)))
    with_image = layout_svg(f'digraph {{ a [label="" shape=box image="{secret}"] }}')
    without = layout_svg('digraph { a [label="" shape=box] }')
    assert isinstance(with_image, Picture)
    assert isinstance(without, Picture)
    assert (with_image.width, with_image.height) == (without.width, without.height)
    assert "secret" not in with_image.svg


def test_torchviz_boxes_are_as_wide_as_their_text() -> None:
    label = "self_sym_sizes: (2, 3, 4)"
    dot = f'digraph {{\n\tnode [fontname=monospace fontsize=10 shape=box]\n\tn0 [label="{label}"]\n}}\n'
    picture = picture_of(dot)
    points = [float(x) for x in picture.svg.split('points="')[2].split('"')[0].replace(",", " ").split()]
    # A letter of a monospace font is 0.6 of its size wide.
    assert max(points[::2]) - min(points[::2]) >= len(label) * 10 * 0.6
    assert 'font-family="monospace"' in picture.svg


def test_a_text_that_is_too_large_is_not_even_tried() -> None:
    problem = layout_svg("digraph {" + " " * 5_000_000 + "}")
    assert isinstance(problem, LayoutProblem)
    assert problem.reason == "too_large"


def test_a_layout_program_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def popen(*args: object, **kwargs: object) -> subprocess.Popen[bytes]:
        started.append(real(*args, **kwargs))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    monkeypatch.setattr(layout, "_command", lambda: [PYTHON, "-c", "import time; time.sleep(1000)"])
    problem = layout_svg("digraph {}", seconds=0.05)
    assert problem == LayoutProblem("timeout", "This graph could not be laid out within 0.05 seconds.")
    assert [process.returncode for process in started] == [-9]


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="output is bounded from outside on Linux only")
def test_an_endless_picture_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "_MOST_OUTPUT", 100_000)
    endless = "import sys\nwhile True: sys.stdout.write('x' * 4096)"
    monkeypatch.setattr(layout, "_command", lambda: [PYTHON, "-c", endless])
    problem = layout_svg("digraph {}", seconds=30)
    assert isinstance(problem, LayoutProblem)
    assert problem.reason == "too_large"


def test_only_so_many_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "_places", threading.BoundedSemaphore(1))
    with layout._places:
        problem = layout_svg("digraph {}", seconds=0.05)
    assert problem == LayoutProblem("busy", "No layout program was free within 0.05 seconds. Try again.")
    assert isinstance(layout_svg("digraph { a }", seconds=20), Picture)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            "Warning: Warning: no value for width of é.\nError: trouble in init_rank\n\t%0 1\n\tn3 2\n",
            "trouble in init_rank",
        ),
        ("Error: mismatched tag in line 1\n... <b>x ...\nError: late\nWarning: no value\n", "late"),
        (
            "thread 'main' panicked at a.rs:1:2:\nindex out of bounds\nnote: run with `RUST_BACKTRACE=1`\n",
            "index out of bounds",
        ),
        ("Warning: only this\n", "Warning: only this"),
        ("", "no output"),
    ],
)
def test_a_failure_says_the_last_error_and_no_warning(said: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = f"import sys; sys.stderr.write({said!r}); sys.exit(1)"
    monkeypatch.setattr(layout, "_command", lambda: [PYTHON, "-c", program])
    assert layout_svg("digraph {}", 20) == LayoutProblem("failed", f"The layout program failed: {words}.")


def test_a_program_that_cannot_be_run_is_a_problem_and_no_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(layout, "_command", lambda: [str(tmp_path / "missing")])
    problem = layout_svg("digraph {}")
    assert isinstance(problem, LayoutProblem)
    assert problem.reason == "failed"
