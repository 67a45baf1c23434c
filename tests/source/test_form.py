"""The form and the program it writes: exact texts, refusals, and a round trip through PyTorch.

Longer than usual because most of it is tables of what is typed and what comes of it.
"""

from __future__ import annotations

import ast
import contextlib
import math
import warnings
from typing import Any

import msgspec
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from components.source.compiler import compile_program
from components.source.form import (
    Action,
    BackwardPress,
    Form,
    FormError,
    Leaf,
    ZeroGrad,
    bare_names,
    leaf_rows,
    scalar_value,
    with_scalar,
    write_source,
)
from components.source.form.expression import read_expression

PREFIXES = sorted(bare_names.PREFIXES.items())
X = Leaf("x", "2.0")
W = Leaf("w", "3")


def run(source: str) -> dict[str, Any]:
    """Run a program in plain Python. PyTorch warns of every backward(create_graph=True) with create_graph."""
    scope: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Using backward.. with create_graph=True")
        exec(compile(ast.parse(source), "<form>", "exec"), scope)
    return scope


def number_of(value: Any) -> float:
    return float(value.detach() if isinstance(value, torch.Tensor) else value)


# --- exact texts


def test_a_form_reads_like_a_lesson() -> None:
    actions = (BackwardPress(retain_graph=True), ZeroGrad(), BackwardPress())
    source = write_source(Form("sin(x*w) + x**2", (X, W), actions))
    assert source == (
        "import torch\n"
        "\n"
        "x = torch.tensor(2.0, requires_grad=True)\n"
        "w = torch.tensor(3.0, requires_grad=True)\n"
        "\n"
        "y = torch.sin(x*w) + x**2\n"
        "\n"
        "y.backward(retain_graph=True)\n"
        "if x.grad is not None:\n"
        "    x.grad.zero_()\n"
        "if w.grad is not None:\n"
        "    w.grad.zero_()\n"
        "y.backward()\n"
    )
    grad = run(source)["x"].grad
    assert float(grad) == pytest.approx(3 * math.cos(6) + 2 * 2)  # d/dx sin(wx) + x**2 = w cos(wx) + 2x


# Expression as typed, and as written; the leaves are the table's own first rows.
WRITTEN = [
    ("x*w", "y = x*w"),
    ("y**2", "out = y**2"),
    ("z = x *  w", "z = x *  w"),
    ("y = x\ny + 1", "y = x\nout = y + 1"),
    ("h = tanh(x @ w)\n\nh * 2  # twice", "h = torch.tanh(x @ w)\n\ny = h * 2  # twice"),
    ("# first\r\nx**2", "# first\ny = x**2"),
    ("a = x; a*a", "a = x; y = a*a"),
    ("(sin(x) +\n w)", "y = (torch.sin(x) +\n w)"),
    ("é*sin(é)", "y = é*torch.sin(é)"),
    ("x*pi + e", "y = x*torch.pi + torch.e"),
    ("exp(-x**2/2)/sqrt(2*pi)", "y = torch.exp(-x**2/2)/math.sqrt(2*torch.pi)"),
    ("n = 4\nsqrt(n)*x", "n = 4\ny = math.sqrt(n)*x"),
    ("n = x\nsqrt(n)", "n = x\ny = torch.sqrt(n)"),
    ("sum(x**k/factorial(k) for k in range(4))", "y = sum(x**k/math.factorial(k) for k in range(4))"),
    ("sum(x) + sum([x, w])", "y = torch.sum(x) + sum([x, w])"),
    ("max(2, 3)*x", "y = max(2, 3)*x"),
    ("abs(-2)*abs(x)", "y = abs(-2)*torch.abs(x)"),
    ("F.gelu(x) + silu(x)", "y = F.gelu(x) + F.silu(x)"),
    ("nn.Identity()(x)", "y = nn.Identity()(x)"),
    ("math.sin(2)*x", "y = math.sin(2)*x"),
    ("linalg.norm(x) + inv(x)", "y = torch.linalg.norm(x) + torch.linalg.inv(x)"),
    ("stack([x, w]).sum()", "y = torch.stack([x, w]).sum()"),
    ("where(x > 0, x, -inf)", "y = torch.where(x > 0, x, -torch.inf)"),
    ("x.to(float64).sum()", "y = x.to(torch.float64).sum()"),
    ("f = lambda t, n=x: t*n\nf(w)", "f = lambda t, n=x: t*n\ny = f(w)"),
    ("x += 1\nx*2", "x += 1\ny = x*2"),
    ("v, i = max(stack([x, w]), 0)\nv", "v, i = torch.max(torch.stack([x, w]), 0)\ny = v"),
    ("torch.sin(x)", "y = torch.sin(x)"),
]


