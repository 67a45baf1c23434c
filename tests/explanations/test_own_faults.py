"""What is no fault of the program's is not blamed on it: faults of the Lab's own, the server's troubles."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from components.capture import capture_program
from components.explanations import explain
from components.trace import Failure, Program
from components.worker import failures
from components.worker.child import _explain
from components.worker.limits import Limits


class _Answerer:
    interrupted: tuple[type[BaseException], ...] = ()


def told(failure: Failure) -> Failure:
    trace = capture_program(Program(source="import torch\nx = torch.ones(2)\n"))
    found = explain(replace(trace, failure=failure)).failure
    assert found is not None
    return found


def test_a_bug_in_an_observer_is_the_labs_own() -> None:
    problem = _explain(_Answerer(), Limits(), KeyError("t17"))  # type: ignore[arg-type]
    found = told(failures.crashed(problem.message, 2, problem.kind))
    assert found.explanation is not None
    assert found.explanation.startswith("This is a fault of the Lab's own")
    assert found.hint is None


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Autograd Lab itself failed.", "fault of the Lab's own"),
        ("The checks could not be judged: no memory", "fault of the Lab's own"),
        ("The program's process did not say what its checks found.", "fault of the Lab's own"),
        (failures.CLOSED, "the server's trouble"),
        ("The program was not run: it could not be confined (EPERM).", "the server's trouble"),
        ("The server's disk is almost full, so the programs that run were stopped.", "the server's trouble"),
        ("The program's process sent a damaged trace. Expected `int`", "could not read its own record"),
        ("The program's process closed its connection.", "could not read its own record"),
        ("The process that runs programs ended unexpectedly. Run this again.", "is not known"),
    ],
)
def test_the_program_is_not_blamed(message: str, words: str) -> None:
    found = told(failures.crashed(message, 2))
    assert found.explanation is not None
    assert words in found.explanation
    assert "line 2" not in found.explanation
    assert found.hint is None


def test_native_code_that_ends_the_process_is_not_called_a_fault_of_the_lab() -> None:
    found = told(failures.crashed("The program's process was ended by SIGSEGV (invalid memory access).", 2))
    assert found.explanation is not None
    assert "below Python" in found.explanation
