"""Builds the editor's bundle: from sources and pinned packages to one module in ``built``.

It runs by itself, before the app's own packages are there: ``python components/widgets/editor/build.py [TOOLS]``. TOOLS
is a pip requirements file that brings Node.js, for machines that have none. Where the bundle cannot be built it says so
and ends well, because the app then shows a plain text area; ``--strict`` makes that an error.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILT = HERE / "built"
STAMP = BUILT / "stamp"
OLDEST_NODE = 20
_INPUTS = ("package.json", "package-lock.json", ".npmrc", "bundle.mjs", "src")
_PATIENCE = 300
_NPM = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
_PIP = ["--disable-pip-version-check", "-qq", "install", "--retries=1"]
_NPM += ["--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"]


class CannotBuild(Exception):
    """The reason why there is no bundle, for people."""


def main(arguments: Sequence[str]) -> int:
    """Build, or say why not; return the exit status."""
    tools = next((Path(name).resolve() for name in arguments if not name.startswith("-")), None)
    try:
        _build(_node_folder(tools))
    except CannotBuild as problem:
        print(f"NOT BUILT: the program editor ({problem}).", file=sys.stderr)
        instead = "the one that was built before" if any(BUILT.glob("editor-*.js")) else "a plain text area"
        print(f"The app uses {instead}; `make setup` tries again.", file=sys.stderr)
        return int("--strict" in arguments)
    return 0


def _node_folder(tools: Path | None) -> Path:
    """Return the folder of a recent Node.js with its npm, installing one beside this Python if need be."""
    found = shutil.which("node")
    candidates = [Path(found).parent] if found else []
    candidates.append(Path(sys.executable).parent)
    for folder in candidates:
        if _is_recent(folder):
            return folder
    if tools is None:
        raise CannotBuild(f"there is no Node.js {OLDEST_NODE} or later with npm")
    print("Installing Node.js to build the program editor ...")
    pip = [sys.executable, "-m", "pip", *_PIP, "-r", str(tools)]
    _run(pip, HERE, os.environ, "Node.js could not be installed")
    if not _is_recent(candidates[-1]):
        raise CannotBuild("the Node.js that was installed does not run")
    return candidates[-1]


def _is_recent(folder: Path) -> bool:
    if not all(shutil.which(name, path=str(folder)) for name in ("node", "npm")):
        return False
    result = subprocess.run(
        ["node", "--version"], env=_environment(folder), capture_output=True, text=True, check=False
    )
    major = result.stdout.strip().removeprefix("v").partition(".")[0]
    return result.returncode == 0 and major.isdigit() and int(major) >= OLDEST_NODE


def _build(node: Path) -> None:
    environment = _environment(node)
    with tempfile.TemporaryDirectory(prefix="autograd-lab-editor-") as folder:
        work = Path(folder)
        for name in _INPUTS:
            copy = shutil.copytree if (HERE / name).is_dir() else shutil.copy
            copy(HERE / name, work / name)
        _run(["npm", *_NPM], work, environment, "its packages could not be fetched")
        _run(["node", "bundle.mjs", "out"], work, environment, "bundling it failed")
        shutil.rmtree(BUILT, ignore_errors=True)
        shutil.copytree(work / "out", BUILT)
    STAMP.touch()


def _run(command: Sequence[str], folder: Path, environment: os._Environ[str] | dict[str, str], failed: str) -> None:
    program = shutil.which(command[0], path=environment["PATH"]) or command[0]
    try:
        result = subprocess.run(
            [program, *command[1:]],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise CannotBuild(f"{failed}: {problem}") from None
    if result.returncode != 0:
        first = next((line.strip() for line in result.stderr.splitlines() if line.strip()), "no reason given")
        raise CannotBuild(f"{failed}: {first[:300]}")


def _environment(node: Path) -> dict[str, str]:
    # Behind a proxy that opens TLS only the system's certificates help; Node.js has its own unless told.
    path = f"{node}{os.pathsep}{os.environ.get('PATH', '')}"
    return {"NODE_USE_SYSTEM_CA": "1", **os.environ, "PATH": path}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
