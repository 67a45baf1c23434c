"""The Memory page as Streamlit runs it, with the real workers behind it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec import UNSET
from msgspec.structs import replace
from streamlit.testing.v1 import AppTest

from app import memory_savings, session
from app.examples import MEMORY
from app.in_browser import InBrowser
from app.memory_savings import MOST, may_save, pick, table
from app.program_choice import OPENED, Chosen, ProgramChoice
from app.session import PageState
from components.facts.compare.outcomes import Outcome
from components.reading.memory_sections import MemoryAbout, memory_told
from components.source.variants import Variant, variants
from components.trace import CudaSample, Environment, Program, Trace, encode_trace
from components.widgets import editor
from tests.app.apptest import html_of, remembered, shown, visit
from tests.app.apptest import settled as when_settled
from tests.facts.memory.made import Tape, steps
from tests.figures import traces as t


@pytest.fixture(autouse=True)
def as_if_the_editor_was_not_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(editor, "BUILT", tmp_path)


def settled(test: AppTest) -> AppTest:
    settled_test = when_settled(test)
    assert not settled_test.exception
    return settled_test


def opened() -> AppTest:
    test = visit()
    settled(test.run())
    settled(test.switch_page("screens/playground.py").run())
    return settled(test.switch_page("screens/memory.py").run())


def section(test: AppTest, name: str) -> AppTest:
    return settled(test.segmented_control(key="memory:section").set_value(name).run())


def example(test: AppTest, name: str) -> AppTest:
    return settled(test.selectbox[0].set_value(name).run())


def gpu_trace() -> Trace:
    """A trace as a machine with a GPU would record it."""
    tape = Tape()
    tape.new(4096, "leaf", "weights", line=1, step=0)
    samples = [CudaSample(step=0, allocated_bytes=4096, reserved_bytes=2 << 20, peak_bytes=4096)]
    made = t.make_trace("weights = torch.zeros(1024, requires_grad=True)\n", steps=steps(1))
    return msgspec.structs.replace(
        made,
        memory=tape.memory(samples, "cuda"),
        program=Program(source=made.program.source, device="cuda"),
        environment=Environment(torch="2.13.0", python="3.11", device_name="NVIDIA <H100>"),
    )


def opened_with(trace: Trace | None, note: str | None = None) -> AppTest:
    """Open the page with a trace from a file."""
    test = opened()
    settled(test.run())
    settled(test.switch_page("screens/playground.py").run())
    if trace is not None:
        with_note = msgspec.structs.replace(trace, memory_note=UNSET if note is None else note)
        test.session_state["memory:ProgramChoice"] = ProgramChoice(
            trace=session.keep(with_note), file="gpu.json", opened=1
        )
        remembered(test, InBrowser, "all").made["memory:Chosen"] = Chosen(source=OPENED)
    return settled(test.switch_page("screens/memory.py").run())


def test_every_example_runs_and_has_a_timeline() -> None:
    test = opened()
    for name in MEMORY:
        example(test, name)
        assert "Peak <b>" in html_of(test), name
        assert "measured by PyTorch" in html_of(test)
        assert not shown(test, "memory").failure, name


def test_the_sections_of_the_program_of_another_page() -> None:
    test = opened()
    assert test.selectbox[0].value == "playground"
    test.segmented_control(key="memory:axis").set_value("time").run()
    assert "were held while line" in html_of(test)
    section(test, "Saved for backward")
    assert any("were saved for `backward()`" in one.value for one in test.markdown)
    section(test, "Backward calls")
    assert any("The engine has not run" in one.value for one in test.markdown)
    section(test, "What was alive")
    test.segmented_control(key="memory:at").set_value("clicked").run()
    assert any("Click the timeline" in one.value for one in test.markdown)
    test.segmented_control(key="memory:at").set_value("end").run()
    assert "were held" in html_of(test)
    assert not test.exception


def test_the_program_of_another_page_comes_back_after_an_example() -> None:
    test = opened()
    before = shown(test, "memory")
    example(test, "Six activations")
    assert shown(test, "memory") is not before
    example(test, "playground")
    assert shown(test, "memory") is before


def about_memory(test: AppTest) -> MemoryAbout:
    about = session.engine().traces.look(shown(test, "memory"), memory_told).about
    assert about is not None
    return about


def test_call_stacks_are_recorded_when_somebody_asks() -> None:
    test = opened()
    before = about_memory(test)
    assert not before.has_stacks
    settled(next(one for one in test.button if one.label == "Record call stacks").click().run())
    after = about_memory(test)
    assert after == replace(before, has_stacks=True)
    assert not any(one.label == "Record call stacks" for one in test.button)
    # In a trace from elsewhere there is nothing to press: its program was run on another machine.
    assert not any(one.label == "Record call stacks" for one in opened_with(gpu_trace()).button)


def test_a_leak_is_told_with_its_fix_and_other_programs_are_not_accused() -> None:
    test = example(opened(), "A leak: total += loss")
    assert "Leak in line 10" in html_of(test)
    assert "the graphs of 8 iterations" in html_of(test)
    assert "total += loss.item()" in html_of(test)
    assert "Leak in" not in html_of(example(test, "A training loop with Adam"))


def test_what_retain_graph_kept_and_when_it_was_released() -> None:
    test = section(example(opened(), "retain_graph=True"), "Backward calls")
    assert "retain_graph=True</code> kept" in html_of(test)
    assert "released by backward() 2 in line 10" in html_of(test)


def test_a_trace_from_a_gpu_is_shown_as_one() -> None:
    test = opened_with(gpu_trace())
    assert test.selectbox[0].value == "opened"
    assert "recorded on NVIDIA &lt;H100&gt;" in html_of(test)
    assert "this server runs on the CPU" not in html_of(test)
    # An example with the same source would be run here, not taken from the file.
    example(test, "Six activations")
    assert "this server runs on the CPU" in html_of(test)


def test_why_there_is_no_memory_is_said() -> None:
    bare = msgspec.structs.replace(gpu_trace(), memory=None)
    assert "no time was left &lt;b&gt;" in html_of(opened_with(bare, "no time was left <b>"))
    assert "was not recorded" in html_of(opened_with(bare))
    empty = msgspec.structs.replace(bare, memory=Tape().memory())
    assert any("allocated no memory" in one.value for one in opened_with(empty).markdown)


def test_an_uploaded_trace_is_opened_and_a_damaged_one_is_told() -> None:
    test = opened()
    test.file_uploader(key="memory:upload:0").upload("gpu.json", encode_trace(gpu_trace()), "application/json")
    settled(test.run())
    assert "recorded on NVIDIA" in html_of(test)
    test.file_uploader(key="memory:upload:1").upload("<b>.json", b'{"version": 1}', "application/json")
    settled(test.run())
    assert "&lt;b&gt;.json could not be opened. This is not a trace file" in html_of(test)
    assert "recorded on NVIDIA" in html_of(test)  # what was open stays open


# --- what would save memory


def variant(switch: str, number: int = 0) -> Variant:
    return Variant(switch, number, f"{switch} {number}", "", "")  # type: ignore[arg-type]


def test_variants_are_measured_in_turns_of_their_switches() -> None:
    found = [variant("del", number) for number in range(10)] + [variant("no_grad", 1)]
    assert [one.title for one in pick(found, ["no_grad", "del"])] == [
        "no_grad 1",
        *(f"del {number}" for number in range(MOST - 1)),
    ]
    assert pick(found, ["detach"]) == []


def test_only_changes_that_can_save_memory_are_offered() -> None:
    source = (
        "import torch\nx = torch.ones(3, requires_grad=True)\ny = x * 2\ny = torch.relu(y)\nz = y.detach()\n"
        "y.sum().backward(retain_graph=True)\ny.sum().backward()\noptimizer.zero_grad()\n"
        "optimizer.zero_grad(set_to_none=False)\nwith torch.no_grad():\n    w = x * 3\n"
    )
    offered = [one.title for one in variants(source) if may_save(one)]
    assert "without `retain_graph=True` in line 6" in offered
    assert "without `set_to_none=False` in line 9" in offered
    assert not [title for title in offered if title.startswith(("`retain_graph", "`create_graph", "`set_to_none"))]
    assert not [title for title in offered if "instead of" in title]


def test_variants_are_run_and_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    def two(source: str) -> list[Variant]:
        first = Variant(
            "no_grad", 4, "`no_grad()` in line 4", "No graph.", source.replace("h = x\n", "h = x.detach()\n")
        )
        second = Variant("del", 4, "clear `.grad`", "Frees it.", source + "x.grad = None\n")
        return [first, second]

    monkeypatch.setattr(memory_savings, "variants", two)
    test = section(example(opened(), "Six activations"), "What would save memory")
    test.button(key="memory:measure").click().run()
    for _ in range(20):
        settled(test.run())
        if "results" in html_of(test):
            break
    shown = html_of(test)
    # backward() cannot run without a graph, and PyTorch says so; clearing .grad leaves 256 KiB less.
    assert "✗ fails at <code>loss.backward()</code>: element 0 of tensors does not require grad" in shown
    assert "768 KiB<br><b>→ 512 KiB</b>" in shown
    assert "−256 KiB, −33 %" in shown
    assert "<code>no_grad()</code> in line 4" in shown
    assert not test.exception


def test_measuring_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(source: str) -> list[Variant]:
        return [Variant("del", 1, "`del`", "Takes long.", "n = 0\nwhile True:\n    n += 1\n")]

    monkeypatch.setattr(memory_savings, "variants", endless)
    test = section(example(opened(), "Six activations"), "What would save memory")
    test.button(key="memory:measure").click().run()
    assert test.button(key="memory:measure").disabled
    test.run()
    test.button(key="memory:measure-stop").click().run()
    test.run()
    assert any("Stopped" in one.value for one in test.caption)
    assert remembered(test, PageState, "memory:variant:0").run is None
    assert not test.button(key="memory:measure").disabled


def test_the_largest_saving_comes_first_and_a_failure_last() -> None:
    outcomes = [
        Outcome("fails", 1, "", (10, 1), (1, 1), (1, 1), None, "fails"),
        Outcome("more", 1, "", (10, 20), (1, 1), (1, 1), True, "the same"),
        Outcome("less", 1, "<i>", (10, 5), (1, 1), (1, 1), False, "y differs"),
        Outcome("unknown", 1, "", None, None, None, True, "the same"),
    ]
    shown = table(outcomes)
    places = [shown.index(f"<b>{name}</b>") for name in ("less", "more")]
    assert places == sorted(places)
    assert max(places) < min(shown.index("<b>fails</b>"), shown.index("<b>unknown</b>"))
    assert "≠ y differs" in shown
    assert "10 B<br><b>→ 5 B</b><br><span class='al-note'>−5 B, −50 %</span>" in shown
    assert "&lt;i&gt;" in shown
    assert "not known" in shown
    assert "→ 1 B" not in shown  # what the failing program used until it failed
