"""``set_to_none``, in and out of ``zero_grad``."""

from __future__ import annotations

import pytest

from components.source.variants import variants
from tests.source.variants.made import changes


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
def test_it_is_the_other_way_round(before: str, after: str, title: str) -> None:
    assert changes(before, "set_to_none") == [(1, before, after)]
    assert [one.title for one in variants(before)] == [title]


def test_a_function_of_the_program_with_that_name_is_none() -> None:
    assert variants("def zero_grad():\n    pass\nzero_grad()\n") == ()
