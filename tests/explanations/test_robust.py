"""No program, trace or message makes an explanation fail: it runs where pages are served, on a stranger's text."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from components.explanations import apply_hint, explain
from components.source.statements import ProgramStatements
from components.trace import Failure, Program, Trace
from tests.explanations.catalogue import FILES, read, traced

TRACES = [traced(entry.source) for file in FILES for entry in read(file).values()]
FAILURES = [trace.failure for trace in TRACES if trace.failure is not None]
LINES = sorted({line for trace in TRACES for line in trace.program.source.splitlines()})
KINDS = ["syntax", "not_allowed", "raised", "timeout", "out_of_memory", "crashed", "too_large"]


@st.composite
def damaged(draw: st.DrawFn) -> Trace:
    """A trace with another's message, a source whose lines were mixed, and records missing."""
    trace = draw(st.sampled_from(TRACES))
    lines = trace.program.source.splitlines()
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(lines)))
        lines[place : place + draw(st.integers(0, 2))] = [draw(st.sampled_from(LINES) | st.text(max_size=40))]
    other = draw(st.sampled_from(FAILURES))
    changes: dict[str, Any] = {
        name: draw(st.sampled_from([getattr(trace, name), []])) for name in ("steps", "tensors", "nodes", "backwards")
    }
    assert trace.failure is not None
    failure = replace(
        trace.failure,
        kind=draw(st.sampled_from(["raised", trace.failure.kind, *KINDS])),
        error_type=draw(st.sampled_from([other.error_type, None])),
        message=draw(st.just(other.message) | st.just(trace.failure.message) | st.text(max_size=30)),
        line=draw(st.just(trace.failure.line) | st.none() | st.integers(-1, 12)),
    )
    program = Program(source="\n".join(lines).encode("utf-8", "replace").decode())
    return replace(trace, program=program, failure=failure, **changes)


