"""What to change in the form where its program stopped: a sentence about the switch or the expression, and that change.

PyTorch's message says what was refused; the form knows which press, leaf or part of the expression asked for it. The
tests make every change that is offered and run the program to its end.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from ...trace import Failure, Trace
from ..edits import Edit, edited, needs_parentheses
from . import BackwardPress, Form, Leaf, Written, bare_names, shapes, with_shape
from .expression import FormError, Reading, read_expression

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
_LONGEST_LABEL = 30


class Fix(NamedTuple):
    """``says`` is what happened, with `code` marked; ``button`` is what would mend it and ``form`` the form after it.

    Both are ``None`` where no change of the form is sure to mend it.
    """

    says: str
    button: str | None = None
    form: Form | None = None


class _Stop(NamedTuple):
    """A form whose program stopped: where, and what PyTorch said."""

    form: Form
    written: Written
    reading: Reading
    trace: Trace
    failure: Failure

    @property
    def press(self) -> int | None:
        """The place of the press in which it stopped."""
        lines = enumerate(self.written.actions)
        return next((place for place, of_press in lines if self.failure.line in of_press), None)

    @property
    def leaf(self) -> Leaf | None:
        """The leaf that could not be made."""
        named = {line: name for name, line in self.written.leaves.items()}
        return next((leaf for leaf in self.form.leaves if leaf.name == named.get(self.failure.line or 0)), None)


def fix_of(form: Form, written: Written, trace: Trace) -> Fix | None:
    """Return what to say and to change where the form's program raised an error; ``None`` where nothing is known."""
    failure = trace.failure
    if failure is None or failure.kind != "raised" or trace.program.source != written.source:
        return None
    try:
        stop = _Stop(form, written, read_expression(form.expression), trace, failure)
    except FormError:
        return None
    for pattern, rule in _RULES:
        found = re.search(pattern, failure.message)
        fix = rule(stop, found) if found is not None else None
        if fix is not None:
            return fix
    return None


def _second_time(stop: _Stop, found: re.Match[str]) -> Fix | None:
    """A Backward came to a graph that an earlier one had freed."""
    press, presses = stop.press, [p for p, one in enumerate(stop.form.actions) if isinstance(one, BackwardPress)]
    freed_by = next((run.failure.freed_by for run in stop.trace.backwards if run.failure is not None), None)
    line = next((run.line for run in stop.trace.backwards if run.id == freed_by), None)
    freeing = next((place for place in presses if line in stop.written.actions[place]), None)
    if press is None or freeing is None:
        return None
    last = presses[-1]
    actions = tuple(
        replace(one, retain_graph=True)
        if isinstance(one, BackwardPress) and place != last and not (one.retain_graph or one.create_graph)
        else one
        for place, one in enumerate(stop.form.actions)
    )
    changed = [place for place in presses if actions[place] != stop.form.actions[place]]
    first, second = _ordinal(presses.index(freeing)), _ordinal(presses.index(press))
    says = (
        f"The {first} Backward freed what the graph had saved, so the {second} has nothing to compute with."
        " `retain_graph` keeps it."
    )
    which = f"the {first} press" if len(changed) == 1 else "all presses but the last"
    return Fix(says, f"Keep the graph in {which}", replace(stop.form, actions=actions))


def _ordinal(place: int) -> str:
    return _ORDINALS[place] if place < len(_ORDINALS) else f"{place + 1}th"


def _no_history(stop: _Stop, found: re.Match[str]) -> Fix | None:
    """Nothing was recorded: because of no_grad, or because no leaf asks for a gradient."""
    form = stop.form
    asks = any(leaf.requires_grad for leaf in form.leaves)
    leaf = next((leaf for leaf in form.leaves if _is_floating(leaf)), next(iter(form.leaves), None))
    if stop.press is None or (not form.no_grad and (asks or leaf is None)):
        return None
    changed, does = form, []
    if form.no_grad:
        says = "`no_grad` is on: the expression was computed without recording a graph, so Backward has no way to go."
        changed, does = replace(changed, no_grad=False), ["switch no_grad off"]
    else:
        says = "No leaf requires a gradient, so nothing was recorded and Backward has no way to go."
    if not asks and leaf is not None:
        asking = _as_floating(replace(leaf, requires_grad=True))
        changed, does = _with_leaf(changed, asking), [*does, f"let {leaf.name} require a gradient"]
    label = " and ".join(does)
    return Fix(says, label[0].upper() + label[1:], changed)


