"""``with torch.no_grad():`` around statements, and ``enable_grad`` where it stands."""

from __future__ import annotations

import pytest

from components.source.variants import variants
from tests.source.variants.made import HEAD, changes, texts


def test_each_computing_assignment_gets_one_of_its_own() -> None:
    source = HEAD + "n = 3\ny = x * n\nz = y\nz += y.sin()\nz.sum().backward()\n"
    assert texts(source, "no_grad") == [
        HEAD + "n = 3\nwith torch.no_grad():\n    y = x * n\nz = y\nz += y.sin()\nz.sum().backward()\n",
        HEAD + "n = 3\ny = x * n\nz = y\nwith torch.no_grad():\n    z += y.sin()\nz.sum().backward()\n",
    ]


def test_a_program_without_backward_is_offered_under_it_as_a_whole() -> None:
    source = (
        "import torch\n\nmodel = torch.nn.Linear(2, 1)\n\n\ndef f(a):\n    return a\n\n\n"
        "# Predict.\ny = model(torch.ones(2))\n\nfor v in y:\n\n    # One each.\n    print(f(v))\n"
    )
    whole = next(one for one in variants(source) if one.title == "`with torch.no_grad():` around lines 11–16")
    assert whole.line == 11
    assert whole.source == (
        "import torch\n\nmodel = torch.nn.Linear(2, 1)\n\n\ndef f(a):\n    return a\n\n\n"
        "# Predict.\nwith torch.no_grad():\n    y = model(torch.ones(2))\n\n"
        "    for v in y:\n\n        # One each.\n        print(f(v))\n"
    )


def test_a_program_with_backward_is_not() -> None:
    for end in ("y.sum().backward()\n", "torch.autograd.grad(y.sum(), x)\n"):
        titles = [one.title for one in variants(HEAD + "y = x * 2\n" + end) if one.switch == "no_grad"]
        assert titles == ["`with torch.no_grad():` around line 3"]


def test_the_inside_of_a_string_is_not_indented() -> None:
    source = HEAD + 'y = g(x, """a\n  b""",\n      f"""c{x}\nd""", [\n1])\nloss.backward()\n'
    assert texts(source, "no_grad") == [
        HEAD
        + 'with torch.no_grad():\n    y = g(x, """a\n  b""",\n          f"""c{x}\nd""", [\n    1])\nloss.backward()\n'
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_the_program_ends_them_and_blocks_begin_with_its_tabs(end: str) -> None:
    source = HEAD + "for i in range(2):\n\ty = x * i  # twice\ny.backward()"
    expected = HEAD + "for i in range(2):\n\twith torch.no_grad():\n\t\ty = x * i  # twice\ny.backward()"
    assert texts(source.replace("\n", end), "no_grad") == [expected.replace("\n", end)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("with torch.no_grad():", "with torch.enable_grad():"),
        ("with torch.autograd.no_grad(), open(a):", "with torch.autograd.enable_grad(), open(a):"),
        ("with no_grad():", "with torch.enable_grad():"),
    ],
)
def test_a_block_under_it_is_switched_on(before: str, after: str) -> None:
    source = f"from torch import no_grad\n{HEAD}{before}\n    y = x * 2\n"
    assert changes(source, "no_grad") == [(4, before, after)]


def test_a_decorated_function_is_switched_on() -> None:
    source = HEAD + "@torch.no_grad()\ndef f(a):\n    b = a * 2\n    return b\n"
    assert changes(source, "no_grad") == [(3, "@torch.no_grad()", "@torch.enable_grad()")]


@pytest.mark.parametrize(
    "statement",
    [
        "y = x * 2; z = 1",  # not alone in its line
        "if n: y = x * 2",
        "if n: \\\n  y = x * 2",
        "y = x.shape[0] * 2",  # a number
        "y = x.detach() * 2",  # nothing to record
        "y = torch.zeros_like(x)",
        "y = [x]",
        "(g,) = torch.autograd.grad(x * 2, x)",
        "with torch.inference_mode():\n    y = x * 2",
        "class A:\n    y = x * 2",
    ],
)
def test_what_cannot_be_wrapped_or_computes_nothing_is_left_alone(statement: str) -> None:
    assert texts(f"{HEAD}{statement}\nloss.backward()\n", "no_grad") == []


def test_a_program_that_does_not_import_torch_gets_none() -> None:
    assert texts("from torch import nn\nm = nn.Linear(1, 1)\ny = m(m.weight)\n", "no_grad") == []
