"""The server as it is operated: it raises its limit of descriptors, answers on its own port, logs, stops gently."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from app.cli import main
from bench.load.processes import Server, served
from bench.load.scenarios import EDITED, RUN
from bench.load.visitor import Visitor
from components import settings

# It ends when the test presses Stop: a program can wait for nothing outside but time.
LONG = "import time\nwhile True:\n    time.sleep(0.01)\n"


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served") / "log"


@pytest.fixture(scope="module")
def server(port: int, log: Path) -> Iterator[Server]:
    environment = {settings.METRICS.name: f"127.0.0.1:{port}", settings.LOG.name: "json"}
    environment |= {settings.STOP_SECONDS.name: "60"}
    with log.open("wb") as errors, served(environment, descriptors=256, errors=errors) as started:
        yield started


def asked(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.read().decode()


def counted(port: int) -> dict[str, float]:
    families = text_string_to_metric_families(asked(port, "/metrics")[1])
    return {sample.name + "".join(sample.labels.values()): sample.value for one in families for sample in one.samples}


def events(log: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]


def test_the_limit_of_descriptors_is_raised(server: Server) -> None:
    limits = Path(f"/proc/{server.process.pid}/limits").read_text(encoding="utf-8")
    soft, hard = next(line for line in limits.splitlines() if "open files" in line).split()[3:5]
    assert soft == hard != "256"


def test_it_says_that_it_is_well_and_counts(
    server: Server, port: int, log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(settings.METRICS.name, f"127.0.0.1:{port}")

    async def visit() -> None:
        visitor = Visitor(server.port)
        await visitor.open()
        await visitor.press(RUN)
        before = counted(port)
        assert before["autograd_lab_sessions"] == 1
        await visitor.run(EDITED.format("2.0"))
        await visitor.run("import nothing_that_is_there\n")
        after = counted(port)
        assert after["autograd_lab_runs_totalprogramfinished"] == before["autograd_lab_runs_totalprogramfinished"] + 2
        await visitor.leave()

    asyncio.run(visit())
    assert main(["health"]) == 0
    assert capsys.readouterr().out == "ok\n"
    runs = [event for event in events(log) if event["event"] == "run"]
    assert len(runs) >= 3
    assert all(set(run) == {"time", "level", "event", "kind", "outcome", "waited", "seconds"} for run in runs)
    assert "nothing_that_is_there" not in log.read_text(encoding="utf-8")


def test_told_to_stop_it_lets_a_program_end(server: Server, port: int, log: Path) -> None:
    async def visit() -> None:
        visitor, late = Visitor(server.port), Visitor(server.port)
        await visitor.open()
        await late.open()
        running = asyncio.create_task(visitor.run(LONG))
        while counted(port)["autograd_lab_sessions"] < 2 or not visitor.waits:
            await asyncio.sleep(0.05)
        server.process.send_signal(signal.SIGTERM)
        while asked(port, "/health")[0] == 200:
            await asyncio.sleep(0.05)
        await late.run(EDITED.format("5.0"))
        assert "The server is about to start anew" in late.said
        assert [event["event"] for event in events(log)][-1] == "run"  # it still waits for the other one
        await visitor.press(f"{visitor.page}:stop")
        await running
        await visitor.leave()
        await late.leave()

    asyncio.run(visit())
    assert server.process.wait(30) == 0
    last = {str(event["event"]): event for event in events(log)}
    told = [(event["event"], event.get("outcome")) for event in events(log)]
    stopping, drained = told.index(("stopping", None)), told.index(("drained", None))
    # On a very busy machine its ten seconds may be over before that.
    (_, refused), (_, how) = told[stopping + 1 : drained]
    assert (refused, how in ("stopped", "timeout")) == ("refused", True)
    assert last["drained"]["all_ended"] is True


def test_nobody_answers_where_nobody_serves(
    port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(settings.METRICS.name, raising=False)
    assert main(["health"]) == 2
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv(settings.METRICS.name, str(free.getsockname()[1]))
        assert main(["health"]) == 1
    assert "does not answer" in capsys.readouterr().out
