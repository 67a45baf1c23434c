"""Holds what was found against what is expected, in a process in which none of the student's code has run.

The verdict is Python's own on the ``assert``, once the value that came has the form of the one that is expected: a list
is as good as a tuple, a number as a tensor without dimensions.
"""

from __future__ import annotations

import builtins
import io
from contextlib import redirect_stdout
from typing import Any

import torch

from ...source.check_cells import CAME, EXPECTED, Assertion, comparison_word, read_checks
from ...trace import Check, Finding, Judgement, Verdict
from ..values import said
from .inspecting import run_step
from .plain_values import NotPlain, Unknown, decode_value, shown

_VERDICT = "the_verdict"
_NOT_WORKED_OUT = "a value that this check could not work out"
_NOT_FOUND = Finding(error="nothing: the program's process did not report it")


def judge(judgement: Judgement) -> Verdict:
    """Judge every check; what it expects may use the names of the reference solution."""
    names: dict[str, Any] = {"__name__": "__main__"}
    with redirect_stdout(io.StringIO()):
        _problem(judgement.solution, names, judgement.seed)
    known = {name: value for name, value in names.items() if not hasattr(builtins, name)}
    checks = []
    for place, step in enumerate(read_checks(judgement.checks)):
        found = judgement.findings[place] if place < len(judgement.findings) else _NOT_FOUND
        seed = judgement.seed + place
        if isinstance(step, Assertion):
            checks.append(_checked(step, found, known, seed))
            continue
        # Where this fails, the checks that need it will say so.
        _problem(step.code, known, seed)
        if found.error:
            checks.append(_raised("Before the checks", "", "no error", found))
    return Verdict(checks=checks)


def _checked(step: Assertion, found: Finding, known: dict[str, Any], seed: int) -> Check:
    problem = _problem(f"{EXPECTED} = ({step.expected})", known, seed)
    expected = f"{comparison_word(step.verdict)} {shown(known[EXPECTED])}".strip() if not problem else _NOT_WORKED_OUT
    if found.error:
        return _raised(step.title, step.look_at, expected, found)
    came = _value(found)
    text = found.seen or shown(came)
    passed = False
    if not problem and (step.comparing == "identity" or not isinstance(came, Unknown)):
        problem = _compared(step, came, known, seed)
        passed = not problem and known[_VERDICT] is True
    text = f"{text}, which cannot be compared: {problem}" if problem else text
    return Check(title=step.title, passed=passed, expected=expected, came=text, look_at=step.look_at)


def _value(found: Finding) -> Any:
    """What came; the program may have written the text of it."""
    try:
        return Unknown() if found.value is None else decode_value(found.value)
    except NotPlain:
        return Unknown()


def _compared(step: Assertion, came: Any, known: dict[str, Any], seed: int) -> str:
    """Put the verdict among the known names; return what stood in the way of it."""
    expected = known[EXPECTED]
    if step.comparing == "equal":
        came = fitted(came, expected)
        # torch.allclose and == would make them fit each other.
        if isinstance(came, torch.Tensor) and isinstance(expected, torch.Tensor) and came.shape != expected.shape:
            return f"its shape is {tuple(came.shape)} and not {tuple(expected.shape)}"
    known[CAME] = came
    return _problem(f"{_VERDICT} = bool({step.verdict})", known, seed)


def fitted(came: Any, expected: Any) -> Any:
    """Return what came in the form of what is expected, where that changes nothing that counts."""
    if isinstance(expected, torch.Tensor):
        if type(came) in (int, float) and expected.dim() == 0 and expected.dtype != torch.bool:
            return torch.tensor(came, dtype=expected.dtype)
        real = isinstance(came, torch.Tensor) and not (came.is_complex() or came.dtype == torch.bool)
        return came.to(expected.dtype) if real and expected.is_floating_point() else came
    if isinstance(expected, list | tuple):
        if isinstance(came, torch.Tensor) and came.dim() > 0:
            came = came.tolist()
        if isinstance(came, list | tuple) and len(came) == len(expected):
            return type(expected)([fitted(one, other) for one, other in zip(came, expected, strict=True)])
    if isinstance(expected, dict) and isinstance(came, dict):
        return {key: fitted(value, expected.get(key)) for key, value in came.items()}
    return came


def _problem(code: str, known: dict[str, Any], seed: int) -> str:
    """Run one step; return what it raised."""
    try:
        run_step(code, known, seed)
    except (Exception, SystemExit) as error:
        return said(error)
    return ""


def _raised(title: str, look_at: str, expected: str, found: Finding) -> Check:
    if found.missing:
        look_at = f"The program has no {found.missing}. The task says which names to define. {look_at}".strip()
    return Check(title=title, passed=False, expected=expected, came=found.error, look_at=look_at, line=found.line)
