"""One program is one process: what starts others, and what needs sockets or shared memory to work at all."""

from __future__ import annotations

import ast
import re

from .edits import with_keyword
from .hints import replace_line
from .network import NETWORK, no_network
from .origins import calls_of, imported, is_below, origin, used
from .rule import Advice, Rules
from .situation import Situation, called, receiver
from .source import Statement, shown

rules = Rules()

_COMMANDS = ("subprocess", "os.popen", "os.system", "os.execv", "os.execvp", "os.execl", "os.posix_spawn", "os.spawnv")
_SEVERAL = ("multiprocessing", "torch.multiprocessing", "os.fork", "os.forkpty", "concurrent.futures", "joblib", "pty")
_FAMILIES = {"commands": _COMMANDS, "several": _SEVERAL, "network": NETWORK, "asyncio": ("asyncio",)}
_LOADER = ("torch.utils.data.DataLoader", "torch.utils.data.dataloader.DataLoader")
# Arguments that a DataLoader takes only together with worker processes.
_OF_WORKERS = frozenset({"persistent_workers", "prefetch_factor", "multiprocessing_context", "worker_init_fn"})
_ONE = "A program is one process here and cannot start another"


@rules.on(r"^PermissionError: \[Errno (?:1|13)\] (?:Operation not permitted|Permission denied)$")
def _refused(situation: Situation, match: re.Match[str]) -> Advice:
    family = _family(situation)
    executors = _with_threads(situation)
    if executors is not None and family in ("several", None):
        return Advice(f"{_ONE}. Threads do the same work in this one: use `ThreadPoolExecutor`.", executors)
    loader = _loaders_without_workers(situation)
    if loader is not None and family is None:
        return Advice(
            f"{_ONE}, and `num_workers` asks for processes that load the data. With 0 the program loads it itself.",
            loader,
        )
    if family == "network":
        return no_network(situation)
    if family == "asyncio":
        return Advice(
            "`asyncio` cannot begin here: its loop wakes itself through a pair of sockets, and programs have none. Call the "
            "work as plain functions, one after the other, or in threads (`concurrent.futures.ThreadPoolExecutor`)."
        )
    if family == "commands":
        return Advice(f"{_ONE}, so no commands are run. What the command would do has to be done in Python.")
    if family == "several":
        return Advice(f"{_ONE}. Do the work in a loop, one part after the other, or in threads.")
    return Advice(
        f"The system refused what {situation.here[0].lower()}{situation.here[1:]} asks for. A program is one process here: "
        "it starts no other, opens no connection, and shares no memory."
    )


def _family(situation: Situation) -> str | None:
    """What the failing line is about, or, where it does not say, the only such thing that the program imports."""
    for path in used(situation):
        for family, places in _FAMILIES.items():
            if is_below(path, places):
                return family
    if _loaders_without_workers(situation) is not None:
        return None
    paths = imported(situation).values()
    found = {family for family, places in _FAMILIES.items() for path in paths if is_below(path, places)}
    return found.pop() if len(found) == 1 else None


def _loaders_without_workers(situation: Situation) -> str | None:
    """Set ``num_workers=0`` in each call of ``DataLoader``, and drop what is only for workers."""
    hints = []
    for statement, call in calls_of(situation, *_LOADER):
        kept = [given for given in call.keywords if given.arg not in _OF_WORKERS]
        workers = [given for given in kept if given.arg == "num_workers"]
        if not workers or getattr(workers[0].value, "value", None) == 0:
            continue
        if len(kept) == len(call.keywords):
            change: tuple[ast.AST, str] = with_keyword(statement, call, "num_workers", "0")
        else:
            given_text = [
                "num_workers=0" if given in workers else statement.text(given) for given in (*call.args, *kept)
            ]
            change = call, f"{statement.text(call.func)}({', '.join(given_text)})"
        hints.append(situation.hint_at(statement, change))
    return "\n".join(hint for hint in hints if hint is not None) if hints and None not in hints else None


def _with_threads(situation: Situation) -> str | None:
    """``ThreadPoolExecutor`` wherever the program says ``ProcessPoolExecutor``."""
    hints = []
    for statement in situation.source.statements:
        if "ProcessPoolExecutor" not in statement.words:
            continue
        if "\n" in statement.code:
            return None
        hints.append(
            replace_line(statement.first, re.sub(r"\bProcessPoolExecutor\b", "ThreadPoolExecutor", statement.code))
        )
    return "\n".join(hints) or None


@rules.on(r"unable to (?:open|mmap|allocate) shared memory|unable to write to file </torch_")
def _shared_memory(situation: Situation, match: re.Match[str]) -> Advice:
    text = f"{_ONE}, so there is no memory to share: a tensor is already seen by all of the program's threads."
    for call in situation.calls_of("share_memory_", "share_memory"):
        owner = receiver(call)
        if owner is not None and situation.statement is not None:
            return Advice(text, situation.hint((call, situation.text(owner))))
    return Advice(text)


@rules.on(r"^(?:InductorError|BackendCompilerFailed|InvalidCxxCompiler|CppCompileError): ")
def _compiler(situation: Situation, match: re.Match[str]) -> Advice:
    text = (
        f'{_ONE}, so `torch.compile` has no compiler for the code that it writes. `backend="eager"` leaves that step out: '
        "the program is captured as before and computes the same."
    )
    names, hints = imported(situation), []
    for statement in situation.source.statements:
        hint = _eagerly(situation, statement, names)
        if hint is not None:
            hints.append(hint)
    return Advice(text, "\n".join(hints) or None)


def _eagerly(situation: Situation, statement: Statement, names: dict[str, str]) -> str | None:
    calls = [node for node in statement.nodes if isinstance(node, ast.Call)]
    for call in calls:
        if origin(names, call.func) == "torch.compile" or (called(call) == "compile" and not call.args):
            return situation.hint_at(statement, with_keyword(statement, call, "backend", '"eager"'))
    if (
        statement.words[:1] == ("@",)
        and not calls
        and statement.code[1:].strip() in (f"{situation.torch}.compile", "compile")
    ):
        return replace_line(statement.first, f'{statement.code.rstrip()}(backend="eager")')
    return None


@rules.on(
    r"Ninja is required to load C\+\+ extensions|Error building extension|No C\+\+ compiler|Error compiling objects"
)
def _extension(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"{_ONE}, so there is no compiler for C++. A `torch.autograd.Function` in Python does what an extension does."
    )


@rules.on(r"can't start new thread")
def _threads(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"{situation.here} starts one more thread than a run may have. Wait for the earlier ones (`join()`), or let a few do "
        f"the work: {shown('ThreadPoolExecutor(max_workers=4)')}."
    )
