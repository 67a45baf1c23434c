"""Capture plus drawing, beside ``make_dot`` on the same graph, which recurses and so needs a deep stack."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import msgspec
import torch
from torchviz import make_dot

from bench.programs import chain
from bench.timing import Row, medians
from components.capture import capture_program, warm_up
from components.figures import lab_dot, lab_graph
from components.trace import Caps, Program

SIZES = {1_000: 7, 5_000: 5, 20_000: 3, 100_000: 3}
STACK_BYTES = 1 << 30


def traced_and_drawn(source: str) -> Callable[[], object]:
    """Return a function that runs the program under all observers and draws the Lab's picture of its graph.

    torchviz's own drawings are left out: here they are the baseline.
    """

    def run() -> object:
        trace = capture_program(Program(source=source), Caps(drawings=0))
        assert trace.failure is None, trace.failure
        return lab_dot(lab_graph(trace))

    return run


def run_and_made(source: str) -> Callable[[], object]:
    """Return a function that runs the program as Python would and calls ``make_dot`` on its result."""
    code = compile(source, "<plain>", "exec")

    def run() -> object:
        variables: dict[str, Any] = {}
        exec(code, variables)
        return make_dot(variables["y"]).source

    return run


def rows() -> list[Row]:
    """Measure chains of several lengths."""
    torch.set_num_threads(1)
    warm_up()
    sys.setrecursionlimit(1_000_000)
    found = []
    for nodes, rounds in SIZES.items():
        source = chain(nodes, backward=False)
        bare, ours = medians([run_and_made(source), traced_and_drawn(source)], rounds)
        found.append(Row(f"capture and drawing of {nodes:,} nodes", ours, "run and make_dot", bare))
    return found


def main() -> None:
    """Measure on a thread whose stack is deep enough for ``make_dot``."""
    threading.stack_size(STACK_BYTES)
    worker = threading.Thread(target=lambda: sys.stdout.buffer.write(msgspec.json.encode(rows())))
    worker.start()
    worker.join()


if __name__ == "__main__":
    main()
