"""A step recorded on a GPU: what ``make gpu`` takes for one, and where it is offered."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace
from streamlit.testing.v1 import AppTest

from app import gpu_sample
from bench.gpu import lacking, with_origin
from components.trace import CudaSample, Environment, Program, Trace, encode_trace
from components.trace.records import Category
from components.worker.confine.gpu import has_gpu
from tests.app.apptest import html_of, settled, visit
from tests.facts.memory.made import Tape, steps
from tests.figures import traces as t

pytestmark = pytest.mark.skipif(has_gpu(), reason="there is a GPU here")
BUTTONS = ("memory:gpu", "lessons:gpu")


def recorded(*categories: Category) -> Trace:
    """A trace as a machine with a GPU would record it, with a block of each category."""
    tape = Tape()
    for category in categories:
        tape.new(4096, category, category, line=1, step=0, node="n0")
    made = t.make_trace("weights = torch.zeros(1024)\n", steps=steps(1), nodes=[t.node("n0", "MulBackward0")])
    return replace(
        made,
        memory=tape.memory([CudaSample(step=0, allocated_bytes=4096, reserved_bytes=2 << 20, peak_bytes=4096)], "cuda"),
        program=Program(source=made.program.source, device="cuda"),
        environment=Environment(torch="2.13.0", python="3.11", device_name="NVIDIA <H100>"),
    )


STEP: tuple[Category, ...] = ("leaf", "saved", "gradient", "optimizer")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "gpu_step.json"
    monkeypatch.setattr(gpu_sample, "FILE", path)
    return path


def opened(screen: str, **address: str) -> AppTest:
    test = visit()
    settled(test.run())
    for name, value in address.items():
        test.query_params[name] = value
    return settled(test.switch_page(f"screens/{screen}.py").run())


def offered(test: AppTest) -> list[str]:
    assert not test.exception
    return [button.key for button in test.button if button.key in BUTTONS]


def test_without_the_file_nothing_is_offered(file: Path) -> None:
    assert offered(opened("memory")) == []
    assert offered(opened("lessons", lesson="cuda_memory")) == []


@pytest.mark.parametrize(("screen", "address"), [("memory", {}), ("lessons", {"lesson": "cuda_memory"})])
def test_where_there_is_one_it_opens_on_memory_and_says_where_it_is_from(
    file: Path, screen: str, address: dict[str, str]
) -> None:
    file.write_bytes(encode_trace(with_origin(recorded(*STEP))))
    test = opened(screen, **address)
    assert offered(test) == [f"{screen}:gpu"]
    settled(test.button(key=f"{screen}:gpu").click().run())
    settled(test)
    said = html_of(test)
    assert "recorded on NVIDIA &lt;H100&gt;" in said
    assert "Recorded by `make gpu` on NVIDIA &lt;H100&gt;, " in said
    assert "with PyTorch 2.13.0 and Python 3.11." in said
    assert offered(test) == []  # it is the one that is shown


def test_a_file_that_was_cut_is_told_and_nothing_breaks(file: Path) -> None:
    file.write_bytes(encode_trace(recorded(*STEP))[:-20])
    test = opened("memory")
    settled(test.button(key="memory:gpu").click().run())
    assert not test.exception
    assert "gpu_step.json could not be opened." in html_of(test)


def test_what_lacks_what_a_sample_is_for_is_none() -> None:
    assert lacking(recorded(*STEP)) == ""
    assert lacking(recorded("leaf", "gradient")) == "no memory of these categories was recorded: optimizer, saved"
    assert lacking(replace(recorded(*STEP), memory=None)).startswith("the memory of the GPU was not recorded")
    on_cpu = replace(recorded(*STEP), memory=Tape().memory(None, "cpu"))
    assert lacking(on_cpu).startswith("the memory of the GPU was not recorded")


def test_without_a_gpu_the_command_says_so_in_one_line_and_fails() -> None:
    ran = subprocess.run([sys.executable, "-m", "bench.gpu"], capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 1
    assert ran.stderr == "make gpu: there is no GPU that PyTorch can use here, so nothing was tested or recorded.\n"
    assert not gpu_sample.FILE.exists()
