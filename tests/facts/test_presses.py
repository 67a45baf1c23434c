"""What presses do to ``.grad`` and to bytes, held against plain PyTorch in a process of its own.

There the graph is walked from the result and from each ``.grad``, and what its nodes' ``_saved_*`` give is kept, so
that no storage takes the place of another.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest

from components.capture import capture_program
from components.facts import TraceIndex
from components.facts.presses import Presses, presses
from components.source.form import Action, BackwardPress, Form, Leaf, ZeroGrad, leaf_rows, with_typed, write_program
from components.trace import Program
from tests.plain import plain_python

BACKWARD, KEEPING, BUILDING = BackwardPress(), BackwardPress(retain_graph=True), BackwardPress(create_graph=True)
ZERO = ZeroGrad()
X, W = Leaf("x", "2.0"), Leaf("w", "3.0")

LOOKING = """
import json

kept, states = [], []


def look(names, result):
    leaves = {name: globals()[name] for name in names}
    roots = [result.grad_fn, *(leaf.grad.grad_fn for leaf in leaves.values() if leaf.grad is not None)]
    pending, seen, storages = [root for root in roots if root is not None], [], {}
    while pending:
        node = pending.pop()
        if node in seen:
            continue
        seen.append(node)
        pending += [below for below, _ in node.next_functions if below is not None]
        for name in dir(node):
            if not name.startswith("_saved_"):
                continue
            try:
                value = getattr(node, name)
            except RuntimeError:
                continue  # freed
            for tensor in value if isinstance(value, (tuple, list)) else [value]:
                if isinstance(tensor, torch.Tensor):
                    kept.append(tensor)
                    storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
    grads = {name: None if leaf.grad is None else leaf.grad.tolist() for name, leaf in leaves.items()}
    states.append([storages, grads])
"""


def looked_at(form: Form) -> list[list[dict[str, Any]]]:
    """The storages held and the leaves' ``.grad`` in plain PyTorch, before the first press and after each."""
    written = write_program(form)
    lines = written.source.splitlines()
    names = [leaf.name for leaf in form.leaves if leaf.requires_grad]
    look = f"look({names!r}, {written.output})"
    source = [*lines[: written.expression.stop - 1], LOOKING, look, "try:"]
    for of_press in written.actions:
        source += [f"    {lines[line - 1]}" for line in of_press]
        source += [f"    {look}"]
    source += ["    pass", "except RuntimeError:", f"    {look}", "print(json.dumps(states))"]
    states: list[list[dict[str, Any]]] = json.loads(plain_python("\n".join(source)).stdout)
    return states


def shown(form: Form) -> Presses:
    written = write_program(form)
    return presses(TraceIndex(capture_program(Program(source=written.source))), form, written)


def assert_true(form: Form) -> None:
    """Hold every number of the form's presses against what plain PyTorch did."""
    found, states = shown(form), looked_at(form)
    held = [state[0] for state in states]
    assert found.before.now == sum(held[0].values())
    reached = [press for press in found.presses if press.state != "not reached"]
    assert len(reached) == len(states) - 1
    for press, before, after in zip(reached, states, states[1:], strict=False):
        (was, old), (now, new) = before, after
        assert press.held.kept == sum(size for storage, size in now.items() if storage in was)
        assert press.held.added == sum(size for storage, size in now.items() if storage not in was)
        assert press.held.freed == sum(size for storage, size in was.items() if storage not in now)
        for name, grad in press.grads.items():
            assert (grad.after.values if grad.after is not None else None) == new[name]
            if press.kind == "backward" and press.state == "done" and isinstance(new[name], float):
                assert grad.added is not None
                assert grad.added.values == pytest.approx(new[name] - (old[name] or 0.0))


ALL = (BACKWARD, KEEPING, BUILDING, ZERO)
ROWS = [*product(ALL), *product(ALL, repeat=2), *product((KEEPING, BUILDING), ALL, (BACKWARD, BUILDING))]


@pytest.mark.parametrize("actions", ROWS)
def test_every_row_of_presses(actions: Sequence[Action]) -> None:
    """``exp`` keeps its result, which the product beside it keeps too: one storage."""
    assert_true(Form("exp(x*w)*w + x**2", (X, W), tuple(actions)))


@pytest.mark.parametrize(
    ("expression", "leaves"),
    [
        ("x**3", {"x": "2.0"}),
        ("x + w", {"x": "2.0", "w": "3.0"}),  # nothing is saved
        ("tanh(W @ x + b).sum()", {"x": "(3,)"}),
        ("h = W @ x\n(h * h).mean()", {"x": "(2,)"}),
        ("x[0] * x[1]", {"x": "(2,)"}),  # views: the whole storage is held
        ("softmax(x, 0)[1]", {"x": "(3,)"}),
        ("unused = exp(x)\nx * w", {"x": "2.0"}),
        ("cat([x, w]).prod()", {"x": "(2,)", "w": "(3,)"}),
        ("x.view(3, 2).T.exp().sum()", {"x": "2x3"}),
        ("det(A)", {"A": "[[2.0, 1.0], [1.0, 3.0]]"}),
    ],
)
@pytest.mark.parametrize("actions", [(KEEPING, BACKWARD), (BUILDING, ZERO, BACKWARD), (BACKWARD, BACKWARD)])
def test_what_expressions_hold(expression: str, leaves: dict[str, str], actions: tuple[Action, ...]) -> None:
    rows = leaf_rows(expression, tuple(with_typed(Leaf(name), value) for name, value in leaves.items()))
    assert_true(Form(expression, rows, actions))


def test_leaves_without_a_gradient_are_left_out() -> None:
    form = Form("x*w*n", (X, Leaf("w", "3.0", requires_grad=False), Leaf("n", "2", False, "int64")), (BACKWARD,))
    assert_true(form)
    assert shown(form).leaves == ("x",)


def test_the_twelve_that_becomes_twenty_four() -> None:
    found = shown(Form("x**3", (X,), (KEEPING, BACKWARD)))
    assert found.grad_words("x") == "12 + 12 = 24"
    assert found.held_words() == "4 B freed"
    assert found.before.now == 4


@pytest.mark.parametrize(
    ("actions", "grad", "held"),
    [
        ((), "x.grad is None", "4 B saved"),
        ((KEEPING,), "x.grad = 12", "4 B kept by retain_graph"),
        ((ZERO,), "x.grad is None", "4 B kept"),
        ((KEEPING, ZERO), "x.grad = 0", "4 B kept"),
        ((BACKWARD, BACKWARD), "x.grad stays 12", "0 B left"),
        ((BACKWARD, BACKWARD, BACKWARD), "x.grad stays 12", "0 B left"),
    ],
)
def test_the_words_beside_the_plots(actions: tuple[Action, ...], grad: str, held: str) -> None:
    found = shown(Form("x**3", (X,), actions))
    assert (found.grad_words("x"), found.held_words()) == (grad, held)


def test_of_a_vector_the_norm_is_said() -> None:
    found = shown(Form("(x**2).sum()", (Leaf("x", "[1.5, 2.0]"),), (KEEPING, BACKWARD)))
    assert found.grad_words("x") == "norm 5 → 10"  # 2x is (3, 4)


def test_an_expression_that_fails_leaves_nothing_to_show() -> None:
    found = shown(Form("x @ x", (X,), (BACKWARD,)))
    assert found.before.now == 0
    assert [press.state for press in found.presses] == ["not reached"]


def test_without_a_graph_nothing_is_held() -> None:
    found = shown(Form("x**3", (X,), (), no_grad=True))
    assert found.before.now == 0
