"""Short ways to write down changes of gradients by hand."""

from __future__ import annotations

from typing import Any

from components.facts import TraceIndex
from components.facts.gradients import History, gradient_history
from components.facts.gradients.amounts import Amount
from components.trace import GradientChange
from tests.figures import traces as t

SOURCE = "line 1\nline 2\ny.backward()\nz.backward()\nx.grad.zero_()\nx.grad = None\nopt.zero_grad()\n"


def one(value: float) -> Amount:
    """The amount of one finite number."""
    size = abs(value)
    return Amount((), value, norm=size, smallest=size, mean=size, largest=size, zero=int(value == 0))


def by_backward(leaf: str, added: Any, total: Any, run: str = "b0", **fields: Any) -> GradientChange:
    return t.change(leaf, f"t-{leaf}", added, total, **({"backward": run, "line": 3, "step": 2} | fields))


def by_line(leaf: str, cause: str, total: Any, **fields: Any) -> GradientChange:
    known = {"cause": cause, "backward": None, "line": 5, "step": 4}
    return t.change(leaf, f"t-{leaf}", None, total, **(known | fields))


def history_of(
    *changes: GradientChange, leaves: dict[str, Any] | None = None, source: str = SOURCE, **parts: Any
) -> History:
    """Return the history of some changes; ``leaves`` are those of the trace with their values."""
    tensors = [t.tensor(f"t-{name}", name, value) for name, value in (leaves or {}).items()]
    if leaves is None:
        shapes: dict[str, list[int]] = {}
        for change in changes:
            amount = change.added or change.total
            if amount is not None or change.variable not in shapes:
                shapes[change.variable] = amount.shape if amount is not None else []
        tensors = [t.tensor(f"t-{name}", name, None, shape=shape) for name, shape in shapes.items()]
    runs = dict.fromkeys(change.backward for change in changes if change.backward is not None)
    known: dict[str, Any] = {
        "tensors": tensors,
        "backwards": [t.backward(run, [], line=3) for run in runs],
        "gradients": list(changes),
    }
    return gradient_history(TraceIndex(t.make_trace(source, **(known | parts))))
