"""The Playground's form, and the program that it stands for.

A form is an expression, a table of leaves, and the buttons pressed so far. It is only a comfortable way to write source
text: what ``write_source`` returns is in view, is what runs, and reads like a cell of a lesson.
"""

from __future__ import annotations

import keyword

import msgspec

from . import form_names, form_values
from .form_edits import Edit, apply, indent
from .form_error import FormError
from .form_expression import Reading, read
from .form_starts import starting_value

__all__ = [
    "DTYPES",
    "Action",
    "Backward",
    "Form",
    "FormError",
    "Leaf",
    "ZeroGrad",
    "free_names",
    "leaf_rows",
    "scalar_value",
    "with_scalar",
    "write_source",
]

DTYPES = form_names.DTYPES
MAX_LEAVES = 100
MAX_ACTIONS = 500


class Leaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the table: ``value`` as typed (a number, a list, ``randn(3, 4)``), ``dtype`` one of ``DTYPES``."""

    name: str
    value: str = "1.0"
    requires_grad: bool = True
    dtype: str = "float32"


class Backward(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="backward"):
    """The button *Backward*, with its toggles as they stood when it was pressed."""

    retain_graph: bool = False
    create_graph: bool = False


class ZeroGrad(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="zero_grad"):
    """The button *Zero grad*."""


Action = Backward | ZeroGrad


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that a person has entered; ``no_grad`` computes the expression without recording a graph."""

    expression: str
    leaves: tuple[Leaf, ...] = ()
    actions: tuple[Action, ...] = ()
    no_grad: bool = False


def free_names(expression: str) -> list[str]:
    """Return the names that need a leaf, in order of appearance: no functions, constants or assigned names.

    Raises:
        FormError: the expression cannot be read; with its line and what to write instead.
    """
    return read(expression).free


def leaf_rows(expression: str, leaves: tuple[Leaf, ...]) -> tuple[Leaf, ...]:
    """Return one leaf for each free name, in order of appearance: the ones there were, and new ones that fit.

    Raises:
        FormError: as ``free_names``.
    """
    reading = read(expression)
    known = {leaf.name: leaf for leaf in leaves}
    return tuple(known.get(name) or Leaf(name, starting_value(name, reading)) for name in reading.free)


def scalar_value(leaf: Leaf) -> float | None:
    """Return the number that a slider would show; ``None`` where the value is no single finite number."""
    return form_values.number(leaf.value)


def with_scalar(leaf: Leaf, value: float) -> Leaf:
    """Return the leaf with a number of a slider as its value, to 12 digits. Raises ValueError if it is not finite."""
    return msgspec.structs.replace(leaf, value=form_values.number_text(value, leaf.dtype))


def write_source(form: Form) -> str:
    """Return the program that the form stands for.

    Raises:
        FormError: with the line of the expression or the name of the leaf, and what to write instead.
    """
    if len(form.leaves) > MAX_LEAVES or len(form.actions) > MAX_ACTIONS:
        message = f"The form takes {MAX_LEAVES} leaves and {MAX_ACTIONS} actions."
        raise FormError(message, advice="Use the Code page for more.")
    reading = read(form.expression)
    _check_names(form, reading)
    leaves = [_write_leaf(leaf) for leaf in form.leaves]
    output = reading.output or _free_output_name(form, reading)
    actions = [line for action in form.actions for line in _write_action(action, output, form.leaves)]
    imports = [line for name, line in form_names.IMPORTS.items() if name in reading.modules | {"torch"}]
    blocks = [imports, leaves, [_write_expression(form, reading, output)], actions]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _check_names(form: Form, reading: Reading) -> None:
    seen: set[str] = set()
    for leaf in form.leaves:
        name = leaf.name
        if not name.isidentifier() or keyword.iskeyword(name):
            raise FormError(f"{name!r} is not a name.", leaf=name, advice="Use letters, digits and _, for example w1.")
        if name in form_names.IMPORTS or name in form_names.CONSTANTS:
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


def _write_leaf(leaf: Leaf) -> str:
    made = form_values.write_tensor(leaf.name, leaf.value, dtype=leaf.dtype, requires_grad=leaf.requires_grad)
    return f"{leaf.name} = {made}"


def _write_expression(form: Form, reading: Reading, output: str) -> str:
    line, start = reading.last
    first = [] if reading.output else [Edit(line, start, start, f"{output} = ")]
    text = apply(reading.text, [*first, *reading.edits])
    written = f"with torch.no_grad():\n{indent(text, reading.tree)}" if form.no_grad else text
    return written.strip("\n")


def _write_action(action: Action, output: str, leaves: tuple[Leaf, ...]) -> list[str]:
    if isinstance(action, Backward):
        toggles = [name for name in ("retain_graph", "create_graph") if getattr(action, name)]
        return [f"{output}.backward({', '.join(f'{name}=True' for name in toggles)})"]
    names = [leaf.name for leaf in leaves if leaf.requires_grad]
    if not names:
        return ["# No leaf requires grad, so there is no gradient to set to zero."]
    return [line for name in names for line in (f"if {name}.grad is not None:", f"    {name}.grad.zero_()")]
