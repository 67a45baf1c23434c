"""The command line: what it writes where, and which exit status a script may rely on."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import jsonschema
import msgspec
import pytest
from streamlit.web import cli as streamlit_cli

from app import session
from app.cli import main
from app.operate import start
from components.trace import Environment, Failure, Program, Trace, decode_trace, encode_trace, trace_schema
from components.worker import Limits

ROOT = Path(__file__).resolve().parents[2]


def trace_of(program: Program, failure: Failure | None = None) -> Trace:
    """Return the trace of a program that printed its own source and did nothing else."""
    return Trace(
        program=program,
        environment=Environment(torch="2.13.0", python="3.11", device_name="x86_64"),
        stdout=program.source,
        stdout_truncated=False,
        failure=failure,
        steps=[],
        steps_truncated=False,
        tensors=[],
        nodes=[],
        edges=[],
        backwards=[],
        gradients=[],
        memory=None,
        torchviz=[],
        warnings=[],
        truncations=[],
        duration_ns=1,
    )


class FakePool:
    """A pool that remembers what it was asked for and runs nothing; ``import`` fails as a program would."""

    asked: ClassVar[list[tuple[Program, Limits]]] = []
    measured: ClassVar[list[bool]] = []
    with_stacks: ClassVar[list[bool]] = []

    def __init__(self, size: int, gpu: bool) -> None:
        self.asked.clear()
        self.measured.clear()

    def run(self, program: Program, limits: Limits, *, memory: bool = False, stacks: bool = False) -> Trace:
        self.asked.append((program, limits))
        self.with_stacks[:] = [stacks]
        self.measured.append(memory)
        failed = Failure(kind="raised", message="no") if "raise" in program.source else None
        return trace_of(program, failed)

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def fake_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.cli.trace.pool_of_this_machine", FakePool)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def standard_input(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def refused(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that must end with status 2 and no traceback, and return what it complained about."""
    try:
        status = main(arguments)
    except SystemExit as ended:
        status = ended.code  # type: ignore[assignment]
    out, error = capsys.readouterr()
    assert (status, out) == (2, "")
    return error


def shell(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments], cwd=ROOT, input=stdin, capture_output=True, check=False
    )


