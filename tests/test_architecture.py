"""The shape of the code, read from its source: who may import whom, where torch lives, how long things are."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# What each part may import besides itself. No arrow runs back up: a part never sees those that use it.
MAY_IMPORT = {
    "components.settings": set(),
    "components.trace": set(),
    "components.source": {"components.trace"},
    "components.explanations": {"components.trace", "components.source"},
    "components.capture": {"components.trace", "components.source"},
    "components.answers": {"components.trace", "components.source", "components.capture"},
    "components.worker": {"components.settings", "components.trace", "components.source", "components.explanations"},
    # A training is recorded and drawn where it runs: what watches, and what shows, without the worker between them.
    "components.recorder": {
        "components.trace",
        "components.source",
        "components.capture",
        "components.facts",
        "components.figures",
        "components.widgets",
    },
    # What the folder is as an installed package: its one function, and its command.
    "components.__init__": {"components.recorder"},
    "components.__main__": {"components.recorder"},
    # The process that the pool starts: the one place that knows both what runs programs and what is run.
    "components.zygote_main": {"components.answers", "components.worker"},
    "components.facts": {"components.trace", "components.source"},
    # The program that lays graphs out stands behind the worker's walls, since its texts are strangers'.
    "components.figures": {"components.trace", "components.source", "components.facts", "components.worker"},
    "components.widgets": {"components.trace", "components.source", "components.facts", "components.figures"},
    # What pages ask of a trace: pictures, facts and explanations, of what the worker hands over.
    "components.reading": {
        "components.settings",
        "components.trace",
        "components.source",
        "components.explanations",
        "components.worker",
        "components.facts",
        "components.figures",
        "components.widgets",
    },
    "app": {
        "components.settings",
        "components.reading",
        "components.trace",
        "components.source",
        "components.explanations",
        "components.worker",
        "components.facts",
        "components.figures",
        "components.widgets",
    },
}
# The homes of what must not spread: package, and the folders or files that may import it.
HOMES = {
    "torch": ("components/capture/", "components/answers/", "components/recorder/"),
    "sympy": ("components/answers/",),
    "torchviz": ("components/capture/torchviz_dot.py",),
    "streamlit": ("app/", "components/widgets/"),
    "graphviz": ("components/figures/",),
    "pygments": ("components/figures/player_data.py",),
    "xml": ("components/figures/layout.py",),
    "prometheus_client": ("app/operate/",),
    "markupsafe": ("components/widgets/panels.py",),
    "plotly": ("components/figures/", "components/widgets/", "app/"),
}
# Only this file knows that Streamlit keeps state.
STATE = {"session_state", "query_params", "cache_data", "cache_resource"}
STATE_HOME = "app/session.py"

# Strangers' text goes through one door. Whoever else is named here has been measured first: `compile` a tree that came
# through the door, the others a text of their own making or of a few characters.
READERS = {
    "components/source/parsing.py": {"ast.parse"},
    "components/source/compiler.py": {"compile"},
    "components/source/form/values.py": {"ast.literal_eval"},
    "components/source/function_text.py": {"symtable.symtable"},
    "components/source/statements.py": {"tokenize.generate_tokens"},
    "components/explanations/indexing.py": {"ast.literal_eval"},
    "components/facts/formulas/rules.py": {"ast.literal_eval"},
    "app/cli/files.py": {"tokenize.detect_encoding"},
}
READING = {
    "ast": {"parse", "literal_eval"},
    "symtable": {"symtable"},
    "tokenize": {"tokenize", "generate_tokens", "detect_encoding", "open"},
}

# Words with a slash in the documents that are no paths of ours.
NOT_PATHS = {"data"}

LONGEST_FILE = 500
LONGEST_FUNCTION = 60
REASON = "Longer than usual because"


def _is_program(path: Path) -> bool:
    """Programs that people could have written: lessons and test programs follow no rule of ours."""
    relative = path.relative_to(ROOT).as_posix()
    return relative.startswith(("app/lessons/", "tests/programs/", "tests/pasted/programs/", "tests/recorder/scripts/"))


def _python_files(*folders: str) -> list[Path]:
    found = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return [path for path in found if not _is_program(path)]


OURS = _python_files("app", "components")
ALL = _python_files("app", "components", "bench", "tests")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the full dotted name of everything that a file imports, inside functions too."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = list(package[: len(package) - node.level + 1]) if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def _part(module: str) -> str | None:
    """Return the part of the project a module belongs to, ``None`` for other people's modules."""
    first, _, rest = module.partition(".")
    if first == "app":
        return "app"
    return f"components.{rest.split('.')[0]}" if first == "components" and rest else None


def test_the_parts_are_the_ones_that_the_rules_know() -> None:
    parts = {_part(".".join(path.relative_to(ROOT).with_suffix("").parts)) for path in OURS}
    assert parts <= MAY_IMPORT.keys()


def test_imports_run_in_one_direction() -> None:
    wrong = []
    for path in OURS:
        own = _part(".".join(path.relative_to(ROOT).with_suffix("").parts))
        allowed = {None, own, *MAY_IMPORT.get(own or "", set())}
        wrong += [f"{_name(path)}:{line}: {module}" for line, module in _imports(path) if _part(module) not in allowed]
    assert not wrong


