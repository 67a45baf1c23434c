"""How far two runs of one program are apart, beside what plain PyTorch computes and beside what was planted."""

from __future__ import annotations

import json
import textwrap
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.pairs import PAIRS
from components.capture import capture_program
from components.facts import TraceIndex
from components.facts.compare import compare
from components.facts.compare.drift import Drift, Drifts, drifts
from components.facts.compare.precision import EPS, operations_by_dtype, result_dtypes
from components.source.variants import elsewhere
from components.trace import Caps, Program, Summary
from tests.figures import traces as t
from tests.plain import plain_python

HEAD = "import torch\ntorch.manual_seed(0)\n"
BF16 = 2.0**-7


@cache
def index_of(source: str) -> TraceIndex:
    return TraceIndex(capture_program(Program(source=source), Caps()))


def under_autocast(source: str) -> Drifts:
    """Return the drift of a program under autocast."""
    (other,) = elsewhere(source, gpu=False)
    found = drifts(index_of(source), index_of(other.source))
    assert found is not None
    return found


def row(found: Drifts, name: str, turn: int = 0) -> Drift:
    return [one for one in found.rows if one.name == name][turn]


# --- beside plain PyTorch

SHOWN = """
import json
print("@" + json.dumps({
    "scores": scores.float().flatten().tolist(), "loss": [loss.item()],
    **{name + ".grad": value.grad.flatten().tolist() for name, value in model.named_parameters()},
    **{name: value.flatten().tolist() for name, value in model.named_parameters()},
    "dtype": str(scores.dtype),
}))
"""


def in_plain_pytorch(source: str) -> Any:
    return json.loads(plain_python(source + SHOWN).stdout.rpartition("@")[2])


def test_each_number_is_as_far_apart_as_in_plain_pytorch() -> None:
    left, right = PAIRS["autocast: the same in bfloat16"]
    found = drifts(index_of(left), index_of(right))
    assert found is not None
    one, other = in_plain_pytorch(left), in_plain_pytorch(right)
    assert (one.pop("dtype"), other.pop("dtype")) == ("torch.float32", "torch.bfloat16")
    for name, values in one.items():
        ours = row(found, name if "." not in name else f"model.{name}", -1)
        apart = max(abs(a - b) for a, b in zip(values, other[name], strict=True))
        scale = max(map(abs, [*values, *other[name]]))
        assert ours.largest == pytest.approx(apart, rel=1e-6, abs=1e-12), name
        assert ours.relative == pytest.approx(apart / scale, rel=1e-6, abs=1e-12), name
        assert ours.units == pytest.approx(apart / scale / BF16, rel=1e-6, abs=1e-12), name
        assert not ours.at_least
    scores = row(found, "scores")
    assert (scores.left, scores.right, scores.line) == ("float32", "bfloat16", 9)
    assert (row(found, "loss").left, row(found, "loss").right) == ("float32", "float32")
    assert found.first is None
    assert compare(index_of(left), index_of(right)).verdict.startswith(f"{found.text}; right keeps")


def test_the_order_is_that_of_the_graph() -> None:
    found = drifts(*map(index_of, PAIRS["autocast: the same in bfloat16"]))
    assert found is not None
    names = [one.name for one in found.rows]
    first = names[: names.index("loss", names.index("loss") + 1)]
    assert [name for name in first if name in ("inputs", "scores", "loss") or name.startswith("gradient")] == [
        *("inputs", "scores", "loss", "gradient at model.2", "gradient at model.1", "gradient at model.0", "scores")
    ]
    assert first.index("gradient at model.0") < first.index("model.2.bias.grad") < len(first) - 1


# --- which operation ran in which dtype

