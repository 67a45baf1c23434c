"""``python -m app render``: every view and format of a saved trace, and a plain word where there is no picture."""

from __future__ import annotations

import io
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET, UnsetType

from app.cli import main
from components.trace import Drawing, Edge, Environment, Failure, Node, Program, Tensor, Trace, encode_trace
from components.worker.confine.tool import start_tool

ROOT = Path(__file__).resolve().parents[2]
SOURCE = "x = torch.tensor(3., requires_grad=True)\ny = x * x  # <script>alert(1)</script>\n"
DOT = 'digraph {\n\tn0 [label="MulBackward0"]\n}\n'


def tensor(id: str, name: str, node: str | None, value: float) -> Tensor:
    return Tensor(
        id=id,
        origin=id,
        name=name,
        shape=[],
        dtype="float32",
        device="cpu",
        requires_grad=True,
        is_leaf=node is None,
        node=node,
        version=0,
        view_of=None,
        nbytes=4,
        values=value,
        summary=None,
    )


def node(id: str, name: str, leaf: str | None) -> Node:
    return Node(
        id=id,
        name=name,
        line=None if leaf else 2,
        module=None,
        order=1,
        leaf=leaf,
        tensor="t0" if leaf else None,
        saved=[],
        saved_bytes=0,
        formula=None,
        created_by=None,
    )


def squared(dot: str | UnsetType | None = DOT, failure: Failure | None = None) -> Trace:
    """Return the trace of y = x * x at 3, as if it had been recorded."""
    drawing = Drawing(of="y", step=1, show_attrs=False, show_saved=False, nodes=2, dot=dot)
    return Trace(
        program=Program(source=SOURCE),
        environment=Environment(torch="2.13.0", python="3.11", device_name="x86_64"),
        stdout="<b>9</b>\n",
        stdout_truncated=False,
        failure=failure,
        steps=[],
        steps_truncated=False,
        tensors=[tensor("t0", "x", None, 3.0), tensor("t1", "y", "n0", 9.0)],
        nodes=[node("n0", "MulBackward0", None), node("n1", "AccumulateGrad", "x")],
        edges=[Edge(source="n0", target="n1", input=0, slot=0), Edge(source="n0", target="n1", input=0, slot=1)],
        backwards=[],
        gradients=[],
        memory=None,
        torchviz=[drawing],
        warnings=[],
        truncations=[],
        duration_ns=1,
    )


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A saved trace named squared.json in the working directory."""
    monkeypatch.chdir(tmp_path)
    path = Path("squared.json")
    path.write_bytes(encode_trace(squared()))
    return path


def test_the_torchviz_view_is_the_recorded_drawing(saved: Path) -> None:
    assert main(["render", str(saved), "--view", "torchviz", "--format", "dot", "-o", "out.dot"]) == 0
    assert Path("out.dot").read_text() == DOT


def test_the_lab_view_is_the_usual_one(saved: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["render", str(saved), "--format", "dot"]) == 0
    drawn = capsysbinary.readouterr().out
    assert drawn.startswith(b"digraph")
    assert b"MulBackward0" in drawn


@pytest.mark.parametrize("view", ["lab", "torchviz"])
def test_svg_is_a_picture_with_the_nodes_in_it(view: str, saved: Path) -> None:
    assert main(["render", str(saved), "--view", view, "-o", "out.svg"]) == 0
    root = ElementTree.fromstring(Path("out.svg").read_text(encoding="utf-8"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "MulBackward0" in "".join(root.itertext())


@pytest.mark.parametrize("view", ["lab", "torchviz"])
def test_png_is_a_png(view: str, saved: Path) -> None:
    assert main(["render", str(saved), "--view", view, "--format", "png", "-o", "out.png"]) == 0
    assert Path("out.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


class Tags(HTMLParser):
    """Collects the names of all elements and everything an address could stand in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.addresses: list[str | None] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        self.names.add(tag)
        self.addresses += [value for name, value in attrs if name in {"src", "href", "xlink:href", "action"}]


def test_the_page_is_one_file_that_asks_nobody_for_anything(saved: Path) -> None:
    saved.write_bytes(encode_trace(squared(failure=Failure(kind="raised", message="<i>no</i>", line=2))))
    assert main(["render", str(saved), "--format", "html", "-o", "out.html"]) == 0
    text = Path("out.html").read_text(encoding="utf-8")
    tags = Tags(text)
    assert {"svg", "section", "script"} <= tags.names
    assert not {"b", "i", "link", "img", "iframe", "object", "form"} & tags.names
    assert tags.addresses == []
    # What the program said is data, which the player sets as text.
    assert "<b>9</b>" not in text
    assert "<i>no</i>" not in text


