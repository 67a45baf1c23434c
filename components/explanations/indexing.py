"""Indices and dimensions that are not there, and lists that are no tensors."""

from __future__ import annotations

import ast
import re

from .situation import Advice, Rules, Situation, called, receiver, shape, shown

rules = Rules()


def indexed(situation: Situation) -> list[ast.Subscript]:
    """Return the subscripts of the failing statement whose value is a known tensor."""
    return [node for node in situation.find(ast.Subscript) if situation.tensor(node.value) is not None]


@rules.on(r"index (-?\d+) is out of bounds for dimension (\d+) with size (\d+)")
def _out_of_bounds(situation: Situation, match: re.Match[str]) -> Advice:
    index, dimension, size = (int(number) for number in match.groups())
    found = indexed(situation)
    name = f"{situation.shown(found[0].value)} has" if len(found) == 1 else "There are"
    valid = f"0 to {size - 1}" if size else "none"
    text = f"{name} {size} elements along dimension {dimension}, and counting begins at 0: valid indices are {valid}, not {index}."
    constants = [
        node
        for subscript in found
        for node in ast.walk(subscript.slice)
        if isinstance(node, ast.Constant) and node.value == index and size > 0
    ]
    # Who counts from 1 means the last one; any other number may mean anything.
    return Advice(
        text, situation.hint((constants[0], str(size - 1))) if len(constants) == 1 and index == size else None
    )


@rules.on(r"too many indices for tensor of dimension (\d+)")
def _too_many(situation: Situation, match: re.Match[str]) -> Advice:
    for node in indexed(situation):
        tensor = situation.tensor(node.value)
        if isinstance(node.slice, ast.Tuple) and tensor is not None and len(node.slice.elts) > len(tensor.shape):
            return Advice(
                f"{situation.shown(node.value)} has {shape(tensor)}: {match[1]} "
                f"{'index' if match[1] == '1' else 'indices'} at most, and {len(node.slice.elts)} are given."
            )
    return Advice(f"The tensor has {match[1]} dimensions and more indices than that were given.")


@rules.on(r"tensors used as indices must be long, int, byte or bool tensors")
def _index_of_floats(situation: Situation, match: re.Match[str]) -> Advice:
    text = "An index counts, so it has to be whole numbers, or a mask of `True` and `False`."
    for node in situation.find(ast.Subscript):
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for part in parts:
            tensor = situation.tensor(part)
            if tensor is not None and tensor.dtype.startswith(("float", "bfloat")):
                return Advice(
                    f"{text} {situation.shown(part)} is {tensor.dtype}.",
                    situation.hint((part, f"{situation.operand(part)}.long()")),
                )
    return Advice(text)


@rules.on(r"Index tensor must have the same number of dimensions as (?:input|self) tensor")
def _index_of_gather(situation: Situation, match: re.Match[str]) -> Advice:
    text = "`gather` takes an index with as many dimensions as the tensor it takes from, and gives a result of the shape of the index."
    for call in situation.calls_of("gather"):
        owner = receiver(call)
        method = owner is not None and situation.full_name(owner) != "torch"
        source, dim, index = (
            [owner, *call.args][:3] if method and len(call.args) > 1 else (*call.args, None, None, None)[:3]
        )
        table, numbers = situation.tensor(source), situation.tensor(index)
        if source is None or dim is None or index is None or table is None or numbers is None:
            continue
        both = f"{text} {situation.shown(source)} has {shape(table)} and {situation.shown(index)} has {shape(numbers)}."
        last = isinstance(dim, ast.Constant) and dim.value in (1, -1) and len(table.shape) == 2
        if not last or list(numbers.shape) != list(table.shape[:1]):
            return Advice(both)
        rest = f"{situation.text(dim)}, {situation.operand(index)}.unsqueeze(1)).squeeze(1)"
        start = (
            f"{situation.owner(call)}.gather(" if method else f"{situation.text(call.func)}({situation.text(source)}, "
        )
        hint = situation.hint((call, start + rest))
        return Advice(f"{both} A column takes one from each row.", hint)
    return Advice(text)


@rules.on(r"invalid index of a 0-dim tensor|iteration over a 0-d tensor|len\(\) of a 0-d tensor")
def _single_number(situation: Situation, match: re.Match[str]) -> Advice:
    text = "is a single number: it has no dimension to index, to loop over or to measure."
    for node in indexed(situation):
        name = situation.text(node.value)
        return Advice(
            f"{shown(name)} {text} `.item()` gives it as a Python number.", situation.hint((node, f"{name}.item()"))
        )
    for other in situation.nodes:
        target: ast.expr | None = None
        if isinstance(other, ast.For):
            target = other.iter
        elif isinstance(other, ast.Call) and called(other) == "len" and other.args:
            target = other.args[0]
        tensor = situation.tensor(target)
        if target is not None and tensor is not None and not tensor.shape:
            whole = f"{situation.operand(target)}.reshape(1)"
            return Advice(
                f"{situation.shown(target)} {text} `.reshape(1)` makes it a list of one.",
                situation.hint((target, whole)),
            )
    return Advice(f"The tensor {text}")


