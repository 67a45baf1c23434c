"""Formulas as they are read: symbols with the program's names, and this run's numbers in their places."""

from __future__ import annotations

import textwrap

import pytest
import torch
from msgspec.structs import replace

from components.capture import capture_program
from components.facts import TraceIndex
from components.facts.formulas import computed_gradients, node_formulas
from components.trace import Program, SavedTensor

X = "x = torch.tensor(2.0, requires_grad=True)\n"
V = "x = torch.tensor([1.0, -2.0], requires_grad=True)\n"
W = "w = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)\n"


def indexed(source: str) -> TraceIndex:
    trace = capture_program(Program(source=f"import torch\nimport torch.nn.functional as F\n{textwrap.dedent(source)}"))
    assert trace.failure is None, trace.failure
    return TraceIndex(trace)


def told(source: str, name: str) -> list[tuple[str, str | None]]:
    """Return what is said of every visit to the nodes of a name, slot by slot."""
    index = indexed(source)
    return [
        (formula.symbols, formula.numbers)
        for run in index.trace.backwards
        for step in run.steps
        if index.nodes[step.node].name == name
        for formula in node_formulas(index, index.nodes[step.node], step)
    ]


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        # d/dx x**3 = 3·x**2 = 3 · 4 = 12
        (X + "(x ** 3).backward()", "PowBackward0", [("grad · 3·x²", "1 · 3·2² = 12")]),
        (X + "(x ** 2).backward()", "PowBackward0", [("grad · 2·x", "1 · 2·2 = 4")]),
        (X + "(x ** -1).backward()", "PowBackward0", [("grad · (−1)·x⁻²", "1 · (−1)·2⁻² = −0.25")]),
        (X + "(x ** 0.5).backward()", "PowBackward0", [("grad · 0.5·x^−0.5", "1 · 0.5·2^−0.5 = 0.3536")]),
        (X + "((0 - x) ** 3).backward()", "PowBackward0", [("grad · 3·(0 - x)²", "1 · 3·(−2)² = 12")]),
        (
            X + "(x * 1e-5 / 1) .pow(3).backward()",
            "PowBackward0",
            [("grad · 3·(x * 1e-5 / 1)²", "1 · 3·(2e−05)² = 1.2e−09")],
        ),
        (X + "(x * x).backward()", "MulBackward0", [("grad · x", "1 · 2 = 2")] * 2),
        (X + "(x * -5).backward()", "MulBackward0", [("grad · (−5)", "1 · (−5) = −5")]),
        (
            X + "y = x * 4\n(x / y).backward()",
            "DivBackward0",
            [("grad / y", "1 / 8 = 0.125"), ("−grad · x / y²", "−1 · 2 / 8² = −0.03125")],
        ),
        (X + "h = x.exp()\nh.backward()", "ExpBackward0", [("grad · h", "1 · 7.389 = 7.389")]),
        (X + "(-(-x)).backward()", "NegBackward0", [("−grad", "−1 = −1"), ("−grad", "−(−1) = 1")]),
        (X + "(x ** 0).backward()", "PowBackward0", [("0", "0 = 0")]),
        (
            V + "h = x.tanh()\nh.sum().backward()",
            "TanhBackward0",
            # 1 − tanh(1)² = 1 − 0.58 = 0.42
            [("grad · (1 − h²)", "[1, 1] · (1 − [0.7616, −0.964]²) = [0.42, 0.07065]")],
        ),
        (
            V + "(x * x).sum().backward()",
            "SumBackward0",
            [("grad, for every element", "1, for every element = [1, 1]")],
        ),
        (
            V + "x.mean().backward()",
            "MeanBackward0",
            [("grad / 2, for every element", "1 / 2, for every element = [0.5, 0.5]")],
        ),
        (
            V + "x.relu().sum().backward()",
            "ReluBackward0",
            [("grad where x.relu() > 0, else 0", "[1, 1] where [1, 0] > 0, else 0 = [1, 0]")],
        ),
        (
            V + "x.clamp(-1, 3).sum().backward()",
            "ClampBackward1",
            [("grad where −1 ≤ x ≤ 3, else 0", "[1, 1] where −1 ≤ [1, −2] ≤ 3, else 0 = [1, 0]")],
        ),
        (V + "x.abs().sum().backward()", "AbsBackward0", [("grad · sign x", "[1, 1] · sign [1, −2] = [1, −1]")]),
        (
            V + "x[-1].backward()",
            "SelectBackward0",
            [("grad at index −1 of dim 0, else 0", "1 at index −1 of dim 0, else 0 = [0, 1]")],
        ),
        (
            V + "x.softmax(-1)[0].backward()",
            "SoftmaxBackward0",
            [
                (
                    "y · (grad − Σ grad·y) with y = x.softmax(-1)",
                    "[0.9526, 0.04743] · ([1, 0] − Σ [1, 0]·[0.9526, 0.04743]) = [0.04518, −0.04518]",
                )
            ],
        ),
        (
            V + "x.var().backward()",
            "VarBackward0",
            [("grad · 2/(n − correction) · (x − mean)", "1 · 2/(2 − 1) · ([1, −2] − (−0.5)) = [3, −3]")],
        ),
        (
            V + "x.norm().backward()",
            "LinalgVectorNormBackward0",
            [("grad · x / x.norm()", "1 · [1, −2] / 2.236 = [0.4472, −0.8944]")],
        ),
        (
            V + W + "(w @ x).sum().backward()",
            "MvBackward0",
            [
                ("grad ⊗ x", "[1, 1] ⊗ [1, −2] = [[1, −2], [1, −2]]"),
                ("wᵀ @ grad", "[[1, 2], [3, 4]]ᵀ @ [1, 1] = [4, 6]"),
            ],
        ),
        (
            V + "F.mse_loss(x, torch.zeros(2)).backward()",
            "MseLossBackward0",
            [("grad · 2·(x − torch.zeros(2)) / n", "1 · 2·([1, −2] − [0, 0]) / 2 = [1, −2]")],
        ),
    ],
)
def test_formulas_read_like_a_book(source: str, name: str, expected: list[tuple[str, str]]) -> None:
    assert told(source, name) == expected