def test_inside_components_imports_are_relative() -> None:
    """So the folder can be packaged under another name."""
    wrong = [
        f"{_name(path)}:{node.lineno}"
        for path in _python_files("components")
        for node in ast.walk(_tree(path))
        if (isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").startswith("components"))
        or (isinstance(node, ast.Import) and any(alias.name.startswith("components") for alias in node.names))
    ]
    assert not wrong


def test_there_is_no_circle_of_imports() -> None:
    """Imports inside functions and behind ``TYPE_CHECKING`` count."""
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in OURS}
    arrows: dict[str, set[str]] = {}
    for module, path in modules.items():
        names = [name if name in modules else name.rpartition(".")[0] for _line, name in _imports(path)]
        arrows[module] = {name for name in names if name in modules and name != module}
    assert len([name for names in arrows.values() for name in names]) > len(modules)
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_libraries_stay_where_they_belong() -> None:
    wrong = [
        f"{_name(path)}:{line}: {module}"
        for path in OURS
        for line, module in _imports(path)
        if not _name(path).startswith(HOMES.get(module.partition(".")[0], ""))
    ]
    assert not wrong


def test_strangers_text_is_read_through_one_door() -> None:
    found: dict[str, set[str]] = {}
    for path in OURS:
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Name) and node.id in {"compile", "eval"}:
                found.setdefault(_name(path), set()).add(node.id)
            owner = node.value if isinstance(node, ast.Attribute) else None
            if isinstance(owner, ast.Name) and node.attr in READING.get(owner.id, ()):  # type: ignore[attr-defined]
                found.setdefault(_name(path), set()).add(ast.unparse(node))
            if isinstance(node, ast.ImportFrom) and node.module in READING:
                names = {f"{node.module}.{alias.name}" for alias in node.names if alias.name in READING[node.module]}
                if names:
                    found.setdefault(_name(path), set()).update(names)
    assert found == READERS


def test_only_one_file_knows_that_streamlit_keeps_state() -> None:
    uses = [
        f"{_name(path)}:{node.lineno}: {node.attr}"
        for path in _python_files("app")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute) and node.attr in STATE and _name(path) != STATE_HOME
    ]
    assert not uses, f"these belong in {STATE_HOME}"


def test_what_the_pages_process_imports_brings_no_torch() -> None:
    """Pages run when they are imported, so they are read above instead; all they import is imported here."""
    parts = ("trace", "source", "explanations", "worker", "facts", "figures", "widgets", "reading")
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in _python_files("app", *(f"components/{part}" for part in parts))
        if path.name not in {"__main__.py", "main.py"} and "screens" not in path.parts
    ]
    program = (
        "import importlib, sys\n"
        f"for name in {modules!r}:\n"
        "    importlib.import_module(name)\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'torch', 'torchviz', 'sympy'}))\n"
    )
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.stdout, result.returncode) == ("[]\n", 0), result.stderr


def test_every_module_says_why_it_exists() -> None:
    assert [_name(path) for path in ALL if not ast.get_docstring(_tree(path))] == []


def test_a_long_file_gives_its_reason() -> None:
    """A file may be long if a sentence of its docstring begins with ``REASON``."""
    long = {}
    for path in ALL:
        lines = len(path.read_text(encoding="utf-8").splitlines())
        docstring = " ".join((ast.get_docstring(_tree(path)) or "").split())
        if lines > LONGEST_FILE and REASON not in docstring:
            long[_name(path)] = lines
    assert long == {}


def test_functions_are_short() -> None:
    long = {
        f"{_name(path)}:{node.lineno}: {node.name}": length
        for path in ALL
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION
    }
    assert long == {}


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    """The checkout's own folder and the home directory would be wrong on every other machine."""
    own = [
        f"{folder}/" for folder in {ROOT, Path.home()} if len(folder.parts) > 2 or folder == Path.home() != Path("/")
    ]
    kinds = {".py", ".toml", ".txt", ".md", ".yaml", ".yml", ".js", ".css", ".json", ""}
    hidden = [ROOT / ".streamlit" / "config.toml", ROOT / ".ci" / "run", ROOT / ".dockerignore", ROOT / ".gitignore"]
    top = [path for path in ROOT.iterdir() if path.is_file()]
    inside = [path for folder in ("app", "components", "bench", "tests") for path in (ROOT / folder).rglob("*")]
    candidates = [path for path in [*hidden, *top, *inside] if path.is_file() and path.suffix in kinds]
    named = [
        f"{_name(path)}: {folder}"
        for path in candidates
        for folder in own
        if folder in path.read_text(encoding="utf-8", errors="replace")
    ]
    assert candidates
    assert not named


def test_the_documents_name_what_is_there() -> None:
    """Paths and imports in README, docs and lessons; ``components/x`` may be written ``x`` in the drawing."""
    documents = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "app" / "lessons" / "README.md"]
    words = [
        (document, word)
        for document in documents
        for word in re.findall(r"`([\w./-]+)`|\]\(([\w./-]+)\)", document.read_text(encoding="utf-8"))
    ]
    paths = [(document, code or link) for document, (code, link) in words if "/" in (code or link)]
    missing = [
        f"{_name(document)}: {path}"
        for document, path in paths
        if not (ROOT / path).exists() and not (document.parent / path).exists() and path.split("/")[0] not in NOT_PATHS
    ]
    assert len(paths) > 20
    assert missing == []