def test_trace_prints_one_json_object(folder: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    Path("a.py").write_text("print(1)\n")
    assert main(["trace", "a.py"]) == 0
    out, error = capsysbinary.readouterr()
    assert decode_trace(out).program == Program(source="print(1)\n")
    assert (out.count(b"\n"), error) == (1, b"")


def test_trace_reads_standard_input(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    standard_input(monkeypatch, "print('é')".encode())
    assert main(["trace", "-"]) == 0
    assert decode_trace(capsysbinary.readouterr().out).program.source == "print('é')"


def test_a_program_is_decoded_as_python_would(folder: Path) -> None:
    Path("a.py").write_bytes(b"# -*- coding: latin-1 -*-\r\nx = '\xe9'\r\n")
    assert main(["trace", "a.py", "-o", "a.json"]) == 0
    assert FakePool.asked[0][0].source == "# -*- coding: latin-1 -*-\nx = 'é'\n"


def test_trace_writes_to_a_file(folder: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    Path("a.py").write_text("print(1)")
    assert main(["trace", "a.py", "-o", "out.json"]) == 0
    assert decode_trace(Path("out.json").read_bytes()).stdout == "print(1)"
    assert capsysbinary.readouterr().out == b""


def test_several_programs_go_to_a_folder(folder: Path) -> None:
    for name in "ab":
        Path(f"{name}.py").write_text(f"print('{name}')")
    assert main(["trace", "a.py", "b.py", "--out-dir", "new/folder"]) == 0
    written = {path.name: decode_trace(path.read_bytes()).stdout for path in Path("new/folder").iterdir()}
    assert written == {"a.json": "print('a')", "b.json": "print('b')"}


def test_options_reach_the_program_and_its_limits(folder: Path) -> None:
    Path("a.py").write_text("1")
    options = ["--device", "cuda", "--seed", "7", "--timeout", "2.5", "--memory", "3000"]
    assert main(["trace", "a.py", "-o", "a.json", *options]) == 0
    [(program, limits)] = FakePool.asked
    assert program == Program(source="1", device="cuda", seed=7)
    assert (limits.wall_seconds, limits.memory_mb) == (2.5, 3000)


def test_without_options_a_run_has_the_usual_limits(folder: Path) -> None:
    Path("a.py").write_text("1")
    assert main(["trace", "a.py", "-o", "a.json"]) == 0
    assert FakePool.asked == [(Program(source="1"), Limits())]


def test_memory_is_measured_unless_it_is_left_out(folder: Path) -> None:
    Path("a.py").write_text("1")
    assert main(["trace", "a.py", "-o", "a.json"]) == 0
    assert FakePool.measured == [True]
    assert main(["trace", "a.py", "-o", "a.json", "--no-memory"]) == 0
    assert FakePool.measured == [False]


def test_call_stacks_are_recorded_if_they_are_asked_for(folder: Path) -> None:
    Path("a.py").write_text("1")
    for more, stacks in (([], False), (["--stacks"], True)):
        assert main(["trace", "a.py", "-o", "a.json", *more]) == 0
        assert FakePool.with_stacks == [stacks]


def test_a_failed_program_is_data(folder: Path) -> None:
    Path("a.py").write_text("raise")
    assert main(["trace", "a.py", "-o", "a.json"]) == 0
    assert decode_trace(Path("a.json").read_bytes()).failure == Failure(kind="raised", message="no")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["trace"], "PROGRAM.py"),
        (["trace", "missing.py"], "cannot read missing.py"),
        (["trace", "."], "cannot read ."),
        (["trace", "binary.py"], "binary.py is not Python source text"),
        (["trace", "a.py", "b/a.py"], "several programs need --out-dir"),
        (["trace", "a.py", "b/a.py", "--out-dir", "out"], "two programs would both write a.json"),
        (["trace", "a.py", "-o", "a.json", "--out-dir", "out"], "do not go together"),
        (["trace", "a.py", "-o", "no/such/folder/a.json"], "cannot write no/such/folder/a.json"),
        (["trace", "a.py", "--out-dir", "a.py"], "cannot write to a.py"),
        (["trace", "a.py", "--timeout", "0"], "--timeout"),
        (["trace", "a.py", "--timeout", "nan"], "--timeout"),
        (["trace", "a.py", "--timeout", "soon"], "--timeout"),
        (["trace", "a.py", "--memory", "-1"], "--memory"),
        (["trace", "a.py", "--seed", "1.5"], "--seed"),
        (["trace", "a.py", "--seed", str(2**63)], "--seed"),
        (["trace", "a.py", "--device", "tpu"], "--device"),
        (["draw", "a.py"], "draw"),
        (["schema", "more"], "more"),
    ],
)
def test_wrong_usage_gives_status_2_and_a_reason(
    arguments: list[str], reason: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("a.py").write_text("1")
    Path("b").mkdir()
    Path("b/a.py").write_text("1")
    Path("binary.py").write_bytes(b"\xff\x00\xfe")
    assert reason in refused(arguments, capsys)


def test_our_own_bugs_are_not_hidden(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: FakePool, program: Program, limits: Limits, *, memory: bool, stacks: bool) -> Trace:
        raise ZeroDivisionError

    monkeypatch.setattr(FakePool, "run", broken)
    Path("a.py").write_text("1")
    with pytest.raises(ZeroDivisionError):
        main(["trace", "a.py"])


def test_the_schema_is_one_that_traces_obey() -> None:
    result = shell("schema")
    schema: dict[str, Any] = json.loads(result.stdout)
    assert result.returncode == 0
    assert schema == trace_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    good = json.loads(encode_trace(trace_of(Program(source=""))))
    jsonschema.Draft202012Validator(schema).validate(good)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate({**good, "version": 2})


def test_a_reader_that_closes_the_pipe_early_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    result = subprocess.run(
        [sys.executable, "-m", "app", "schema"], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (result.returncode, result.stderr) == (0, b"")


def test_without_a_command_it_becomes_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit finds its settings in the working directory, and the workers are already on their way."""
    done: list[object] = []
    monkeypatch.chdir("/")
    monkeypatch.setattr(session, "engine", lambda: done.append("workers"))
    monkeypatch.setattr(start, "start", lambda engine: done.append("counts"))
    monkeypatch.setattr(streamlit_cli, "main", lambda words, prog_name: done.append((words, prog_name, Path.cwd())))
    assert main(["--server.port", "9"]) == 0
    assert done == ["workers", "counts", (["run", "app/main.py", "--server.port", "9"], "streamlit", ROOT)]


def test_help_names_the_commands() -> None:
    result = shell("--help")
    assert result.returncode == 0
    assert all(command in result.stdout.decode() for command in ("trace", "render", "schema"))


def test_a_program_runs_for_real() -> None:
    """x**3 at 2: 3 * 2**2 = 12 after the first backward, 12 + 12 = 24 after the second."""
    source = (
        b"import torch\nx = torch.tensor(2.0, requires_grad=True)\ny = x ** 3\n"
        b"y.backward(retain_graph=True)\nprint(x.grad)\ny.backward()\nprint(x.grad)\ny.backward()\n"
    )
    result = shell("trace", "-", stdin=source)
    trace = decode_trace(result.stdout)
    assert (result.returncode, trace.stdout) == (0, "tensor(12.)\ntensor(24.)\n")
    assert trace.failure is not None
    assert (trace.failure.kind, trace.failure.line) == ("raised", 8)
    assert "backward through the graph a second time" in trace.failure.message
    jsonschema.Draft202012Validator(trace_schema()).validate(msgspec.json.decode(result.stdout))