def test_the_words_are_the_programs() -> None:
    """A part of a line where there is no name, the parameter of a module, a number; a letter for what is too long."""
    program = """
    layer = torch.nn.Linear(2, 1)
    x = torch.tensor([[1.0, -2.0]], requires_grad=True)
    h = torch.sin((x * 3 - layer(x)) / 2)
    (h * torch.nn.functional.softplus(x * 3 + 1)).sum().backward()
    """
    index = indexed(program)
    found = {
        (node.name, formula.slot): formula.symbols
        for node in index.trace.nodes
        for formula in node_formulas(index, node, index.last_step.get(node.id))
    }
    long = "torch.nn.functional.softplus(x * 3 + 1)"
    assert found["MulBackward0", 0] in ("grad · 3", f"grad · b with b = {long}")
    assert found["MulBackward0", 1] == "grad · h"
    assert found["DivBackward0", 0] == "grad / 2"
    assert found["SinBackward0", 0] == "grad · cos((x * 3 - layer(x)) / 2)"
    assert found["SoftplusBackward0", 0] == "grad · σ(x * 3 + 1)"
    assert found["AddmmBackward0", 1] == "grad @ layer.weight"
    assert found["AddmmBackward0", 2] == "xᵀ @ grad"


def test_a_letter_is_none_of_the_programs() -> None:
    symbols = told("y = torch.tensor([1.0, 2.0], requires_grad=True)\ny.softmax(-1)[0].backward()", "SoftmaxBackward0")
    assert symbols[0][0] == "y′ · (grad − Σ grad·y′) with y′ = y.softmax(-1)"


def test_the_result_of_an_operation_in_place() -> None:
    """SELU's result is scale·alpha·(exp(x) − 1): 1.0507·1.6733·(exp(−1) − 1) = −1.111."""
    program = X + "h = x * -0.5\nF.selu(h, inplace=True)\nh.backward()"
    assert told(program, "EluBackward1") == [
        (
            "grad · 1.051 where h > 0, else grad · (h + 1.673·1.051)",
            "1 · 1.051 where −1.111 > 0, else 1 · (−1.111 + 1.673·1.051) = 0.6468",
        )
    ]
    program = X + "h = x * -0.5\nF.elu(h, 2.0, inplace=True)\nh.backward()"  # 2·exp(−1) = 0.7358
    assert told(program, "EluBackward1") == [
        ("grad where h > 0, else grad · (h + 2)", "1 where −1.264 > 0, else 1 · (−1.264 + 2) = 0.7358")
    ]


def test_a_special_case_is_in_the_formula() -> None:
    zero = "x = torch.tensor([0.0, 2.0], requires_grad=True)\n"
    assert told(zero + "torch.maximum(x, x * 1).sum().backward()", "MaximumBackward0")[0][0] == (
        "grad where x > x * 1, grad / 2 where x = x * 1, else 0"
    )
    assert told(zero + "x.norm(dim=0, keepdim=True).sum().backward()", "LinalgVectorNormBackward0")[0][0].startswith(
        "grad · x / "
    )
    nothing = zero + "(x * 0).norm().backward()"
    assert told(nothing, "LinalgVectorNormBackward0")[0][0].startswith("0 where y = 0, else grad · (x * 0) / y")


