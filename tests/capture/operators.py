"""Run samples of PyTorch's operator database, plainly or under all observers, and say what came out, one line each.

A script, since the database changes flags of PyTorch when it is imported, and since the plain side is an oracle only in
a process that has no observers: ``python -m tests.capture.operators PLAIN TRACED`` reads names of operators, ``*`` for
all, and writes two files with a line of JSON for each of their samples.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import os
import sys
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

import torch
from torch.testing._internal.common_methods_invocations import op_db
from torch.utils._pytree import tree_leaves

# Two samples, and one that the operator refuses, where the database has such.
SAMPLES = (0, 1, -1)
_WIDER = {torch.bfloat16: torch.float32, torch.complex32: torch.complex64}
PROGRAM = """\
import torch
from tests.capture.operators import digest, sample_of, total_of

operator, sample, leaves = sample_of({name!r}, {index})
torch.manual_seed(0)
result = operator(sample.input, *sample.args, **sample.kwargs)
total = total_of(result)
if total is not None:
    total.backward()
print(digest(result))
print(digest([leaf.grad for leaf in leaves]))
"""


def name_of(operator: Any) -> str:
    """Return an operator's name with its variant's: ``std_mean.unbiased``."""
    return ".".join(filter(None, (operator.name, operator.variant_test_name)))


OPERATORS: dict[str, Any] = {name_of(operator): operator for operator in op_db if operator.supports_autograd}


class NoSample(LookupError):
    """The database has no such sample."""


def sample_of(name: str, index: int) -> tuple[Any, Any, list[torch.Tensor]]:
    """Return an operator, one of its samples in which something (not an empty tensor) requires grad, and what does."""
    operator = OPERATORS[name]
    if index < 0:
        return operator, _refused(operator), []
    dtype = torch.float64 if torch.float64 in operator.dtypes else torch.complex128
    if dtype not in operator.dtypes:
        raise NoSample
    torch.manual_seed(0)
    samples = operator.sample_inputs("cpu", dtype, requires_grad=True)
    with_grad = (sample for sample in samples if any(leaf.numel() for leaf in _requiring_grad(sample)))
    sample = next(itertools.islice(with_grad, index, None), None)
    if sample is None:
        raise NoSample
    leaves = _requiring_grad(sample)
    for leaf in leaves:
        leaf.retain_grad()
    return operator, sample, leaves


def _refused(operator: Any) -> Any:
    given = next(iter(operator.error_inputs("cpu")), None) if operator.error_inputs_func is not None else None
    if given is None:
        raise NoSample
    return given.sample_input


def _requiring_grad(sample: Any) -> list[torch.Tensor]:
    given = tree_leaves((sample.input, sample.args, sample.kwargs))
    return [one for one in given if isinstance(one, torch.Tensor) and one.requires_grad]


def total_of(result: Any) -> torch.Tensor | None:
    """Return the sum of all that can be differentiated; complex numbers by their size."""
    parts = [
        (part.abs() if part.is_complex() else part).sum()
        for part in tree_leaves(result)
        if isinstance(part, torch.Tensor) and part.requires_grad
    ]
    return torch.stack([part.double() for part in parts]).sum() if parts else None


def digest(result: Any) -> str:
    """Return kind, shape and a hash of each tensor's bits."""
    return "; ".join(_digest(part) for part in tree_leaves(result))


def _digest(part: Any) -> str:
    if not isinstance(part, torch.Tensor):
        return repr(part)
    plain = part.detach().to_dense() if part.layout != torch.strided else part.detach()
    known_to_numpy = _WIDER.get(plain.dtype, plain.dtype)
    data = plain.to(known_to_numpy).numpy(force=True).tobytes()
    return f"{part.dtype} {tuple(part.shape)} {hashlib.sha256(data).hexdigest()[:16]}"


def run_plainly(source: str) -> dict[str, Any]:
    """Run a program as Python does."""
    printed = io.StringIO()
    torch.manual_seed(0)
    error = None
    try:
        with redirect_stdout(printed):
            exec(compile(source, "<program>", "exec", dont_inherit=True), {"__name__": "__main__"})
    except Exception as problem:
        error = f"{type(problem).__name__}: {problem}"
    return {"printed": printed.getvalue(), "error": error}


def run_traced(source: str) -> dict[str, Any]:
    """Run a program under all observers; its trace goes through JSON as it does between processes."""
    from components.capture import capture_program
    from components.trace import Program, decode_trace, encode_trace

    faults: list[str] = []
    trace = capture_program(Program(source=source), log=faults.append)
    same = decode_trace(encode_trace(trace)) == trace
    failure = trace.failure
    return {
        "printed": trace.stdout,
        "error": f"{failure.error_type}: {failure.message}" if failure is not None else None,
        "notes": [note.message for note in trace.notes],
        "faults": faults,
        "same": same,
        "nodes": len(trace.nodes),
    }


def main() -> None:
    """Answer in two processes at once, forked after PyTorch and the database were imported."""
    names = sys.stdin.read().split()
    children = []
    for path, run in zip(sys.argv[1:], (run_plainly, run_traced), strict=True):
        pid = os.fork()
        if pid == 0:
            answer([*OPERATORS] if names == ["*"] else names, run, path)
            os._exit(0)
        children.append(pid)
    ended = [os.waitpid(pid, 0)[1] for pid in children]
    assert not any(ended), ended


def answer(names: list[str], run: Callable[[str], dict[str, Any]], path: str) -> None:
    """Write a line for each sample of each operator."""
    with open(path, "w", encoding="utf-8") as file:
        for name in names:
            assert name in OPERATORS, name
            for index in SAMPLES:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    row = run(PROGRAM.format(name=name, index=index))
                print(json.dumps({"name": name, "index": index, **row}), file=file)


if __name__ == "__main__":
    from tests.capture import operators

    operators.main()  # the module that the programs import, not a second one