NETWORKS = {
    "layers": """
        from torch import nn
        model = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.LayerNorm(8), nn.Linear(8, 3))
        out = model(torch.randn(5, 4))
        loss = torch.nn.functional.cross_entropy(out, torch.arange(5) % 3)
        loss.backward()
    """,
    "convolutions": """
        model = torch.nn.Sequential(
            torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.ReLU(), torch.nn.Flatten(),
            torch.nn.Linear(32, 1),
        )
        loss = model(torch.randn(3, 1, 6, 6)).pow(2).mean()
        loss.backward()
    """,
    "attention": """
        q, k, v = (torch.randn(2, 3, 4, requires_grad=True) for _ in range(3))
        weights = torch.softmax(q @ k.transpose(1, 2) / 2, dim=-1)
        out = weights @ v
        loss = (out * 0.5 + q.exp()).sum()
        loss.backward()
    """,
}
# PyTorch's operations, and what autograd calls the ones that are its own.
NAMES = {
    "addmm": "Addmm",
    "bmm": "Bmm",
    "gelu": "Gelu",
    "native_layer_norm": "NativeLayerNorm",
    "_log_softmax": "LogSoftmax",
    "_softmax": "Softmax",
    "nll_loss_forward": "NllLoss",
    "convolution": "Convolution",
    "native_batch_norm": "NativeBatchNorm",
    "relu": "Relu",
    "pow": "Pow",
    "mean": "Mean",
    "div": "Div",
    "mul": "Mul",
    "exp": "Exp",
    "add": "Add",
}
DISPATCHED = """
import json
import torch
from collections import Counter
from torch.utils._python_dispatch import TorchDispatchMode

class Seen(TorchDispatchMode):
    found = Counter()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        first = made[0] if isinstance(made, tuple) else made
        if self.on and isinstance(first, torch.Tensor):
            self.found[function.overloadpacket.__name__, str(first.dtype).removeprefix("torch.")] += 1
        return made

Seen.on = True
backward = torch.Tensor.backward
def quietly(*args):
    Seen.on = False
    backward(*args)
torch.Tensor.backward = quietly
seen = Seen()
seen.__enter__()
"""


@pytest.mark.parametrize("name", NETWORKS)
def test_operations_ran_in_the_dtypes_that_pytorch_dispatched(name: str) -> None:
    (other,) = elsewhere(HEAD + textwrap.dedent(NETWORKS[name]), gpu=False)
    ours = {
        (operation, dtype): count
        for dtype, counts in operations_by_dtype(index_of(other.source)).items()
        for operation, count in counts.items()
    }
    told = plain_python(
        DISPATCHED
        + other.source
        + "\nseen.__exit__(None, None, None)\nprint('@' + json.dumps([[*k, v] for k, v in Seen.found.items()]))\n"
    )
    assert told.error is None
    theirs = {
        (NAMES[operation], dtype): count
        for operation, dtype, count in json.loads(told.stdout.rpartition("@")[2])
        if operation in NAMES
    }
    assert any(dtype == "bfloat16" for _, dtype in theirs)
    assert {key: count for key, count in ours.items() if key[0] in NAMES.values()} == theirs


# --- the first number that rounding does not explain


def test_where_nearly_equal_numbers_are_subtracted_is_found() -> None:
    source = HEAD + textwrap.dedent("""
        x, w = torch.randn(6, 4), torch.randn(4, 3, requires_grad=True)
        h = x @ w
        large = h + 300
        d = large - 300
        y = torch.tanh(d)
        y.sum().backward()
    """)
    found = under_autocast(source)
    assert found.first is not None
    assert (found.first.name, found.first.line) == ("d", 7)
    assert not row(found, "h").beyond
    assert not row(found, "large").beyond
    # bfloat16 has 8 bits: between 256 and 512 its numbers are 2 apart, so that each is rounded by up to 1
    assert 0.25 < (found.first.largest or 0) <= 1.1
    assert found.text.startswith("d (line 7) is the first number further apart than rounding explains: ")


def test_other_random_numbers_are_found_where_they_are_drawn() -> None:
    source = HEAD + "w = torch.randn(4, 3, requires_grad=True)\nx = torch.randn(6, 4)\n(x @ w).sum().backward()\n"
    (other,) = elsewhere(source, gpu=False)
    found = drifts(index_of(source), index_of(other.source.replace("x = ", "torch.manual_seed(1)\nx = ")))
    assert found is not None
    assert found.first is not None
    assert found.first.name == "x"
    assert not row(found, "w").beyond


TRAININGS = {
    "deep": """
        model = torch.nn.Sequential(*[
            part for _ in range(6) for part in (torch.nn.Linear(16, 16), torch.nn.LayerNorm(16), torch.nn.GELU())
        ])
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        x = torch.randn(8, 16)
        for step in range(3):
            loss = model(x).pow(2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    """,
    # the bias before a BatchNorm has a gradient of 0, of which each side has only the rounding
    "batch norm": """
        model = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU())
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        x = torch.randn(8, 1, 6, 6)
        for step in range(2):
            loss = model(x).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    """,
    "in a function": """
        def train(steps):
            w = torch.randn(4, 1, requires_grad=True)
            x = torch.randn(16, 4)
            for step in range(steps):
                loss = (x @ w - 1).pow(2).mean()
                loss.backward()
                with torch.no_grad():
                    w -= 0.1 * w.grad
                w.grad = None
            return loss

        last = train(4)
        print(last)
    """,
}


@pytest.mark.parametrize("name", TRAININGS)
def test_a_training_under_autocast_is_explained_by_rounding(name: str) -> None:
    found = under_autocast(HEAD + textwrap.dedent(TRAININGS[name]))
    assert found.first is None, found.text
    assert any(one.relative for one in found.rows)
    assert found.text.startswith("Same up to rounding: ")
    assert "eps of bfloat16" in found.text


