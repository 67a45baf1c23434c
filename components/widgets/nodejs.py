"""What Node.js does for the widgets: it builds the editor's bundle, and checks and tests the browser's scripts.

It runs by itself, before the app's own packages are there: ``python components/widgets/nodejs.py build|check [TOOLS]``.
TOOLS is a pip requirements file that brings Node.js, for machines that have none. Where npm's packages cannot be had it
says so and ends well: the app then shows a plain text area, and the other checks go on. ``--strict`` makes that an
error.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EDITOR = ROOT / "components" / "widgets" / "editor"
BUILT = EDITOR / "built"
STAMP = BUILT / "stamp"
OLDEST_NODE = 20
_PACKAGES = ("package.json", "package-lock.json", ".npmrc")
_SOURCES = ("bundle.mjs", "src")
_LINTED = ("components", "bench", "tests", "eslint.config.js")
_TESTS = ROOT / "tests" / "widgets" / "js"
_PATIENCE = 300
_NPM = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
_NPM += ["--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"]


class NotHere(Exception):
    """The reason why something that Node.js is to do cannot be done, for people."""


def main(arguments: Sequence[str]) -> int:
    """Do what the first argument says, or say why not; return the exit status."""
    what, *others = arguments
    tools = next((Path(name).resolve() for name in others if not name.startswith("-")), None)
    strict = "--strict" in others
    if what == "check":
        return _check_or_say(tools, strict)
    try:
        _build(_node_folder(tools))
    except NotHere as problem:
        print(f"NOT BUILT: the program editor ({problem}).", file=sys.stderr)
        instead = "the one that was built before" if any(BUILT.glob("editor-*.js")) else "a plain text area"
        print(f"The app uses {instead}; `make setup` tries again.", file=sys.stderr)
        return int(strict)
    return 0


def _build(node: Path) -> None:
    environment = _environment(node)
    with tempfile.TemporaryDirectory(prefix="autograd-lab-editor-") as folder:
        work = Path(folder)
        for source in (*(ROOT / name for name in _PACKAGES), *(EDITOR / name for name in _SOURCES)):
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, work / source.name)
        _run([*_NPM, "--omit=dev"], work, environment, "its packages could not be fetched")
        _run(["node", "bundle.mjs", "out"], work, environment, "bundling it failed")
        shutil.rmtree(BUILT, ignore_errors=True)
        shutil.copytree(work / "out", BUILT)
    STAMP.touch()


def _check_or_say(tools: Path | None, strict: bool) -> int:
    try:
        node = _node_folder(tools)
        modules = _install(node)
    except NotHere as problem:
        print(f"NOT CHECKED: the browser's scripts ({problem}).", file=sys.stderr)
        return int(strict)
    return _check(modules, _environment(node))


def _install(node: Path) -> Path:
    """Install npm's packages for the checks, if they have changed; return their folder."""
    modules = ROOT / "node_modules"
    stamp = modules / ".installed"
    wanted = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in _PACKAGES)).hexdigest()
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        print("Installing what checks the browser's scripts ...")
        _run([*_NPM, "--include=dev"], ROOT, _environment(node), "the packages that check them could not be fetched")
        stamp.write_text(wanted, encoding="utf-8")
    return modules


def _check(modules: Path, environment: Mapping[str, str]) -> int:
    """Run the linter, the type checker and the tests; print what they find, and return the exit status."""
    node = shutil.which("node", path=environment["PATH"]) or "node"
    commands = (
        [node, str(modules / "eslint" / "bin" / "eslint.js"), *_LINTED],
        [node, str(modules / "typescript" / "bin" / "tsc"), "--project", "."],
    )
    ends = [subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode for command in commands]
    return int(any([*ends, _test(node, environment)]))


def _test(node: str, environment: Mapping[str, str]) -> int:
    files = sorted(_TESTS.glob("*.test.mjs"))
    result = subprocess.run(
        [node, "--test", "--test-reporter=spec", *map(str, files)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    counts = dict(re.findall(r"^\S+ (tests|pass|fail) (\d+)$", result.stdout, re.MULTILINE))
    # Node.js counts a file without a test as one that passes, under the file's name.
    empty = [file.name for file in files if str(file) in result.stdout and not result.returncode]
    if result.returncode or not files or empty or int(counts.get("tests", 0)) < len(files):
        print(result.stdout, result.stderr, sep="", file=sys.stderr)
        print(f"The scripts' tests failed; without a test: {', '.join(empty) or 'none'}.", file=sys.stderr)
        return 1
    print(f"The scripts' tests: {counts['pass']} passed.")
    return 0


# --- Node.js itself


def _node_folder(tools: Path | None) -> Path:
    """Return the folder of a recent Node.js with its npm, installing one beside this Python if need be."""
    found = shutil.which("node")
    candidates = [Path(found).parent] if found else []
    candidates.append(Path(sys.executable).parent)
    for folder in candidates:
        if _is_recent(folder):
            return folder
    if tools is None:
        raise NotHere(f"there is no Node.js {OLDEST_NODE} or later with npm")
    print("Installing Node.js ...")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq", "install", "--retries=1"]
    _run([*pip, "-r", str(tools)], ROOT, os.environ, "Node.js could not be installed")
    if not _is_recent(candidates[-1]):
        raise NotHere("the Node.js that was installed does not run")
    return candidates[-1]


def _is_recent(folder: Path) -> bool:
    if not all(shutil.which(name, path=str(folder)) for name in ("node", "npm")):
        return False
    result = subprocess.run(
        ["node", "--version"], env=_environment(folder), capture_output=True, text=True, check=False
    )
    major = result.stdout.strip().removeprefix("v").partition(".")[0]
    return result.returncode == 0 and major.isdigit() and int(major) >= OLDEST_NODE


def _run(command: Sequence[str], folder: Path, environment: Mapping[str, str], failed: str) -> None:
    """Run a command without a word. Raises ``NotHere`` with its first line of errors, after ``failed``."""
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
        raise NotHere(f"{failed}: {problem}") from None
    if result.returncode != 0:
        first = next((line.strip() for line in result.stderr.splitlines() if line.strip()), "no reason given")
        raise NotHere(f"{failed}: {first[:300]}")


def _environment(node: Path) -> dict[str, str]:
    # Behind a proxy that opens TLS only the system's certificates help; Node.js has its own unless told.
    path = f"{node}{os.pathsep}{os.environ.get('PATH', '')}"
    return {"NODE_USE_SYSTEM_CA": "1", **os.environ, "PATH": path}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
