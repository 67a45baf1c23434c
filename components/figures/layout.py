"""DOT to SVG, always under a time limit.

The layout runs in a process of its own (the ``graphviz-pure`` command, a port of Graphviz that comes as a wheel, or
Debian's ``dot``), so that a graph that cannot be laid out in time costs that time and nothing else.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_MOST_AT_ONCE = 2
_MOST_DOT = 4_000_000
_places = threading.BoundedSemaphore(_MOST_AT_ONCE)


@dataclass(frozen=True)
class Picture:
    """An SVG document, its size in points, and the milliseconds that its layout took."""

    svg: str
    width: float
    height: float
    milliseconds: float


@dataclass(frozen=True)
class LayoutProblem:
    """Why there is no picture; ``message`` is for people."""

    reason: Literal["timeout", "too_large", "failed"]
    message: str


def layout_svg(dot: str, seconds: float = 5.0) -> Picture | LayoutProblem:
    """Lay out a DOT text; give up after ``seconds``."""
    started = time.perf_counter()
    result = render(dot, "svg", seconds)
    if isinstance(result, LayoutProblem):
        return result
    milliseconds = (time.perf_counter() - started) * 1_000
    text = result.decode("utf-8")
    try:
        root = ElementTree.fromstring(text)
        width, height = (float(part) for part in root.attrib["viewBox"].split()[2:])
    except (ElementTree.ParseError, KeyError, ValueError):
        return LayoutProblem("failed", "The layout program gave no picture.")
    return Picture(text[text.index("<svg") :], width, height, milliseconds)


def render(dot: str, kind: Literal["svg", "png"], seconds: float = 5.0) -> bytes | LayoutProblem:
    """Return what the layout program makes of a DOT text."""
    if len(dot) > _MOST_DOT:
        return LayoutProblem("too_large", "This graph is too large to be laid out.")
    with _places:
        try:
            done = subprocess.run(
                [_command(), f"-T{kind}"], input=dot.encode(), capture_output=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return LayoutProblem("timeout", f"This graph could not be laid out within {seconds:g} seconds.")
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0][:200]
        return LayoutProblem("failed", f"The layout program failed: {said or 'no output'}.")
    return done.stdout


def _command() -> str:
    beside = Path(sys.executable).with_name("graphviz-pure")
    found = str(beside) if beside.exists() else shutil.which("graphviz-pure") or shutil.which("dot")
    if found is None:
        raise FileNotFoundError("Neither graphviz-pure nor dot is installed; see requirements.txt.")
    return found
