"""Advice is an experiment: a mended program is run in plain PyTorch, and more is asked of it than to raise nothing.

What every program is asked: each loop over a ``range`` that says so goes through all its rounds, each optimizer changes
a tensor that it was given, and what a training loop calls ``backward()`` on is lower in the last round than in the
first. What only this program can be asked stands beside it in the catalogue, as ``holds``: assertions that are run
where the program ended.
"""

from __future__ import annotations

import builtins
import io
import re
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import torch
from torch.optim.optimizer import Optimizer, register_optimizer_step_pre_hook

_UPDATES = re.compile(r"\.step\(\)|-= .*grad|\.sub_\(|\.grad\b.*\.grad\b")


@dataclass
class Ran:
    """How a program ran: ``started`` has, by line, the numbers from which ``backward()`` began there."""

    source: str
    namespace: dict[str, Any] = field(default_factory=dict)
    error: BaseException | None = None
    printed: str = ""
    cut_short: list[str] = field(default_factory=list)
    started: defaultdict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    given: dict[int, tuple[Optimizer, list[tuple[torch.Tensor, torch.Tensor]]]] = field(default_factory=dict)

    @property
    def idle(self) -> list[Optimizer]:
        """The optimizers that took a step and changed nothing of what they were given."""
        return [
            optimizer
            for optimizer, tensors in self.given.values()
            if all(torch.equal(tensor.detach(), before) for tensor, before in tensors)
        ]

    @property
    def trains(self) -> bool:
        """Whether the program updates something in the light of gradients."""
        return bool(self.given) or _UPDATES.search(self.source) is not None

    @property
    def rising(self) -> list[int]:
        """The lines whose ``backward()`` began from a number that is not lower in the last round."""
        return [line for line, values in self.started.items() if len(values) > 2 and not values[-1] < values[0]]


@contextmanager
def silence() -> Iterator[io.StringIO]:
    """Programs may warn and print; that is theirs."""
    printed = io.StringIO()
    with warnings.catch_warnings(), redirect_stdout(printed), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield printed


def run(source: str) -> Ran:
    """Run a program in plain PyTorch, in a namespace of its own."""
    ran = Ran(source)
    ran.namespace = {"__name__": "__main__", "range": _counted(ran)}
    code = None
    with ExitStack() as stack, silence() as printed:
        stack.enter_context(_watched(ran))
        torch.manual_seed(0)
        torch.set_grad_enabled(True)
        try:
            code = compile(source, "<program>", "exec", dont_inherit=True)
            exec(code, ran.namespace)
        except Exception as error:
            ran.error = error
        finally:
            torch.set_grad_enabled(True)
    ran.printed = printed.getvalue()
    return ran


def _counted(ran: Ran) -> type:
    class Counted:
        """``range`` whose loops say whether they went through all their rounds."""

        def __init__(self, *given: int) -> None:
            self.numbers = builtins.range(*given)

        def __iter__(self) -> Iterator[int]:
            ran.cut_short.append(str(self.numbers))
            yield from self.numbers
            ran.cut_short.remove(str(self.numbers))

        def __getattr__(self, name: str) -> Any:
            return getattr(self.numbers, name)

        def __len__(self) -> int:
            return len(self.numbers)

        def __getitem__(self, place: int) -> int:
            return self.numbers[place]

    return Counted


@contextmanager
def _watched(ran: Ran) -> Iterator[None]:
    def backward(tensor: torch.Tensor, *given: Any, **named: Any) -> None:
        frame = sys._getframe(1)
        if frame.f_code.co_filename == "<program>" and tensor.numel() == 1:
            ran.started[frame.f_lineno].append(tensor.item())
        original(tensor, *given, **named)  # type: ignore[no-untyped-call]

    def about_to_step(optimizer: Optimizer, *_: object) -> None:
        tensors = [tensor for group in optimizer.param_groups for tensor in group["params"]]
        ran.given.setdefault(id(optimizer), (optimizer, [(tensor, tensor.detach().clone()) for tensor in tensors]))

    original = torch.Tensor.backward
    handle = register_optimizer_step_pre_hook(about_to_step)
    try:
        with patch.object(torch.Tensor, "backward", backward):
            yield
    finally:
        handle.remove()


def refuted(source: str, holds: str = "") -> str | None:
    """Return why a mended program does not do what it is meant to, ``None`` where nothing speaks against it."""
    ran = run(source)
    if ran.error is not None:
        return f"{type(ran.error).__name__}: {ran.error}"
    if holds:
        return _denied(ran, holds)
    if ran.cut_short and "break" not in source and "next(" not in source:
        return f"{ran.cut_short[0]} was not gone through"
    if ran.idle:
        return f"{type(ran.idle[0]).__name__} changed nothing"
    if ran.trains and ran.rising:
        line = ran.rising[0]
        return f"line {line} began from {ran.started[line]}"
    return None


def _denied(ran: Ran, holds: str) -> str | None:
    namespace = {**ran.namespace, "started": ran.started, "printed": ran.printed, "idle": ran.idle, "range": range}
    try:
        with silence():
            exec(compile(holds, "<holds>", "exec", dont_inherit=True), namespace)
    except Exception as error:
        place = error.__traceback__.tb_next if error.__traceback__ is not None else None
        line = holds.split("\n")[place.tb_lineno - 1] if place is not None else ""
        return f"{type(error).__name__}: {error} at {line}"
    return None
