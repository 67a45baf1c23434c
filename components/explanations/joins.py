"""Tensors that are joined, summed over letters or mapped over, and whose sizes do not agree: cat, stack, einsum, vmap."""

from __future__ import annotations

import ast
import re

from .shape_of import Shape, here, shape_of, written
from .situation import Advice, Rules, Situation, argument, called, shown

rules = Rules()

_CATS = ("cat", "concat", "concatenate", "hstack", "vstack", "column_stack", "dstack")
_PLACES = ("first", "second", "third", "fourth", "fifth", "sixth")


def _joined(situation: Situation, *names: str) -> tuple[ast.Call, list[ast.expr]] | None:
    """The one call that joins, with the entries of the list that stands in it."""
    calls = situation.calls_of(*names)
    given = calls[0].args[0] if len(calls) == 1 and calls[0].args else None
    if not isinstance(given, ast.List | ast.Tuple) or any(isinstance(entry, ast.Starred) for entry in given.elts):
        return None
    return calls[0], list(given.elts)


def _two(situation: Situation, entries: list[ast.expr], place: int, other: int = 0) -> str:
    """Two entries with their shapes, where both are known; else empty."""
    if max(place, other) >= len(entries):
        return ""
    one, two = entries[other], entries[place]
    first, second = shape_of(situation, one), shape_of(situation, two)
    if first is None or second is None:
        return ""
    return f"{here(situation, one, first)} and {here(situation, two, second)}. "


@rules.on(
    r"Sizes of tensors must match except in dimension (\d+)\. Expected size (\d+) but got size (\d+) for tensor number (\d+)"
)
def _cat(situation: Situation, match: re.Match[str]) -> Advice:
    found = _joined(situation, *_CATS)
    name = called(found[0]) if found is not None else next((called(c) for c in situation.calls_of(*_CATS)), "cat")
    both = _two(situation, found[1], int(match[4])) if found is not None else ""
    text = f"{both}`{name}` joins along dimension {match[1]}; all other sizes must be equal"
    if not both:
        text += (
            f". Tensor number {match[4]} of the list (counted from 0) has {match[3]} where the first has {match[2]}."
        )
        return Advice(text)
    return Advice(
        f"{text}: {match[3]} is not {match[2]}.", _other_dimension(situation, *found) if found is not None else None
    )


def _other_dimension(situation: Situation, call: ast.Call, entries: list[ast.expr]) -> str | None:
    """The hint that joins along the one dimension along which the shapes allow it."""
    shapes = [shape_of(situation, entry) for entry in entries]
    first = shapes[0]
    if called(call) not in ("cat", "concat", "concatenate") or first is None or None in shapes:
        return None
    known = [sizes for sizes in shapes if sizes is not None and len(sizes) == len(first)]
    if len(known) != len(shapes):
        return None
    fitting = [dim for dim in range(len(first)) if len({(*sizes[:dim], *sizes[dim + 1 :]) for sizes in known}) == 1]
    if len(fitting) != 1:
        return None
    given = argument(call, 1, "dim")
    if given is not None and not isinstance(given, ast.keyword):
        return situation.hint((given, str(fitting[0])))
    return situation.hint(situation.with_keyword(call, "dim", str(fitting[0])))


@rules.on(r"Tensors must have same number of dimensions: got (\d+) and (\d+)")
def _different_dimensions(situation: Situation, match: re.Match[str]) -> Advice:
    found = _joined(situation, *_CATS)
    shapes = [shape_of(situation, entry) for entry in found[1]] if found is not None else []
    odd = next(
        (n for n, sizes in enumerate(shapes) if sizes is not None and shapes[0] and len(sizes) != len(shapes[0])), 0
    )
    both = _two(situation, found[1], odd) if found is not None and odd else ""
    text = f"{both}What is joined must have equally many dimensions, and here are {match[1]} and {match[2]}."
    first, second = (shapes[0], shapes[odd]) if both else (None, None)
    if found is not None and first and second and len(shapes) == 2 and second == first[1:] and _along_first(found[0]):
        entry = found[1][odd]
        row = f"{situation.operand(entry)}[None]"
        return Advice(f"{text} {shown(row)} is one more row.", situation.hint((entry, row)))
    return Advice(text)


