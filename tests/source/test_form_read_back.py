"""The form that stands for a changed program: it is offered only where it writes just that program."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.source.form import BackwardPress, Form, Leaf, ZeroGrad, write_program
from components.source.form.read_back import form_of

X, W = Leaf("x", "2.0"), Leaf("w", "[1.0, 2.0]")
FORMS = [
    Form("sin(x*w) + x**2", (X, W), (BackwardPress(), ZeroGrad(), BackwardPress(retain_graph=True))),
    Form("h = x*w\nh.sum()", (X, W), (BackwardPress(),)),
    Form("y = (x*w)**2", (X, W), (BackwardPress(),)),
    Form("x*w", (X, W), (BackwardPress(),), no_grad=True),
    Form("x @ w", (Leaf("x", "randn(2, 2)"), Leaf("w", "[1, 2]", dtype="float64"))),
]
# A line of the program, what is put in its place, and the part of the form that is then another one.
CHANGES = [
    (0, "torch.sin(x*w) + x**2", "(torch.sin(x*w) + x**2).sum()", "(sin(x*w) + x**2).sum()"),
    (0, "torch.tensor(2.0, requires_grad=True)", "torch.tensor(5.5, requires_grad=True)", "5.5"),
    (1, "torch.tensor([1.0, 2.0], requires_grad=True)", "torch.tensor([1.0, 2.0])", False),
    (0, "y.backward()\n\nif", None, None),
    (1, "y = h.sum()", "y = h.sum().exp()", "h = x*w\nh.sum().exp()"),
    (1, "h = x*w", "h = x*w\nh = h.detach()", "h = x*w\nh = h.detach()\nh.sum()"),
    (1, "y.backward()", "y.backward(retain_graph=True)", True),
    (2, "y = (x*w)**2", "y = ((x*w)**2).sum()", "y = ((x*w)**2).sum()"),
    (3, "    y = x*w", "    y = (x*w).sum()", "(x*w).sum()"),
    (4, "torch.randn(2, 2, ", "torch.zeros(2, 2, ", "zeros(2, 2)"),
    (4, "dtype=torch.float64, ", "", "float32"),
    # What no form says.
    (0, "import torch", "import torch as t", None),
    (0, "y.backward()", "y.sum().backward()", None),
    (0, "x = torch.tensor(2.0, requires_grad=True)", "x = torch.tensor(2.0).requires_grad_()", None),
    (3, "with torch.no_grad():", "with torch.enable_grad():", None),
]


@pytest.mark.parametrize(("number", "old", "new", "told"), CHANGES)
def test_a_change_of_the_program_is_one_of_the_form(number: int, old: str, new: str | None, told: object) -> None:
    form, written = FORMS[number], write_program(FORMS[number])
    changed = written.source.replace(old, new, 1) if new is not None else written.source + "print(1)\n"
    assert changed != written.source
    found = form_of(form, written, changed)
    assert (found is None) == (told is None)
    if found is not None:
        assert write_program(found).source == changed
        parts = [found.expression, *(getattr(leaf, name) for leaf in found.leaves for name in Leaf.__struct_fields__)]
        assert told in [*parts, *(press.retain_graph for press in found.actions if isinstance(press, BackwardPress))]


@given(st.sampled_from(FORMS), st.data())
def test_a_form_is_never_one_that_writes_something_else(form: Form, data: st.DataObject) -> None:
    """Any text may be put anywhere: the answer is a form that writes just that, or none."""
    written = write_program(form)
    at = data.draw(st.integers(0, len(written.source)))
    end = min(len(written.source), at + data.draw(st.integers(0, 12)))
    changed = written.source[:at] + data.draw(st.text(" x.=()w\n1", max_size=6)) + written.source[end:]
    found = form_of(form, written, changed)
    assert found is None or write_program(found).source == changed
