"""Records that lack something or say it oddly give symbols without numbers, or nothing: never an exception."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from components.facts import TraceIndex
from components.facts.formulas import RULES, computed_gradients, known_nodes, node_formulas
from components.trace import BackwardStep, Gradient, Node, SavedTensor, Trace
from tests.facts.formulas.compare import ACCUMULATE, TWICE, traced
from tests.facts.formulas.programs import EXPRESSIONS
from tests.facts.formulas.variants import SECOND

texts = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["(1, 2)", "1e400", "-7", "9" * 30, "((((", "nan", "inf", "True", "()", "(0,)", "[1", "1+2j", "-(-1)"]
    ),
    st.integers(-(2**64), 2**64).map(str),
    st.lists(st.integers(-5, 10**12), max_size=4).map(lambda sizes: str(tuple(sizes))),
)
numbers: st.SearchStrategy[Any] = st.one_of(
    st.floats(), st.integers(), st.sampled_from(["nan", "inf", "-inf", "x", None])
)
values = st.recursive(numbers, lambda inner: st.lists(inner, max_size=3), max_leaves=8)
shapes = st.lists(st.one_of(st.integers(0, 4), st.sampled_from([-1, 10**6, 2**40])), max_size=4)
gradients = st.one_of(st.none(), st.builds(Gradient, shape=shapes, values=values, summary=st.none()))
changes = st.fixed_dictionaries(
    {},
    optional={
        "shape": st.one_of(st.none(), shapes),
        "values": values,
        "value": st.one_of(st.none(), texts),
        "tensor": st.sampled_from([None, "t0", "t1", "t99"]),
        "dtype": st.sampled_from([None, "bool", "int64", "complex64"]),
        "name": st.sampled_from(["self", "other", "result", "dim", "indices[3]", "reduction", "weight"]),
    },
)


@cache
def _trace_with(name: str) -> Trace:
    return traced(SECOND[name], end=TWICE) if name in SECOND else traced(EXPRESSIONS[name])


def _visit(name: str) -> tuple[TraceIndex, Node, BackwardStep]:
    index = TraceIndex(_trace_with(name))
    steps = [step for run in index.trace.backwards for step in run.steps if index.nodes[step.node].name == name]
    return index, index.nodes[steps[-1].node], steps[-1]


def _told(index: TraceIndex, node: Node, step: BackwardStep | None) -> None:
    for formula in node_formulas(index, node, step):
        assert formula.symbols
        assert formula.numbers is None or (step is not None and len(formula.numbers) <= 110)
    if step is not None:
        for gradient in computed_gradients(index, node, step):
            assert gradient is None or isinstance(gradient, np.ndarray)


@settings(max_examples=400, suppress_health_check=list(HealthCheck))
@given(name=st.sampled_from(sorted(EXPRESSIONS | SECOND)), data=st.data())
def test_no_record_makes_it_raise(name: str, data: st.DataObject) -> None:
    index, node, step = _visit(name)
    saved: list[SavedTensor] = []
    for one in node.saved:
        what = data.draw(st.sampled_from(["as it is", "as it is", "gone", "changed"]))
        if what != "gone":
            saved.append(replace(one, **data.draw(changes)) if what == "changed" else one)
    came, went = list(step.grad_outputs), list(step.grad_inputs)
    for gradients_of in (came, went):
        if data.draw(st.booleans()):
            place = data.draw(st.integers(0, max(len(gradients_of) - 1, 0)))
            gradients_of[place : place + 1] = data.draw(st.lists(gradients, max_size=2))
    odd = replace(node, saved=saved, tensor=data.draw(st.sampled_from([node.tensor, None, "t99"])))
    _told(index, odd, replace(step, grad_outputs=came, grad_inputs=went))
    _told(index, odd, None)


def test_a_node_with_another_nodes_record_gives_what_it_can() -> None:
    """Every name over every record of one trace, as in a trace put together by hand."""
    index, node, step = _visit("PowBackward0")
    for name in known_nodes():
        _told(index, replace(node, name=name), step)


def test_edges_may_point_anywhere() -> None:
    index, node, step = _visit("AddcmulBackward0")
    odd = [replace(edge, slot=slot) for edge in index.edges_from[node.id] for slot in (-1, 7, 10**9)]
    index.edges_from[node.id] += odd
    _told(index, node, step)
    assert len(computed_gradients(index, node, step)) == 3


def test_an_enormous_shape_costs_nothing() -> None:
    index, node, step = _visit("SelectBackward0")
    wide = Gradient(shape=[10**6, 10**6], values=None, summary=None)
    begun = time.perf_counter()
    assert computed_gradients(index, node, replace(step, grad_inputs=[wide])) == [None]
    assert time.perf_counter() - begun < 1


def test_what_was_not_recorded_leaves_the_symbols() -> None:
    index, node, step = _visit("MulBackward0")
    bare = replace(node, saved=[])
    assert [(one.symbols, one.numbers) for one in node_formulas(index, bare, step)] == [
        ("grad · y[0]", None),
        ("grad · x, summed over dim 0", None),
    ]
    assert computed_gradients(index, bare, step) == [None, None]


def test_an_unknown_node_has_no_formula() -> None:
    index, node, step = _visit("ExpBackward0")
    odd = replace(node, name="MyFunctionBackward")
    assert odd.name not in RULES
    assert node_formulas(index, odd, step) == ()
    assert computed_gradients(index, odd, step) == [None]


def test_an_accumulation_of_a_run_that_is_not_in_the_trace_has_no_numbers() -> None:
    index, node, step = _visit(ACCUMULATE)
    (formula,) = node_formulas(index, node, replace(step, step=99))
    assert formula.numbers is None
