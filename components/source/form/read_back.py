"""The form that stands for a program which was changed: so that advice about the program can be followed in the form.

What is read here is only a guess: it counts where the form that comes of it writes just the changed program.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec.structs import replace

from ..edits import SourceText, keyword
from ..line_changes import LineChange, line_changes
from ..parsing import SourceTooLarge, parse_expression
from ..tree import full_name
from . import BackwardPress, Form, FormError, Leaf, Written, leaf_rows, write_program
from .expression import read_expression

_TORCH = re.compile(r"\btorch\.(?=[a-z])")
_OPTIONS = frozenset({"dtype", "device", "requires_grad"})


def form_of(form: Form, written: Written, changed: str, device: Literal["cpu", "cuda"] = "cpu") -> Form | None:
    """Return the form whose program is ``changed``, an edit of what ``form`` has written; ``None`` if there is none."""
    changes = line_changes(written.source, changed)
    inside = [change for change in changes if _is_in(change, written.expression)]
    others = [change for change in changes if change not in inside]
    try:
        if any(len(change.old) != len(change.new) for change in others):
            return None
        for change in others:
            for number, line in enumerate(change.new, start=change.line):
                form = _with_line(form, written, number, line)
        forms = _with_expression(form, written, changed, inside) if inside else iter([form])
        return next((one for one in forms if write_program(one, device).source == changed), None)
    except (FormError, SyntaxError, SourceTooLarge):
        return None


def _is_in(change: LineChange, lines: range) -> bool:
    return change.line in lines and change.line + len(change.old) - 1 in range(lines.start - 1, lines.stop)


def _with_expression(form: Form, written: Written, changed: str, inside: Sequence[LineChange]) -> Iterator[Form]:
    """Yield forms with the expression that the changed program has, the shortest way to write it first."""
    grown = sum(len(change.new) - len(change.old) for change in inside)
    lines = changed.split("\n")[written.expression.start - 1 : written.expression.stop - 1 + grown]
    if form.no_grad:
        lines = [line.removeprefix("    ") for line in lines[1:]]
    text = "\n".join(lines)
    if read_expression(form.expression).output is None:
        before, found, value = text.rpartition(f"{written.output} = ")
        text = before + value if found else text
    for one in (_TORCH.sub("", text), text):
        try:
            yield replace(form, expression=one, leaves=leaf_rows(one, form.leaves))
        except FormError:
            continue


def _with_line(form: Form, written: Written, number: int, line: str) -> Form:
    """Return the form with the leaf or the press that a line stands for."""
    place = next((place for place, lines in enumerate(written.actions) if number in lines), None)
    if place is not None and isinstance(form.actions[place], BackwardPress):
        press = BackwardPress("retain_graph=True" in line, "create_graph=True" in line)
        return replace(form, actions=(*form.actions[:place], press, *form.actions[place + 1 :]))
    leaves = [_leaf(leaf, line) if written.leaves.get(leaf.name) == number else leaf for leaf in form.leaves]
    return replace(form, leaves=tuple(leaves))


def _leaf(leaf: Leaf, line: str) -> Leaf:
    """Read the line that makes a leaf: ``x = torch.tensor([1.0], requires_grad=True)``."""
    text = SourceText(line.partition(" = ")[2])
    call = parse_expression(text.source)
    if not isinstance(call, ast.Call):
        return leaf
    function = full_name({"torch": "torch"}, call.func).removeprefix("torch.")
    given = [text.text(one) for one in (*call.args, *(one for one in call.keywords if one.arg not in _OPTIONS))]
    dtype, grad = keyword(call, "dtype"), keyword(call, "requires_grad")
    return replace(
        leaf,
        value=given[0] if function == "tensor" and given else f"{function}({', '.join(given)})",
        dtype=text.text(dtype.value).removeprefix("torch.") if dtype is not None else "float32",
        requires_grad=grad is not None,
    )
