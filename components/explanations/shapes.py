"""Tensors whose sizes do not fit together, or not the layer for which they were meant."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ..source.statements import Statement
from ..trace import Tensor
from .inplace import out_of_place
from .situation import Advice, Rules, Situation, argument, called, receiver, shape, shown

rules = Rules()

_PRODUCTS = frozenset({"matmul", "mm", "mv", "bmm", "dot"})
Pair = tuple[ast.expr, ast.expr, Tensor, Tensor]


def products(situation: Situation) -> list[Pair]:
    """Return the matrix products of the failing statement whose two operands are known tensors."""
    found: list[Pair] = []
    for node in situation.nodes:
        operands: tuple[ast.expr | None, ast.expr | None] = (None, None)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            operands = node.left, node.right
        elif isinstance(node, ast.Call) and called(node) in _PRODUCTS:
            owner = receiver(node)
            method = owner is not None and situation.tensor(owner) is not None
            operands = (owner, argument(node, 0)) if method else (argument(node, 0), argument(node, 1))
        left, right = situation.tensor(operands[0]), situation.tensor(operands[1])
        if operands[0] is not None and operands[1] is not None and left is not None and right is not None:
            found.append((operands[0], operands[1], left, right))
    return found


@rules.on(
    r"mat1 and mat2 shapes cannot be multiplied \((?P<r>\d+)x(?P<c>\d+) and (?P<r2>\d+)x(?P<c2>\d+)\)"
    r"|size mismatch, got input \(\d+\), mat \(\d+x\d+\), vec \(\d+\)"
    r"|inconsistent tensor size, expected tensor \[\d+\] and src"
    r"|Expected size for first two dimensions of batch2 tensor"
)
def _matrix_product(situation: Situation, match: re.Match[str]) -> Advice:
    pairs = products(situation)
    if len(pairs) == 1:
        left, right, first, second = pairs[0]
        inner = "first" if len(second.shape) == 1 else "second last" if len(second.shape) > 2 else "first"
        text = (
            f"{situation.shown(left)} has {shape(first)} and {situation.shown(right)} has {shape(second)}. In a matrix product "
            f"the last size of the left one must equal the {inner} size of the right one: {first.shape[-1]} is not "
            f"{second.shape[0] if len(second.shape) < 3 else second.shape[-2]}."
        )
        return Advice(text, _transposed(situation, pairs[0]))
    if match["r"] is not None:
        return _layer(situation, match)
    return Advice("In a matrix product the last size of the left tensor must equal the first size of the right one.")


def _transposed(situation: Situation, pair: Pair) -> str | None:
    left, right, first, second = pair
    if len(first.shape) < 2 or len(second.shape) < 2:
        return None
    turned = ".T" if len(first.shape) == len(second.shape) == 2 else ".mT"
    if first.shape[-1] == second.shape[-1]:
        return situation.hint((right, situation.operand(right) + turned))
    if first.shape[-2] == second.shape[-2]:
        return situation.hint((left, situation.operand(left) + turned))
    return None


def _layer(situation: Situation, match: re.Match[str]) -> Advice:
    features, wanted, outputs = match["c"], match["r2"], match["c2"]
    given = [
        (name.id, tensor)
        for call in situation.calls
        for name, tensor in situation.tensors_in(call)
        if tensor.shape and str(tensor.shape[-1]) == features
    ]
    what = f"{shown(given[0][0])} with {shape(given[0][1])}" if given else f"an input of {match['r']} rows"
    layers = list(_constructed(situation, "Linear", (wanted, outputs)))
    where = f" `{layers[0][0].text(layers[0][1])}` on line {layers[0][0].first} made it so." if len(layers) == 1 else ""
    hint = None
    if len(layers) == 1:
        statement, call = layers[0]
        hint = situation.hint_at(statement, (call.args[0], features))
    return Advice(
        f"A linear layer here takes {wanted} features, the last size of its input, and got {what}: {features} features.{where}",
        hint,
    )


def _constructed(situation: Situation, name: str, sizes: tuple[str, ...]) -> Iterator[tuple[Statement, ast.Call]]:
    """Yield the calls of a layer's class whose first arguments are these numbers."""
    for statement, call in situation.calls_anywhere(name):
        if tuple(statement.text(given) for given in call.args[: len(sizes)]) == sizes:
            yield statement, call


@rules.on(r"The size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\) at non-singleton dimension (\d+)")
def _broadcasting(situation: Situation, match: re.Match[str]) -> Advice:
    pairs = [pair for pair in _combined(situation) if not _fit(pair[2].shape, pair[3].shape)]
    rule = "Sizes are compared from the last one backwards; two fit if they are equal or one of them is 1"
    if len(pairs) != 1:
        return Advice(f"Two tensors are combined element by element. {rule}, and {match[1]} and {match[2]} do not.")
    left, right, first, second = pairs[0]
    text = (
        f"{situation.shown(left)} has {shape(first)} and {situation.shown(right)} has {shape(second)}. {rule}: "
        f"{match[1]} and {match[2]} do not."
    )
    if len(first.shape) == len(second.shape) == 1 and _is_arithmetic(situation, left):
        text += (
            f" With {shown(situation.text(left) + '[:, None]')} every element of one meets every element of the other."
        )
        return Advice(text, situation.hint((left, f"{situation.operand(left)}[:, None]")))
    return Advice(text)


