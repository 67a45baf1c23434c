"""Expressions that nobody thought of, against autograd."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from components.answers.symbolic import FormulaLimits, NoForm, jacobian, symbolic_form, value_at
from tests.answers.symbolic.oracles import autograd_jacobian

_UNARY = (
    *("sin", "cos", "tanh", "exp", "sigmoid", "relu", "abs", "square", "atan", "erf", "neg", "softmax"),
    *("sum", "mean", "cumsum", "flip", "amax", "logsumexp", "log1p", "sqrt", "clone"),
)
_DIMMED = {"softmax", "cumsum", "flip", "amax", "logsumexp"}
_BINARY = ("{} + {}", "{} - {}", "{} * {}", "{} / (1 + {} ** 2)", "torch.maximum({}, {})", "{} ** 3 - {}")


def _unary(name: str, inner: str) -> str:
    if name in {"log1p", "sqrt"}:
        return f"torch.{name}(1 + ({inner} + 0 * x) ** 2)"
    arguments = "[0]" if name == "flip" else "0" if name in _DIMMED else ""
    return f"({inner} + 0 * x).{name}({arguments})"


_LEAVES = st.sampled_from(["x", "x[0]", "x[1:2]", "x[[2, 0, 1]]", "x.prod()", "0.5", "3", "w", "x.detach()[2]"])
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds(_unary, st.sampled_from(_UNARY), inner),
        st.builds(
            lambda shape, a, b: f"({shape.format(f'({a} + 0 * x[0])', f'({b})')})",
            st.sampled_from(_BINARY),
            inner,
            inner,
        ),
    ),
    max_leaves=12,
)
_POINTS = st.lists(st.floats(-2, 2, width=16), min_size=3, max_size=3)


@settings(max_examples=120)
@given(text=_TREES, point=_POINTS)
def test_random_tree(text: str, point: list[float]) -> None:
    """Where the function and its derivative are finite, the formula has their values, or is too large."""
    code = compile(f"{text.replace('torch.maximum', 'maximum')} + 0 * x[0]", "<tree>", "eval")
    w = torch.tensor([0.3, -1.1, 0.8], dtype=torch.float64)

    def function(x: torch.Tensor) -> torch.Tensor:
        names = {"torch": torch, "x": x, "w": w, "maximum": _maximum}
        found: torch.Tensor = eval(code, names)
        return found

    x = torch.tensor(point, dtype=torch.float64)
    expected, first = function(x).detach().numpy(), autograd_jacobian(function, x)
    form = symbolic_form(function, [("x", x)], limits=FormulaLimits(operations=1_500))
    if isinstance(form, NoForm):
        assert "operations" in form.reason or "deep" in form.reason or not np.isfinite(expected).all(), form.reason
        return
    np.testing.assert_allclose(value_at(form.outputs, form), expected, rtol=1e-6, atol=1e-9)
    derived = jacobian(form)
    if not isinstance(derived, NoForm):
        finite = np.isfinite(first)
        np.testing.assert_allclose(value_at(derived, form)[finite], first[finite], rtol=1e-6, atol=1e-8)


def _maximum(first: torch.Tensor, second: object) -> torch.Tensor:
    return torch.maximum(first, torch.as_tensor(second, dtype=torch.float64))
