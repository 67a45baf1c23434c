"""Which tensors lie in one storage, against the addresses that the program itself prints."""

from __future__ import annotations

from msgspec import UNSET

from components.trace import Tensor
from tests.capture.conftest import Capture

PROGRAM = """
    import torch
    x = torch.ones(4, requires_grad=True)
    base = x * 2
    view = base.view(2, 2)
    row = view[0]
    cut = view.detach()
    data = base.data
    copy = base.clone()
    part = copy[1:]
    part[0] = 5.0
    swapped = torch.zeros(3)
    swapped.data = copy.data
    names = ("x", "base", "view", "row", "cut", "data", "copy", "part", "swapped")
    for name in names:
        print(globals()[name].untyped_storage().data_ptr())
"""


def test_tensors_that_share_a_storage_say_so(capture: Capture) -> None:
    trace = capture(PROGRAM)
    names = ["x", "base", "view", "row", "cut", "data", "copy", "part", "swapped"]
    printed = dict(zip(names, trace.stdout.split(), strict=True))
    # A record that says nothing was the first in its storage.
    latest: dict[str | None, Tensor] = {tensor.name: tensor for tensor in trace.tensors}
    seen = {name: latest[name].id if latest[name].shares is UNSET else latest[name].shares for name in names}
    for one in names:
        assert {other for other in names if seen[other] == seen[one]} == {
            other for other in names if printed[other] == printed[one]
        }
    assert [latest[name].view_of is not None for name in names] == [
        False, False, True, True, False, False, False, True, False,
    ]  # fmt: skip


def test_memory_that_was_given_back_is_another_storage(capture: Capture) -> None:
    # The allocator hands the same address out again; the two tensors were never there together.
    trace = capture("""
        import torch
        a = torch.ones(1000)
        del a
        b = torch.ones(1000)
    """)
    assert [tensor.shares for tensor in trace.tensors] == [UNSET, UNSET]