def _is_arithmetic(situation: Situation, left: ast.expr) -> bool:
    return any(node.left is left for node in situation.find(ast.BinOp))


def _combined(situation: Situation) -> Iterator[Pair]:
    """Yield pairs of known tensors that one operation or call of the failing statement combines."""
    for node in situation.nodes:
        pair: list[ast.expr] = []
        if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.MatMult):
            pair = [node.left, node.right]
        elif isinstance(node, ast.AugAssign):
            pair = [node.target, node.value]
        elif isinstance(node, ast.Compare) and len(node.comparators) == 1:
            pair = [node.left, node.comparators[0]]
        elif isinstance(node, ast.Call) and len(node.args) == 2:
            pair = list(node.args)
        tensors = [situation.tensor(part) for part in pair]
        if len(tensors) == 2 and tensors[0] is not None and tensors[1] is not None:
            yield pair[0], pair[1], tensors[0], tensors[1]


def _fit(first: list[int], second: list[int]) -> bool:
    return all(a == b or 1 in (a, b) for a, b in zip(reversed(first), reversed(second), strict=False))


@rules.on(r"output with shape \[(.*?)\] doesn't match the broadcast shape \[(.*?)\]")
def _in_place_shape(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"The result has shape [{match[2]}], but an in-place operation must write it into a tensor of shape [{match[1]}]. "
        "Make a new tensor instead.",
        out_of_place(situation.statement),
    )


@rules.on(r"shape '\[(.*?)\]' is invalid for input of size (\d+)")
def _reshape(situation: Situation, match: re.Match[str]) -> Advice:
    calls = situation.calls_of("view", "reshape")
    owner = receiver(calls[0]) if len(calls) == 1 else None
    tensor = situation.tensor(owner)
    has = (
        f"{situation.shown(owner)} has {shape(tensor)}, "
        if owner is not None and tensor is not None
        else "The tensor has "
    )
    text = f"{has}{match[2]} elements, and shape [{match[1]}] has room for another number of them."
    sizes = calls[0].args if len(calls) == 1 else []
    last = sizes[-1] if len(sizes) > 1 else None
    others = [int(given.value) for given in sizes[:-1] if isinstance(given, ast.Constant) and type(given.value) is int]
    rest = 1
    for size in others:
        rest *= size
    if last is None or len(others) != len(sizes) - 1 or rest <= 0 or int(match[2]) % rest:
        return Advice(text)
    return Advice(f"{text} `-1` stands for the size that fits.", situation.hint((last, "-1")))


@rules.on(r"view size is not compatible with input tensor's size and stride")
def _view(situation: Situation, match: re.Match[str]) -> Advice:
    calls = situation.calls_of("view")
    owner = receiver(calls[0]) if len(calls) == 1 else None
    name = situation.shown(owner) if owner is not None else "This tensor"
    hint = None
    if owner is not None:
        hint = situation.hint((calls[0].func, f"{situation.text(calls[0].func)[: -len('view')]}reshape"))
    return Advice(
        f"{name} does not lie in memory in this order (it was transposed or sliced), so the new shape cannot be a view of it. "
        "`reshape` copies where it has to.",
        hint,
    )


@rules.on(
    r"Sizes of tensors must match except in dimension (\d+)\. Expected size (\d+) but got size (\d+) for tensor number (\d+)"
)
def _cat(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"`cat` joins along dimension {match[1]}; all other sizes must be equal. Tensor number {match[4]} of the list "
        f"(counted from 0) has {match[3]} where the first has {match[2]}."
    )


@rules.on(r"stack expects each tensor to be equal size, but got \[(.*?)\] at entry 0 and \[(.*?)\] at entry (\d+)")
def _stack(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"`stack` needs tensors of one shape: entry 0 has [{match[1]}], entry {match[3]} has [{match[2]}]. "
        "To join tensors of different length end to end, use `torch.cat`."
    )


@rules.on(
    r"weight of size \[(\d+), (\d+), (.*?)\], expected input\[(.*?)\] to have (\d+) channels, but got (\d+) channels"
)
def _channels(situation: Situation, match: re.Match[str]) -> Advice:
    layers = [
        found
        for name in ("Conv1d", "Conv2d", "Conv3d")
        for found in _constructed(situation, name, (match[5], match[1]))
    ]
    hint = situation.hint_at(layers[0][0], (layers[0][1].args[0], match[6])) if len(layers) == 1 else None
    where = f" (line {layers[0][0].first})" if len(layers) == 1 else ""
    return Advice(
        f"The convolution{where} was made for {match[5]} input channels. Its input has shape [{match[4]}], "
        f"and the size before height and width is the channels: {match[6]}.",
        hint,
    )


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
