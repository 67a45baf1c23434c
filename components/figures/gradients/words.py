"""The texts of the Gradients page: calls, exact numbers, and names made safe to draw."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

from ...facts.text import number_text, shape_text
from ...trace import Backward, GradientCause, GradientChange
from .records import Amount

WORDS: dict[GradientCause, str] = {"backward": "backward", "zero": "zero", "none": "None", "assigned": "assigned"}
_DONE: dict[GradientCause, str] = {
    "backward": "added to",
    "zero": "set to zero",
    "none": "set to None",
    "assigned": "assigned or changed in place",
}
_MOST_NAMES = 2
_LONGEST_NAME = 80
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "%{": "&#37;{"}
_SPECIAL = re.compile(r"[&<>]|%\{")
_DOTTED = re.compile(r"[\w.\[\]()]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def escaped(text: str, longest: int = _LONGEST_NAME) -> str:
    """Return a stranger's text for Plotly, which reads tags, entities and ``%{…}`` in whatever it draws."""
    return _SPECIAL.sub(lambda found: _ENTITIES[found[0]], shortened(text, longest))


def one_line(text: str) -> str:
    """Return a text without line breaks and what else moves letters about."""
    return _CONTROL.sub(" ", text)


def shortened(text: str, longest: int) -> str:
    """Return a text in one line, without its front or its middle if it is long.

    Of the names of parameters (``encoder.layers.0.norm.weight``) the end tells them apart, of others both ends do.
    """
    text = one_line(text)
    if len(text) <= longest:
        return text
    kept = longest - 1
    front = 0 if _DOTTED.fullmatch(text) else kept // 3
    return f"{text[:front]}…{text[len(text) - (kept - front) :]}"


def exact(value: Any) -> str:
    """Return a recorded number as Python writes it; ``-0.0`` is ``0.0``."""
    return repr(value + 0.0) if isinstance(value, float) else str(value)


def where(line: int | None) -> str:
    """Return ``line 6``."""
    return f"line {line}" if line is not None else "a line that was not recorded"


def backward_text(run: Backward | None, line: int | None) -> str:
    """Return ``backward() in line 6, retain_graph=True``."""
    if run is None:
        return f"backward() in {where(line)}"
    said = [f"{run.call}() in {where(run.line if run.line is not None else line)}"]
    said += [f"{name}=True" for name in ("retain_graph", "create_graph") if getattr(run, name)]
    if run.internal:
        said.append("called by PyTorch's own code")
    if run.inside is not None:
        said.append("inside another run of the engine")
    if run.failure is not None:
        said.append("stopped by an error")
    return ", ".join(said)


def change_text(changes: Sequence[GradientChange]) -> str:
    """Return ``x.grad, w.grad set to None in line 7`` of what one line did itself."""
    said = []
    for cause in dict.fromkeys(change.cause for change in changes):
        names = list(dict.fromkeys(change.variable for change in changes if change.cause == cause))
        shown = ", ".join(f"{name}.grad" for name in names[:_MOST_NAMES])
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        said.append(f"{shown}{more} {_DONE[cause]}")
    return f"{'; '.join(said)} in {where(changes[0].line)}"


def size_text(amount: Amount | None) -> str:
    """Return the size of a gradient in a few words: ``norm 5, |g| 0 to 4, mean 2.333; 1 NaN``."""
    if amount is None:
        return "None"
    said = [f"norm {number_text(amount.norm)}"] if amount.norm is not None else []
    if amount.smallest is not None and amount.largest is not None:
        said.append(f"|g| {number_text(amount.smallest)} to {number_text(amount.largest)}")
    elif amount.largest is not None:
        said.append(f"|g| to {number_text(amount.largest)}")
    if amount.mean is not None:
        said.append(f"mean |g| {number_text(amount.mean)}")
    if amount.nan:
        said.append(f"{amount.nan:,} NaN")
    if amount.inf:
        said.append(f"{amount.inf:,} infinite")
    return ", ".join(said) or f"{shape_text(list(amount.shape))}, not recorded"


def index_text(index: tuple[int, ...]) -> str:
    """Return ``[0, 2]``, empty for the one number of a tensor without dimensions."""
    return f"[{', '.join(map(str, index))}]" if index else ""


def kind_of_parameter(name: str) -> Literal["weight", "bias", "other"]:
    """Tell weights from biases by what modules call them: ``0.weight``, ``in_proj_bias``, ``weight_hh_l0``."""
    last = name.rpartition(".")[2]
    return "weight" if "weight" in last else "bias" if "bias" in last else "other"
