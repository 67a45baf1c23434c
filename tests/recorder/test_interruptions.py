"""Wherever Ctrl+C comes while a recording begins or ends, it is over, nothing is left behind, and another can begin.

Python looks for signals as it calls a function and when a C function has returned: a profile function hears of both.
"""

from __future__ import annotations

import gc
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
import torch
from torch.nn.modules import module as hooks_of_modules
from torch.optim import optimizer as hooks_of_optimizers

import components.recorder.run as run_module
import components.recorder.window as window_module
from components.capture.quiet import is_quiet
from components.recorder import Run, record

FILES = {run_module.__file__, window_module.__file__}


@contextmanager
def interrupted(at: int) -> Iterator[list[str]]:
    """Raise at the n-th place of the recorder where a signal can arrive; the list has the names of all."""
    places: list[str] = []

    def heard(frame: FrameType, event: str, _: object) -> None:
        if frame.f_code.co_filename in FILES and event in ("call", "c_return"):
            places.append(frame.f_code.co_name)
            if len(places) - 1 == at:
                raise KeyboardInterrupt

    sys.setprofile(heard)
    try:
        yield places
    finally:
        sys.setprofile(None)


def what_is_on() -> list[object]:
    """What a recording changes in Python and in PyTorch."""
    hooks: list[dict[int, Any]] = [
        value for module in (hooks_of_modules, hooks_of_optimizers) for name, value in vars(module).items()
        if name.startswith("_global") and isinstance(value, dict)
    ]  # fmt: skip
    return [Run._running, is_quiet(), sys.gettrace(), list(warnings.filters), warnings.showwarning, *map(len, hooks)]


def trained(run: Run) -> None:
    w = torch.ones(2, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    with run:
        torch.autograd.backward((w * w).sum())
        optimizer.step()


def test_ctrl_c_at_any_place_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gc, "get_freeze_count", lambda: 1)  # it counts what the tests have frozen, 24 ms long
    trained(record(every=1))  # what is imported then stays
    before, reached = what_is_on(), set()
    for at in range(1_000):
        run, ended = record(every=1), False
        with interrupted(at) as places:
            try:
                trained(run)
                ended = True
            except KeyboardInterrupt:
                pass
        assert what_is_on() == before, (at, places[-3:])
        if ended:
            assert at >= len(places)
            break
        reached.add(places[at])
    assert run.recorded == [0]
    assert reached >= {"__get__", "__enter__", "_begin_if_due", "begin", "_step_done", "_end", "_leave", "_take_back"}
