"""What the editor offers is what a program may say."""

from __future__ import annotations

import keyword

from components.source.completions import completions

from components.source import names


def test_names_of_modules_methods_and_python_are_offered() -> None:
    offered = completions()
    assert {"torch.sin", "torch.nn.Linear", "torch.nn.functional.relu", "torch.Tensor.backward", "print"} <= set(
        offered
    )
    assert set(keyword.kwlist) <= set(offered)
    assert list(offered) == sorted(set(offered))


def test_what_is_not_allowed_is_not_offered() -> None:
    offered = set(completions())
    assert not {"torch.load", "torch.save", "torch.jit.script", "eval", "exec", "open", "getattr"} & offered
    assert {name.removeprefix("torch.Tensor.") for name in offered if name.startswith("torch.Tensor.")} == names.TENSOR
