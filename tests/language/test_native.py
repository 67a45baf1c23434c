"""What PyTorch's native code trusts: saved tensors that come back as they were, and shapes as promised."""

from __future__ import annotations

import pytest
import torch

from tests.language.conftest import Run


@pytest.mark.parametrize(
    ("unpack", "words"),
    [
        ("lambda t: torch.ones(1)", "packed"),
        ("lambda t: t.double()", "packed"),
        ("lambda t: t.to_sparse() if False else t.reshape(-1)", "packed"),
        ("lambda t: torch.full_like(t, 2 ** 45) if t.dtype == torch.int64 else t", "integers unchanged"),
    ],
)
def test_saved_tensors_come_back_as_they_were(unpack: str, words: str, run: Run) -> None:
    program = f"""
        import torch
        x = torch.ones(4, 2, requires_grad=True)
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t, {unpack}):
            y = (x.exp().gather(0, torch.tensor([[1, 2]])) ** 2).sum()
        y.backward()
    """
    with pytest.raises(ValueError, match=words):
        run(program)


def test_integers_that_were_unpacked_cannot_be_changed_afterwards(run: Run) -> None:
    """The program keeps the indices that it gave back, and overwrites them when the next tensor is unpacked."""
    program = """
        import torch
        kept = []
        def unpack(t):
            for old in kept: old.zero_()
            if t.dtype == torch.int64: kept.append(t)
            return t
        x = torch.arange(4.0, requires_grad=True)
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), unpack):
            y = (x.gather(0, torch.tensor([3])) * 2).sum() + (x.gather(0, torch.tensor([2])) * 5).sum()
        y.backward()
        print(x.grad)
    """
    # d/dx of 2 * x[3] + 5 * x[2]
    assert run(program) == "tensor([0., 0., 5., 2.])\n"


def test_a_checkpoint_that_computes_other_indices_is_found_out(run: Run) -> None:
    program = """
        import torch
        from torch.utils.checkpoint import checkpoint
        indices = [torch.tensor([1]), torch.tensor([3])]
        x = torch.arange(4.0, requires_grad=True)
        y = checkpoint(lambda t: t.gather(0, indices.pop(0)), x, use_reentrant=False, determinism_check="none")
        y.sum().backward()
    """
    with pytest.raises(ValueError, match="integers unchanged"):
        run(program)


def test_a_recurrent_layer_can_be_checkpointed(run: Run) -> None:
    """It saves the work space of oneDNN, parts of which nobody has written."""
    program = """
        import torch
        from torch.utils.checkpoint import checkpoint
        lstm = torch.nn.LSTM(3, 4)
        x = torch.randn(5, 2, 3)
        lstm(x)[0].pow(2).sum().backward()
        plain = lstm.weight_ih_l0.grad
        lstm.zero_grad()
        for _ in range(20):
            lstm.zero_grad()
            checkpoint(lambda v: lstm(v)[0], x, use_reentrant=False).pow(2).sum().backward()
            assert torch.equal(lstm.weight_ih_l0.grad, plain)
        print("the same")
    """
    assert run(program) == "the same\n"


RECURRENT = """
import torch
from torch import nn
from torch.func import functional_call
x = torch.ones(3, 2, 4)
wrong = lambda *shape: nn.Parameter(torch.ones(*shape))
"""


@pytest.mark.parametrize(
    "program",
    [
        "m = nn.LSTM(4, 5); m.weight_hh_l0 = wrong(1, 1); m(x)",
        "m = nn.LSTM(4, 5); del m.weight_hh_l0; m.weight_hh_l0 = wrong(1, 1); m(x)",
        "m = nn.LSTM(4, 5); m.register_parameter('weight_ih_l0', wrong(1)); m.flatten_parameters(); m(x)",
        "m = nn.GRU(4, 5); m.bias_ih_l0 = wrong(3); m(x)",
        "m = nn.RNN(4, 5, 2, bidirectional=True); m.weight_ih_l1_reverse = wrong(5, 4); m(x)",
        "m = nn.LSTM(4, 5); m.num_layers = 2; m(x, (torch.ones(2, 2, 5), torch.ones(2, 2, 5)))",
        "m = nn.LSTM(4, 5); m.hidden_size = 50; m(x)",
        "m = nn.LSTM(4, 5); functional_call(m, {'weight_hh_l0': torch.ones(1, 1)}, (x,))",
        "class L(nn.LSTM):\n    def check_forward_args(self, *a): pass\n"
        "L(4, 5)(x, (torch.ones(1, 9, 5), torch.ones(1, 9, 5)))",
        "class L(nn.LSTM):\n    @property\n    def weight_hh_l0(self): return wrong(1, 1)\nL(4, 5)(x)",
    ],
)
def test_recurrent_layers_get_the_shapes_they_promise(program: str, run: Run) -> None:
    with pytest.raises((RuntimeError, KeyError, TypeError, AttributeError)):
        run(RECURRENT + program)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_weights_need_not_be_contiguous(kind: str, run: Run, plain: Run) -> None:
    program = f"""
        import torch
        m = torch.nn.{kind}(3, 3)
        w = m.weight_hh_l0
        m.weight_hh_l0 = torch.nn.Parameter(torch.ones(3, w.shape[0]).mul(0.5).t())
        print(m(torch.ones(2, 1, 3))[0])
    """
    assert run(program) == plain(program)


@pytest.mark.parametrize(
    "change",
    [
        "layer.self_attn.in_proj_bias = nn.Parameter(torch.ones(300))",
        "layer.self_attn.in_proj_weight = nn.Parameter(torch.ones(1, 1))",
        "layer.self_attn.num_heads = 3",
        "layer.self_attn.embed_dim = 8",
        "layer.linear1.bias = nn.Parameter(torch.ones(1))",
        "layer.norm1.weight = nn.Parameter(torch.ones(1))",
    ],
)
def test_the_fast_path_of_attention_gets_the_shapes_it_promises(change: str, run: Run) -> None:
    program = f"""
        import torch
        from torch import nn
        layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True).eval()
        {change}
        with torch.no_grad():
            layer(torch.ones(1, 2, 4))
    """
    with pytest.raises((RuntimeError, AssertionError)):
        run(program)


@pytest.mark.parametrize("make", ["Adam", "AdamW", "Adagrad"])
def test_fused_optimizers_get_states_like_their_parameters(make: str, run: Run) -> None:
    program = f"""
        import torch
        w = torch.ones(100, requires_grad=True)
        opt = torch.optim.{make}([w], lr=0.1, fused=True)
        w.sum().backward()
        opt.step()
        print(w[0].item() < 1)
        for name, value in opt.state[w].items():
            if name != "step": opt.state[w][name] = torch.ones(1)
        opt.step()
    """
    with pytest.raises(RuntimeError, match="shape"):
        run(program)


def test_a_hook_cannot_change_the_shape_of_a_gradient(run: Run) -> None:
    for register in ("register_prehook(lambda g: (torch.ones(7),))", "register_hook(lambda a, b: (torch.ones(7),))"):
        with pytest.raises(RuntimeError, match="size"):
            run(f"import torch\ny = torch.ones(3, requires_grad=True).exp()\ny.grad_fn.{register}\ny.sum().backward()")


def test_the_checks_are_put_in_once(run: Run) -> None:
    run("import torch")
    first = torch._fused_adam_
    run("import torch")
    assert torch._fused_adam_ is first
