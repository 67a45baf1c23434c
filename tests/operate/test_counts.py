"""What is counted and logged of a run says how it ended, and nothing of its program."""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from app.operate import log
from app.operate.counts import CONTENT_TYPE, Counts, Gauge
from app.operate.door import Door
from app.operate.ended import Ended, ended
from components.trace import Failure, FailureKind, Program
from components.worker import Limits, Owner, Run, failures

SECRET = "the_answer_of_a_student"


def over(failure: FailureKind | None, *, began: bool = True, stopped: bool = False) -> Run:
    run = Run(Program(source=f"{SECRET} = 1"), Limits(), Owner("", "somebody"))
    if began:
        run.begin()
    if stopped:
        run.stop()
    kind = Failure(kind=failure, message=SECRET) if failure is not None else Failure(kind="raised", message=SECRET)
    run.finish(failures.failed_trace(run.program, kind))
    return run


@pytest.mark.parametrize(
    ("run", "outcome"),
    [
        (over(None), "finished"),
        (over("raised"), "finished"),
        (over("syntax"), "finished"),
        (over("timeout"), "timeout"),
        (over("timeout", stopped=True), "stopped"),
        (over("timeout", began=False), "refused"),
        (over("timeout", began=False, stopped=True), "stopped"),
        (over("crashed"), "crashed"),
        (over("out_of_memory"), "out_of_memory"),
    ],
)
def test_how_a_run_ended(run: Run, outcome: str) -> None:
    how = ended(run)
    assert (how.kind, how.outcome) == ("program", outcome)
    assert (how.seconds is None) == (run.times[1] is None)


def test_a_run_is_told_once_whoever_finishes_it_first() -> None:
    told: list[Run] = []
    run = Run(Program(source="x"), Limits(), Owner("", "somebody"))
    run.on_done = told.append
    trace = failures.failed_trace(run.program, Failure(kind="crashed", message=""))
    run.finish(trace)
    run.finish(trace)
    assert told == [run]


def families(text: bytes) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(text.decode())}


def test_counts_are_openmetrics() -> None:
    """Read by the library's own parser of the format."""
    counts = Counts({"sessions": Gauge("Here.", lambda: 7), "trace_bytes": Gauge("Not yet.", lambda: None)})
    for outcome, seconds in [("finished", 0.06), ("finished", 3.0), ("refused", None)]:
        counts.add(Ended(kind="program", outcome=outcome, waited=0.5, seconds=seconds))
    found = families(counts.text())
    runs = {
        sample.labels["outcome"]: sample.value
        for sample in found["autograd_lab_runs"].samples
        if sample.name == "autograd_lab_runs_total"
    }
    assert runs == {"finished": 2, "refused": 1}
    took = {sample.labels.get("le"): sample.value for sample in found["autograd_lab_run_seconds"].samples}
    assert (took["0.05"], took["0.1"], took["2.0"], took["5.0"], took["+Inf"]) == (0, 1, 1, 2, 2)
    assert [sample.value for sample in found["autograd_lab_sessions"].samples] == [7]
    assert "autograd_lab_trace_bytes" not in found
    assert found["process_open_fds"].samples[0].value > 0


@pytest.fixture
def well() -> dict[str, str | None]:
    return {"reason": None}


@pytest.fixture
def door(well: dict[str, str | None]) -> Iterator[Door]:
    opened = Door(("127.0.0.1", 0), lambda: (b"counts\n", CONTENT_TYPE), lambda: well["reason"])
    opened.open()
    yield opened
    opened.close()


def asked(door: Door, path: str) -> tuple[int, str, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{door.port}{path}", timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.headers["Content-Type"], answer.read().decode()


def test_the_door_answers(door: Door, well: dict[str, str | None]) -> None:
    assert asked(door, "/metrics") == (200, CONTENT_TYPE, "counts\n")
    assert asked(door, "/health")[::2] == (200, "ok\n")
    well["reason"] = "No program could be run."
    assert asked(door, "/health")[::2] == (503, "No program could be run.\n")
    assert asked(door, "/code")[0] == 404


def test_an_address_that_is_taken_is_an_error(door: Door) -> None:
    with pytest.raises(OSError, match="in use"):
        Door(("127.0.0.1", door.port), lambda: (b"", ""), lambda: None)


def record(name: str, message: str, *arguments: object, error: Exception | None = None) -> logging.LogRecord:
    exc_info = (type(error), error, error.__traceback__) if error is not None else None
    return logging.LogRecord(name, logging.WARNING, "file.py", 1, message, arguments, exc_info)


def test_no_line_of_json_has_a_programs_text() -> None:
    form = log.Json()
    observer = record("components.worker.execution", "An observer stepped aside, and said:\n%s", SECRET)
    try:
        raise KeyError(SECRET)
    except KeyError as raised:
        broken = record("components.worker.pool", "A run failed for a reason of our own.", error=raised)
    lines = [form.format(observer), form.format(broken)]
    assert SECRET not in "".join(lines)
    first, second = map(json.loads, lines)
    assert (first["level"], first["message"]) == ("warning", "An observer stepped aside, and said:")
    assert second["error"].startswith("KeyError < ")
    assert "test_counts.py:" in second["error"]


def test_a_run_is_a_line_of_json(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="autograd_lab"):
        log.run(ended(over("timeout", began=False)))
    line = json.loads(log.Json().format(caplog.records[0]))
    assert (line["event"], line["kind"], line["outcome"], line["seconds"]) == ("run", "program", "refused", None)
    assert SECRET not in json.dumps(line)


def test_as_text_only_what_went_wrong_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="autograd_lab"):
        for kind in (None, "crashed"):
            log.run(ended(over(kind)))
    assert [logged.getMessage() for logged in caplog.records] == ["A run ended: crashed."]