@pytest.mark.parametrize(("typed", "written"), WRITTEN)
def test_the_text_is_kept_and_functions_get_their_module(typed: str, written: str) -> None:
    source = write_source(Form(typed, leaf_rows(typed, ())))
    assert source.split("requires_grad=True)\n\n")[1] == f"{written}\n"
    assert compile_program(source)


@pytest.mark.parametrize(
    ("typed", "imports"),
    [
        ("x", "import torch"),
        ("F.relu(x)", "import torch\nimport torch.nn.functional as F"),
        (
            "nn.ReLU()(gelu(x)) * sqrt(2)",
            "import math\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn",
        ),
    ],
)
def test_what_is_used_is_imported(typed: str, imports: str) -> None:
    source = write_source(Form(typed, (X,)))
    assert source.startswith(f"{imports}\n\nx = ")
    run(source)


@pytest.mark.parametrize(
    ("leaf", "line"),
    [
        (Leaf("x", "2"), "x = torch.tensor(2.0, requires_grad=True)"),
        (Leaf("x", "2."), "x = torch.tensor(2., requires_grad=True)"),
        (Leaf("x", "-3", requires_grad=False), "x = torch.tensor(-3.0)"),
        (Leaf("x", "0x10"), "x = torch.tensor(16.0, requires_grad=True)"),
        (Leaf("x", "[1, 2.5]"), "x = torch.tensor([1.0, 2.5], requires_grad=True)"),
        (Leaf("x", "[[1, -2],\n [3,4]] # why"), "x = torch.tensor([[1.0, -2.0], [3.0,4.0]], requires_grad=True)"),
        (Leaf("x", "randn(3, 4)"), "x = torch.randn(3, 4, requires_grad=True)"),
        (Leaf("x", "rand( 2, )"), "x = torch.rand( 2, requires_grad=True)"),
        (Leaf("x", "torch.full((2, 2), 3)"), "x = torch.full((2, 2), 3.0, requires_grad=True)"),
        (Leaf("x", "zeros(2, 2)", requires_grad=False), "x = torch.zeros(2, 2)"),
        (Leaf("x", "arange(3)"), "x = torch.arange(3.0, requires_grad=True)"),
        (Leaf("x", "arange(3)", False, "int64"), "x = torch.arange(3, dtype=torch.int64)"),
        (Leaf("x", "linspace(0, 1, steps=5)"), "x = torch.linspace(0, 1, steps=5, requires_grad=True)"),
        (Leaf("x", "eye(2)", dtype="float64"), "x = torch.eye(2, dtype=torch.float64, requires_grad=True)"),
        (Leaf("x", "1e-3", dtype="float64"), "x = torch.tensor(1e-3, dtype=torch.float64, requires_grad=True)"),
        (Leaf("x", "[True, False]", False, "bool"), "x = torch.tensor([True, False], dtype=torch.bool)"),
        (Leaf("x", "2j", dtype="complex64"), "x = torch.tensor(2j, dtype=torch.complex64, requires_grad=True)"),
    ],
)
def test_values_of_leaves(leaf: Leaf, line: str) -> None:
    source = write_source(Form("x * 1", (leaf,)))
    assert line in source.split("\n")
    made = run(source)["x"]
    assert str(made.dtype) == f"torch.{leaf.dtype}"
    assert made.is_leaf
    assert made.requires_grad == leaf.requires_grad


def test_integers_that_require_grad_are_written_and_pytorch_says_why_not() -> None:
    source = write_source(Form("x * 2", (Leaf("x", "3", dtype="int64"),)))
    assert "x = torch.tensor(3, dtype=torch.int64, requires_grad=True)" in source
    with pytest.raises(RuntimeError, match="Only Tensors of floating point"):
        run(source)


def test_no_grad_wraps_the_lines_of_the_expression() -> None:
    source = write_source(Form("h = exp(x) * pi\n\nh.sum()", (X,), no_grad=True))
    assert source.endswith("\n\nwith torch.no_grad():\n    h = torch.exp(x) * torch.pi\n\n    y = h.sum()\n")
    assert not run(source)["y"].requires_grad


