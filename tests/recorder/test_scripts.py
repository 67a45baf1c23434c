"""Scripts as people write them, recorded as they are: they print what they print by themselves, digit for digit."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
from pathlib import Path

import pytest

from components.recorder.script import main
from components.trace.recording import decode_recording
from tests.recorder.recorded import NAMES, SCRIPTS, once, recorded

# What backward() was called on in a step is what the script prints of it, here divided by as much.
PRINTED = {
    "dqn": re.compile(r"^\d+ \d (\S+)$", re.MULTILINE),
    "lstm": re.compile(r"^epoch \d+ batch \d+ loss (\S+)$", re.MULTILINE),
    "maml": re.compile(r"meta loss (\S+)$", re.MULTILINE),
    "resnet": re.compile(r"Loss: (\S+) \|"),
    "gpt": re.compile(r"loss (\S+), norm"),
}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_recorded_script_prints_the_same_and_its_traces_are_whole(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = io.StringIO()
    monkeypatch.setattr("sys.argv", [str(script)])
    with contextlib.redirect_stdout(plain):
        runpy.run_path(str(script), run_name="__main__")
    printed, file = once(script.stem).printed, decode_recording(once(script.stem).file)
    assert printed == plain.getvalue() != ""

    steps = {step.step: step for step in file.head.steps}
    assert list(steps) == list(range(0, file.head.seen, 3))
    if script.stem in PRINTED:
        losses = [float(word) for word in PRINTED[script.stem].findall(printed) if word != "None"]
        assert len(losses) == file.head.seen
        for place, step in steps.items():  # float32 has seven digits
            assert sum(map(float, step.losses)) == pytest.approx(losses[place], rel=1e-6)
    for place in file.steps:
        trace = file.trace(place, 50_000)
        assert trace.training_step == place
        assert trace.failure is None
        assert (trace.notes, trace.truncations) == ([], [])
        leaves = {node.leaf for node in trace.nodes if node.name == "AccumulateGrad"}
        assert leaves <= {*file.head.parameters, "interpolates"}  # what WGAN-GP's penalty differentiates by
        assert [node.name for node in trace.nodes if node.leaf is None and node.line is None] == []


def test_its_arguments_are_the_scripts_own(tmp_path: Path) -> None:
    script = SCRIPTS[NAMES.index("gpt")]
    made = recorded(script, tmp_path, "--steps", "2")
    assert decode_recording(made.file).steps == [0, 1]
    assert "gpt.py, step 1" in made.page
    heard = io.StringIO()
    arguments = ["run", "-o", str(tmp_path / "two.trace"), str(script), "--iters", "2"]
    with contextlib.redirect_stdout(heard), contextlib.redirect_stderr(io.StringIO()):
        assert main(arguments, "test") == 0
    assert heard.getvalue() == "".join(made.printed.splitlines(keepends=True)[:2])


def test_a_script_that_fails_says_so_as_python_does_and_leaves_a_recording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script, target = tmp_path / "wrong.py", tmp_path / "wrong.trace"
    script.write_text("import torch\nx = torch.ones(2, requires_grad=True)\n(x @ torch.ones(3)).backward()\n")
    assert main(["run", "-o", str(target), str(script)], "test") == 1
    said = capsys.readouterr().err
    assert said.startswith(f'Traceback (most recent call last):\n  File "{script}", line 3, in <module>\n')
    trace = decode_recording(target.read_bytes()).trace(0, 50_000)
    assert trace.failure is not None
    assert (trace.failure.line, trace.failure.error_type) == (3, "RuntimeError")


def test_wrong_usage_says_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "no_such.py"], "test") == 2
    for wrong in (["run"], ["run", "--every", "0", "a.py"]):
        with pytest.raises(SystemExit, match="2"):
            main(wrong, "test")
    assert "there is no file no_such.py" in capsys.readouterr().err