def test_a_broadcast_is_summed_again() -> None:
    assert told(X + W + "(w * x).sum().backward()", "MulBackward0") == [
        ("grad · x", "[[1, 1], [1, 1]] · 2 = [[2, 2], [2, 2]]"),
        ("grad · w, summed over all elements", "[[1, 1], [1, 1]] · [[1, 2], [3, 4]], summed over all elements = 10"),
    ]
    assert told(V + W + "(w + x).sum().backward()", "AddBackward0")[1] == (
        "grad summed over dim 0",
        "[[1, 1], [1, 1]] summed over dim 0 = [2, 2]",
    )


def test_accumulation_tells_what_was_there() -> None:
    program = (
        X + "y = x * 3\ny.backward(retain_graph=True)\ny.backward(retain_graph=True)\nx.grad = None\n(-y).backward()"
    )
    assert told(program, "AccumulateGrad") == [
        ("x.grad + grad", "None + 3 = 3"),
        ("x.grad + grad", "3 + 3 = 6"),
        ("x.grad + grad", "None + (−3) = −3"),
    ]


def test_large_tensors_have_symbols_only() -> None:
    assert told("x = torch.ones(50, requires_grad=True)\nx.sin().sum().backward()", "SinBackward0") == [
        ("grad · cos x", None)
    ]
    assert told("x = torch.ones(900, requires_grad=True)\nx[3].backward()", "SelectBackward0") == [
        ("grad at index 3 of dim 0, else 0", None)
    ]
    assert told("x = torch.ones(50, requires_grad=True)\nx.sum().backward()", "AccumulateGrad") == [
        ("x.grad + grad", None)
    ]


def test_before_any_pass_there_are_symbols() -> None:
    index = indexed(X + "y = x ** 3")
    (node,) = (node for node in index.trace.nodes if node.name == "PowBackward0")
    assert [(one.slot, one.symbols, one.numbers) for one in node_formulas(index, node, None)] == [
        (0, "grad · 3·x²", None)
    ]


@pytest.mark.parametrize("recorded", [12.5, float("nan"), float("inf")])
def test_numbers_that_pytorch_did_not_record_are_not_told(recorded: float) -> None:
    index = indexed(X + "y = x ** 3\ny.backward()")
    (node,) = (node for node in index.trace.nodes if node.name == "PowBackward0")
    step = index.last_step[node.id]
    (sent,) = step.grad_inputs
    assert sent is not None
    other = replace(step, grad_inputs=[replace(sent, values=recorded)])
    assert [one.numbers for one in node_formulas(index, node, step)] == ["1 · 3·2² = 12"]
    assert [(one.symbols, one.numbers) for one in node_formulas(index, node, other)] == [("grad · 3·x²", None)]


def test_only_inputs_with_an_edge_have_a_formula() -> None:
    # The second factor needs no gradient: slot 1 leads nowhere.
    index = indexed(X + "(x * 5).backward()")
    (node,) = (node for node in index.trace.nodes if node.name == "MulBackward0")
    assert [one.slot for one in node_formulas(index, node, index.last_step[node.id])] == [0]


def test_numbers_are_not_made_of_a_saved_tensor_that_changed_shape() -> None:
    assert told(W + "v = w.view(4)\nv.sin().sum().backward()", "SinBackward0") == [
        ("grad · cos v", "[1, 1, 1, 1] · cos [1, 2, 3, 4] = [0.5403, −0.4161, −0.99, −0.6536]")
    ]


def test_dropout_as_a_gpu_does_it() -> None:
    """The app's programs on the CPU make no such node: its record is put together from what PyTorch gives for one."""
    x = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)
    torch.manual_seed(0)
    result, mask = torch.native_dropout(x, 0.5, True)
    (expected,) = torch.autograd.grad(result.sum(), x)
    index = indexed("x = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)\nx.exp().sum().backward()")
    (node,) = (node for node in index.trace.nodes if node.name == "ExpBackward0")
    saved = [
        SavedTensor(name="p", value="0.5"),
        SavedTensor(name="result1", shape=[3], dtype="bool", values=mask.tolist()),
    ]
    dropout = replace(node, name="NativeDropoutBackward0", saved=saved)
    (ours,) = computed_gradients(index, dropout, index.last_step[node.id])
    assert ours is not None
    assert ours.tolist() == expected.tolist()
