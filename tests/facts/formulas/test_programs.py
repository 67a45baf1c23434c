"""The formulas over what people write: the lessons and test programs, in single precision as they mostly are."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from components.capture import capture_program
from components.facts import TraceIndex
from components.facts.formulas import computed_gradients, known_nodes, node_formulas
from components.trace import Program, Trace
from tests.facts.formulas.compare import ACCUMULATE
from tests.program_texts import LESSONS, PROGRAMS

TEXTS = PROGRAMS | LESSONS


@cache
def _trace(name: str) -> Trace:
    return capture_program(Program(source=TEXTS[name]))


@pytest.mark.parametrize("name", TEXTS)
def test_formulas_agree_in_a_program(name: str) -> None:
    index = TraceIndex(_trace(name))
    for step in (step for run in index.trace.backwards for step in run.steps):
        node = index.nodes[step.node]
        formulas = node_formulas(index, node, step)
        assert (formulas != ()) is (
            node.name in known_nodes() and (node.name == ACCUMULATE or bool(index.edges_from[node.id]))
        )
        for theirs, ours in zip(step.grad_inputs, computed_gradients(index, node, step), strict=False):
            if theirs is not None and theirs.values is not None and ours is not None:
                expected = np.array(theirs.values, dtype=np.float64)
                largest = np.abs(expected[np.isfinite(expected)]).max(initial=1e-6)
                np.testing.assert_allclose(ours, expected, rtol=1e-3, atol=1e-5 * largest, err_msg=node.name)


def test_most_nodes_of_the_programs_are_known() -> None:
    names = [node.name for text in TEXTS for node in _trace(text).nodes]
    known = sum(name in known_nodes() for name in names)
    assert known / len(names) > 0.95, sorted(set(names) - known_nodes())
