"""DOT to SVG, always under limits.

The layout runs in a process of its own (the ``graphviz-pure`` command, a port of Graphviz that comes as a wheel, or
Debian's ``dot``) behind walls, with a limit on its time, memory and output and with file access by attributes switched
off, so that a graph that cannot be laid out, or a DOT text from a stranger's file, costs that time and nothing else.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from ..worker.confine.tool import start_tool
from ..worker.machine import this_machine

_SVG = "{http://www.w3.org/2000/svg}"
_MOST_AT_ONCE = max(2, round(this_machine().processors))
_MOST_DOT = 4_000_000
_MOST_OUTPUT = 32 * 2**20
_MOST_MEMORY = 2 * 2**30
_MOST_SAID = 2**20
_places = threading.BoundedSemaphore(_MOST_AT_ONCE)


@dataclass(frozen=True)
class PictureBox:
    """A box as it stands in the SVG: its name there, its kinds (classes), the first line of its label."""

    id: str
    kinds: frozenset[str]
    label: str


@dataclass(frozen=True)
class Picture:
    """An SVG document, its size in points, the milliseconds that its layout took, and its boxes in its order."""

    svg: str
    width: float
    height: float
    milliseconds: float
    boxes: tuple[PictureBox, ...] = ()


@dataclass(frozen=True)
class LayoutProblem:
    """Why there is no picture; ``message`` is for people. ``busy`` says nothing about the graph: others were first."""

    reason: Literal["timeout", "too_large", "failed", "busy"]
    message: str


def layout_svg(dot: str, seconds: float = 5.0) -> Picture | LayoutProblem:
    """Lay out a DOT text; give up after ``seconds``, the wait for a free place included."""
    started = time.perf_counter()
    result = render(dot, "svg", seconds)
    if isinstance(result, LayoutProblem):
        return result
    milliseconds = (time.perf_counter() - started) * 1_000
    text = result.decode("utf-8", "replace").replace('font-family="Courier,monospace"', 'font-family="monospace"')
    try:
        root = ElementTree.fromstring(text)
        width, height = (float(part) for part in root.attrib["viewBox"].split()[2:])
    except (ElementTree.ParseError, KeyError, ValueError):
        return LayoutProblem("failed", "The layout program gave no picture.")
    return Picture(text[text.index("<svg") :], width, height, milliseconds, tuple(boxes_of(root)))


def boxes_of(svg: ElementTree.Element) -> Iterator[PictureBox]:
    """Yield the boxes of an SVG document that Graphviz wrote. Only there stands what a text of torchviz has in it."""
    for group in svg.iter(f"{_SVG}g"):
        kinds = group.get("class", "").split()
        if "node" in kinds:
            label = group.findtext(f"{_SVG}text", "").strip()
            yield PictureBox(group.findtext(f"{_SVG}title", ""), frozenset(kinds), label)


def _measurable(dot: str) -> str:
    """Name torchviz's font as Graphviz knows its metrics; ``monospace`` it would take for Times, half as wide."""
    return re.sub(r"^(\s*node \[[^\]\n]*)fontname=monospace", r"\1fontname=Courier", dot, count=1, flags=re.MULTILINE)


def render(
    dot: str, kind: Literal["svg", "png"], seconds: float = 5.0, engine: Literal["dot", "nop2"] = "dot"
) -> bytes | LayoutProblem:
    """Return what the layout program makes of a DOT text; ``nop2`` paints what has all its places already."""
    if len(dot) > _MOST_DOT:
        return LayoutProblem("too_large", "This graph is too large to be laid out.")
    deadline = time.monotonic() + seconds
    if not _places.acquire(timeout=seconds):
        return LayoutProblem("busy", f"No layout program was free within {seconds:g} seconds. Try again.")
    try:
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
            given.write(_measurable(dot).encode("utf-8", "replace"))
            given.seek(0)
            ended = _run([*_command(), f"-K{engine}", f"-T{kind}"], given, out, said, deadline - time.monotonic())
            if ended is None:
                return LayoutProblem("timeout", f"This graph could not be laid out within {seconds:g} seconds.")
            return _result(ended, out, said)
    except OSError as error:
        return LayoutProblem("failed", f"The layout program could not be run: {error}.")
    finally:
        _places.release()


def _run(command: list[str], given: BinaryIO, out: BinaryIO, said: BinaryIO, seconds: float) -> int | None:
    """Return the exit status, ``None`` if the time was up. Files, unlike pipes, cannot fill up and block."""
    # With SERVER_NAME set, Graphviz reads no file that an attribute (image, shapefile) names.
    environment = {"SERVER_NAME": "autograd-lab", "RUST_BACKTRACE": "0"}
    process = start_tool(command, environment, given=given, out=out, said=said)
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    # Popen.wait(timeout) looks less and less often, up to every 50 ms: longer than most layouts take.
    alarm = threading.Timer(max(0.0, seconds), end)
    try:
        alarm.start()
        _limit(process.pid)
        ended = process.wait()
        return None if ended and late.is_set() else ended
    finally:
        alarm.cancel()
        process.kill()
        process.wait()


def _limit(pid: int) -> None:
    """Bound memory and output where the system can do that from outside (Linux)."""
    import resource  # absent on Windows, as the worker's walls are

    if hasattr(resource, "prlimit"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            resource.prlimit(pid, resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (_MOST_OUTPUT, _MOST_OUTPUT))


def _result(ended: int, out: BinaryIO, said: BinaryIO) -> bytes | LayoutProblem:
    out.seek(0)
    result = out.read(_MOST_OUTPUT + 1)
    if len(result) >= _MOST_OUTPUT:
        return LayoutProblem("too_large", "The picture of this graph is too large to be shown.")
    if ended == 0 and result:
        return result
    said.seek(0)
    words = _last_error(said.read(_MOST_SAID).decode("utf-8", "replace"))[:200].rstrip(". ")
    return LayoutProblem("failed", f"The layout program failed: {words or 'no output'}.")


def _last_error(said: str) -> str:
    """Return the line that says why: harmless warnings come before it, and what it was about, indented, after it."""
    lines = [line.rstrip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("Error: ")]
    others = [line for line in lines if not line.startswith((" ", "\t", "Warning: ", "note: "))]
    return (errors or others or lines or [""])[-1].removeprefix("Error: ").strip()


def _command() -> list[str]:
    beside = Path(sys.executable).with_name("graphviz-pure")
    found = str(beside) if beside.exists() else shutil.which("graphviz-pure") or shutil.which("dot")
    if found is None:
        raise FileNotFoundError("Neither graphviz-pure nor dot is installed; see requirements.txt.")
    return [found]
