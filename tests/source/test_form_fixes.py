"""What mends a form whose program stopped: each change is made, and the program then runs to its end, rightly.

The gradients expected are worked out by hand beside each case.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from components.capture import capture_program
from components.source.form import BackwardPress, Form, Leaf, ZeroGrad, leaf_rows, with_typed, write_program
from components.source.form.fixes import Fix, fix_of
from components.trace import Program, Trace

BACKWARD, KEEPING, BUILDING = BackwardPress(), BackwardPress(retain_graph=True), BackwardPress(create_graph=True)
X = Leaf("x", "2.0")
VECTOR = Leaf("x", "[1.0, 2.0, 3.0]")
K14 = Path(__file__).parents[2] / ".." / "shared" / "cases" / "k14_vector_backward_in_the_form.py"


def ran(form: Form) -> tuple[Trace, Fix | None]:
    written = write_program(form)
    trace = capture_program(Program(source=written.source))
    return trace, fix_of(form, written, trace)


def grads(trace: Trace) -> dict[str, object]:
    """What each leaf's ``.grad`` came to."""
    totals = {change.variable: change.total for change in trace.gradients}
    return {name: total.values for name, total in totals.items() if total is not None}


def form(expression: str, *actions: BackwardPress | ZeroGrad, no_grad: bool = False, **values: str) -> Form:
    rows = leaf_rows(expression, tuple(with_typed(Leaf(name), value) for name, value in values.items()))
    return Form(expression, rows, actions, no_grad)


CASES = [
    # x**3 at 2: 3 * 4 = 12 a press.
    (form("x**3", BACKWARD, BACKWARD, x="2.0"), ["Keep the graph in the first press"], {"x": 24.0}),
    (
        form("x**3", KEEPING, BACKWARD, ZeroGrad(), BACKWARD, x="2.0"),
        ["Keep the graph in the second press"],
        {"x": 12.0},
    ),
    (form("x**3", BACKWARD, BACKWARD, BACKWARD, x="2.0"), ["Keep the graph in all presses but the last"], {"x": 36.0}),
    (form("x**3", BUILDING, BACKWARD, BACKWARD, x="2.0"), ["Keep the graph in the second press"], {"x": 36.0}),
    (form("x**3", BACKWARD, no_grad=True, x="2.0"), ["Switch no_grad off"], {"x": 12.0}),
    (form("h = x*w\nh**2", BACKWARD, no_grad=True, x="2.0", w="3.0"), ["Switch no_grad off"], {"x": 36.0, "w": 24.0}),
    (Form("x**3", (Leaf("x", "2.0", False),), (BACKWARD,)), ["Let x require a gradient"], {"x": 12.0}),
    (Form("x**3", (Leaf("x", "2", False, "int64"),), (BACKWARD,)), ["Let x require a gradient"], {"x": 12.0}),
    (
        Form("x**3", (Leaf("x", "2.0", False),), (BACKWARD,), no_grad=True),
        ["Switch no_grad off and let x require a gradient"],
        {"x": 12.0},
    ),
    (
        Form("n*x", (Leaf("n", "2", False, "int64"), Leaf("x", "3.0", False)), (BACKWARD,)),
        ["Let x require a gradient"],
        {"x": 2.0},
    ),
    # The gradient of a sum of squares is 2x.
    (Form("x**2", (VECTOR,), (BACKWARD,)), ["Take the sum: (x**2).sum()"], {"x": [2.0, 4.0, 6.0]}),
    (Form("y = x**2", (VECTOR,), (BACKWARD,)), ["Take the sum: (x**2).sum()"], {"x": [2.0, 4.0, 6.0]}),
    (Form("h = x**2\nh  # as it is", (VECTOR,), (BACKWARD,)), ["Take the sum: h.sum()"], {"x": [2.0, 4.0, 6.0]}),
    (Form("h = x**2\nh += x", (VECTOR,), (BACKWARD,)), ["Take the sum: h.sum()"], {"x": [3.0, 5.0, 7.0]}),
    (Form("relu(x)\n", (VECTOR,), (BACKWARD,)), ["Take the sum: relu(x).sum()"], {"x": [1.0, 1.0, 1.0]}),
    (Form("(x *\n x)", (VECTOR,), (BACKWARD,)), ["Take the sum: (…).sum()"], {"x": [2.0, 4.0, 6.0]}),
    (
        Form("x**2", (VECTOR,), (BACKWARD, BACKWARD)),
        ["Take the sum: (x**2).sum()", "Keep the graph in the first press"],
        {"x": [4.0, 8.0, 12.0]},
    ),
    # |z|**2 of z = 3j: complex gradients are 2z, and |z| has z/|z|.
    (
        Form("z * 2", (Leaf("z", "3j", dtype="complex64"),), (BACKWARD,)),
        ["Take the magnitude: (z * 2).abs()"],
        None,
    ),
    (Form("x**3", (Leaf("x", "2", dtype="int64"),), (BACKWARD,)), ["Make x float32"], {"x": 12.0}),
    (
        Form("x*w", (Leaf("x", "2", dtype="int64"), Leaf("w", "3", dtype="int32")), (BACKWARD,)),
        ["Make x and w float32"],
        {"x": 3.0, "w": 2.0},
    ),
    (Form("x**3", (Leaf("x", "True", dtype="bool"),), (BACKWARD,)), ["Make x float32"], {"x": 3.0}),
    (Form("x*n", (X, Leaf("n", "randn(())", False, "int64")), (BACKWARD,)), ["Make n float32"], None),
    # W x = [1 + 4, 3 + 8]: both are positive, so the gradient for x is the sum of W's columns.
    (
        form("relu(W@x + b)", BACKWARD, W="2x2", x="2.0", b="1.0"),
        ["Give x the shape (2,)", "Take the sum: relu(W@x + b).sum()"],
        {"W": [[1.0, 2.0], [1.0, 2.0]], "x": [4.0, 6.0], "b": 2.0},
    ),
    (
        form("(W @ x).sum()", BACKWARD, W="2x3", x="(2,)"),
        ["Give x the shape (3,)"],
        {"W": [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]], "x": [5.0, 7.0, 9.0]},
    ),
    (
        form("(x * w).sum()", BACKWARD, x="(3,)", w="(2,)"),
        ["Give w the shape (3,)"],
        {"x": [1.0, 2.0, 3.0], "w": [1.0, 2.0, 3.0]},
    ),
    (
        form("x @ w", BACKWARD, x="2.0", w="3.0"),
        ["Give x the shape (2,) and w the shape (2,)"],
        {"x": [1.0, 2.0], "w": [1.0, 2.0]},
    ),
    (
        Form("x @ w", (Leaf("x", "[1, 2]", False, "int64"), Leaf("w", "[3.0, 4.0]")), (BACKWARD,)),
        ["Make x float32"],
        {"w": [1.0, 2.0]},
    ),
    (
        Form("x @ w", (Leaf("x", "[1, 2]", dtype="float64"), Leaf("w", "[3.0, 4.0]")), (BACKWARD,)),
        ["Make w float64"],
        {"x": [3.0, 4.0], "w": [1.0, 2.0]},
    ),
]


