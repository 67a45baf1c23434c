"""However a script ends, a recorded one says what Python says, and leaves a recording."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

from components.recorder import record
from components.recorder.script import main
from components.trace.recording import decode_recording

ENDS = {
    "raises": "def inner():\n    raise KeyError('oh')\nprint('before')\ninner()\n",
    "raises from another": "try:\n    1 / 0\nexcept OSError as one:\n    pass\nfinally:\n    int('x')\n",
    "is interrupted": "print('before')\nraise KeyboardInterrupt\n",
    "exits": "import sys\nsys.exit(3)\n",
    "exits quietly": "import sys\nsys.exit()\n",
    "exits with words": "raise SystemExit('the end')\n",
    "is no Python": "print('never')\nif\n",
    "has a hook of its own": "import sys\nsys.excepthook = lambda *args: print(args[0])\nraise OSError\n",
    "asks what it is": "import sys\nprint(__name__, __file__, __spec__, type(__loader__), sys.argv, sys.path[0])\n",
    "pickles its own": "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))) is A)\n",
    "is written in Latin-1": "# -*- coding: latin-1 -*-\nprint(len('é'))\n",
}


@pytest.mark.parametrize("words", ENDS)
def test_a_recorded_script_ends_as_it_does_in_python(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    Path("train.py").write_text(ENDS[words], encoding="latin-1" if "latin" in ENDS[words] else "utf-8")
    plain = subprocess.run([sys.executable, "train.py", "--epochs", "1"], capture_output=True, text=True, check=False)
    ended = main(["run", "train.py", "--epochs", "1"], "test")
    said = capsys.readouterr()
    # A shell says 128 more than the number of the signal that ended a program.
    assert ended == (plain.returncode if plain.returncode >= 0 else 128 - plain.returncode)
    assert said.out == plain.stdout
    assert said.err == f"{plain.stderr}test: 0 steps, recorded in train.trace\n"
    assert decode_recording(Path("train.trace").read_bytes()).head.seen == 0


def test_a_link_to_a_script_finds_what_stands_beside_the_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    real = tmp_path / "real"
    real.mkdir()
    (real / "beside_the_script.py").write_text("there = 1\n")
    (real / "train.py").write_text("import sys\nimport beside_the_script\nprint(__file__, sys.path[0], sys.argv)\n")
    Path("linked.py").symlink_to(real / "train.py")
    plain = subprocess.run([sys.executable, "linked.py"], capture_output=True, text=True, check=True)
    assert main(["run", "linked.py"], "test") == 0
    assert capsys.readouterr().out == plain.stdout


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (KeyError("oh"), "The training ended in step 3 with KeyError: 'oh'"),
        (KeyboardInterrupt(), "The training was interrupted in step 3."),
        (SystemExit(0), None),
    ],
)
def test_what_ended_a_step_that_was_not_recorded_is_said(error: BaseException, words: str | None) -> None:
    run = record(every=2)
    w = torch.ones(1, requires_grad=True)

    def train() -> None:
        with run:
            for number in range(5):
                (w * number).sum().backward()  # type: ignore[no-untyped-call]
                if number == 3:
                    raise error
                run.step()

    with pytest.raises(type(error)):
        train()
    assert run.recorded == [0, 2]
    assert [note.message for note in run.recording.notes] == ([words] if words else [])


def test_steps_in_other_threads_are_not_counted_and_said(tmp_path: Path) -> None:
    """They would end steps that they have no part in, two of them at the same time."""
    models = [torch.nn.Linear(2, 1) for _ in range(3)]

    def trained(model: torch.nn.Module) -> None:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(10):
            optimizer.zero_grad()
            model(torch.ones(1, 2)).sum().backward()
            optimizer.step()

    with record(every=2) as run:
        others = [threading.Thread(target=trained, args=(model,)) for model in models[1:]]
        for other in others:
            other.start()
        trained(models[0])
        for other in others:
            other.join()
    assert run.steps_seen == 10
    run.save(tmp_path / "step.trace")
    file = decode_recording((tmp_path / "step.trace").read_bytes())
    assert [step.step for step in file.head.steps] == [0, 2, 4, 6, 8]
    assert [note.message.partition(" are")[0] for note in file.head.notes] == [
        "Steps of an optimizer in another thread"
    ]


def test_the_command_gives_a_script_the_path_that_python_gives_it(tmp_path: Path) -> None:
    """Where the command is called is no place for a script's imports; its results stand there, wherever it goes."""
    called_in, where = tmp_path / "here", tmp_path / "there"
    called_in.mkdir()
    where.mkdir()
    (where / "train.py").write_text(
        "import os, sys\nprint(sys.path[:3])\nif len(sys.argv) > 1:\n    import torch\n    os.chdir('/')\n"
        "    w = torch.ones(2, requires_grad=True)\n    (w * w).sum().backward()\n    torch.optim.SGD([w]).step()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    plain, recorded = (
        subprocess.run(
            [sys.executable, *words], cwd=called_in, env=environment, capture_output=True, text=True, check=True
        )
        for words in (
            [str(where / "train.py")],
            ["-m", "components", "run", "--html", "step.html", str(where / "train.py"), "train"],
        )
    )
    assert recorded.stdout == plain.stdout
    assert recorded.stderr == "python -m components: 1 steps, recorded in train.trace and step.html\n"
    assert sorted(path.name for path in called_in.iterdir()) == ["step.html", "train.trace"]


RECORDS_ITSELF = """\
import sys
import torch
from components.recorder import record

w = torch.ones(2, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)


def train():
    with record(every=2) as run:
        for _ in range(3):
            (w * w).sum().backward()
            print(w.grad.tolist())
            optimizer.step()
    return run


train()
train().save("mine.trace")
sys.exit(4)
"""


def test_a_script_that_records_itself_does_so_and_the_command_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text(RECORDS_ITSELF)
    with pytest.raises(SystemExit):
        runpy.run_path("train.py", run_name="__main__")
    plain = capsys.readouterr()
    own = decode_recording(Path("mine.trace").read_bytes())
    Path("mine.trace").unlink()
    assert main(["run", "--html", "step.html", "train.py"], "test") == 4
    said = capsys.readouterr()
    assert said.out == plain.out != ""
    assert said.err == "test: the script records itself; this command wrote nothing\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.trace", "train.py"]
    file = decode_recording(Path("mine.trace").read_bytes())
    assert (file.steps, file.head.seen, file.head.notes) == (own.steps, own.head.seen, []) == ([0, 2], 3, [])
    assert [step.losses for step in file.head.steps] == [step.losses for step in own.head.steps]
    assert file.trace(2, 50_000).nodes == own.trace(2, 50_000).nodes


def test_what_cannot_be_written_is_said_before_the_script_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text("print('never')\n")
    for target, why in (("no/x.trace", "there is no such folder"), (str(tmp_path), "it is a folder")):
        assert main(["run", "-o", target, "train.py"], "test") == 2
        assert capsys.readouterr() == ("", f"test: {target} cannot be written: {why}\n")