def _several_numbers(stop: _Stop, found: re.Match[str]) -> Fix | None:
    """Backward from a vector: the sum is one number."""
    last = stop.reading.tree.body[-1]
    output = next((one for one in reversed(stop.trace.tensors) if one.name == stop.written.output), None)
    value = getattr(last, "value", None)
    if stop.press is None or not isinstance(value, ast.expr):
        return None
    expression, summed = _with_method(stop.reading, last, value, ".sum()")
    count = 1
    for size in output.shape if output is not None else ():
        count *= size
    has = f"has {count:,} numbers" if output is not None else "has several numbers"
    says = (
        f"Backward starts from one number, and the result {has}. Their sum is one number, and its gradient is what each"
        " element of a leaf adds to all of them."
    )
    return Fix(says, f"Take the sum: {summed}", replace(stop.form, expression=expression))


def _complex_number(stop: _Stop, found: re.Match[str]) -> Fix | None:
    """Backward from a complex number: its magnitude is a real one."""
    last = stop.reading.tree.body[-1]
    value = getattr(last, "value", None)
    if stop.press is None or not isinstance(value, ast.expr):
        return None
    expression, real = _with_method(stop.reading, last, value, ".abs()")
    says = "Backward starts from a real number, and the result is complex."
    return Fix(says, f"Take the magnitude: {real}", replace(stop.form, expression=expression))


def _with_method(reading: Reading, last: ast.stmt, value: ast.expr, method: str) -> tuple[str, str]:
    """Return the expression with a method called on what it was, and how that is written."""
    text = reading.text
    if isinstance(last, ast.AugAssign):
        return f"{text.source}\n{reading.output}{method}", f"{reading.output}{method}"
    open_, close = ("(", ")") if needs_parentheses(value) else ("", "")
    edits: list[Edit] = [text.before(value, open_), text.behind(value, f"{close}{method}")]
    written = text.text(value)
    short = written if len(written) <= _LONGEST_LABEL and "\n" not in written else "…"
    return edited(text.source, edits), f"{open_}{short}{close}{method}"


def _no_tensor(stop: _Stop, found: re.Match[str]) -> Fix | None:
    """The result is none of PyTorch's tensors."""
    if stop.press is None:
        return None
    kind = found[1]
    if kind in ("int", "float", "complex", "bool"):
        says = (
            "The result is a plain number of Python, which has no graph. Put a name into the expression, such as `x`."
        )
    elif kind in ("tuple", "list") or kind.startswith("torch.return_types."):
        says = "The result holds several things, and Backward starts from one tensor. Choose one, such as `[0]`."
    else:
        says = f"The result is a `{kind}`, which is no tensor and has no graph. Backward starts from a tensor."
    return Fix(says)


def _integers(stop: _Stop, found: re.Match[str]) -> Fix | None:
    """A leaf of integers that requires a gradient, or random numbers of a dtype that has none."""
    leaf = stop.leaf
    if leaf is None:
        return None
    wrong = [one for one in stop.form.leaves if one.requires_grad and not _is_floating(one)]
    wrong = wrong if leaf in wrong else [leaf]
    form = stop.form
    for one in wrong:
        form = _with_leaf(form, _as_floating(one))
    names = _listed([one.name for one in wrong])
    says = f"Only floating-point tensors have gradients, and {leaf.name} is {leaf.dtype}."
    return Fix(says, f"Make {names} float32", form)


def _no_kernel(stop: _Stop, found: re.Match[str]) -> Fix | None:
    """Random numbers, say, of a dtype that has none."""
    leaf = stop.leaf
    if leaf is None or _is_floating(leaf):
        return None
    says = f"PyTorch makes no such numbers in {leaf.dtype}."
    return Fix(says, f"Make {leaf.name} float32", _with_leaf(stop.form, _as_floating(leaf)))


