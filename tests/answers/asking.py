"""How tests ask a program something, in this process, as the worker's child does in its own."""

from __future__ import annotations

from components.answers import ProgramAnswerer
from components.source import SourceLimits
from components.trace import Answered, Asked, Caps, Exercise, Program, Trace, decode_trace, encode_trace
from components.worker.exercises import for_its_process, judged
from components.worker.limits import Limits
from components.worker.run import Run


def asked(source: str, question: Asked) -> Trace:
    """Return the trace with its answer, as it is after the journey through JSON."""
    run = Run(Program(source=source, question=question), Limits())
    trace = _executed(run)
    return judged(run, trace, _executed) if isinstance(question, Exercise) else trace


def _executed(run: Run) -> Trace:
    trace = ProgramAnswerer().answer(for_its_process(run.program), Caps(), _nobody, SourceLimits(), _nobody)
    return decode_trace(encode_trace(trace))


def _nobody(text: str) -> None:
    """Listens to nothing."""


def answer(source: str, question: Asked) -> Answered:
    """Return the answer of a program that does not fail."""
    trace = asked(source, question)
    assert trace.failure is None, trace.failure
    assert isinstance(trace.answer, Answered)
    return trace.answer
