"""Programs as people paste them, behind the walls: what they print and how they end is what plain Python gives.

``programs`` has more than a hundred of them: tutorials, notebooks, research code, with plots, files, threads, parsers
of arguments, progress bars, checkpoints; ``_fails_`` in a name says that it fails in plain Python, ``_net_`` that it
asks for a network that is not there. Plain Python runs each in a process and a folder of its own (``tests/plain.py``).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from components.explanations import remarks
from components.trace import Program, Trace
from components.worker import Limits, Owner, Pool, Run
from tests.plain import plain_python

pytestmark = pytest.mark.sets

HERE = Path(__file__).parent
PROGRAMS = {path.stem: path.read_bytes().decode() for path in sorted((HERE / "programs").glob("*.py"))}
# What an observer cannot show, in the words of its note; of all other programs nothing is missing.
ASIDE = {
    "37_custom_autograd_function": "torchviz's drawing",  # None in save_for_backward
    "82_federated_averaging": "backward pass in another thread",
    "89_threads_queue_hogwild": "backward pass in another thread",
}
# These build no graph that is left or differentiated where it can be seen.
NO_GRAPH = {"82_federated_averaging"}


@pytest.fixture(scope="module")
def runs(pool: Pool) -> dict[str, Run]:
    """All programs, under way; plain Python runs beside them."""
    limits = Limits(wall_seconds=60.0)
    return {name: pool.submit(Program(source=source), limits, Owner(name)) for name, source in PROGRAMS.items()}


def trace_of(runs: dict[str, Run], name: str) -> Trace:
    trace = runs[name].wait()
    assert trace is not None
    return trace


def test_there_are_more_than_a_hundred() -> None:
    assert len(PROGRAMS) > 100


@pytest.mark.parametrize("name", PROGRAMS)
def test_prints_and_ends_as_in_plain_python(name: str, runs: dict[str, Run]) -> None:
    plain = plain_python(PROGRAMS[name])
    trace = trace_of(runs, name)
    failure = trace.failure
    assert trace.stdout == plain.stdout
    ended = (failure.error_type, failure.line) if failure is not None else (None, None)
    assert ended == (plain.error_type, plain.line)
    fails = "_fails_" in name or "_net_" in name
    assert fails or failure is None


@pytest.mark.parametrize("name", [name for name in PROGRAMS if "_fails_" not in name and "_net_" not in name])
def test_its_graph_is_there_and_nothing_is_missing(name: str, runs: dict[str, Run]) -> None:
    trace = trace_of(runs, name)
    assert bool(trace.nodes) == (name not in NO_GRAPH)
    assert [
        note.message for note in trace.notes if note.observer is not None and ASIDE.get(name, "\0") not in note.message
    ] == []
    assert bool(trace.notes) == (name in ASIDE)


@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_is_remarked_on_what_does_what_it_means(name: str, runs: dict[str, Run]) -> None:
    told = [remark.line for remark in remarks(trace_of(runs, name))]
    assert told == ([9] if name == "111_fails_sys_exit_message" else [])


@pytest.mark.parametrize("name", [name for name, source in PROGRAMS.items() if "plt.show()" in source])
def test_what_it_shows_is_a_picture_on_its_line(name: str, runs: dict[str, Run]) -> None:
    trace = trace_of(runs, name)
    if "_fails_" in name:
        return
    lines = PROGRAMS[name].replace("\r\n", "\n").split("\n")
    pictures = [display for display in trace.displays if display.mime == "image/png"]
    assert pictures
    assert all("show()" in lines[(one.line or 1) - 1] or "plt." in lines[(one.line or 1) - 1] for one in pictures)
