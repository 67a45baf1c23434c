"""What watching costs: the program under all observers, beside the bare program, and beside the least one could do."""

from __future__ import annotations

import contextlib
import gc
import io
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec
import torch

from bench.programs import ADAM, LESSON, LONG_LOOP, TRAINING, TRANSFORMER, chain
from bench.timing import Row, medians
from components.capture import capture_program, measure_program, warm_up
from components.source import SourceLimits
from components.trace import Caps, Program, encode_trace, observed_run, with_measured

STACK_BYTES = 112 << 20
# Lines and torchviz's drawings are other observers, with caps of their own.
GRAPH_ALONE = Caps(steps=1, drawings=0)
PROGRAMS = (
    ("lesson 4", LESSON, 50, ""),
    ("MLP, 200 steps", TRAINING, 5, "6 times"),
    ("Adam with numpy, 300 steps", ADAM, 3, "5 times"),
    ("scalar loop of 1,300 operations", chain(1_300), 9, "8 times"),
    ("loop of 30,000 small steps", LONG_LOOP, 1, "1.5 times"),
    ("nn.Transformer step, 6+6", TRANSFORMER, 9, "6 times"),
)
CHAINS = {1_000: 9, 5_000: 7, 20_000: 5, 100_000: 3}


def plain(source: str) -> Callable[[], object]:
    """Return a function that runs the program as Python would."""
    code = compile(source, "<plain>", "exec")

    def run() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(code, {"__name__": "__main__"})

    return run


def captured(source: str, caps: Caps = Caps()) -> Callable[[], object]:
    """Return a function that runs the program under all observers."""

    def run() -> object:
        trace = capture_program(Program(source=source), caps)
        assert trace.failure is None, trace.failure
        return trace

    return run


def as_json(source: str) -> Callable[[], object]:
    """Return a function that runs the program under all observers and writes the trace down."""
    return lambda: encode_trace(capture_program(Program(source=source)))


def with_memory(source: str) -> Callable[[], object]:
    """Return a function that does what ``as_json`` does, and then measures the program's memory."""
    program = Program(source=source)

    def run() -> object:
        trace = capture_program(program)
        gc.freeze()  # the second run is a process of its own, which has no trace to look through
        memory = measure_program(program, observed_run(trace), Caps(), SourceLimits())
        return encode_trace(with_measured(trace, memory))

    return run


def traced(what: str, source: str, rounds: int, target: str) -> Row:
    """Measure a program's observed run and its JSON beside the plain run, in processor time."""
    bare, observed = medians([plain(source), as_json(source)], rounds, time.process_time)
    return Row(f"traced {what}", observed, "the plain run", bare, target)


def hooked(source: str) -> Callable[[], object]:
    """Return a function that runs the program, walks its graph and notes the norms of all gradients, and no more."""
    code = compile(source, "<hooked>", "exec")

    def run() -> object:
        variables: dict[str, Any] = {}
        exec(code, variables)
        seen: list[float] = []
        for node in walk(variables["y"].grad_fn):
            node.register_prehook(lambda gradients: seen.append(norm(gradients)))
            node.register_hook(lambda into, out: seen.append(norm(into)))
        variables["y"].backward()
        return seen

    return run


def norm(gradients: tuple[torch.Tensor | None, ...]) -> float:
    """Return the norm of the first gradient."""
    first = gradients[0] if gradients else None
    return float(first.norm()) if first is not None else 0.0


def walk(root: Any) -> list[Any]:
    """Return all nodes below ``root``, without recursion."""
    found, pending, seen = [], [root], {root}
    while pending:
        node = pending.pop()
        found.append(node)
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                pending.append(following)
    return found


def rows() -> list[Row]:
    """Measure programs of several sizes."""
    # Once Python has touched the nodes of a long chain, PyTorch frees them by recursion, some 200 bytes of stack each.
    resource.setrlimit(resource.RLIMIT_STACK, (STACK_BYTES, resource.getrlimit(resource.RLIMIT_STACK)[1]))
    torch.set_num_threads(1)
    warm_up()
    gc.collect()
    gc.freeze()  # as the worker does: what is there before a run is never looked at again
    found = [traced(*each) for each in PROGRAMS]
    bare, measured = medians([plain(TRANSFORMER), with_memory(TRANSFORMER)], 7, time.process_time)
    found.append(Row("... with its memory, by a second run", measured, "the plain run", bare, "10 times"))
    for nodes, rounds in CHAINS.items():
        source = chain(nodes)
        least, graph, whole = medians(
            [hooked(chain(nodes, backward=False)), captured(source, GRAPH_ALONE), captured(source)], rounds
        )
        found.append(Row(f"captured graph of {nodes:,} nodes", graph, "run, walk and hooks", least, "3 times"))
        found.append(Row(f"... with lines and drawings, {nodes:,} nodes", whole, "run, walk and hooks", least))
    return found


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(rows()))
