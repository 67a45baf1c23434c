"""Tensors whose sizes do not fit together, or not the layer for which they were meant."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from ..source.statements import Statement
from .inplace import out_of_place
from .products import constructed, written_products
from .shape_of import Shape, broadcast, here, shape_of
from .situation import Advice, Rules, Situation, called, receiver, shape, shown

rules = Rules()

_RULE = "Sizes are compared from the last one backwards; two fit if they are equal or one of them is 1"
_CREATING = frozenset(
    {"zeros", "ones", "randn", "rand", "empty", "full", "tensor", "reshape", "view", "expand", "permute"}
)


class Pair(NamedTuple):
    """Two expressions that one operation combines element by element, with their shapes."""

    left: ast.expr
    right: ast.expr
    first: Shape
    second: Shape


@rules.on(r"The size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\) at non-singleton dimension (\d+)")
def _broadcasting(situation: Situation, match: re.Match[str]) -> Advice:
    batched = _turned_whole(situation) or _batches(situation)
    if batched is not None:
        return batched
    pairs = {(pair.first, pair.second): pair for pair in _combined(situation)}
    unfit = [pair for pair in pairs.values() if broadcast(pair.first, pair.second) is None]
    if len(unfit) != 1:
        return Advice(f"Two tensors are combined element by element. {_RULE}, and {match[1]} and {match[2]} do not.")
    pair = unfit[0]
    text = (
        f"{here(situation, pair.left, pair.first)} and {here(situation, pair.right, pair.second)}. {_RULE}: "
        f"{match[1]} and {match[2]} do not."
    )
    for short, one, other in ((pair.left, pair.first, pair.second), (pair.right, pair.second, pair.first)):
        rows = len(one) == 1 and len(other) == 2 and one[0] == other[0] and other[1] != one[0]
        if rows and any(short in (node.left, node.right) for node in situation.find(ast.BinOp)):
            column = f"{situation.operand(short)}[:, None]"
            text += f" With {shown(column)} each row of the other meets its own number."
            return Advice(text, situation.hint((short, column)))
    return Advice(text)


def _turned_whole(situation: Situation) -> Advice | None:
    """``q @ k.T`` of batches: ``.T`` turns all dimensions round, where the last two were meant."""
    for left, right, first, second in written_products(situation):
        for side, other, on_the_left in ((left, second, True), (right, first, False)):
            inner = side.value if isinstance(side, ast.Attribute) and side.attr == "T" else None
            sizes = shape_of(situation, inner) if inner is not None else None
            if inner is None or sizes is None or other is None or min(len(sizes), len(other)) < 3:
                continue
            text = (
                f"`.T` turns all dimensions round: {here(situation, inner, sizes)}, so {situation.shown(side)} has shape "
                f"{tuple(reversed(sizes))}. `.mT` swaps the last two, those of the matrices."
            )
            meets = (sizes[-2], other[-2]) if on_the_left else (sizes[-1], other[-1])
            fits = meets[0] == meets[1] and broadcast(sizes[:-2], other[:-2]) is not None
            return Advice(text, situation.hint((side, f"{situation.operand(inner)}.mT")) if fits else None)
    return None


def _batches(situation: Situation) -> Advice | None:
    """Products of batches of matrices whose sizes before the last two do not fit."""
    for left, right, first, second in written_products(situation):
        if first is None or second is None or max(len(first), len(second)) < 3:
            continue
        if broadcast(first[:-2], second[:-2]) is None:
            return Advice(
                f"{here(situation, left, first)} and {here(situation, right, second)}. The last two sizes are those of the "
                f"matrices; the sizes before them count matrices and must fit: {_counts(first)} and {_counts(second)} do not."
            )
    return None


def _counts(sizes: Shape) -> str:
    return " x ".join(map(str, sizes[:-2]))


def _combined(situation: Situation) -> Iterator[Pair]:
    """Yield pairs that one operation or call of the failing statement combines, where both shapes are known."""
    for node in situation.nodes:
        for left, right in _sides(situation, node):
            first, second = shape_of(situation, left), shape_of(situation, right)
            if first is not None and second is not None:
                yield Pair(left, right, first, second)


def _sides(situation: Situation, node: ast.AST) -> list[tuple[ast.expr, ast.expr]]:
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.MatMult):
        return [(node.left, node.right)]
    if isinstance(node, ast.AugAssign):
        return [(node.target, node.value)]
    if isinstance(node, ast.Compare) and len(node.comparators) == 1:
        return [(node.left, node.comparators[0])]
    if not isinstance(node, ast.Call) or called(node) in _CREATING:
        return []
    owner = receiver(node)
    given = node.args if owner is None or shape_of(situation, owner) is None else [owner, *node.args]
    return list(combinations(given, 2)) if len(given) in (2, 3) else []


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
    r"weight of size \[(\d+), (\d+), (.*?)\], expected input\[(.*?)\] to have (\d+) channels, but got (\d+) channels"
)
def _channels(situation: Situation, match: re.Match[str]) -> Advice:
    layers = [
        found for name in ("Conv1d", "Conv2d", "Conv3d") for found in constructed(situation, name, (match[5], match[1]))
    ]
    where = f" (line {layers[0][0].first})" if len(layers) == 1 else ""
    sizes = [int(size) for size in match[4].split(",")]
    spatial = {1: "the length", 2: "height and width"}.get(len(sizes) - 2, "depth, height and width")
    given = _input(situation, tuple(sizes))
    name = f"Its input {situation.shown(given)}" if given is not None else "Its input"
    text = (
        f"The convolution{where} was made for {match[5]} input channels. {name} has shape [{match[4]}], "
        f"and the size before {spatial} is the channels: {match[6]}."
    )
    if sizes[-1] == int(match[5]):
        order = (0, len(sizes) - 1, *range(1, len(sizes) - 1))
        moved = f".permute({', '.join(map(str, order))})"
        text += f" Here the channels come last; `{moved}` puts them second."
        return Advice(text, situation.hint((given, situation.operand(given) + moved)) if given is not None else None)
    hint = situation.hint_at(layers[0][0], (layers[0][1].args[0], match[6])) if len(layers) == 1 else None
    return Advice(text, hint)


def _input(situation: Situation, sizes: Shape) -> ast.expr | None:
    """The one argument of the failing statement's calls that has this shape."""
    found = {
        situation.text(given): given
        for call in situation.calls
        for given in call.args
        if shape_of(situation, given) == sizes
    }
    return next(iter(found.values())) if len(found) == 1 else None


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


