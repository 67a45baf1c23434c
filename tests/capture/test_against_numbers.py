"""Every gradient in a trace against an independent oracle: central differences of the same expression in Python."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from components.capture import capture_program
from components.trace import Program

FUNCTIONS = {"sin": math.sin, "cos": math.cos, "tanh": math.tanh, "exp": math.exp, "atan": math.atan}
STEP = 1e-5

numbers = st.floats(min_value=0.3, max_value=1.7).map(lambda value: round(value, 3))
expressions = st.recursive(
    st.sampled_from(["a", "b", "1.25"]),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(sorted(FUNCTIONS)), inner).map(lambda part: f"{part[0]}({part[1]})"),
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda part: f"({part[0]} {part[1]} {part[2]})"),
        inner.map(lambda part: f"({part}) ** 2"),
    ),
    max_leaves=7,
)


def value(expression: str, a: float, b: float) -> float:
    return float(eval(expression, {**FUNCTIONS, "a": a, "b": b}))


def slope(expression: str, a: float, b: float, name: str) -> float:
    da, db = (STEP, 0.0) if name == "a" else (0.0, STEP)
    return (value(expression, a + da, b + db) - value(expression, a - da, b - db)) / (2 * STEP)


@settings(max_examples=60)
@given(expressions, numbers, numbers)
def test_gradients_agree_with_central_differences(expression: str, a: float, b: float) -> None:
    try:
        expected = {name: slope(expression, a, b, name) for name in "ab"}
        curved = max(abs(value(expression, a, b)), *map(abs, expected.values()))
    except OverflowError:
        assume(False)
    assume(curved < 1e3 and ("a" in expression.replace("tanh", "").replace("atan", "") or "b" in expression))
    functions = "\n".join(
        f"{name} = lambda v: getattr(torch.as_tensor(v, dtype=torch.float64), '{name}')()" for name in FUNCTIONS
    )
    source = (
        f"import torch\n{functions}\n"
        f"a = torch.tensor({a}, dtype=torch.float64, requires_grad=True)\n"
        f"b = torch.tensor({b}, dtype=torch.float64, requires_grad=True)\n"
        f"y = {expression} + 0 * (a + b)\n"
        "y.backward()\n"
    )
    trace = capture_program(Program(source=source))
    assert trace.failure is None, trace.failure
    totals = {change.variable: change.total for change in trace.gradients}
    for name, slope_here in expected.items():
        total = totals[name]
        assert total is not None
        assert total.values == pytest.approx(slope_here, rel=1e-4, abs=1e-6)
    # And each engine step obeys the chain rule: what a node passes on is what its target receives, summed.
    received: dict[str, float] = {}
    steps = {step.node: step for step in trace.backwards[0].steps}
    for edge in trace.edges:
        if edge.source in steps:
            passed = steps[edge.source].grad_inputs[edge.slot]
            received[edge.target] = received.get(edge.target, 0.0) + (passed.values if passed is not None else 0.0)
    for node, total_in in received.items():
        arrived = steps[node].grad_outputs[0] if node in steps else None
        if arrived is not None:
            assert arrived.values == pytest.approx(total_in, rel=1e-9, abs=1e-12)