def _along_first(call: ast.Call) -> bool:
    dim = argument(call, 1, "dim")
    return called(call) in ("cat", "concat", "concatenate") and (dim is None or getattr(dim, "value", None) == 0)


@rules.on(r"zero-dimensional tensor \(at position (\d+)\) cannot be concatenated")
def _cat_of_numbers(situation: Situation, match: re.Match[str]) -> Advice:
    calls = situation.calls_of("cat", "concat", "concatenate")
    hint = None
    if len(calls) == 1:
        path = situation.text(calls[0].func)
        hint = situation.hint((calls[0].func, f"{path.removesuffix(called(calls[0]))}stack"))
    return Advice(
        f"Entry {match[1]} of the list (counted from 0) is a single number, without dimensions, so there is nothing along "
        "which it could be joined. `torch.stack` makes a new dimension.",
        hint,
    )


@rules.on(r"stack expects each tensor to be equal size, but got \[(.*?)\] at entry 0 and \[(.*?)\] at entry (\d+)")
def _stack(situation: Situation, match: re.Match[str]) -> Advice:
    found = _joined(situation, "stack")
    both = _two(situation, found[1], int(match[3])) if found is not None else ""
    has = both or f"Entry 0 has shape [{match[1]}], entry {match[3]} has [{match[2]}]. "
    return Advice(
        f"{has}`stack` needs tensors of one shape. To join tensors of different length end to end, use `torch.cat`."
    )


# --- einsum


def _terms(situation: Situation) -> tuple[str, list[str], list[ast.expr]]:
    """The equation of the one ``einsum``, the letters of each operand, and the operands."""
    calls = situation.calls_of("einsum")
    given = calls[0].args if len(calls) == 1 else []
    equation = given[0].value if given and isinstance(given[0], ast.Constant) else None
    if not isinstance(equation, str):
        return "", [], []
    operands = given[1].elts if len(given) == 2 and isinstance(given[1], ast.List | ast.Tuple) else given[1:]
    return equation, [term.strip() for term in equation.partition("->")[0].split(",")], list(operands)


@rules.on(
    r"einsum\(\): subscript (\w) has size (\d+) for operand (\d+) which does not broadcast with previously seen size (\d+)"
)
def _letter(situation: Situation, match: re.Match[str]) -> Advice:
    letter, place = match[1], int(match[3])
    equation, terms, operands = _terms(situation)
    rule = f"One letter of an `einsum` stands for one size, and `{letter}` would be {match[4]} and {match[2]}"
    if not equation or place >= min(len(terms), len(operands)):
        return Advice(f"{rule}.")
    earlier = [n for n in range(place) if letter in terms[n]]
    shapes = [shape_of(situation, operand) for operand in operands]
    found = next((n for n in earlier if str(_size(shapes[n], terms[n], letter)) == match[4]), None)
    if found is None or shapes[place] is None:
        return Advice(f"{rule} in {shown(equation)}.")
    both = f"{here(situation, operands[found], shapes[found])} and {here(situation, operands[place], shapes[place])}"
    return Advice(
        f"{both}. In {shown(equation)} the letter `{letter}` is the {_place(terms[found], letter)} size of the one, {match[4]}, "
        f"and the {_place(terms[place], letter)} of the other, {match[2]}. One letter stands for one size."
    )


def _size(sizes: Shape | None, term: str, letter: str) -> int | None:
    letters = term.replace(" ", "")
    return sizes[letters.index(letter)] if sizes is not None and len(sizes) == len(letters) else None


def _place(term: str, letter: str) -> str:
    place = term.replace(" ", "").index(letter)
    return _PLACES[place] if place < len(_PLACES) else f"{place + 1}th"


@rules.on(
    r"einsum\(\): the number of subscripts in the equation \((\d+)\) does not match the number of dimensions \((\d+)\) for operand (\d+)"
)
def _letters(situation: Situation, match: re.Match[str]) -> Advice:
    equation, terms, operands = _terms(situation)
    place = int(match[3])
    if not equation or place >= min(len(terms), len(operands)):
        return Advice(
            f"An `einsum` names each dimension by a letter: operand {place} (counted from 0) has {match[2]}, and {match[1]} are named."
        )
    operand = operands[place]
    return Advice(
        f"{here(situation, operand, shape_of(situation, operand))}, which makes {match[2]} {'dimension' if match[2] == '1' else 'dimensions'}, and {shown(terms[place])} in "
        f"{shown(equation)} names {match[1]}. Each dimension has a letter; `...` stands for any number of them."
    )


