"""The package as somebody installs it: built, put into an environment of its own, used without the clone."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import pytest

from components.trace.recording import decode_recording

ROOT = Path(__file__).resolve().parents[2]
# What README's lines stand in: somebody's model and training.
AROUND = """\
import torch

model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
optimizer = torch.optim.Adam(model.parameters())


def train():
    for _ in range(1_000):
        optimizer.zero_grad()
        model(torch.ones(1, 4)).square().mean().backward()
        optimizer.step()


"""
NEEDLESS = "import sys\nassert not {'streamlit', 'plotly', 'IPython', 'matplotlib'} & sys.modules.keys()\n"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of an environment that has the built package, and beside it what is installed here."""
    folder = tmp_path_factory.mktemp("package")
    copy = folder / "clone"
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "components", "pyproject.toml", "README.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in tracked:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes((ROOT / name).read_bytes())
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "wheel", "--no-build-isolation", "--no-deps", "-w", folder, copy], check=True)
    (wheel,) = folder.glob("autograd_lab-*.whl")
    venv.create(folder / "environment")
    packages = next((folder / "environment").rglob("site-packages"))
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target", packages, wheel], check=True)
    (packages / "installed_here.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "environment" / "bin" / "python"


def test_the_lines_of_the_readme_work_without_the_clone(python: Path, tmp_path: Path) -> None:
    (lines,) = re.findall(r"```python\n(import autograd_lab\n.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert len([line for line in lines.splitlines() if line]) == 5
    (tmp_path / "train.py").write_text(AROUND + lines + NEEDLESS)
    subprocess.run([python, "train.py"], cwd=tmp_path, check=True)
    file = decode_recording((tmp_path / "step.trace").read_bytes())
    assert file.head.seen == 1_000
    assert file.steps == [*range(0, 1_000, 100), 999]
    assert "train.py, step 999" in (tmp_path / "step.html").read_text(encoding="utf-8")


def test_its_command_records_a_script(python: Path, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(f"{AROUND}import sys\nprint(sys.argv)\ntrain()\n")
    command = [str(python), "-m", "autograd_lab", "run", "train.py", "--epochs", "1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "['train.py', '--epochs', '1']\n"
    assert done.stderr == "python -m autograd_lab: 1000 steps, recorded in train.trace\n"
    assert decode_recording((tmp_path / "train.trace").read_bytes()).steps == list(range(0, 1_000, 100))


def test_all_that_recording_needs_is_packed() -> None:
    """The server's own parts are left out; a new package of the others has to be named."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    own = ("answers", "reading", "figures/charts", "widgets/browser", "widgets/editor", "widgets/picture_buttons")
    folders = [
        path.parent.relative_to(ROOT / "components").as_posix() for path in ROOT.glob("components/**/__init__.py")
    ]
    wanted = sorted(folder for folder in folders if not folder.startswith(own))
    assert settings["packages"] == [".".join(("autograd_lab", *Path(folder).parts)) for folder in wanted]
