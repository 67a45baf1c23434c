"""Files that people open are bounded before anything reads them, and a notebook becomes a program with cells."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from msgspec.structs import replace

from app.uploads import OpenError, opened_source, opened_trace
from components.trace import Caps, Program, Step, Trace, encode_trace
from components.worker.failures import crashed, failed_trace

MIB = 1 << 20


def notebook(*cells: dict[str, Any]) -> bytes:
    return json.dumps({"cells": list(cells), "nbformat": 4, "metadata": {}}).encode()


def code(source: str | list[str], **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, **more}


def saved(**changes: Any) -> bytes:
    trace = failed_trace(Program(source="print(1)"), crashed("no"))
    return encode_trace(replace(trace, **changes))


def test_a_notebook_is_a_program_with_cells() -> None:
    data = notebook(
        code(["import torch\n", "%matplotlib inline"]),
        {"cell_type": "markdown", "source": "# Title"},
        code("x = 1\r\nx", outputs=[{"data": {"image/png": "A" * 100}}], execution_count=3),
    )
    assert opened_source("a.ipynb", data) == "# %%\nimport torch\n%matplotlib inline\n\n# %%\nx = 1\nx"


def test_a_python_file_is_taken_as_it_is() -> None:
    assert opened_source("a.py", b"\xef\xbb\xbfprint(1)\r\n") == "print(1)\n"


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.py", b"\xff\xfe", "is not a text file"),
        ("a.py", b"#" * (8 * MIB + 1), "files of up to 8 MiB"),
        ("a.py", b"x = 1\n" * 10_000, "60,000 characters; 50,000 are allowed"),
        ("a.ipynb", notebook(code("x = 1\n" * 10_000)), "characters; 50,000 are allowed"),
        ("a.ipynb", b"{", "is not a Jupyter notebook"),
        ("a.ipynb", b'{"cells": 3}', "is not a Jupyter notebook"),
        ("a.ipynb", b'{"cells": [{"cell_type": "code", "source": 3}]}', "is not a Jupyter notebook"),
        ("a.ipynb", b'{"cells": ' + b"[" * 100_000, "is not a Jupyter notebook"),
    ],
)
def test_a_program_that_is_none_or_too_large_is_refused_with_a_reason(name: str, data: bytes, words: str) -> None:
    with pytest.raises(OpenError, match=words):
        opened_source(name, data)


def test_an_honest_trace_opens() -> None:
    assert opened_trace("a.json", saved(stdout="1\n")).stdout == "1\n"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"[" * (8 * MIB + 1), "8.0 MiB; traces of up to 8 MiB"),
        (b'{"version":1,"steps":[' + b"[]," * 1_900_000, "more than 3,000,000 values"),
        (saved(program=Program(source="x=1\n" * 20_000)), "more than the 50,000 characters"),
        (saved(stdout="x" * 70_000), "more than a trace may: printed text"),
        (saved(steps=[Step(index=n, line=1, stdout=(0, 0)) for n in range(6_000)]), "more than a trace may: steps"),
        (
            saved(steps=[Step(index=0, line=1, stdout=(0, 0), variables={f"v{n}": "1" for n in range(200)})]),
            "variables",
        ),
        (saved(failure=crashed("x" * 30_000)), "more than a trace may: words"),
    ],
)
def test_a_trace_with_more_than_observers_record_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(OpenError, match=words):
        opened_trace("a.json", data)


def test_the_source_of_a_trace_is_not_even_looked_at_where_it_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """1 MB of ``x=1`` once took the server nine seconds and 629 MB to parse."""
    monkeypatch.setattr("ast.parse", lambda *arguments, **options: pytest.fail("it was parsed"))
    data = saved(program=Program(source="x=1\n" * 250_000))
    began = time.process_time()
    with pytest.raises(OpenError, match="50,000 characters"):
        opened_trace("a.json", data)
    assert time.process_time() >= began  # the time itself is the machine's


def test_the_bounds_are_those_that_observers_keep_to() -> None:
    caps = Caps()
    steps = [Step(index=n, line=1, stdout=(0, 0)) for n in range(caps.steps)]
    trace: Trace = opened_trace("a.json", saved(steps=steps, stdout="x" * caps.stdout_chars))
    assert len(trace.steps) == caps.steps
