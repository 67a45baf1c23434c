"""After ``warm_up`` nothing is imported and no file is opened: the process that asks may not be allowed to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[3]
_PROGRAM = """
import sys
from tests.answers.symbolic.cases import CASES
from tests.answers.symbolic.test_programs import NUMBER, OF_A_NUMBER, OF_A_VECTOR, VECTOR
import torch
from components.answers.symbolic import (
    SymbolicForm, hessian, jacobian, latex_of, nth_derivatives, plain_of, symbolic_form, value_at
)
from components.answers.warm_up import warm_up_formulas as warm_up

warm_up()
before, seen = set(sys.modules), []
sys.addaudithook(lambda event, arguments: seen.append((event, arguments[0])) if event in ("open", "import") else None)


def show(array):
    for expr in array.reshape(-1)[:2]:
        latex_of(expr), plain_of(expr)


for cases in list(CASES.values())[::2]:
    for case in cases[-1:]:
        tensors = [torch.full(shape, 0.7, dtype=torch.float64) for shape in case.shapes[-1]]
        form = symbolic_form(case.function, [(f"x{n}", tensor) for n, tensor in enumerate(tensors)])
        if isinstance(form, SymbolicForm):
            show(form.outputs)
            show(jacobian(form))
            value_at(form.outputs, form)
for function in OF_A_NUMBER[::3]:
    form = symbolic_form(function, [("x", NUMBER)])
    for derivative in nth_derivatives(form, 2):
        latex_of(derivative)
for function in OF_A_VECTOR[::9]:
    form = symbolic_form(function, [("x", VECTOR)])
    if isinstance(form, SymbolicForm):
        show(hessian(form))
print(sorted(set(sys.modules) - before), seen)
"""


def test_nothing_is_imported_after_it() -> None:
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _PROGRAM], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    assert (result.stdout, result.returncode) == ("[] []\n", 0), result.stderr
