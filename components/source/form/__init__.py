"""The Playground's form, and the program that it stands for.

A form is an expression, a table of leaves, and the buttons pressed so far. It is only a comfortable way to write source
text: what ``write_source`` returns is in view, is what runs, and reads like a cell of a lesson.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import msgspec

from ..edits import edited, inside_strings
from . import bare_names, shapes, values
from .expression import FormError, Reading, read_expression

__all__ = [
    "Action",
    "BackwardPress",
    "Form",
    "FormError",
    "Leaf",
    "Written",
    "ZeroGrad",
    "leaf_rows",
    "scalar_value",
    "with_scalar",
    "with_shape",
    "with_typed",
    "write_program",
    "write_source",
]

MAX_LEAVES = 100
MAX_ACTIONS = 500


class Leaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the table: ``value`` as typed (a number, a list, ``randn(3, 4)``), ``dtype`` one of ``DTYPES``."""

    name: str
    value: str = "1.0"
    requires_grad: bool = True
    dtype: str = "float32"


class BackwardPress(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="backward"):
    """The button *Backward*, with its toggles as they stood when it was pressed."""

    retain_graph: bool = False
    create_graph: bool = False


class ZeroGrad(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="zero_grad"):
    """The button *Zero grad*."""


Action = BackwardPress | ZeroGrad


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that a person has entered; ``no_grad`` computes the expression without recording a graph."""

    expression: str
    leaves: tuple[Leaf, ...] = ()
    actions: tuple[Action, ...] = ()
    no_grad: bool = False


@dataclass(frozen=True)
class Written:
    """The program that a form stands for, and where its parts stand in it; lines count from 1.

    ``output`` is the name of the result, ``leaves`` has the line of each leaf, ``actions`` the lines of each press.
    """

    source: str
    output: str
    leaves: dict[str, int]
    expression: range
    actions: tuple[range, ...]


def leaf_rows(expression: str, leaves: tuple[Leaf, ...]) -> tuple[Leaf, ...]:
    """Return one leaf for each free name, in order of appearance: the ones there were, and new ones that fit.

    Raises:
        FormError: the expression cannot be read; with its line and what to write instead.
    """
    reading = read_expression(expression)
    known = {leaf.name: leaf for leaf in leaves}
    new = {name: values.starting_value(name, reading) for name in reading.free if name not in known}
    typed = {name: known[name].value for name in reading.free if name in known} | new
    fitting = shapes.fitting(reading, typed, list(new))
    new |= {name: shapes.filled(shape, "float32") for name, shape in fitting.items()}
    return tuple(known.get(name) or Leaf(name, new[name]) for name in reading.free)


def scalar_value(leaf: Leaf) -> float | None:
    """Return the number that a slider would show; ``None`` where the value is no single finite number."""
    return values.number(leaf.value)


def with_scalar(leaf: Leaf, value: float) -> Leaf:
    """Return the leaf with a number of a slider as its value, to 12 digits. Raises ValueError if it is not finite."""
    return msgspec.structs.replace(leaf, value=values.number_text(value, leaf.dtype))


def with_shape(leaf: Leaf, shape: shapes.Shape, *, random: bool = False) -> Leaf:
    """Return the leaf with numbers of a shape as its value: 1, 2, 3 ... that can be read, or random ones."""
    return msgspec.structs.replace(leaf, value=shapes.filled(shape, leaf.dtype, random=random))


def with_typed(leaf: Leaf, value: str) -> Leaf:
    """Return the leaf with what was typed as its value; a shape, as ``(2, 3)`` or ``2x3``, fills itself."""
    shape = shapes.typed_shape(value)
    return msgspec.structs.replace(leaf, value=value) if shape is None else with_shape(leaf, shape)


def write_source(form: Form) -> str:
    """Return the text of the program that the form stands for. Raises FormError as ``write_program`` does."""
    return write_program(form).source


def write_program(form: Form, device: Literal["cpu", "cuda"] = "cpu") -> Written:
    """Return the program that the form stands for, with its leaves on a device.

    Raises:
        FormError: with the line of the expression or the name of the leaf, and what to write instead.
    """
    if len(form.leaves) > MAX_LEAVES or len(form.actions) > MAX_ACTIONS:
        message = f"The form takes {MAX_LEAVES} leaves and {MAX_ACTIONS} actions."
        raise FormError(message, advice="Use the Code page for more.")
    reading = read_expression(form.expression)
    _check_names(form, reading)
    leaves = [_write_leaf(leaf, device) for leaf in form.leaves]
    output = reading.output or _free_output_name(form, reading)
    actions = [_write_action(action, output, form.leaves) for action in form.actions]
    imports = [line for name, line in bare_names.IMPORTS.items() if name in reading.modules | {"torch"}]
    parts = [imports, leaves, [_write_expression(form, reading, output)], [line for lines in actions for line in lines]]
    blocks = ["\n".join(part) for part in parts if part]
    first_leaf = len(imports) + 2
    first = first_leaf + (len(leaves) + 1 if leaves else 0)
    last = first + parts[2][0].count("\n")
    return Written(
        source="\n\n".join(blocks) + "\n",
        output=output,
        leaves={leaf.name: first_leaf + place for place, leaf in enumerate(form.leaves)},
        expression=range(first, last + 1),
        actions=tuple(_line_ranges(actions, last + 2)),
    )


def _line_ranges(blocks: list[list[str]], first: int) -> Iterator[range]:
    for block in blocks:
        yield range(first, first + len(block))
        first += len(block)


def _check_names(form: Form, reading: Reading) -> None:
    seen: set[str] = set()
    for leaf in form.leaves:
        name = leaf.name
        if not name.isidentifier() or keyword.iskeyword(name):
            raise FormError(f"{name!r} is not a name.", leaf=name, advice="Use letters, digits and _, for example w1.")
        if name in bare_names.IMPORTS or name in bare_names.CONSTANTS:
            raise FormError(f"{name} has a meaning of its own here.", leaf=name, advice="Give the leaf another name.")
        if name in seen:
            raise FormError(f"There are two leaves named {name}.", leaf=name, advice="Give one of them another name.")
        seen.add(name)
    for use in sorted(reading.uses):
        if use.name not in seen:
            message = f"{use.name} has no value."
            raise FormError(message, line=use.line, leaf=use.name, advice=f"Add a leaf named {use.name}.")


def _free_output_name(form: Form, reading: Reading) -> str:
    taken = {leaf.name for leaf in form.leaves} | reading.bound
    choices = ["y", "out", "result", *(f"out_{number}" for number in range(len(taken)))]
    return next(name for name in choices if name not in taken)


def _write_leaf(leaf: Leaf, device: str) -> str:
    made = values.write_tensor(leaf.name, leaf.value, dtype=leaf.dtype, requires_grad=leaf.requires_grad, device=device)
    return f"{leaf.name} = {made}"


def _write_expression(form: Form, reading: Reading, output: str) -> str:
    first = [] if reading.output else [reading.text.before(reading.tree.body[-1], f"{output} = ")]
    text = edited(reading.text.source, [*first, *reading.edits])
    written = f"with torch.no_grad():\n{_indented(text, reading.tree)}" if form.no_grad else text
    return written.strip("\n")


def _indented(text: str, tree: ast.Module) -> str:
    """Return the text four spaces further in, apart from lines that begin inside a string."""
    inside = inside_strings(ast.walk(tree))
    lines = enumerate(text.split("\n"), start=1)
    return "\n".join(f"    {line}" if line.strip() and number not in inside else line for number, line in lines)


def _write_action(action: Action, output: str, leaves: tuple[Leaf, ...]) -> list[str]:
    if isinstance(action, BackwardPress):
        toggles = [name for name in ("retain_graph", "create_graph") if getattr(action, name)]
        return [f"{output}.backward({', '.join(f'{name}=True' for name in toggles)})"]
    names = [leaf.name for leaf in leaves if leaf.requires_grad]
    if not names:
        return ["# No leaf requires grad, so there is no gradient to set to zero."]
    return [line for name in names for line in (f"if {name}.grad is not None:", f"    {name}.grad.zero_()")]
