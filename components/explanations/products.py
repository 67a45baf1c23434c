"""Matrix products and linear layers whose sizes do not fit: both sides by name, with their shapes and where they came from."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from ..source.statements import Statement
from ..trace import Tensor
from .shape_of import Shape, here, shape_of
from .situation import Advice, Rules, Situation, argument, called, receiver

rules = Rules()

_PRODUCTS = frozenset({"matmul", "mm", "mv", "bmm", "dot", "inner", "vdot"})
_RULE = "In a matrix product the last size of the left one must equal the {} size of the right one"


class Product(NamedTuple):
    """A matrix product of the failing statement: its two sides and what is known of their shapes."""

    node: ast.AST
    left: ast.expr
    right: ast.expr
    first: Shape | None
    second: Shape | None

    @property
    def fits(self) -> bool | None:
        """Whether the sizes that are summed over are equal; ``None`` where a shape is not known."""
        if not self.first or not self.second:
            return None
        return self.first[-1] == (self.second[-2] if len(self.second) > 1 else self.second[0])


def _written(situation: Situation) -> Iterator[Product]:
    for node in situation.nodes:
        sides: tuple[ast.expr | None, ast.expr | None] = (None, None)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            sides = node.left, node.right
        elif isinstance(node, ast.Call) and called(node) in _PRODUCTS:
            owner = receiver(node)
            function = owner is None or situation.full_name(owner) in ("torch", "torch.linalg")
            sides = (argument(node, 0), argument(node, 1)) if function else (owner, argument(node, 0))
        if sides[0] is not None and sides[1] is not None:
            yield Product(node, sides[0], sides[1], shape_of(situation, sides[0]), shape_of(situation, sides[1]))


def written_products(situation: Situation) -> list[tuple[ast.expr, ast.expr, Shape | None, Shape | None]]:
    """Return the matrix products of the failing statement: both sides, and their shapes where these are known."""
    return [(one.left, one.right, one.first, one.second) for one in _written(situation)]


def products(situation: Situation) -> list[tuple[ast.expr, ast.expr, Tensor, Tensor]]:
    """Return the matrix products of the failing statement whose two operands are known tensors."""
    found = [(one, situation.tensor(one.left), situation.tensor(one.right)) for one in _written(situation)]
    return [(one.left, one.right, a, b) for one, a, b in found if a is not None and b is not None]


def _at_fault(situation: Situation) -> Product | None:
    """The one product that does not fit: the only one, or the only one whose shapes say so."""
    found = list(_written(situation))
    return found[0] if len(found) == 1 else next((one for one in found if one.fits is False), None)


@rules.on(
    r"mat1 and mat2 shapes cannot be multiplied \((?P<r>\d+)x(?P<c>\d+) and (?P<r2>\d+)x(?P<c2>\d+)\)"
    r"|size mismatch, got input \(\d+\), mat \(\d+x\d+\), vec \(\d+\)"
    r"|inconsistent tensor size, expected tensor \[\d+\] and src"
    r"|Expected size for first two dimensions of batch2 tensor"
)
def _matrix_product(situation: Situation, match: re.Match[str]) -> Advice:
    product = _at_fault(situation)
    if product is None:
        several = next(_written(situation), None) is not None
        if match["r"] is not None and not several:
            return _linear(situation, match)
        return Advice(f"{_RULE.format('first')}.")
    if match["r"] is not None and product.second is None and product.first == (int(match["r"]), int(match["c"])):
        product = product._replace(second=(int(match["r2"]), int(match["c2"])))
    both = f"{here(situation, product.left, product.first)} and {here(situation, product.right, product.second)}"
    if product.first and product.second and len(product.first) == len(product.second) == 3 and product.fits:
        return Advice(
            f"{both}. Each matrix of one meets the matrix at the same place of the other, so the first sizes must be equal: "
            f"{product.first[0]} is not {product.second[0]}."
        )
    if product.first is None or product.second is None or product.fits:
        sizes = f": {match['c']} is not {match['r2']}" if match["r"] is not None else ""
        known = [
            (side, sizes) for side, sizes in ((product.left, product.first), (product.right, product.second)) if sizes
        ]
        has = f" {here(situation, *known[0])}." if len(known) == 1 else ""
        return Advice(
            f"{_RULE.format('first')}{sizes}. The left one is {situation.shown(product.left)}, the right one "
            f"{situation.shown(product.right)}.{has}"
        )
    inner = "second last" if len(product.second) > 2 else "only" if len(product.second) == 1 else "first"
    sizes = f"{product.first[-1]} is not {product.second[-2] if len(product.second) > 1 else product.second[0]}"
    return Advice(f"{both}. {_RULE.format(inner)}: {sizes}.", _transposed(situation, product))


def _transposed(situation: Situation, product: Product) -> str | None:
    """The hint that turns the right side, where that makes it fit, as in ``x @ weight.T`` and ``q @ k.T``."""
    first, second = product.first or (), product.second or ()
    if len(first) < 2 or len(second) < 2 or first[:-2] != second[:-2]:
        return None
    turned = ".T" if len(first) == len(second) == 2 else ".mT"
    if first[-1] != second[-1]:
        return None
    return situation.hint((product.right, situation.operand(product.right) + turned))


@rules.on(
    r"(?:batch1|batch2) must be a 3D tensor|mat2 must be a matrix|self must be a matrix|1D tensors expected, but got"
)
def _dimensions(situation: Situation, match: re.Match[str]) -> Advice | None:
    product = _at_fault(situation)
    if product is None or not isinstance(product.node, ast.Call):
        return None
    name = called(product.node)
    wants = {"bmm": "two batches of matrices, three dimensions each", "mm": "two matrices, two dimensions each"}
    taken = wants.get(name, "two vectors, one dimension each" if name in ("dot", "vdot") else None)
    if taken is None:
        return None
    both = f"{here(situation, product.left, product.first)} and {here(situation, product.right, product.second)}"
    text = f"`{name}` takes {taken}: {both}. `@` and `matmul` multiply any of these."
    first, second = product.first or (), product.second or ()
    inner = second[-2] if len(second) > 1 else second[0] if second else None
    if not first or not second or first[-1] != inner:
        return Advice(text)
    sides = f"{situation.operand(product.left)} @ {situation.operand(product.right)}"
    alone = any(node.value is product.node for node in situation.find(ast.Assign))
    return Advice(text, situation.hint((product.node, sides if alone else f"({sides})")))


# --- linear layers


def _linear(situation: Situation, match: re.Match[str]) -> Advice:
    functional = [call for call in situation.calls_of("linear") if len(call.args) > 1]
    if len(functional) == 1:
        return _functional(situation, functional[0], match)
    features, wanted, outputs = match["c"], match["r2"], match["c2"]
    layers = list(constructed(situation, "Linear", (wanted, outputs)))
    where = f" `{layers[0][0].text(layers[0][1])}` on line {layers[0][0].first} made it so." if len(layers) == 1 else ""
    given = _given(situation, int(features))
    what = f"{features} features" if given is None else f"{features}: {here(situation, *given)}"
    takes = f"A linear layer here takes {wanted} features, the last size of its input, and got {what}."
    text = f"{takes}{where}"
    sizes = given[1] if given is not None else ()
    if given is not None and len(sizes) > 2 and math.prod(sizes[1:]) == int(wanted):
        numbers = " x ".join(map(str, sizes[1:]))
        flat = f"{situation.operand(given[0])}.flatten(1)"
        return Advice(
            f"{text} Each entry of the batch has {numbers} = {wanted} numbers: `.flatten(1)` makes them one row.",
            situation.hint((given[0], flat)),
        )
    if len(sizes) == 2 and sizes[0] == int(wanted):
        return Advice(f"{takes} Its first size is {wanted}: if each column is one sample, `.T` makes rows of them.")
    hint = situation.hint_at(layers[0][0], (layers[0][1].args[0], features)) if len(layers) == 1 else None
    return Advice(text, hint)


def _functional(situation: Situation, call: ast.Call, match: re.Match[str]) -> Advice:
    sides = call.args[0], call.args[1]
    first, second = (shape_of(situation, side) for side in sides)
    text = (
        f"`linear` multiplies by the transposed weight, whose shape is (outputs, inputs): {here(situation, sides[0], first)} "
        f"and {here(situation, sides[1], second)}. It takes {match['r2']} features and got {match['c']}."
    )
    turned = first and second and len(second) == 2 and first[-1] == second[0]
    return Advice(text, situation.hint((sides[1], f"{situation.operand(sides[1])}.T")) if turned else None)


def _given(situation: Situation, features: int) -> tuple[ast.expr, Shape] | None:
    """The one argument of the failing statement's calls whose last size is this."""
    found: dict[str, tuple[ast.expr, Shape]] = {}
    for call in situation.calls:
        for given in call.args:
            sizes = shape_of(situation, given)
            if sizes and sizes[-1] == features:
                found.setdefault(situation.text(given), (given, sizes))
    return next(iter(found.values())) if len(found) == 1 else None


def constructed(situation: Situation, name: str, sizes: tuple[str, ...]) -> Iterator[tuple[Statement, ast.Call]]:
    """Yield the calls of a layer's class whose first arguments are these numbers."""
    for statement, call in situation.calls_anywhere(name):
        if tuple(statement.text(given) for given in call.args[: len(sizes)]) == sizes:
            yield statement, call
