"""What the tests of formulas share: a program around an expression, and the comparison with what PyTorch recorded."""

from __future__ import annotations

from collections import Counter

import numpy as np

from components.capture import capture_program
from components.facts import TraceIndex
from components.facts.formulas import computed_gradients, known_nodes
from components.trace import Caps, Program, Trace

# What these need is not in a record, or no CPU program of the app makes them.
SYMBOLS_ONLY = {"CopySlices", "AsStridedBackward0"}
ONLY_ON_A_GPU = {"NativeDropoutBackward0"}
ACCUMULATE = "AccumulateGrad"
# In a program with one of these PyTorch itself rounds to single precision.
SINGLE_PRECISION = {"ToCopyBackward0", "CeluBackward0", "HardsigmoidBackward0"}
NUMBERS = {
    "real": "torch.randn({shape}, dtype=torch.float64)",
    # Ties, zeros and ones: where derivatives jump or are a matter of choice.
    "whole": "torch.randint(-2, 3, ({shape})).double()",
    "infinite": "torch.tensor([0, 1, -2, float('inf'), float('-inf')]).double()[torch.randint(5, ({shape}))]",
    "odd": "torch.tensor([0, 1, -2, float('inf'), float('-inf'), float('nan')]).double()[torch.randint(6, ({shape}))]",
}
PROGRAM = """
import torch
import torch.nn.functional as F
torch.manual_seed({seed})
x = {numbers}.requires_grad_()
y = {numbers}.requires_grad_()
p = ({numbers}.abs() + {least}).requires_grad_()
s = {square}.requires_grad_()
z = {expression}
"""
ONCE = "(z * torch.rand(z.shape, dtype=torch.float64)).sum().backward()\n"
TWICE = """
w = (z * z * torch.rand(z.shape, dtype=torch.float64)).sum()
found = torch.autograd.grad(w, (x, y, p, s), create_graph=True, allow_unused=True)
sum((one ** 2).sum() for one in found if one is not None).backward()
"""


def traced(
    expression: str, *, end: str = ONCE, kind: str = "real", rows: int = 3, columns: int = 4, seed: int = 0
) -> Trace:
    """Run a program with one expression and return its trace."""
    source = PROGRAM.format(
        expression=expression,
        seed=seed,
        numbers=NUMBERS[kind].format(shape=f"{rows}, {columns}"),
        square=NUMBERS["real"].format(shape="3, 3"),
        least=0.2 if kind == "real" else 0,
    )
    trace = capture_program(Program(source=source + end), Caps(drawings=0))
    assert trace.failure is None, trace.failure
    return trace


def compared(trace: Trace) -> tuple[Counter[tuple[str, int]], list[tuple[str, int]]]:
    """Compare every visit of every known node; return how often each slot was, and those without numbers of ours."""
    index = TraceIndex(trace)
    near = 2e-6 if any(node.name in SINGLE_PRECISION for node in trace.nodes) else 1e-9
    counts: Counter[tuple[str, int]] = Counter()
    missing = []
    for step in (step for run in trace.backwards for step in run.steps):
        node = index.nodes[step.node]
        if node.name not in known_nodes() - SYMBOLS_ONLY or node.name == ACCUMULATE:
            continue
        ours = computed_gradients(index, node, step)
        for slot in {edge.slot for edge in index.edges_from[node.id]}:
            theirs = step.grad_inputs[slot]
            if theirs is None or theirs.values is None:
                continue
            mine = ours[slot]
            if mine is None:
                missing.append((node.name, slot))
                continue
            assert mine.shape == tuple(theirs.shape), (node.name, slot)
            expected = np.array(theirs.values, dtype=np.float64)
            np.testing.assert_allclose(mine, expected, rtol=near, atol=near, err_msg=f"{node.name} {slot}")
            counts[node.name, slot] += 1
    return counts, missing
