"""Whole programs, run as anyone would run them and run by us: what they print is the same, and their trace is known.

The programs are those of ``tests/programs`` and the lessons. A golden is a trace without clock times, environment and
summaries, one record a line; its numbers are compared to about three digits, so that other processors agree.
``RECORD_GOLDENS=1`` writes the goldens anew.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import os
import platform
import re
import sys
import warnings
from functools import cache
from typing import Any

import pytest
import torch

from components.capture import capture_program, warm_up
from components.trace import Program, Trace, decode_trace, encode_trace
from tests.plain import plain_python
from tests.program_texts import EXAMPLES, FOLDER
from tests.program_texts import PROGRAMS as SHORT_PROGRAMS

GOLDENS = FOLDER / "golden"
MOST_BYTES = 60_000

PROGRAMS = SHORT_PROGRAMS | EXAMPLES
FAILING = {name for name in PROGRAMS if "_fails_" in name}
ABOUT_GPUS = "lesson_10_cuda_memory"
SILENT = set() if torch.cuda.is_available() else {ABOUT_GPUS}

recorded_here = pytest.mark.skipif(
    not (torch.__version__.startswith("2.13") and sys.version_info[:2] == (3, 11)),
    reason=f"goldens are of PyTorch 2.13 on Python 3.11; here are {torch.__version__} and {platform.python_version()}",
)


@cache
def warmed_up() -> None:
    """As a worker is: what PyTorch loads when first used warns about itself once in a process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warm_up()


@cache
def traced(name: str) -> Trace:
    warmed_up()
    return capture_program(Program(source=PROGRAMS[name]))


@pytest.mark.parametrize("name", PROGRAMS)
def test_prints_and_fails_as_in_plain_python(name: str) -> None:
    trace = traced(name)
    failure = trace.failure
    error = (failure.error_type, failure.message) if failure else None
    plain = plain_python(PROGRAMS[name])
    assert (trace.stdout, error) == (plain.stdout, plain.error)
    assert (failure is not None) == (name in FAILING)
    assert trace.stdout or name in SILENT
    if failure is not None:
        assert failure.kind == "raised"
        assert failure.line is not None


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_trace_survives_json(name: str) -> None:
    assert decode_trace(encode_trace(traced(name))) == traced(name)


@recorded_here
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_trace_is_the_golden_one(name: str) -> None:
    if name == ABOUT_GPUS and torch.cuda.is_available():
        pytest.skip("recorded without a GPU")
    path = GOLDENS / f"{name}.json"
    text = golden_text(traced(name))
    if os.environ.get("RECORD_GOLDENS") == "1":
        GOLDENS.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), "no golden yet: record it with RECORD_GOLDENS=1 and read what it says"
    assert differences(path.read_text(encoding="utf-8"), text) == []
    assert len(text.encode()) <= MOST_BYTES, "a shorter program shows the same"


def test_there_is_a_golden_for_each_program_and_no_other() -> None:
    assert {path.stem for path in GOLDENS.glob("*.json")} == PROGRAMS.keys()


def test_goldens_differ_where_a_digit_a_name_or_a_line_does() -> None:
    golden = golden_text(capture_program(Program(source="x = 2.0\ny = x * 3\n")))
    for source in ("x = 2.1\ny = x * 3\n", "x = 2.0\nz = x * 3\n", "x = 2.0\n\ny = x * 3\n", "x = 2.0\n"):
        assert differences(golden, golden_text(capture_program(Program(source=source)))) != []
    assert differences('{"a":[1.0,"t1"]}', '{"a":[1.0001,"t1"]}') == []
    assert differences('{"a":[1.0,"t1"]}', '{"a":[1.01,"t1"]}') != []
    assert differences('{"a":["t1"]}', '{"a":["t2"]}') != []


# --- goldens as text

# Which memory is used depends on the processor: tests/capture/test_memory_totals.py has plain Python beside it.
_DROPPED = {"program", "environment", "stdout", "duration_ns", "summary", "memory"}
_FLOAT = re.compile(r"(?<![\w.])-?\d+(?:\.\d*(?:e[+-]?\d+)?|e[+-]?\d+)")


def golden_text(trace: Trace) -> str:
    """Return what of a trace is the same everywhere, as JSON with a line for each record."""
    parts = []
    for field, value in json.loads(encode_trace(trace)).items():
        if field in _DROPPED:
            continue
        if isinstance(value, list):
            records = ",\n".join(_line(_portable(record)) for record in value)
            parts.append(f'"{field}":[\n{records}\n]' if value else f'"{field}":[]')
        else:
            parts.append(f'"{field}":{_line(_portable(value))}')
    return "{" + ",\n".join(parts) + "}\n"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _portable(value: Any) -> Any:
    """Round floats, drop summaries, keep of a drawing its hash and of a warning its first line (a stack may follow)."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, list):
        return [_portable(item) for item in value]
    if isinstance(value, dict):
        kept = {key: _portable(item) for key, item in value.items() if key not in _DROPPED}
        if isinstance(dot := kept.get("dot"), str):
            kept["dot"] = hashlib.sha256(dot.encode()).hexdigest()[:16]
        if "category" in kept:
            kept["message"] = kept["message"].partition("\n")[0]
        return kept
    return value


def differences(golden: str, text: str) -> list[tuple[str | None, str | None]]:
    """Return the lines that differ by more than a rounding, the golden's first; at most five."""
    pairs = itertools.zip_longest(golden.splitlines(), text.splitlines())
    return [(old, new) for old, new in pairs if old is None or new is None or not _close(old, new)][:5]


def _close(old: str, new: str) -> bool:
    if old == new:
        return True
    if _FLOAT.sub("#", old) != _FLOAT.sub("#", new):
        return False
    return all(
        math.isclose(float(before), float(after), rel_tol=2e-3, abs_tol=1e-5)
        for before, after in zip(_FLOAT.findall(old), _FLOAT.findall(new), strict=True)
    )
