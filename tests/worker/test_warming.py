"""A server that has just started: plain programs run at once, and what needs more waits until that is loaded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from components.trace import NthDerivatives, Program
from components.worker import Pool
from components.worker.supervisor import _needs_only_torch
from tests.program_texts import PROGRAMS
from tests.worker.helpers import options, zygote_of

# Sixteen numbers and more are made by a kernel that each kind of processor has of its own.
RANDOM = "import torch\ntorch.manual_seed(0)\nx = torch.randn(64, 4)\nprint(x.double().sum().item())"
PLAIN = "import torch\nprint(1)"


@pytest.fixture
def cold() -> Iterator[Pool]:
    """A pool whose zygote never comes to the end of what it loads."""
    pool = Pool(1, options=options(answer="never_warm"))
    yield pool
    pool.close()


def test_a_plain_program_does_not_wait(cold: Pool) -> None:
    assert cold.run(Program(source="print(1)")).stdout == "1\n"
    assert not zygote_of(cold).warm
    assert cold.names() == ()


def test_a_program_that_may_need_more_waits_and_can_be_given_up(cold: Pool) -> None:
    waiting = cold.submit(Program(source="import json\nprint(2)"))
    assert waiting.result(0.5) is None
    zygote_of(cold).close()  # whoever waits for it is told
    cold.close()
    assert waiting.wait(20) is not None


@pytest.mark.parametrize(
    "program",
    [
        Program(source="import torch\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nprint(3)"),
        Program(
            source="def f(x):\n    return x.sin()\nimport torch\nx = torch.tensor(1.0)\nprint(3)",
            question=NthDerivatives(order=1),
        ),
    ],
)
def test_what_needs_more_is_right_from_the_first_moment(program: Program) -> None:
    pool = Pool(1)
    trace = pool.run(program)
    pool.close()
    assert trace.failure is None, trace.failure
    assert trace.stdout == "3\n"


def test_a_cold_process_computes_to_the_last_bit_what_a_warm_one_does() -> None:
    """Kernels are chosen by the processor, and by what a process finds when it first looks at that."""
    cold, warm = Pool(1, options=options(answer="cold_on_the_processor")), Pool(1)
    warm.wait_warm()
    plain = [text for text in PROGRAMS.values() if _needs_only_torch(text)]
    assert len(plain) > 15
    for text in [RANDOM, *plain[::5]]:
        one, other = (pool.run(Program(source=text)) for pool in (cold, warm))
        assert one.stdout == other.stdout
        assert (one.failure, one.warnings) == (other.failure, other.warnings)
        assert (one.tensors, one.gradients) == (other.tensors, other.gradients)
    cold.close()
    warm.close()


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        (PLAIN, True),
        ("x = 1", True),
        ("import torch.nn as nn\nfrom torch import nn, optim  # both\r\nimport math", True),
        ("import torch.nn.functional as F", True),
        ("import torch, matplotlib", False),
        ("import torch; import numpy", False),
        ("from torch.utils import data", False),
        ("from torch import (\n nn)", False),
        ("__import__('json')", False),
        ("import torch\nf = torch.compile(torch.sin)", False),
    ],
)
def test_a_program_is_plain_when_it_names_nothing_but_torch(source: str, plain: bool) -> None:
    assert _needs_only_torch(source) is plain