def test_no_grad_leaves_the_inside_of_a_string_alone() -> None:
    source = write_source(Form("s = '''a\nb'''\nx", (X,), no_grad=True))
    assert run(source)["s"] == "a\nb"


@pytest.mark.parametrize(
    ("action", "lines"),
    [
        (BackwardPress(), "y.backward()"),
        (BackwardPress(create_graph=True), "y.backward(create_graph=True)"),
        (BackwardPress(retain_graph=True, create_graph=True), "y.backward(retain_graph=True, create_graph=True)"),
        (ZeroGrad(), "if x.grad is not None:\n    x.grad.zero_()"),
    ],
)
def test_actions(action: Action, lines: str) -> None:
    assert write_source(Form("x", (X,), (action,))).endswith(f"\n\n{lines}\n")


def test_zero_grad_without_a_leaf_that_requires_grad_says_so() -> None:
    source = write_source(Form("x", (Leaf("x", requires_grad=False),), (ZeroGrad(),)))
    assert source.endswith("\n\n# No leaf requires grad, so there is no gradient to set to zero.\n")


def test_zero_grad_starts_the_sum_anew() -> None:
    """d/dx x**2 = 2 * 2 = 4, once each: two calls make 8, and 4 with a zeroing between them."""
    retain = BackwardPress(retain_graph=True)
    assert run(write_source(Form("x**2", (X,), (retain, BackwardPress()))))["x"].grad == 8
    assert run(write_source(Form("x**2", (X,), (ZeroGrad(), retain, ZeroGrad(), BackwardPress()))))["x"].grad == 4


# --- names and rows


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("h = b + torch.sin(a)\nh * c + F.relu(a) + math.pi", ["b", "a", "c"]),
        ("z*sin(w) + x", ["z", "w", "x"]),
        ("x = x * 2\nx", ["x"]),
        ("x += k", ["x", "k"]),
        ("h[0] = x\nh.sum()", ["h", "x"]),
        ("[i*x for i in range(n)]", ["x", "n"]),
        ("(lambda t: t*w)(x)", ["w", "x"]),
        ("sin + sin(t) + t(x)", ["sin", "t", "x"]),
        ("clamp(x, min=0, max=m)", ["x", "m"]),
        ("e**pi + inf", []),
        ("e = x\ne**2", ["x"]),
    ],
)
def test_free_names_in_order_of_appearance(expression: str, names: list[str]) -> None:
    assert read_expression(expression).free == names


def test_rows_are_kept_added_and_dropped() -> None:
    rows = leaf_rows("w*k + x", (Leaf("x", "7", False), Leaf("gone")))
    assert rows == (Leaf("w", "3.0"), Leaf("k", "1.0"), Leaf("x", "7", False))


@pytest.mark.parametrize(
    "expression",
    [
        "x @ w",
        "W @ x + b",
        "x @ A @ x",
        "tanh(x @ w1) @ w2",
        "h = tanh(x @ w1)\nh @ w2",
        "w2 @ tanh(w1 @ x)",
        "x.T @ A @ x",
        "x[0] * x[1]",
    ],
)
def test_new_rows_have_shapes_that_run(expression: str) -> None:
    assert isinstance(run(write_source(Form(expression, leaf_rows(expression, ()))))["y"], torch.Tensor)


@pytest.mark.parametrize(
    ("value", "number"),
    [("2", 2.0), (" -3. ", -3.0), ("1e-3", 0.001), ("0x10", 16.0)]
    + [(text, None) for text in ("", "[2.0]", "randn(2)", "x", "True", "2j", "1e999", "2 +", "'2'", "(", "9" * 400)],
)
def test_the_number_of_a_slider(value: str, number: float | None) -> None:
    assert scalar_value(Leaf("x", value)) == number


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (2, "float32", "2.0"),
        (0.1 + 0.2, "float32", "0.3"),
        (-0.5, "float64", "-0.5"),
        (1e-20, "float32", "1e-20"),
        (3.0, "int64", "3"),
    ],
)
def test_a_slider_writes_a_short_number(value: float, dtype: str, text: str) -> None:
    moved = with_scalar(Leaf("x", "1.0", False, dtype), value)
    assert moved == Leaf("x", text, False, dtype)
    assert scalar_value(moved) == pytest.approx(value)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_slider_has_no_number_that_is_not_finite(value: float) -> None:
    with pytest.raises(ValueError, match="must be finite"):
        with_scalar(X, value)