def test_double_precision_beside_single() -> None:
    left = "import torch\nx = torch.tensor([0.1, 0.7], requires_grad=True)\ny = (x.sin() * 3).sum()\ny.backward()\n"
    right = left.replace("0.7]", "0.7], dtype=torch.float64")
    found = drifts(index_of(left), index_of(right))
    assert found is not None
    assert found.first is None
    assert {one.eps for one in found.rows} == {2.0**-23}
    assert 0 < (row(found, "y").units or 0) < 2
    assert [dtype for _, ran in found.ran for dtype, _ in ran] == ["float32", "float64"]


@pytest.mark.parametrize("name", [name for name in PAIRS if "autocast" not in name])
def test_between_equal_dtypes_on_one_device_there_is_none(name: str) -> None:
    left, right = map(index_of, PAIRS[name])
    assert drifts(left, right) is None
    assert compare(left, right).drift is None


# --- written by hand


def two(left: Any, right: Any, **fields: Any) -> tuple[TraceIndex, TraceIndex]:
    """Return a run on the CPU and one on the GPU: x, and y = f(x)."""
    return tuple(  # type: ignore[return-value]
        TraceIndex(
            t.make_trace(
                "x = 1\ny = f(x)\n",
                tensors=[
                    t.tensor("t0", "x", [1.0, 2.0], device=device),
                    t.tensor("t1", "y", values, "n1", device=device, **fields),
                ],
                nodes=[t.leaf("n0", "x", "t0"), t.node("n1", "SinBackward0", 2)],
                edges=t.edges("n1 n0"),
                steps=[t.step(1, x="t0"), replace(t.step(2, y="t1"), index=1)],
            )
        )
        for device, values in (("cpu", left), ("cuda:0", right))
    )


def test_a_run_on_the_gpu_says_where_each_number_is() -> None:
    found = drifts(*two([0.5, 1.0], [0.5, 1.0 + 2.0**-20]))
    assert found is not None
    y = row(found, "y")
    # 2 ** -20 / (1 + 2 ** -20) = 8 eps of float32; each side's sine explains 8, and each side's own rounding 1
    assert (y.left, y.right) == ("float32 · cpu", "float32 · cuda:0")
    assert y.units == pytest.approx(8, rel=1e-5)
    assert y.explained == pytest.approx(18 * EPS["float32"])
    assert not y.beyond
    far = drifts(*two([0.5, 1.0], [0.5, 1.0 + 2.0**-18]))
    assert far is not None
    assert far.first == row(far, "y")
    assert far.text == "y (line 2) is the first number further apart than rounding explains: 32 eps of float32, " + (
        "explained are up to 18"
    )


def test_a_number_that_is_none_on_one_side_is_said() -> None:
    found = drifts(*two([0.5, "nan"], [0.5, 1.0]))
    assert found is not None
    assert found.text == (
        "y (line 2) is the first number that differs by more than rounding: 1 element NaN or infinite on one side only"
    )
    both = drifts(*two(["nan", "inf"], ["nan", "inf"]))
    assert both is not None
    assert both.first is None


numbers = st.lists(st.floats(-100, 100), min_size=3, max_size=3)


@given(numbers, numbers)
def test_statistics_never_claim_more_than_there_is(left: list[float], right: list[float]) -> None:
    def summary(values: list[float]) -> Summary:
        mean = sum(values) / len(values)
        return Summary(min=min(values), max=max(values), mean=mean, std=1.0, nan=0, inf=0, zero=0)

    sides = two(None, None, shape=[3])
    kept = [
        TraceIndex(replace(side.trace, tensors=[side.trace.tensors[0], replace(side.trace.tensors[1], summary=one)]))
        for side, one in zip(sides, map(summary, (left, right)), strict=True)
    ]
    found = drifts(kept[0], kept[1])
    assert found is not None
    y = row(found, "y")
    assert y.at_least
    assert (y.largest or 0) <= max(abs(a - b) for a, b in zip(left, right, strict=True)) + 1e-9


def test_the_dtype_of_a_result_is_what_its_inputs_promote_to() -> None:
    source = "import torch\nx = torch.ones(2, requires_grad=True)\ny = (x.bfloat16() * x).sum()\ny.backward()\n"
    index = index_of(source)
    by_name = {index.nodes[node].name: dtype for node, dtype in result_dtypes(index).items()}
    assert by_name == {
        "AccumulateGrad": "float32",
        "ToCopyBackward0": "bfloat16",
        "MulBackward0": "float32",
        "SumBackward0": "float32",
    }
