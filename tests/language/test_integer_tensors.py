"""Integers change only together with their version counter; floating-point numbers are shared as usual."""

from __future__ import annotations

import pytest

from tests.language.conftest import Run

# Ways to write to the integers of `i` that must not pass by its version counter.
WRITES = [
    "i.data.fill_(9)",
    "i.detach().fill_(9)",
    "i.numpy().fill(9)",
    "torch.Tensor.numpy(i).fill(9)",
    "np.asarray(i).fill(9)",
    "np.array(i, copy=None).fill(9)",
    "copy.copy(i).fill_(9)",
    "copy.copy([i])[0].fill_(9)",
    "copy.deepcopy(i).fill_(9)",
    "nn.Parameter(i, requires_grad=False).fill_(9)",
    "torch.autograd.Variable(i).fill_(9)",
    "torch.vmap(lambda t: t.fill_(9))(i)",
    "i.view(2, 1).fill_(9)",
    "torch.as_tensor(i).fill_(9)",
    "torch.asarray(i).fill_(9)",
    "i.view(torch.int32).fill_(9)",
    "torch.Tensor.view(i, torch.int32).fill_(9)",
]


@pytest.mark.parametrize("write", WRITES)
def test_integers_change_only_with_their_counter(write: str, run: Run) -> None:
    program = f"""
        import torch, copy
        import numpy as np
        from torch import nn
        i = torch.tensor([0, 1])
        before = i._version
        {write}
        print(i.tolist() == [0, 1] or i._version > before)
    """
    assert run(program) == "True\n"


# Ways to a tensor of integers that shares memory with something that has no counter.
SHARED = [
    ("a = np.array([1, 2])", "torch.from_numpy(a)", "a[0] = 9"),
    ("a = np.array([1, 2])", "torch.as_tensor(a)", "a[0] = 9"),
    ("a = np.array([1, 2])", "torch.asarray(a)", "a[0] = 9"),
    ("a = np.array([1, 2])", "torch.LongTensor(a)", "a[0] = 9"),
    ("a = np.array([True, False])", "torch.from_numpy(a)", "a[1] = True"),
    ("a = torch.ones(2, dtype=torch.float64)", "a.view(torch.int64)", "a.data.fill_(0)"),
    ("a = torch.ones(2, dtype=torch.float64)", "torch.Tensor.view(a, dtype=torch.int64)", "a.numpy().fill(0)"),
]


@pytest.mark.parametrize(("make", "integers", "write"), SHARED)
def test_integers_share_no_memory_without_a_counter(make: str, integers: str, write: str, run: Run) -> None:
    program = f"""
        import torch
        import numpy as np
        {make}
        t = {integers}
        before = t.tolist()
        {write}
        print(t.tolist() == before)
    """
    assert run(program) == "True\n"


def test_floating_point_numbers_are_shared_as_usual(run: Run) -> None:
    program = """
        import torch
        import numpy as np
        a = np.array([1.0, 2.0]); t = torch.from_numpy(a); a[0] = 9
        print(t)
        x = torch.zeros(2); x.numpy()[1] = 4; np.asarray(x)[0] = 3; x.data[0] += 1
        print(x)
    """
    assert run(program) == "tensor([9., 2.], dtype=torch.float64)\ntensor([4., 4.])\n"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("x.data = torch.ones(9)", "must keep shape"),
        ("x.data = torch.ones(2, dtype=torch.float64)", "must keep shape and dtype"),
        ("setattr(x, 'data', torch.ones(9))", "must keep shape"),
        ("i.data = torch.tensor([5, 6])", "integer"),
        ("b = i > 0; b.data = torch.tensor([True, True])", "integer"),
        ("nn.utils.vector_to_parameters(torch.tensor([5, 6]), [i])", "int64"),
        ("nn.utils.vector_to_parameters(torch.ones(2, dtype=torch.float64), [x])", "float64"),
    ],
)
def test_data_cannot_become_something_else(statement: str, words: str, run: Run) -> None:
    head = "import torch\nfrom torch import nn\nx = torch.ones(2)\ni = torch.tensor([1, 2])\n"
    with pytest.raises(ValueError, match=words):
        run(head + statement)


def test_data_keeps_its_order_in_memory(run: Run) -> None:
    program = """
        import torch
        w = torch.zeros(2, 3)
        w.data = torch.ones(1, 1).expand(2, 3)
        print(w.stride(), w)
        p = torch.nn.Parameter(torch.zeros(2, 2))
        torch.nn.utils.vector_to_parameters(torch.ones(1).expand(4), [p])
        print(p.stride(), p.tolist())
    """
    assert run(program) == ("(3, 1) tensor([[1., 1., 1.],\n        [1., 1., 1.]])\n(2, 1) [[1.0, 1.0], [1.0, 1.0]]\n")
