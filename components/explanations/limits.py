"""Runs that were ended: too long, too much memory, a crash, or more than the lab takes."""

from __future__ import annotations

import ast
import re

from ..source.edits import Edit
from ..source.statements import Statement
from .situation import Advice, Rules, Situation, called, shown

rules = Rules()

# Bytes of one tensor that are no matter of what the program holds besides.
_MORE_THAN_ANY = 2 << 30
_SIGNALS = (
    "os.kill",
    "os.killpg",
    "os.abort",
    "signal.raise_signal",
    "signal.pthread_kill",
    "signal.alarm",
    "signal.setitimer",
)


def _loop(situation: Situation) -> Statement | None:
    """The innermost loop that holds the failing line, or begins there."""
    statement = situation.statement
    if statement is None:
        return None
    if statement.words[:1] in (("for",), ("while",)):
        return statement
    loops = [situation.program.enclosing(statement, word) for word in ("for", "while")]
    return max((loop for loop in loops if loop is not None), key=lambda loop: loop.first, default=None)


def _where(situation: Situation) -> str:
    line = situation.failure.line
    return f" It was on line {line}{_inside(situation)}." if line is not None else ""


def _inside(situation: Situation) -> str:
    loop = _loop(situation)
    if loop is None or loop.first == situation.failure.line:
        return ""
    return f", in the loop {shown(loop.code)} of line {loop.first}"


@rules.on(r"^None: (The server is shutting down|.*queue|.*waiting|Stopped before it began)", "timeout")
def _never_began(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        "The program itself is not to blame: it was not started, or not finished, by the server. Run it again."
    )


@rules.on(r"Stopped", "timeout")
def _stopped(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(f"The run was stopped by hand.{_where(situation)} What had happened until then is shown.")


@rules.on(r"", "timeout")
def _timeout(situation: Situation, match: re.Match[str]) -> Advice:
    loop = _loop(situation)
    text = f"The program did not end in the time that a run has.{_where(situation)}"
    if loop is None or loop.words[0] != "while":
        return Advice(f"{text} Fewer rounds or smaller tensors make it shorter.")
    tests = [node.test for node in loop.find(ast.While)]
    body = list(situation.program.block(loop))
    words = {word for statement in body for word in statement.words}
    if tests and isinstance(tests[0], ast.Constant) and "break" not in words and "return" not in words:
        return Advice(
            f"{text} Nothing in its block leaves the loop: there is no `break`.",
            situation.hint_at(loop, _counted(loop)),
        )
    names = {node.id for test in tests for node in ast.walk(test) if isinstance(node, ast.Name)}
    fixed = [name for name in sorted(names) if name not in words]
    if names and len(fixed) == len(names):
        listed = " and ".join(shown(name) for name in fixed)
        return Advice(
            f"{text} The loop goes on while {shown(loop.text(tests[0]))}, and no line of its block mentions {listed}."
        )
    return Advice(f"{text} Check that the condition of the loop becomes false.")


def _counted(loop: Statement) -> Edit | None:
    """``for step in range(100):`` in place of ``while True:``."""
    alone = loop.is_header and loop.code.rstrip().endswith(":")
    return Edit(0, len(loop.code), "for step in range(100):") if alone else None


@rules.on(r"you tried to allocate (\d+) bytes|[Tt]ried to allocate ([\d.]+ \w+)", "out_of_memory")
def _too_large_tensor(situation: Situation, match: re.Match[str]) -> Advice:
    count = int(match[1]) if match[1] is not None else 0
    size = readable(count) if count else match[2]
    makers = [situation.shown(call) for call in situation.calls if call.args and called(call)]
    by = f" by {makers[0]}" if len(makers) == 1 else ""
    kept = _kept_graphs(situation)
    if count >= _MORE_THAN_ANY:
        text = f"{situation.here} asked for {size} at once{by}, which is more than a run may have."
    else:
        inside = _inside(situation)
        text = f"{situation.here} asked for {size} more{by}{inside}. Beside what the program holds there is no room for it."
    return Advice(f"{text}{kept[0]}", kept[1])


@rules.on(r"", "out_of_memory")
def _out_of_memory(situation: Situation, match: re.Match[str]) -> Advice:
    text, hint = _kept_graphs(situation)
    return Advice(f"The program needs more memory than a run may have.{_where(situation)}{text}", hint)


def _kept_graphs(situation: Situation) -> tuple[str, str | None]:
    """Point at a list in a loop that keeps every round's graph alive."""
    loop = _loop(situation)
    for statement in situation.program.block(loop):
        for call in statement.calls:
            tensor = situation.tensor(call.args[0]) if called(call) == "append" and len(call.args) == 1 else None
            if tensor is not None and tensor.requires_grad:
                kept = statement.text(call.args[0])
                method = "detach()" if tensor.shape else "item()"
                return (
                    f" Line {statement.first} keeps {shown(kept)}, and with it the whole graph of every round.",
                    situation.hint_at(statement, (call.args[0], f"{kept}.{method}")),
                )
    return "", None


def readable(count: int) -> str:
    """Return ``400 TB`` for a number of bytes."""
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.0f} PB"