@rules.on(r"The expanded size of the tensor .*Target sizes: \[(.*?)\]\.\s+Tensor sizes: \[(.*?)\]")
def _expanded(situation: Situation, match: re.Match[str]) -> Advice:
    target, sizes = (tuple(int(size) for size in re.findall(r"\d+", text)) for text in match.groups())
    if not target or any(size < 0 for size in target):
        return Advice(f"{_RULE}, and only a size of 1 can be repeated.")
    stored = next((node for node in situation.find(ast.Assign) if isinstance(node.targets[0], ast.Subscript)), None)
    if stored is not None:
        value = situation.shown(stored.value)
        return Advice(
            f"{situation.shown(stored.targets[0])} has room for shape [{match[1]}], and {value} has shape [{match[2]}]. "
            f"{_RULE}."
        )
    given = [owner for call in situation.calls_of("expand", "expand_as", "broadcast_to") if (owner := receiver(call))]
    name = situation.shown(given[0]) if len(given) == 1 and shape_of(situation, given[0]) == sizes else "The tensor"
    return Advice(
        f"{name} has shape [{match[2]}], and is to be repeated to [{match[1]}]. Sizes are compared from the last one "
        "backwards, and only a size of 1 can be repeated."
    )


@rules.on(r"The shape of the mask \[(.*?)\] at index (\d+) does not match the shape of the indexed tensor \[(.*?)\]")
def _mask(situation: Situation, match: re.Match[str]) -> Advice:
    found = [node for node in situation.find(ast.Subscript) if shape_of(situation, node.slice) is not None]
    names = ("The mask", "the tensor")
    if len(found) == 1:
        names = situation.shown(found[0].slice), situation.shown(found[0].value)
    return Advice(
        f"{names[0]} has shape [{match[1]}] and {names[1]} has shape [{match[3]}]. A mask says true or false for each element, "
        "or for each entry along the first dimensions, so its sizes must be the first ones of what it picks from."
    )


@rules.on(r"Expected hidden(?:\[(\d)\])? size \((\d+), (\d+), (\d+)\), got \[(.*?)\]")
def _hidden(situation: Situation, match: re.Match[str]) -> Advice:
    which = {"0": "The first state, h,", "1": "The second state, c,"}.get(match[1] or "", "The state")
    return Advice(
        f"{which} must have shape ({match[2]}, {match[3]}, {match[4]}) here, and has [{match[5]}]: layers (twice as many if "
        "`bidirectional`), batch, `hidden_size`. The batch is the second size of the input, with `batch_first=True` the first."
    )


@rules.on(r"was expecting embedding dimension of (\d+), but got (\d+)")
def _embedding_dimension(situation: Situation, match: re.Match[str]) -> Advice:
    found = list(situation.calls_anywhere("MultiheadAttention"))
    where = f" (line {found[0][0].first})" if len(found) == 1 else ""
    return Advice(
        f"The attention{where} was made for entries of {match[1]} numbers (`embed_dim`), and the last size of its query is "
        f"{match[2]}."
    )


@rules.on(r"hook '(.*?)' has changed the size of value")
def _hook(situation: Situation, match: re.Match[str]) -> Advice:
    name = match[1]
    kinds = ("register_full_backward_hook", "register_full_backward_pre_hook") if name in ("hook", "pre_hook") else ()
    found = [
        (statement, call)
        for statement, call in situation.calls_anywhere("register_hook", "register_prehook", *kinds)
        if call.args and _is_hook(statement, call, name)
    ]
    rule = "A hook may look at a gradient or give another in its place, of the same shape"
    if len(found) != 1:
        return Advice(f"{rule}; one here returned another shape.")
    statement, call = found[0]
    owner, function = receiver(call), call.args[0]
    what = (
        f"The hook that line {statement.first} registers on {shown(statement.text(owner))}"
        if owner is not None
        else "A hook"
    )
    defined = situation.program.functions_named(function.id) if isinstance(function, ast.Name) else []
    where = f", {shown(statement.text(function))} of line {defined[0].first}," if len(defined) == 1 else ""
    tensor = situation.tensor(owner)
    shape_text = (
        f" {shown(statement.text(owner))} has {shape(tensor)}." if owner is not None and tensor is not None else ""
    )
    return Advice(f"{what}{where} returned a gradient of another shape. {rule}.{shape_text}")


def _is_hook(statement: Statement, call: ast.Call, name: str) -> bool:
    function = call.args[0]
    if name == "<lambda>":
        return isinstance(function, ast.Lambda)
    if name in ("hook", "pre_hook") and called(call).startswith("register_full"):
        return True
    return isinstance(function, ast.Name | ast.Attribute) and statement.text(function).rpartition(".")[2] == name