# --- refusals


@pytest.mark.parametrize(
    ("expression", "line", "message"),
    [
        ("", None, "Write an expression"),
        ("# nothing", None, "Write an expression"),
        ("x +", 1, "Python cannot read this"),
        ("x\n2 w", 2, "as in 2*w"),
        ("2x", 1, "as in 2*x"),
        ("sin x", 1, "Write sin(x)"),
        ("x²", 1, "Write **2 instead of ²"),
        ("x^2", 1, "Write **, as in x**2"),
        ("x ^= 2", 1, "Write **, as in x**2"),
        ("x\nfoo_bar(x)", 2, "There is no function foo_bar"),
        ("sinn(x)", 1, "Did you mean sin?"),
        ("ln(x)", 1, "Did you mean log?"),
        ("print(x)", 1, "There is no function print"),
        ("x(w + 1)", 1, "write x*(...)"),
        ("2(x + 1)", 1, "write *"),
        ("import os", 1, "Code page"),
        ("x\nfor i in x: pass", 2, "Code page"),
        ("x: float = 2", 1, "Code page"),
        ("f'{x}'", 1, "Code page"),
        ("(h := x)", 1, "on a line of its own"),
        ("np.sin(x)", 1, "torch.sin"),
        ("F*x", 1, "another name"),
        ("torch = x", 1, "another name"),
        ("a, b = x", 1, "Add a last line"),
        ("x\n  w", 2, "left margin"),
        ("x\x00", 1, "character"),
        ("'\ud800'", 1, "character"),
        ("x" * 5_000, None, "4,000 are allowed"),
        ("-" * 3_000 + "x", None, "nested too deeply"),
        ("(" * 3_000, None, "nested too deeply"),
        ("- " * 50 + "(" * 3_000, None, "nested too deeply"),
    ],
)
def test_expressions_that_are_refused(expression: str, line: int | None, message: str) -> None:
    with pytest.raises(FormError) as refusal:
        read_expression(expression)
    assert refusal.value.line == line
    assert message in str(refusal.value)
    assert line is None or str(refusal.value).startswith(f"Line {line}: ")


def test_a_long_sum_is_not_deep() -> None:
    assert read_expression("x" + "+x" * 900).free == ["x"]


@pytest.mark.parametrize(
    "value",
    [
        *("", "open('f')", "randn(n)", "[1, 'a']", "x", "__import__('os')", "{1}", "1 2", "1, 2", "--1", "[True]"),
        *("2j", "randn()", "randn(2, device='cpu')", "randn(*[2])", "np.ones(2)", "[" * 300, "[i for i in 'a']"),
        *("0x" + "f" * 400, "1" * 2_001, "2); x = (3", "ones(2, dtype=float)", "f()()", "-" * 1_900 + "1"),
    ],
)
def test_values_that_are_refused(value: str) -> None:
    with pytest.raises(FormError) as refusal:
        write_source(Form("bias * 2", (Leaf("bias", value),)))
    assert refusal.value.leaf == "bias"
    assert "bias" in str(refusal.value)
    assert refusal.value.advice


@pytest.mark.parametrize("name", ["", "2x", "a b", "lambda", "torch", "F", "nn", "math", "pi", "x = 1\nx"])
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(FormError) as refusal:
        write_source(Form("1 + 1", (Leaf(name),)))
    assert refusal.value.leaf == name


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (Form("x\nx * b", (X,)), "Line 2: b has no value. Add a leaf named b."),
        (Form("x", (X, X)), "two leaves named x"),
        (Form("x", (Leaf("x", dtype="float31"),)), "x has the unknown dtype 'float31'"),
        (Form("x", (X,), (ZeroGrad(),) * 501), "500 actions"),
        (Form("x", tuple(Leaf(f"x{number}") for number in range(101))), "100 leaves"),
    ],
)
def test_forms_that_are_refused(form: Form, message: str) -> None:
    with pytest.raises(FormError, match=message):
        write_source(form)


# --- the table of names


def test_every_bare_function_is_one() -> None:
    scope = run("\n".join(bare_names.IMPORTS.values()))
    found = {name: eval(f"getattr({prefix[:-1]}, name, None)", scope | {"name": name}) for name, prefix in PREFIXES}
    assert len(found) > 300
    assert [name for name, value in found.items() if not callable(value) or isinstance(value, type)] == []


