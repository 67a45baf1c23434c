"""``retain_graph``, ``create_graph`` and ``set_to_none``, in and out of every way to write the call."""

from __future__ import annotations

import pytest

from components.source.variants import variants
from tests.source.variants.made import HEAD, changes, texts

ADDED = [
    ("y.backward()", "y.backward(retain_graph=True)"),
    ("y.backward(torch.ones(2))", "y.backward(torch.ones(2), retain_graph=True)"),
    ("y.backward(torch.ones(2),)", "y.backward(torch.ones(2), retain_graph=True)"),
    ("y.backward((v))", "y.backward((v), retain_graph=True)"),
    ("y.backward(gradient=v, )", "y.backward(gradient=v, retain_graph=True )"),
    ("(y.backward)( )", "(y.backward)( retain_graph=True)"),
    ("g, = torch.autograd.grad(y, (x, w))", "g, = torch.autograd.grad(y, (x, w), retain_graph=True)"),
    ("torch.autograd.backward([y, z])", "torch.autograd.backward([y, z], retain_graph=True)"),
    ("y.backward(retain_graph=False)", "y.backward(retain_graph=True)"),
    ("y.backward(retain_graph=None, inputs=[x])", "y.backward(retain_graph=True, inputs=[x])"),
    ("y.backward(v, False)", "y.backward(v, True)"),
    ("torch.autograd.grad(y, x, v, False)", "torch.autograd.grad(y, x, v, True)"),
]
TAKEN = [
    ("y.backward(retain_graph=True)", "y.backward()"),
    ("y.backward(v, retain_graph=True)", "y.backward(v)"),
    ("y.backward(retain_graph=True, gradient=v)", "y.backward(gradient=v)"),
    ("y.backward(gradient=(v), retain_graph=(step < 2))", "y.backward(gradient=(v))"),
    ("y.backward(v, True)", "y.backward(v, False)"),
    ("torch.autograd.backward(y, v, True)", "torch.autograd.backward(y, v, False)"),
]


@pytest.mark.parametrize(("before", "after"), [*ADDED, *TAKEN])
def test_retain_graph_is_the_other_way_round(before: str, after: str) -> None:
    assert changes(HEAD + before + "\n", "retain_graph") == [(3, before, after)]


@pytest.mark.parametrize(("before", "after"), TAKEN)
def test_a_title_says_what_is_missing(before: str, after: str) -> None:
    titles = [one.title for one in variants(HEAD + before) if one.switch == "retain_graph"]
    assert titles == ["without `retain_graph=True` in line 3"]


def test_create_graph_is_the_other_way_round() -> None:
    source = "from torch.autograd import grad\nloss.backward()\ng, = grad(loss, x, create_graph=True)\n"
    assert changes(source, "create_graph") == [
        (2, "loss.backward()", "loss.backward(create_graph=True)"),
        (3, "g, = grad(loss, x, create_graph=True)", "g, = grad(loss, x)"),
    ]


def test_retain_graph_beside_create_graph_changes_nothing_and_is_not_offered() -> None:
    assert texts("y.backward(create_graph=True)\n", "retain_graph") == []
    assert texts("y.backward(retain_graph=True, create_graph=True)\n", "retain_graph") == []
    given = "y.backward(retain_graph=False, create_graph=True)"
    assert changes(given, "retain_graph") == [(1, given, "y.backward(retain_graph=True, create_graph=True)")]


def test_a_call_on_several_lines_keeps_its_comments() -> None:
    source = "y.backward(\n    gradient=v,  # the seed, twice\n    retain_graph=True,\n)\n"
    assert texts(source, "retain_graph") == ["y.backward(\n    gradient=v,  # the seed, twice\n)\n"]
    assert texts(source, "create_graph") == [
        "y.backward(\n    gradient=v,  # the seed, twice\n    retain_graph=True, create_graph=True\n)\n"
    ]


def test_a_comment_behind_the_argument_taken_stays() -> None:
    source = "y.backward(\n    v,  # seed\n    retain_graph=True  # again\n)\n"
    assert texts(source, "retain_graph") == ["y.backward(\n    v,  # seed\n      # again\n)\n"]


def test_what_is_no_run_of_the_engine_is_left_alone() -> None:
    source = (
        "from torch.func import grad\n"
        "class A(torch.autograd.Function):\n"
        "    def backward(ctx, g):\n        return super().backward(ctx, g), A.backward(ctx, g)\n"
        "g = grad(f)(x)\n"
        "y.backward(*seeds)\n"
        "y.backward(**options)\n"
        "print(f'{y.backward()}')\n"
    )
    assert texts(source, "retain_graph") == []


def test_two_calls_in_a_line_have_different_titles() -> None:
    found = [one for one in variants("y.backward(); z.backward()\n") if one.switch == "retain_graph"]
    assert [(one.title, one.source) for one in found] == [
        ("`retain_graph=True` in line 1", "y.backward(retain_graph=True); z.backward()\n"),
        ("`retain_graph=True` in line 1 (2)", "y.backward(); z.backward(retain_graph=True)\n"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "title"),
    [
        ("opt.zero_grad()", "opt.zero_grad(set_to_none=False)", "`set_to_none=False` in line 1"),
        ("opt.zero_grad(set_to_none=True)", "opt.zero_grad(set_to_none=False)", "`set_to_none=False` in line 1"),
        ("model.zero_grad(True)", "model.zero_grad(False)", "`set_to_none=False` in line 1"),
        ("opt.zero_grad(set_to_none=False)", "opt.zero_grad()", "without `set_to_none=False` in line 1"),
        ("model.zero_grad(False)", "model.zero_grad(True)", "without `set_to_none=False` in line 1"),
    ],
)
def test_set_to_none_is_the_other_way_round(before: str, after: str, title: str) -> None:
    assert changes(before, "set_to_none") == [(1, before, after)]
    assert [one.title for one in variants(before)] == [title]


def test_a_function_of_the_program_named_zero_grad_is_none() -> None:
    assert variants("def zero_grad():\n    pass\nzero_grad()\n") == ()
