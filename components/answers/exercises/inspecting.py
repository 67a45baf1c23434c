"""Looks at what a program left behind, in its own process: what came, as plain values, and nothing of what is expected.

A look also calls the program's functions, with inputs that the program never saw; what was printed plays no part.
"""

from __future__ import annotations

import builtins
import random
import types
from typing import Any

import numpy as np
import torch

from ...source import PROGRAM_FILENAME
from ...source.check_cells import CAME
from ...source.compiler import compile_program
from ...trace import Finding, Findings, Inspection, Look
from ...trace.questions import LONGEST_WORDS
from ..values import said
from .plain_values import NotPlain, encode_value


def inspect_answer(inspection: Inspection, names: dict[str, Any]) -> Findings:
    """Take each look, on a copy of the program's global names."""
    # Checks mean Python's own ``len``, whatever the program calls by that name.
    seen = {name: value for name, value in names.items() if not hasattr(builtins, name)}
    return Findings(
        findings=[_found(look, seen, names, inspection.seed + place) for place, look in enumerate(inspection.looks)]
    )


def run_step(code: str, names: dict[str, Any], seed: int) -> None:
    """Execute one step of the checks; PyTorch, Python and NumPy draw the same numbers in either process."""
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)
    torch.default_generator.manual_seed(seed)  # torch.manual_seed also takes a stack trace for each device, slowly
    random.seed(seed)
    np.random.seed(seed % 2**32)
    exec(compile_program(code).code, names)


def _found(look: Look, seen: dict[str, Any], names: dict[str, Any], seed: int) -> Finding:
    try:
        run_step(look.code if look.prepares else f"{CAME} = ({look.code})", seen, seed)
    except (Exception, SystemExit) as error:
        missing = error.name if isinstance(error, NameError) and type(error.name) is str else ""
        words = said(error)[:LONGEST_WORDS]
        return Finding(error=words, missing=missing[:LONGEST_WORDS], line=_line(error, names))
    if look.prepares:
        return Finding()
    try:
        return Finding(value=encode_value(seen[CAME]))
    except NotPlain as problem:
        return Finding(seen=str(problem))


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