def test_every_constant_and_dtype_is_there() -> None:
    assert all(isinstance(eval(name, {"torch": torch}), float | torch.dtype) for name in bare_names.CONSTANTS.values())
    assert all(isinstance(getattr(torch, name), torch.dtype) for name in bare_names.DTYPES)


# --- round trips

ACTIONS = st.one_of(
    st.builds(BackwardPress, retain_graph=st.booleans(), create_graph=st.booleans()), st.builds(ZeroGrad)
)
LEAVES = st.builds(Leaf, name=st.text(), value=st.text(), requires_grad=st.booleans(), dtype=st.text())


@given(st.builds(Form, st.text(), st.lists(LEAVES).map(tuple), st.lists(ACTIONS).map(tuple), st.booleans()))
def test_a_form_survives_json_and_is_written_or_refused(form: Form) -> None:
    assert msgspec.json.decode(msgspec.json.encode(form), type=Form) == form
    with contextlib.suppress(FormError):
        ast.parse(write_source(form))


def test_json_is_read_strictly() -> None:
    text = b'{"expression":"x","leaves":[{"name":"x"}],"actions":[{"type":"backward","create_graph":true}]}'
    assert msgspec.json.decode(text, type=Form) == Form("x", (Leaf("x"),), (BackwardPress(create_graph=True),))
    for wrong in (text.replace(b"create_graph", b"speed"), text.replace(b'"backward"', b'"step"')):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(wrong, type=Form)


NUMBERS = st.one_of(
    st.floats(min_value=-2, max_value=2, allow_subnormal=False).map(repr),
    st.integers(min_value=-9, max_value=9).map(str),
)
# Bounded functions keep every value finite; bare numbers among them are taken by math instead of torch.
EXPRESSIONS = st.recursive(
    st.sampled_from(["x", "w", "b2", "pi", "e", "2", "0.5", "(x + 1.5)"]),
    lambda inner: st.one_of(
        st.builds("{}({})".format, st.sampled_from(["sin", "cos", "tanh", "atan", "abs"]), inner),
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*"]), inner),
        st.builds("{}/(2 + sin({}))".format, inner, inner),
        st.builds("-{}".format, inner),
        st.builds("sin({})**2".format, inner),
    ),
    max_leaves=8,
)


def evaluated(lines: list[str], values: dict[str, float]) -> float:
    """What Python's own math makes of the same text; the last line is the result."""
    names = {name: getattr(math, name) for name in ("sin", "cos", "tanh", "atan", "pi", "e")} | values
    for line in lines[:-1]:
        target, _, expression = line.partition(" = ")
        names[target] = eval(expression, names)
    return float(eval(lines[-1], names))


@settings(max_examples=200)
@given(EXPRESSIONS, EXPRESSIONS, NUMBERS, NUMBERS, NUMBERS, st.booleans())
def test_what_is_written_computes_what_was_typed(
    first: str, second: str, x: str, w: str, b2: str, no_grad: bool
) -> None:
    lines = [f"h = {first}", f"h*x + {second}"]
    typed = {"x": x, "w": w, "b2": b2}
    rows = leaf_rows("\n".join(lines), tuple(Leaf(name, text, dtype="float64") for name, text in typed.items()))
    source = write_source(Form("\n".join(lines), rows, no_grad=no_grad))
    result = run(source)["y"]
    expected = evaluated(lines, {name: float(text) for name, text in typed.items()})
    assert number_of(result) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert result.requires_grad is not no_grad
    scope: dict[str, Any] = {}
    exec(compile_program(source).code, scope)
    assert number_of(scope["y"]) == number_of(result)


@given(st.lists(ACTIONS, max_size=5))
def test_zero_grad_never_fails(actions: list[Action]) -> None:
    kept: tuple[Action, ...] = tuple(
        BackwardPress(retain_graph=True, create_graph=action.create_graph)
        if isinstance(action, BackwardPress)
        else action
        for action in actions
    )
    scope = run(write_source(Form("x**3 + w", (X, W), (*kept, ZeroGrad()))))
    called = any(isinstance(action, BackwardPress) for action in kept)
    assert [scope[name].grad for name in ("x", "w")] == ([0, 0] if called else [None, None])