@pytest.mark.parametrize(("stopping", "buttons", "expected"), CASES)
def test_every_button_mends_what_it_speaks_of(
    stopping: Form, buttons: list[str], expected: dict[str, object] | None
) -> None:
    pressed: list[str] = []
    trace, fix = ran(stopping)
    while trace.failure is not None:
        assert fix is not None, trace.failure.message
        assert fix.form is not None
        assert fix.says.endswith(".")
        pressed.append(fix.button or "")
        trace, fix = ran(fix.form)
    assert pressed == buttons
    assert fix is None
    assert expected is None or grads(trace) == expected


@pytest.mark.parametrize(
    ("stopping", "says"),
    [
        (Form("x**3", (X,), (BACKWARD, BACKWARD)), "The first Backward freed what the graph had saved, so the second"),
        (Form("x**3", (X,), (KEEPING, BACKWARD, BACKWARD)), "The second Backward freed what the graph had saved"),
        (Form("x**3", (X,), (BACKWARD,), no_grad=True), "`no_grad` is on"),
        (Form("x**2", (VECTOR,), (BACKWARD,)), "the result has 3 numbers"),
        (Form("x**3", (Leaf("x", "2", dtype="int64"),), ()), "x is int64"),
        (form("W @ x", W="2x3", x="(2,)"), "x has the shape (2,). With x of shape (3,)"),
        (form("2*3 + 1", BACKWARD), "a plain number of Python"),
        (form("(x, x**2)", BACKWARD, x="2.0"), "holds several things"),
        (form("x.max(0)", BACKWARD, x="[1., 2.]"), "holds several things"),
        (form("x.shape", BACKWARD, x="[1., 2.]"), "a `torch.Size`, which is no tensor"),
    ],
)
def test_the_sentence_is_about_the_switch_or_the_expression(stopping: Form, says: str) -> None:
    fix = ran(stopping)[1]
    assert fix is not None
    assert says in fix.says
    assert "line" not in fix.says.lower()


@pytest.mark.parametrize(
    "stopping",
    [
        Form("x.foo", (X,)),
        Form("(x > 1).sum()", (X,), (BACKWARD,)),
        Form("x += 1", (X,), (BACKWARD,)),
        Form("inverse(x)", (Leaf("x", "zeros(2, 2)"),), (BACKWARD,)),
        Form("x.reshape(5)", (VECTOR,), (BACKWARD,)),
    ],
)
def test_what_no_change_is_sure_to_mend_is_left_to_pytorchs_words(stopping: Form) -> None:
    trace, fix = ran(stopping)
    assert trace.failure is not None
    assert fix is None


def test_a_program_that_ends_well_or_is_another_has_nothing_to_mend() -> None:
    assert ran(Form("x**3", (X,), (BACKWARD,)))[1] is None
    broken = Form("x**3", (X,), (BACKWARD, BACKWARD))
    assert fix_of(Form("x**2", (X,)), write_program(Form("x**2", (X,))), ran(broken)[0]) is None


@pytest.mark.skipif(not K14.exists(), reason="the cases that testers found are not here")
def test_the_case_of_a_vector_in_the_form() -> None:
    """The form writes the program of the case, and what is said of it is about the expression."""
    case = [line for line in K14.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    stopping = Form("x ** 2", (VECTOR,), (BACKWARD,))
    assert [line for line in write_program(stopping).source.splitlines() if line] == case
    fix = ran(stopping)[1]
    assert fix is not None
    assert fix.button == "Take the sum: (x ** 2).sum()"