def _dtypes_differ(stop: _Stop, found: re.Match[str]) -> Fix | None:
    """A product of two dtypes."""
    floating = [leaf.dtype for leaf in stop.form.leaves if _is_floating(leaf)]
    wanted = "float64" if "float64" in floating else "float32"
    wrong = [leaf for leaf in stop.form.leaves if leaf.dtype != wanted]
    if not wrong or "complex" in "".join(leaf.dtype for leaf in stop.form.leaves):
        return None
    form = stop.form
    for leaf in wrong:
        form = _with_leaf(form, _as_floating(leaf, wanted))
    says = "The two sides of this product have different dtypes, and PyTorch converts neither."
    return Fix(says, f"Make {_listed([leaf.name for leaf in wrong])} {wanted}", form)


def _shapes_differ(stop: _Stop, found: re.Match[str]) -> Fix | None:
    """Two shapes that do not go together, where another shape of one or two leaves would."""
    if stop.failure.line not in stop.written.expression:
        return None
    return shape_fix(stop.form, stop.reading)


def shape_fix(form: Form, reading: Reading) -> Fix | None:
    """Return the shapes that would let the expression be computed, as far as they can be worked out before it runs."""
    change = fitting_shapes(form, reading)
    if not change:
        return None
    values = {leaf.name: leaf.value for leaf in form.leaves}
    for leaf in form.leaves:
        if leaf.name in change:
            form = _with_leaf(form, with_shape(leaf, change[leaf.name]))
    given = [f"{name} the shape {shape_text(shape)}" for name, shape in change.items()]
    now = [f"{name} has the shape {shape_text(shapes.shape_of_value(values[name]) or ())}" for name in change]
    of = [f"{name} of shape {shape_text(shape)}" for name, shape in change.items()]
    says = f"The shapes do not go together: {_listed(now)}. With {_listed(of)} the expression can be computed."
    return Fix(says, f"Give {_listed(given)}", form)


def fitting_shapes(form: Form, reading: Reading) -> dict[str, shapes.Shape]:
    """Return the shapes of one or two leaves that would let the expression be computed, where it cannot be as it is."""
    values = {leaf.name: leaf.value for leaf in form.leaves}
    return shapes.fitting(reading, values, shapes.numbers_first(list(values), values))


def shape_text(shape: shapes.Shape) -> str:
    """Return a shape as Python writes it: ``(2,)``."""
    return str(shape)


def _with_leaf(form: Form, leaf: Leaf) -> Form:
    return replace(form, leaves=tuple(leaf if one.name == leaf.name else one for one in form.leaves))


def _is_floating(leaf: Leaf) -> bool:
    return leaf.dtype in bare_names.FLOATING or leaf.dtype.startswith("complex")


def _as_floating(leaf: Leaf, dtype: str = "float32") -> Leaf:
    """Return the leaf with a floating dtype; what is true becomes 1."""
    if _is_floating(leaf) and dtype == "float32":
        return leaf
    value = re.sub(r"\bTrue\b", "1.0", re.sub(r"\bFalse\b", "0.0", leaf.value))
    return replace(leaf, value=value, dtype=dtype)


def _listed(texts: list[str]) -> str:
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


_RULES: tuple[tuple[str, Callable[[_Stop, re.Match[str]], Fix | None]], ...] = (
    (r"backward through the graph a second time", _second_time),
    (r"does not require grad and does not have a grad_fn", _no_history),
    (r"grad can be implicitly created only for scalar outputs", _several_numbers),
    (r"grad can be implicitly created only for real scalar outputs", _complex_number),
    (r"'([^']+)' object has no attribute 'backward'", _no_tensor),
    (r"Only Tensors of floating point and complex dtype can require gradients", _integers),
    (r"not implemented for '(Bool|Byte|Char|Int|Long|Short)'", _no_kernel),
    (r"same dtype|same data type|expected scalar type|expected m1 and m2", _dtypes_differ),
    (r"", _shapes_differ),
)