@rules.on(r"^None: Autograd Lab itself failed|could not be judged|did not say what its checks found", "crashed")
def _own_fault(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        "This is a fault of the Lab's own and says nothing about the program, which may be right. Running it again may help; "
        "whoever runs the server finds the message in its log."
    )


@rules.on(r"^None: (?:The program was not run: |The server's disk|The server is shutting down)", "crashed")
def _server(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        "This is the server's trouble and says nothing about the program. Run it again later; if that does not help, whoever "
        "runs the server has to look at it."
    )


@rules.on(r"sent a damaged trace|closed its connection|^None: The program's process was ended: ", "crashed")
def _damaged(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        "The Lab could not read its own record of this run. A program that closes or writes to files by their numbers "
        "(`os.close`, `os.write`) can cause that; where this one does not, the fault is the Lab's own."
    )


@rules.on(r"The process that runs programs ended unexpectedly", "crashed")
def _lost(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice("A process of the server's ended while this program ran; whether the program caused it is not known.")


@rules.on(r"ended with status", "crashed")
def _left(situation: Situation, match: re.Match[str]) -> Advice | None:
    text = "ends the process on the spot, before anything of the run can be shown. `raise SystemExit` ends a program properly."
    for statement, call in situation.calls_below("os._exit"):
        code = statement.text(call.args[0]) if len(call.args) == 1 else ""
        alone = any(node.value is call for node in statement.find(ast.Expr))
        hint = situation.hint_at(statement, (call, f"raise SystemExit({code})")) if alone else None
        return Advice(f"`os._exit` on line {statement.first} {text}", hint)
    return None


@rules.on(r"ended by (SIG\w+)", "crashed")
def _signalled(situation: Situation, match: re.Match[str]) -> Advice | None:
    for statement, call in situation.calls_below(*_SIGNALS):
        return Advice(
            f"Line {statement.first} sends the program's own process a signal, with {shown(statement.text(call))}, and {match[1]} "
            "ended it before anything of the run could be shown. `raise SystemExit` ends a program properly."
        )
    return None


@rules.on(r"", "crashed")
def _crashed(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"The process that ran this program ended without giving a result.{_where(situation)} It ran alone: nobody else's "
        "run and no page was touched. This is a fault below Python, in native code, or the memory limit."
    )


@rules.on(r"into its folder|files and folders|nested folders", "too_large")
def _folder(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"What a run may keep in its folder is bounded.{_where(situation)} Write less, or remove with `os.remove(...)` what is "
        "no longer needed."
    )


@rules.on(r"threads at once", "too_large")
def _threads(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"Threads share the run's processors, and their number is bounded.{_where(situation)} Wait for the earlier ones "
        "(`join()`), or let a few do the work: `ThreadPoolExecutor(max_workers=4)`."
    )


@rules.on(r"", "too_large")
def _too_large(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        "This is more than the lab takes in one run. Shorter text, fewer nested brackets or a smaller result will do."
    )


@rules.on(r"", "not_allowed")
def _no_gpu(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice("The program was not started. The same program gives the same graph and gradients on the CPU.")


@rules.on(r"^KeyboardInterrupt")
def _interrupted(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        "This is what Ctrl+C raises, and nobody pressed it here: the program interrupted itself. `except KeyboardInterrupt` "
        "catches it."
    )
