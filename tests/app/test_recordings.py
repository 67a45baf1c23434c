"""A recording is opened like a trace: its last step first, then the one that is chosen; its program is not run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from msgspec.structs import replace
from streamlit.testing.v1 import AppTest

from app import session
from app.cli import main
from app.uploads import OpenError, opened_recording, recorded_step
from components.recorder import record
from components.trace import Packed
from components.trace.recording import decode_recording, encode_recording
from tests.app.apptest import LONG, html_of, settled, trace_of, visit


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    w = torch.tensor(1.0, requires_grad=True)
    target = tmp_path_factory.mktemp("recording") / "step.trace"
    with record(every=2) as run:
        for factor in range(1, 6):
            (w * factor).backward()  # type: ignore[no-untyped-call]
            run.step()
    run.save(target)
    return Path(target).read_bytes()


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The programs that are run from now on."""
    asked: list[str] = []
    start = session.start

    def noted(page: str, source: str, *others: object, **options: object) -> None:
        asked.append(source)
        start(page, source, *others, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(session, "start", noted)
    return asked


def opened(screen: str, key: str, data: bytes) -> AppTest:
    test = visit()
    settled(test.run())
    settled(test.switch_page(f"screens/{screen}.py").run())
    test.file_uploader(key=key).upload("<b>.trace", data, "application/octet-stream")
    return settled(test.run())


def captions(test: AppTest) -> str:
    return " ".join(caption.value for caption in test.caption)


@pytest.mark.parametrize(
    ("screen", "key", "page"),
    [
        ("code", "code:upload", "code"),
        ("memory", "memory:upload:0", "memory"),
        ("compare", "compare:left:upload", "compare:left"),
    ],
)
def test_the_last_step_is_shown_and_another_can_be_chosen(
    screen: str, key: str, page: str, recording: bytes, runs: list[str]
) -> None:
    test = opened(screen, key, recording)
    before = len(runs)
    assert trace_of(test, page).training_step == 4
    # the steps' backward() was called on w * 1, w * 2, ... w * 5
    assert "Step 4 of 5 steps · recorded every 2 · backward() on 5" in captions(test)
    (slider,) = [one for one in test.select_slider if str(one.key).startswith(f"{page}:step:")]
    assert slider.options == ["0", "2", "4"]
    settled(slider.set_value(2).run())
    assert trace_of(test, page).training_step == 2
    assert "backward() on 3" in captions(test)
    assert len(runs) == before


def test_once_the_program_was_run_here_no_step_is_chosen(recording: bytes) -> None:
    test = opened("code", "code:upload", recording)
    assert len(test.select_slider) == 1
    settled(test.button(key="code:again").click().run())
    assert len(test.select_slider) == 0


@pytest.mark.parametrize("end", [3, 4])
def test_a_run_that_ends_while_the_page_is_made_leaves_no_step_either(
    recording: bytes, monkeypatch: pytest.MonkeyPatch, end: int
) -> None:
    """The page asks whether it is done as it begins, above the editor, below it, and beside the picture at last."""
    test = opened("code", "code:upload", recording)
    collect = session.collect
    asked: list[bool] = []

    def late(page: str) -> bool:
        run = session.running(page)
        if run is None:
            return collect(page)
        asked.append(True)
        return True if len(asked) < end else run.result(LONG) is not None and collect(page)

    monkeypatch.setattr(session, "collect", late)
    test.button(key="code:again").click().run()
    assert len(asked) == end
    assert len(test.select_slider) == 0


def test_a_damaged_recording_is_told(recording: bytes) -> None:
    test = opened("code", "code:upload", recording[:-1])
    assert "&lt;b&gt;.trace could not be opened. This recording is damaged" in html_of(test)
    with pytest.raises(OpenError, match=r"a\.trace could not be opened"):
        opened_recording("a.trace", b"{}")
    file = opened_recording("a.trace", recording)
    assert recorded_step("a.trace", file, 0).training_step == 0


def test_the_command_line_draws_a_step(
    recording: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("step.trace").write_bytes(recording)
    for words, factor in (([], 5), (["--step", "2"], 3)):
        assert main(["render", "step.trace", "--format", "dot", "-o", "out.dot", *words]) == 0
        # d(w * factor) / dw is the factor
        assert f"&nbsp;{factor}&nbsp;" in Path("out.dot").read_text()
    assert main(["render", "step.trace", "--step", "1"]) == 2
    assert "step.trace has no trace of step 1; it has: 0, 2, 4" in capsys.readouterr().err
    Path("a.py").write_text("x = 1\n")
    assert main(["render", "a.py", "--step", "1"]) == 2
    assert "a.py is no recorded training" in capsys.readouterr().err


def charts(test: AppTest) -> list[str]:
    """The charts of the training, by the ends of their keys."""
    ids = (one.proto.id for one in test.get("plotly_chart"))
    return [one.partition("code:training:")[2] for one in ids if "code:training:" in one]


def chart(test: AppTest, name: str) -> Any:
    """What is drawn in one of them."""
    return json.loads(next(one.proto.spec for one in test.get("plotly_chart") if one.proto.id.endswith(name)))


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A training of six steps, each second one recorded, whose gradient is NaN from step 3 on."""
    torch.manual_seed(0)
    net = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    target = tmp_path_factory.mktemp("broken") / "broken.trace"
    with record(net, every=2) as run:
        for number in range(6):
            optimizer.zero_grad()
            loss = (net(torch.ones(2)) * (float("nan") if number >= 3 else 1.0)).sum()
            loss.backward()
            optimizer.step()
    run.save(target)
    return Path(target).read_bytes()


def test_the_training_is_shown_over_its_steps_and_its_first_bad_gradient_leads_there(broken: bytes) -> None:
    test = opened("code", "code:upload", broken)
    assert trace_of(test, "code").training_step == 4
    assert charts(test) == ["loss", "layers", "sizes:chart"]
    settled(next(one for one in test.select_slider if "step" in str(one.key)).set_value(0).run())
    assert trace_of(test, "code").training_step == 0
    bad = test.button(key="code:training:bad")
    assert "step 4, in `net`" in bad.label  # of the recorded ones: 0, 2, 4
    settled(bad.click().run())
    assert trace_of(test, "code").training_step == 4
    settled(test.button_group(key="code:training:quantity").set_value("Updates").run())
    assert "Around 1e-3 is usual" in captions(test)
    settled(test.button_group(key="code:training:quantity").set_value("momentum_buffer").run())
    assert "what the optimizer keeps" in captions(test)
    # the weights of one layer are NaN from the step on whose gradient was
    assert test.selectbox(key="code:training:layer:1").options == ["net"]
    settled(test.button_group(key="code:training:sizes").set_value("Weights").run())
    assert chart(test, "sizes:chart")["data"][0]["customdata"][-1] == [None, None, "NaN: 100.00%"]


def test_names_in_a_strangers_recording_are_no_markup(broken: bytes) -> None:
    file = decode_recording(broken)
    named = ["<script>a", "[b](javascript:c)", "", "Gradients", "d\ne"]
    steps = [replace(step, state={name: [1.0, 2.0] for name in named}) for step in file.head.steps]
    head = replace(file.head, steps=steps, parameters=["`*f*`.<script>", "<img src=x>.g"])
    packed = [Packed(data, kept.size, 0) for data, kept in zip(file.traces, file.head.traces, strict=True)]
    test = opened("code", "code:upload", encode_recording(head, packed))
    quantities = test.button_group(key="code:training:quantity")
    assert quantities.options[3:] == ["\\<script\\>a", "\\[b\\](javascript:c)", "", "d\ne"]
    settled(quantities.set_value("<script>a").run())
    assert chart(test, "layers")["layout"]["annotations"][0]["text"] == "‖ &lt;script&gt;a ‖"
    assert chart(test, "layers")["data"][0]["y"] == ["`*f*`", "&lt;img src=x&gt;"]
    assert chart(test, "sizes:chart")["layout"]["annotations"][0]["text"] == "gradients of `*f*`"
    assert not test.exception


def test_a_training_of_no_optimizer_has_a_loss_and_no_layers(recording: bytes) -> None:
    test = opened("code", "code:upload", recording)
    assert charts(test) == ["loss"]