@rules.on(r"Dimension out of range \(expected to be in range of \[(-?\d+), (-?\d+)\], but got (-?\d+)\)")
def _dimension(situation: Situation, match: re.Match[str]) -> Advice:
    first, last, given = match.groups()
    owners = [receiver(call) for call in situation.calls]
    known = [
        (owner, tensor) for owner in owners if owner is not None and (tensor := situation.tensor(owner)) is not None
    ]
    text = f"Dimensions are counted from 0, or backwards from -1: here they go from {first} to {last}, and {given} is not among them."
    if len(known) == 1:
        text = f"{situation.shown(known[0][0])} has {shape(known[0][1])}. {text}"
    constants = [node for node in situation.find(ast.Constant) if str(node.value) == given]
    counted = len(constants) == 1 and int(given) == int(last) + 1
    return Advice(text, situation.hint((constants[0], last)) if counted else None)


@rules.on(r"expected sequence of length (\d+) at dim (\d+) \(got (\d+)\)")
def _ragged(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"A tensor is a full table, so all rows have one length. Here one has {match[1]} entries and another has {match[3]}."
    )


@rules.on(r"(\w+)\(\): argument '(\w+)' \(position (\d+)\) must be Tensor, not (list|tuple|float|int)")
def _not_a_tensor(situation: Situation, match: re.Match[str]) -> Advice:
    text = f"`{match[1]}` works on tensors, and its argument number {match[3]} is a plain {match[4]}."
    for call in situation.calls_of(match[1]):
        place = int(match[3]) - 1
        if place < len(call.args) and not isinstance(call.args[place], ast.Starred):
            given = call.args[place]
            return Advice(text, situation.hint((given, f"{situation.torch}.tensor({situation.text(given)})")))
    return Advice(f"{text} `torch.tensor(...)` makes one of it.")


@rules.on(
    r"(cat|stack|concat|hstack|vstack)\(\): argument 'tensors' \(position 1\) must be tuple of Tensors, not Tensor"
)
def _not_in_a_list(situation: Situation, match: re.Match[str]) -> Advice:
    text = f"`{match[1]}` takes the tensors as one argument, a list or a tuple of them."
    for call in situation.calls_of(match[1]):
        tensors = [given for given in call.args if situation.tensor(given) is not None]
        if len(tensors) != len(call.args) or len(tensors) < 2:
            continue
        texts = ", ".join(situation.text(given) for given in tensors)
        rest = "".join(f", {given.arg}={situation.text(given.value)}" for given in call.keywords if given.arg)
        return Advice(text, situation.hint((call, f"{situation.text(call.func)}([{texts}]{rest})")))
    return Advice(text)


@rules.on(r"(\w+)\(\): argument '(\w+)' \(position (\d+)\) must be Tensor, not numpy\.ndarray")
def _an_array(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"`{match[1]}` works on tensors, and its argument number {match[3]} is a NumPy array. `torch.from_numpy(array)` makes a tensor "
        "of it, and `.float()` gives it the precision that layers have."
    )


@rules.on(r"IndexError: (list|tuple|string) index out of range")
def _list_index(situation: Situation, match: re.Match[str]) -> Advice:
    for node in situation.find(ast.Subscript):
        if isinstance(node.value, ast.Name):
            value = situation.value(node.value)
            length = _length(value) if isinstance(value, str) else None
            if length is not None:
                valid = f"valid indices are 0 to {length - 1}" if length else "it has none"
                constant = node.slice if isinstance(node.slice, ast.Constant) else None
                counted = constant is not None and constant.value == length > 0
                return Advice(
                    f"{situation.shown(node.value)} has {length} elements, and counting begins at 0: {valid}.",
                    situation.hint((constant, str(length - 1))) if constant is not None and counted else None,
                )
    return Advice(
        f"The {match[1]} is shorter than that. Counting begins at 0, so the last index is its length minus 1."
    )


def _length(text: str) -> int | None:
    """How many elements a short text stands for: ``[1, 2]`` or ``list of 12 tensors``."""
    counted = re.fullmatch(r"(?:list|tuple) of (\d+) \w+", text)
    if counted is not None:
        return int(counted[1])
    try:
        value = ast.literal_eval(text) if len(text) <= 60 else None
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None
    return len(value) if isinstance(value, list | tuple | str) else None
