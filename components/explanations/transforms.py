"""Errors of ``torch.func``, ``autograd.functional`` and forward-mode differentiation."""

from __future__ import annotations

import ast
import re

from .edits import with_keyword
from .rule import Advice, Rules
from .situation import Situation
from .source import shown

rules = Rules()


@rules.on(r"Thing passed to transform API must be Tensor, got <class '(\w+)'>")
def _not_a_tensor(situation: Situation, match: re.Match[str]) -> Advice:
    text = (
        f"The function that is differentiated gets a plain `{match[1]}`; derivatives are taken with respect to tensors."
    )
    for call in situation.calls:
        numbers = [given for given in call.args if isinstance(given, ast.Constant) and isinstance(given.value, float)]
        if isinstance(call.func, ast.Call) and len(numbers) == 1:
            number = numbers[0]
            return Advice(text, situation.hint((number, f"{situation.torch}.tensor({situation.text(number)})")))
    return Advice(text)


@rules.on(r"vmap: called random operation while in randomness error mode")
def _random(situation: Situation, match: re.Match[str]) -> Advice:
    text = (
        "`vmap` cannot know whether each entry of the batch should get random numbers of its own. Say so: "
        '`randomness="different"`, or `"same"` for all.'
    )
    calls = situation.calls_of("vmap")
    if len(calls) != 1 or situation.statement is None:
        return Advice(text)
    return Advice(text, situation.hint(with_keyword(situation.statement, calls[0], "randomness", '"different"')))


@rules.on(r"RuntimeError: .*(call|calling) \.item\(\) on a Tensor|data-dependent control flow")
def _inside_vmap(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        "Under `vmap` a tensor stands for a whole batch, so no single number can be taken out of it to decide something. "
        "`torch.where(condition, a, b)` decides for each entry of the batch."
    )


@rules.on(r"The vector v can only be None if the user-provided function returns a single Tensor with a single element")
def _no_vector(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        "A vector-Jacobian product needs the vector: one number for each element of the function's output, as `v`. "
        "It may be left away only where the output is a single number."
    )


@rules.on(
    r"outputs of the user-provided function given to (\w+) must be either a Tensor or a tuple of Tensors .*<class '(\w+)'>"
)
def _wrong_outputs(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"The function given to `{match[1]}` returns a {shown(match[2])}; it has to return a tensor or a tuple of tensors."
    )


@rules.on(r"Trying to create a dual Tensor for forward AD but no level exists")
def _no_level(situation: Situation, match: re.Match[str]) -> Advice:
    text = "Dual numbers live inside a level: make, use and unpack them under `with fwAD.dual_level():`."
    calls = situation.calls_of("make_dual")
    if len(calls) == 1 and isinstance(calls[0].func, ast.Attribute):
        return Advice(text.replace("fwAD", situation.text(calls[0].func.value)))
    return Advice(text)
