"""Files: those that are not there, may not be touched, or are too many; and a keyboard that nobody sits at."""

from __future__ import annotations

import ast
import re

from ..source.names import did_you_mean
from .situation import Advice, Rules, Situation, argument, called, shown

rules = Rules()

_PLACES = (
    "A program sees its own folder, which holds no other file when it begins, and `data/` where the server has one."
)
_WRITERS = frozenset({"save", "savez", "savetxt", "savefig", "mkdir", "makedirs", "touch", "write_text", "write_bytes"})
_FOREIGN = re.compile(r"^(?:/|~|[A-Za-z]:[\\/])")


@rules.on(r"^FileNotFoundError: \[Errno 2\] No such file or directory: (?P<path>'(?:[^'\\]|\\.)*')$")
def _missing(situation: Situation, match: re.Match[str]) -> Advice:
    path = match["path"][1:-1]
    text = f"There is no {shown(path)} here."
    folder = path.rpartition("/")[0]
    if folder and not _FOREIGN.match(path) and _writes(situation):
        return _without_folder(situation, folder)
    near = did_you_mean(path, situation.other_texts)
    if near is not None:
        uses = [node for node in situation.find(ast.Constant) if node.value == path]
        hint = situation.hint((uses[0], repr(near))) if len(uses) == 1 else None
        return Advice(f"{text} Did you mean {shown(near)}?", hint)
    if _FOREIGN.match(path):
        return Advice(f"{text} A path of your own machine leads nowhere on this one. {_PLACES}")
    return Advice(f"{text} {_PLACES}")


@rules.on(r"Parent directory (?P<folder>\S+) does not exist")
def _no_parent(situation: Situation, match: re.Match[str]) -> Advice:
    if _FOREIGN.match(match["folder"]):
        return _not_allowed(situation, match["folder"])
    return _without_folder(situation, match["folder"])


def _without_folder(situation: Situation, folder: str) -> Advice:
    made = f"os.makedirs({folder!r}, exist_ok=True)"
    return Advice(
        f"{situation.here} writes into the folder {shown(folder)}, which nothing has made yet.",
        situation.before(made if situation.imports.get("os") == "os" else f"import os; {made}"),
    )


def _writes(situation: Situation) -> bool:
    """Whether the failing line is one that makes a file or folder."""
    for call in situation.calls:
        mode = argument(call, 1, "mode") if called(call) == "open" else None
        if isinstance(mode, ast.Constant) and isinstance(mode.value, str) and set(mode.value) & set("wax+"):
            return True
        if called(call) in _WRITERS or called(call).startswith("to_"):
            return True
    return False


@rules.on(r"^PermissionError: \[Errno 13\] Permission denied: (?P<path>'(?:[^'\\]|\\.)*')")
def _denied(situation: Situation, match: re.Match[str]) -> Advice:
    return _not_allowed(situation, match["path"][1:-1])


@rules.on(r"open file failed with strerror: (?:Permission denied|Read-only file system)")
def _torch_save_denied(situation: Situation, match: re.Match[str]) -> Advice:
    paths = [
        node.value
        for node in situation.nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "/" in node.value
    ]
    return _not_allowed(situation, paths[0] if len(paths) == 1 else None)


@rules.on(r"^OSError: \[Errno 30\] Read-only file system: (?P<path>'(?:[^'\\]|\\.)*')")
def _read_only(situation: Situation, match: re.Match[str]) -> Advice:
    return _not_allowed(situation, match["path"][1:-1])


def _not_allowed(situation: Situation, path: str | None) -> Advice:
    """Writing goes on in the program's own folder, if the path is written down once and nowhere else."""
    what = shown(path) if path is not None else "this path"
    if not _writes(situation):
        return Advice(f"A program may not read {what}. It reads Python's own folders, its own folder and `data/`.")
    text = (
        f"A program may not write {what}. It writes in its own folder, where a path without folders in front leads; the "
        "folder is gone after the run."
    )
    spots = [
        (statement, node)
        for statement in situation.program.statements
        for node in statement.nodes
        if isinstance(node, ast.Constant) and node.value == path and path is not None
    ]
    if path is None or len(spots) != 1 or spots[0][0] is not situation.statement:
        return Advice(text)
    name = path.rstrip("/").rpartition("/")[2]
    return Advice(text, situation.hint((spots[0][1], f'"{name}"')) if re.fullmatch(r"[\w.-]+", name) else None)


@rules.on(r"^FileExistsError: \[Errno 17\] File exists: (?P<path>'(?:[^'\\]|\\.)*')")
def _exists(situation: Situation, match: re.Match[str]) -> Advice:
    text = f"{shown(match['path'][1:-1])} is there already."
    for call in situation.calls:
        if situation.full_name(call.func) == "os.makedirs":
            return Advice(text, situation.hint(situation.with_keyword(call, "exist_ok", "True")))
    return Advice(
        f"{text} `os.makedirs(..., exist_ok=True)` takes a folder as it is; mode `x` of `open` wants a new file."
    )


@rules.on(r"^IsADirectoryError: \[Errno 21\] Is a directory: (?P<path>'(?:[^'\\]|\\.)*')")
def _is_a_folder(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(f"{shown(match['path'][1:-1])} is a folder. `os.listdir(...)` says which files are in it.")


@rules.on(r"^PermissionError: \[Errno 1\] Operation not permitted: ")
def _no_links(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"{situation.here} asks for something that files here cannot do: links, devices and other users' permissions. "
        "`shutil.copy` copies a file."
    )


@rules.on(r"No space left on device")
def _no_space(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"The program's folder is full: what a run may write is bounded, in bytes and in number of files. {situation.here} "
        "went past that. Write less, or remove with `os.remove(...)` what is no longer needed."
    )


@rules.on(r"^OSError: \[Errno 27\] File too large")
def _file_too_large(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(f"{situation.here} writes a file larger than a run may make. Write less, or into several files.")


@rules.on(r"^OSError: \[Errno 24\] Too many open files")
def _too_many_open(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        "More files are open at once than a run may have. A file stays open until it is closed: `with open(...) as file:` "
        "closes it at the end of its block."
    )


@rules.on(r"^EOFError: EOF when reading a line")
def _nothing_typed(situation: Situation, match: re.Match[str]) -> Advice:
    text = "Nobody can type into a running program, so `input()` finds nothing."
    calls = situation.calls_of("input")
    statement = situation.statement
    if len(calls) != 1 or statement is None:
        return Advice(f"{text} Put the values into the code.")
    call = calls[0]
    if any(node.value is call for node in situation.find(ast.Expr)):
        return Advice(
            f"{text} Line {statement.first} waits and uses nothing of it: printing is enough.",
            situation.hint((call.func, "print")),
        )
    targets = list(situation.find(ast.Assign))
    name = situation.text(targets[0].targets[0]) if targets else ""
    example = f": {shown(f'{name} = ...')}" if name else ""
    return Advice(f"{text} Put the value into the code, in place of {situation.shown(call)}{example}.")