def test_a_failure_is_said_and_the_graph_still_drawn(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved.write_bytes(encode_trace(squared(failure=Failure(kind="raised", message="no", line=2))))
    assert main(["render", str(saved), "-o", "out.svg"]) == 0
    assert capsys.readouterr().err == "The program failed: line 2: no\n"
    assert Path("out.svg").exists()


def test_standard_input_may_hold_a_trace(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(saved.read_bytes())))
    assert main(["render", "-", "--view", "torchviz", "--format", "dot", "-o", "out.dot"]) == 0
    assert Path("out.dot").read_text() == DOT


def test_one_of_several_graphs_is_chosen_by_its_variable(saved: Path) -> None:
    assert main(["render", str(saved), "--of", "y", "--format", "dot", "-o", "out.dot"]) == 0
    assert "AccumulateGrad" in Path("out.dot").read_text()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--of", "z"], "there is no graph of z; there is: y"),
        (["--of", "z", "--view", "torchviz"], "there is no graph of z; there is: y"),
        (["--format", "gif"], "--format"),
        (["--view", "tree"], "--view"),
        (["-o", "no/such/folder/a.svg"], "cannot write no/such/folder/a.svg"),
    ],
)
def test_wrong_usage_gives_status_2_and_a_reason(
    arguments: list[str], reason: str, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (refused([str(saved), *arguments]), reason in capsys.readouterr().err) == (2, True)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", "damaged"),
        (b"[1, 2]", "not a trace"),
        (b"\xff\xfe", "damaged"),
        (encode_trace(squared()).replace(b'"version":1', b'"version":9'), "version 9"),
        (encode_trace(squared()).replace(b'"target":"n1"', b'"target":"n7"'), "'n7'"),
    ],
)
def test_a_damaged_trace_gives_status_2_and_a_reason(
    data: bytes, reason: str, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved.write_bytes(data)
    assert refused([str(saved)]) == 2
    error = capsys.readouterr().err
    assert "squared.json" in error
    assert reason in error


def test_a_drawing_that_was_too_large_says_so(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved.write_bytes(encode_trace(squared(dot=None)))
    assert refused([str(saved), "--view", "torchviz"]) == 2
    assert "too many for torchviz" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--show-saved"]], ids=["plain", "with saved tensors"])
def test_a_drawing_that_nobody_had_asked_for_is_not_in_a_saved_trace(
    options: list[str], saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved.write_bytes(encode_trace(squared(dot=UNSET)))
    assert refused([str(saved), "--view", "torchviz", *options]) == 2
    assert "render its program" in capsys.readouterr().err


@pytest.mark.parametrize("view", ["lab", "torchviz"])
@pytest.mark.parametrize(("kind", "begins"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("html", b"<!doctype html>")])
def test_what_graphviz_cannot_lay_out_is_drawn_plainly(
    view: str,
    kind: str,
    begins: bytes,
    saved: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def only_paints(command: Sequence[str], *environment: Any, **files: Any) -> Any:
        return start_tool(["/bin/false"] if "-Kdot" in command else command, *environment, **files)

    monkeypatch.setattr("components.figures.layout.start_tool", only_paints)
    assert main(["render", str(saved), "--view", view, "--format", kind, "-o", "out"]) == 0
    made = Path("out").read_bytes()
    assert made.lower().startswith(begins.lower())
    assert kind == "png" or b"MulBackward0" in made
    assert "The picture is drawn plainly: Graphviz could not lay it out." in capsys.readouterr().err


def refused(arguments: list[str]) -> int:
    """Run ``render`` and return its status, whichever way it ends."""
    try:
        return main(["render", *arguments])
    except SystemExit as ended:
        return int(ended.code or 0)


def test_a_program_is_run_and_drawn_for_real() -> None:
    program = b"import torch\nx = torch.tensor(2.0, requires_grad=True)\ny = x ** 3\ny.backward()\n"
    words = [sys.executable, "-m", "app", "render", "-", "--view", "torchviz", "--format", "dot"]
    for options, exponent in ([], False), (["--show-attrs"], True):
        result = subprocess.run([*words, *options], cwd=ROOT, input=program, capture_output=True, check=False)
        assert (result.returncode, b"PowBackward0" in result.stdout) == (0, True), result.stderr
        assert (b"exponent" in result.stdout) == exponent
