"""Checks the answer to an exercise: each ``assert`` of its checks on what the student's program left behind.

A check looks at what was computed, also by calling the student's functions with inputs that the student never saw;
what the program printed plays no part. The verdict is Python's own on the ``assert``, except that only plain tensors,
numbers, texts and collections of them can pass by being equal: an object of the student's own class decides for itself
what it is equal to. A check that looks at an attribute alone believes the object; it should ask for its type before.
"""

from __future__ import annotations

import builtins
import types
from typing import Any

import torch

from ..source import PROGRAM_FILENAME
from ..source.check_cells import CAME, EXPECTED, Assertion, Preparation, comparison_word, read_checks
from ..source.compiler import compile_program
from ..trace import Check, Exercise, Verdict
from .values import said

_LONGEST = 400
_PLAIN = (bool, int, float, complex, str, type(None), torch.Size, torch.dtype, torch.device)
_COLLECTIONS = (list, tuple, set, frozenset)
_TENSORS = (torch.Tensor, torch.nn.Parameter)
_DEEPEST = 8


def check_exercise(exercise: Exercise, names: dict[str, Any]) -> Verdict:
    """Run the checks on a copy of the program's global names."""
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)
    torch.manual_seed(0)
    # Checks mean Python's own ``len``, whatever the program calls by that name.
    seen = {name: value for name, value in names.items() if not hasattr(builtins, name)}
    checks = []
    for step in read_checks(exercise.checks):
        check = _prepared(step, seen, names) if isinstance(step, Preparation) else _checked(step, seen, names)
        checks += [check] if check is not None else []
    return Verdict(checks=checks)


def _prepared(step: Preparation, seen: dict[str, Any], names: dict[str, Any]) -> Check | None:
    try:
        _run(step.code, seen)
    except (Exception, SystemExit) as error:
        return _raised("Before the checks", "", "no error", error, names)
    return None


def _checked(step: Assertion, seen: dict[str, Any], names: dict[str, Any]) -> Check:
    word = comparison_word(step.verdict)
    try:
        _run(f"{EXPECTED} = ({step.expected})", seen)
        expected = f"{word} {shown(seen[EXPECTED])}".strip()
    except (Exception, SystemExit) as error:
        return _raised(step.title, step.look_at, "a value that this check could not work out", error, names)
    try:
        _run(f"{CAME} = ({step.came})", seen)
    except (Exception, SystemExit) as error:
        return _raised(step.title, step.look_at, expected, error, names)
    value = seen[CAME]
    text = shown(value)
    passed = False
    if step.by_identity or is_plain(value):
        try:
            _run(f"the_verdict = bool({step.verdict})", seen)
            passed = seen["the_verdict"] is True
        except (Exception, SystemExit) as error:
            text = f"{text}, which cannot be compared: {said(error)}"
    return Check(title=step.title, passed=passed, expected=expected, came=text, look_at=step.look_at)


def _run(code: str, names: dict[str, Any]) -> None:
    exec(compile_program(code).code, names)


def _raised(title: str, look_at: str, expected: str, error: BaseException, names: dict[str, Any]) -> Check:
    if isinstance(error, NameError) and error.name:
        look_at = f"The program has no {error.name}. The task says which names to define. {look_at}".strip()
    return Check(
        title=title, passed=False, expected=expected, came=said(error), look_at=look_at, line=_line(error, names)
    )


def _line(error: BaseException, names: dict[str, Any]) -> int | None:
    """The innermost line of the student's own; a check's lines have other global names."""
    line = None
    trace: types.TracebackType | None = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_code.co_filename == PROGRAM_FILENAME and frame.f_globals is names:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def is_plain(value: object, depth: int = 0) -> bool:
    """Whether equality with this value is Python's or PyTorch's own."""
    kind = type(value)
    if kind in _PLAIN or kind in _TENSORS:
        return True
    if depth > _DEEPEST:
        return False
    if kind is dict and isinstance(value, dict):
        return all(is_plain(one, depth + 1) for pair in value.items() for one in pair)
    if kind in _COLLECTIONS and isinstance(value, list | tuple | set | frozenset):
        return all(is_plain(one, depth + 1) for one in value)
    return False


def shown(value: object) -> str:
    """A value as text; of an object of the student's own class only what it is."""
    if not is_plain(value):
        kind = type.__dict__["__name__"].__get__(type(value))
        return f"an object of type {kind}"
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a number of thousands of digits
        return f"a {type(value).__name__} that is too long to show"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
