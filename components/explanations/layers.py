"""Inputs that do not have the shape for which a layer was made, and states that belong to another model."""

from __future__ import annotations

import re

from .rule import Advice, Rules
from .situation import Situation
from .source import shown

rules = Rules()


def _given(situation: Situation) -> str:
    """The failing call's input by name, if just one tensor is passed."""
    names = [name.id for call in situation.calls for name, _ in situation.tensors_in(call)]
    return shown(names[0]) if len(set(names)) == 1 else "the input"


@rules.on(r"Given normalized_shape=\[(.*?)\], expected input with shape \[\*, .*?\], but got input of size ?\[(.*?)\]")
def _layer_norm(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"The layer was made to normalise over the last sizes [{match[1]}], and {_given(situation)} has shape [{match[2]}]. "
        "The argument of `nn.LayerNorm` and the last sizes of its input must be the same."
    )


@rules.on(r"running_mean should contain (\d+) elements not (\d+)")
def _batch_norm(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"The batch normalisation was made for {match[2]} channels, and {_given(situation)} has {match[1]}: its second size."
    )


@rules.on(r"input\.size\(-1\) must be equal to input_size\. Expected (\d+), got (\d+)")
def _recurrent(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"The recurrent layer was made for {match[1]} features at each step (`input_size`), and the last size of "
        f"{_given(situation)} is {match[2]}."
    )


@rules.on(r"Expected (\d)D \(unbatched\) or (\d)D \(batched\) input to (\w+), but got input of size: \[(.*?)\]")
def _convolution(situation: Situation, match: re.Match[str]) -> Advice:
    last = {"1": "length", "2": "height, width", "3": "depth, height, width"}.get(match[3][4:5], "sizes")
    return Advice(
        f"`{match[3]}` takes an input of sizes (batch, channels, {last}), or the same without batch. "
        f"{_given(situation).replace('the', 'The', 1)} has [{match[4]}]; `unsqueeze` or `[None]` adds a size of 1."
    )


@rules.on(r"padded input size per channel: \((.*?)\)\. Kernel size: \((.*?)\)\. Kernel size can't be greater")
def _kernel(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"The kernel of {match[2]} does not fit into an input of {match[1]}. "
        "A smaller `kernel_size`, or `padding`, makes it fit."
    )


@rules.on(r"Error\(s\) in loading state_dict for (\w+)")
def _state(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"The saved state belongs to a `{match[1]}` of another shape or with other names of parameters. PyTorch's message "
        "lists what differs: build the model with the same sizes as the one that was saved."
    )


@rules.on(r"permute\(.*\): number of dimensions .* input\.dim\(\) = (\d+) is not equal to len\(dims\) = (\d+)")
def _permute(situation: Situation, match: re.Match[str]) -> Advice:
    given = [name.id for name, tensor in situation.tensors_in(situation.calls[0])] if situation.calls else []
    name = shown(given[0]) if given else "the tensor"
    return Advice(
        f"`permute` names every dimension once, in the new order: {name} has {match[1]} dimensions, and {match[2]} are named."
    )


@rules.on(r"Trying to create tensor with negative dimension (-\d+)")
def _negative_size(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(f"A size is 0 or more, and one here is {match[1]}.")
