"""What is said of the whole run: the last call, its sums, what it freed or kept and by which switch."""

from __future__ import annotations

import re
import textwrap

import pytest

from components.capture import capture_program
from components.facts import TraceIndex
from components.facts.additions import Additions
from components.facts.closing import closing
from components.trace import Program
from tests.program_texts import PROGRAMS


def index_of(source: str) -> TraceIndex:
    return TraceIndex(capture_program(Program(source=textwrap.dedent(source).strip())))


def said(*lines: str) -> str:
    """What is said of a cube's run that goes on with these lines, from line 4 on."""
    return closing(index_of("\n".join([*CUBE, *lines])))


CUBE = ("import torch", "x = torch.tensor(2.0, requires_grad=True)", "y = x ** 3")
KEPT = "retain_graph=True keeps 4 B."


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        # 3 * 2**2 = 12; PowBackward0 saved x, of 4 bytes.
        ((), "The graph of y has 1 node and keeps 4 B for a backward(); none has run."),
        (("y.backward()",), "Line 4: backward() puts 12 into x.grad. It frees 4 B."),
        (("y.backward(retain_graph=True)",), f"Line 4: backward() puts 12 into x.grad. {KEPT}"),
        (
            ("y.backward(retain_graph=True)", "y.backward()"),
            "Line 5, call 2: backward() adds 12 to x.grad: 12 + 12 = 24. "
            "It frees 4 B, kept by retain_graph=True on line 4.",
        ),
        (
            ("y.backward()", "y.backward()"),
            "Line 5: The engine stops at PowBackward0. What it had saved was freed by the call on line 4.",
        ),
        (
            ("y.backward()", "x.grad = None"),
            "Line 4: backward() puts 12 into x.grad. It frees 4 B. Line 5 then sets x.grad to None.",
        ),
        # After zero_() there is nothing to be added to: 12, not 0 + 12.
        (
            ("y.backward(retain_graph=True)", "x.grad.zero_()", "(-y).backward()"),
            "Line 6, call 2: backward() puts -12 into x.grad. It frees 4 B, kept by retain_graph=True on line 4.",
        ),
        (
            ("y.backward(retain_graph=True)", "(-y).backward()"),
            "Line 5, call 2: backward() adds -12 to x.grad: 12 - 12 = 0. "
            "It frees 4 B, kept by retain_graph=True on line 4.",
        ),
        (
            ("g = torch.autograd.grad(y, x, create_graph=True)",),
            "Line 4: grad() returns its gradients and leaves every .grad alone. create_graph=True keeps 4 B.",
        ),
        (("raise ValueError('no')",), "Line 4: ValueError: no"),
    ],
)
def test_the_last_call_is_told_with_its_sum_and_its_switch(lines: tuple[str, ...], words: str) -> None:
    assert said(*lines) == words


def test_several_leaves_are_named_and_many_are_counted() -> None:
    assert closing(
        index_of("""
        import torch
        a = torch.tensor([1.0, 2.0], requires_grad=True)
        b = torch.tensor(3.0, requires_grad=True)
        (a * b).sum().backward(retain_graph=True)
        (a.sum() + b).backward()
        """)
    ).startswith("Line 5, call 2: backward() adds to b.grad (3 + 1 = 4) and a.grad ([3, 3] + [1, 1] =")
    many = closing(
        index_of("""
        import torch
        net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 1))
        net(torch.ones(4, 2)).mean().backward()
        """)
    )
    assert many.startswith("Line 3: backward() adds to the .grad of 4 leaves (net.1.bias, net.1.weight and 2 more).")


def test_what_is_no_sum_is_not_shown_as_one() -> None:
    """A hook on the accumulated gradient halves it: 12, then 6 + 12 is 18, of which 9 is left."""
    index = index_of("""
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        x.register_post_accumulate_grad_hook(lambda leaf: leaf.grad.mul_(0.5))
        y = x ** 3
        y.backward(retain_graph=True)
        y.backward()
    """)
    assert "+" not in closing(index)


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_sum_that_is_shown_is_true(name: str) -> None:
    """The shown text is read again: its numbers add up, to the four digits that are shown."""
    index = TraceIndex(capture_program(Program(source=PROGRAMS[name])))
    assert closing(index) or not index.trace.steps
    words = index.once(Additions)
    for change in index.trace.gradients:
        text = words.sum_text(change, 60)
        if text is None:
            continue
        left, total = text.split(" = ")
        sign = -1.0 if " - " in left else 1.0
        old, more, new = (numbers(part) for part in (*re.split(r" [+-] ", left), total))
        assert len(old) == len(more) == len(new)
        for a, b, c in zip(old, more, new, strict=True):
            assert a + sign * b == pytest.approx(c, abs=2e-3 * max(abs(a), abs(b)), nan_ok=True)


def numbers(text: str) -> list[float]:
    return [float(one) for one in re.findall(r"nan|-?inf|-?[\d.]+(?:e[+-]\d+)?", text)]