@rules.on(r"einsum\(\): (?P<few>fewer|more) operands were provided than specified in the equation")
def _operands(situation: Situation, match: re.Match[str]) -> Advice:
    equation, terms, operands = _terms(situation)
    if not equation:
        return Advice("An `einsum` takes one tensor for each group of letters between commas.")
    return Advice(
        f"{shown(equation)} has {len(terms)} {'group' if len(terms) == 1 else 'groups'} of letters before `->`, one for each "
        f"tensor, and {len(operands)} {'is' if len(operands) == 1 else 'are'} given."
    )


@rules.on(r"einsum\(\): output subscript (\w) does not appear in the equation for any input operand")
def _output_letter(situation: Situation, match: re.Match[str]) -> Advice:
    equation, _, _ = _terms(situation)
    where = f" of {shown(equation)}" if equation else ""
    return Advice(
        f"The letter `{match[1]}` stands behind `->`{where} and before it in no group, so nothing says how large it is."
    )


# --- vmap


def _mapped(situation: Situation) -> tuple[ast.Call, list[ast.expr]] | None:
    """The call that made a mapped function, and the arguments that the failing line calls it with."""
    for call in situation.calls:
        if isinstance(call.func, ast.Call) and called(call.func) == "vmap":
            return call.func, list(call.args)
    for call in situation.calls:
        made = situation.assignment(call.func.id) if isinstance(call.func, ast.Name) else None
        assign = made.assigned() if made is not None else None
        if assign is not None and isinstance(assign.value, ast.Call) and called(assign.value) == "vmap":
            return assign.value, list(call.args)
    return None


@rules.on(r"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes \[(.*?)\]")
def _mapped_sizes(situation: Situation, match: re.Match[str]) -> Advice:
    rule = "`vmap` calls the function once for each entry along the mapped dimension, the first if `in_dims` does not say another"
    found = _mapped(situation)
    shapes = [shape_of(situation, given) for given in found[1]] if found is not None else []
    if found is None or not shapes or None in shapes:
        return Advice(f"{rule}. Here these dimensions have sizes {match[1]}.")
    both = " and ".join(here(situation, given, sizes) for given, sizes in zip(found[1], shapes, strict=True))
    text = f"{both}. {rule}: so {match[1].replace(', ', ' and ')} must be equal. `in_dims` has `None` for what is not mapped."
    return Advice(text, _not_mapped(situation, found[0], shapes))


def _not_mapped(situation: Situation, made: ast.Call, shapes: list[Shape | None]) -> str | None:
    """``in_dims=(0, None)`` where a row of the first argument has the shape of the second, and the function stands here."""
    known = [sizes for sizes in shapes if sizes is not None]
    if len(known) != 2 or made.keywords or len(made.args) != 1 or made not in situation.calls:
        return None
    if len(known[0]) > len(known[1]) and known[0][1:] == known[1]:
        return situation.hint(situation.with_keyword(made, "in_dims", "(0, None)"))
    if len(known[1]) > len(known[0]) and known[1][1:] == known[0]:
        return situation.hint(situation.with_keyword(made, "in_dims", "(None, 0)"))
    return None


@rules.on(r"Got in_dim=(-?\d+) for some input, but that input is a Tensor of dimensionality (\d+)")
def _mapped_dimension(situation: Situation, match: re.Match[str]) -> Advice:
    found = _mapped(situation)
    short = [
        f"{situation.shown(given)} has {written(sizes)}"
        for given in (found[1] if found is not None else [])
        if (sizes := shape_of(situation, given)) is not None and len(sizes) == int(match[2])
    ]
    has = f": {short[0]}" if len(short) == 1 else f": one of them has {match[2]} dimensions"
    text = f"`vmap` takes the entries along dimension {match[1]} of each argument, and not every one has it{has}."
    return Advice(f"{text} `in_dims` has `None` for an argument that is not mapped.")