@given(damaged())
@settings(max_examples=300)
def test_a_damaged_trace_is_explained_or_left(trace: Trace) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the parser's own words on strangers' escapes
        told = explain(trace)
        assert told.failure is not None
        assert replace(told.failure, explanation=None, hint=None) == replace(trace.failure or told.failure)
        mended = apply_hint(trace.program.source, told.failure.hint)
    assert mended is None or isinstance(mended, str)
    assert told.failure.hint is None or told.failure.explanation is not None


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_cut_into_statements(source: str, hint: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for statement in ProgramStatements(source).statements:
            for node in statement.nodes:
                assert isinstance(statement.text(node), str)
    apply_hint(source, hint)


HOSTILE = [
    "x = " + "-" * 9000 + "1",
    "x = " + "-" * 190 + "1",
    "x = " + "not " * 5000 + "1",
    "x = " + "(" * 199 + ")" * 199,
    'x = f"{' + "(" * 79 + "1" + ")" * 79 + '}"',
    'x = f"{' + "-" * 150 + '1}"',
    "x = " + "lambda: " * 59 + "1",
    "x = a" + ".b" * 480,
    "x = a" + "[0]" * 79,
    "x = 1" + " + 1" * 190,
    "x = " + "1 if 1 else " * 29 + "1",
    "x = " + "y = " * 240 + "1",
    "x = " + "{" * 70 + "}" * 70,
]


def test_hostile_text_neither_ends_the_process_nor_takes_its_stack() -> None:
    """In a thread with the small stack of 256 KiB, where Python's parser alone would end the process."""
    code = f"""
import threading
from components.source.statements import ProgramStatements
from components.trace import Failure

def look():
    for text in {HOSTILE!r}:
        for statement in ProgramStatements(text).statements:
            [statement.text(node) for node in statement.nodes]
    print("done")

threading.stack_size(256 * 1024)
thread = threading.Thread(target=look)
thread.start()
thread.join()
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (0, "done\n"), ended.stderr[-2000:]


@pytest.mark.parametrize(
    ("hint", "mended"),
    [
        ("Line 2: y = 3", "if x:\n    y = 3  # two\nz = f(\n    1,\n)  # end\n"),
        ("Before line 2: w = 0", "if x:\n    w = 0\n    y = 2  # two\nz = f(\n    1,\n)  # end\n"),
        ("Line 3: z = f(1)", "if x:\n    y = 2  # two\nz = f(1)  # end\n"),
        ("Line 4: z = f(1)", "if x:\n    y = 2  # two\nz = f(1)  # end\n"),
        ("Before line 5: w = 0", "if x:\n    y = 2  # two\nw = 0\nz = f(\n    1,\n)  # end\n"),
        ("Line 2: y = 3\nLine 3: z = 1", "if x:\n    y = 3  # two\nz = 1  # end\n"),
        ("Line 9: y = 3", None),
        ("Sum it first.", None),
        ("Line 2: y = 3\nand then more", None),
        (None, None),
    ],
)
def test_a_hint_is_an_edit(hint: str | None, mended: str | None) -> None:
    source = "if x:\n    y = 2  # two\nz = f(\n    1,\n)  # end\n"
    assert apply_hint(source, hint) == mended


@pytest.mark.parametrize(
    ("failure", "words", "hint"),
    [
        (Failure(kind="timeout", message="The program ran longer than 10 seconds and was stopped.", line=3),
         "It was on line 3, in the loop `while True:` of line 2.", "Line 2: for step in range(100):"),
        (Failure(kind="timeout", message="Stopped.", line=3), "stopped by hand", None),
        (Failure(kind="timeout", message="Stopped before it began."), "was not started", None),
        (Failure(kind="out_of_memory", error_type="MemoryError", message="", line=3), "more memory than a run", None),
        (Failure(kind="crashed", message="The process was ended by SIGSEGV.", line=3), "It was on line 3", None),
        (Failure(kind="too_large", message="The program has 60,000 characters; the limit is 50,000."), "Shorter", None),
        (Failure(kind="too_large", message="The program had more than 64 threads at once and was stopped.", line=3),
         "It was on line 3, in the loop `while True:` of line 2.", None),
        (Failure(kind="too_large", message="The program made more than 2,000 files and folders and was stopped."),
         "in its folder is bounded", None),
        (Failure(kind="crashed", message="The program's process ended with status 3 before it gave a result."),
         "ended without giving a result", None),
        (Failure(kind="not_allowed", message="This server runs programs on the CPU: it has no CUDA device for them."),
         "on the CPU", None),
    ],
)  # fmt: skip
def test_a_run_that_was_ended_is_told_from_its_line(failure: Failure, words: str, hint: str | None) -> None:
    trace = replace(
        TRACES[0], program=Program(source="x = 0\nwhile True:\n    x = x + 1\n"), failure=failure,
        steps=[], tensors=[], nodes=[], edges=[], backwards=[], gradients=[],
    )  # fmt: skip
    told = explain(trace).failure
    assert told is not None
    assert words in (told.explanation or "")
    assert told.hint == hint


def test_a_loop_whose_condition_nothing_changes_is_named() -> None:
    failure = Failure(kind="timeout", message="The program ran longer than 10 seconds and was stopped.", line=3)
    source = "n = 3\nwhile n > 0:\n    y = 1\n"
    told = explain(replace(TRACES[0], program=Program(source=source), failure=failure, steps=[])).failure
    assert told is not None
    assert "while `n > 0`, and no line of its block mentions `n`" in (told.explanation or "")


def test_losses_kept_in_a_loop_are_found_when_memory_ends() -> None:
    source = (
        "import torch\n"
        "x = torch.ones(2, requires_grad=True)\n"
        "losses = []\n"
        "for step in range(2):\n"
        "    loss = (x ** 2).sum()\n"
        "    losses.append(loss)\n"
        "    if step == 1: raise MemoryError\n"
    )
    told = explain(traced(source)).failure
    assert told is not None
    assert told.kind == "out_of_memory"
    assert "Line 6 keeps `loss`, and with it the whole graph of every round." in (told.explanation or "")
    assert told.hint == "Line 6: losses.append(loss.item())"


@pytest.mark.parametrize(
    ("line", "failure", "words", "hint"),
    [
        ("x = torch.load('w.pt')",
         Failure(kind="raised", error_type="RuntimeError", line=2,
                 message="Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False."),
         "saved on a GPU", "Line 2: x = torch.load('w.pt', map_location=\"cpu\")"),
        ("net = models.resnet18(weights='DEFAULT')",
         Failure(kind="raised", error_type="URLError", message="<urlopen error [Errno -3] nobody>", line=2),
         "random weights", "Line 2: net = models.resnet18(weights=None)"),
        ("net = models.resnet18(pretrained=True)",
         Failure(kind="raised", error_type="URLError", message="<urlopen error [Errno -3] nobody>", line=2),
         "random weights", "Line 2: net = models.resnet18(pretrained=False)"),
        ("f = open('data/x.txt', 'a')",
         Failure(kind="raised", error_type="PermissionError", line=2,
                 message="[Errno 13] Permission denied: 'data/x.txt'"),
         "may not write `data/x.txt`", "Line 2: f = open(\"x.txt\", 'a')"),
        ("thread.start()",
         Failure(kind="raised", error_type="RuntimeError", message="can't start new thread", line=2),
         "one more thread than a run may have", None),
    ],
)  # fmt: skip
def test_what_another_server_may_answer_is_told(line: str, failure: Failure, words: str, hint: str | None) -> None:
    """One with data, with other packages, or a file that comes from a GPU."""
    trace = replace(TRACES[0], program=Program(source=f"import torch\n{line}\n"), failure=failure, steps=[])
    told = explain(trace).failure
    assert told is not None
    assert words in (told.explanation or "")
    assert told.hint == hint
