"""Programs that end themselves and say so with a number that nobody sees here: ``sys.exit(3)``."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...trace import Step
from ..situation import called, shown
from .run import Remark, Run

_EXITS = frozenset({"exit", "quit"})


def _exits(run: Run) -> Iterator[Remark]:
    """The last step called ``sys.exit`` with a number that says that something failed, or with a text."""
    last = _last(run)
    statement = run.program.at(last.line) if last is not None and not run.trace.steps_truncated else None
    alone = statement is not None and len(statement.nodes) > 1 and isinstance(statement.nodes[1], ast.Expr | ast.Raise)
    if statement is None or not alone:  # behind `if ...:` on one line it may not have run
        return
    for call in statement.calls:
        name = called(call)
        ends = name in _EXITS and run.full_name(call.func) in ("sys.exit", "") and len(call.args) == 1
        raised = name == "SystemExit" and any(node.exc is call for node in statement.find(ast.Raise))
        if not (ends or raised) or len(call.args) != 1:
            continue
        code = call.args[0]
        value = code.value if isinstance(code, ast.Constant) else None
        if isinstance(value, int) and value:
            what = f"with exit code {int(value)}, which tells whoever started it that something failed"
        elif isinstance(value, str):
            what = "with exit code 1 and a text, which tells whoever started it that something failed"
        else:
            continue
        later = any(other.first > statement.last for other in run.program.statements)
        again = run.loop(statement) is not None or run.program.enclosing(statement, "def") is not None
        rest = " The lines below did not run." if later and not again else ""
        yield Remark(statement.first, f"{shown(statement.text(call))} ended the program here, {what}.{rest}")


def _last(run: Run) -> Step | None:
    return run.trace.steps[-1] if run.trace.steps else None


kinds = (_exits,)
