"""Calls: a method that is named and not called, a result that is kept nowhere, an exit with a number nobody sees."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..hints import replace_line
from ..situation import called, shown
from .run import Remark, Run

# What is said without parentheses by mistake; none of them is an attribute that holds a value.
_METHODS = frozenset(
    {"backward", "step", "zero_grad", "train", "eval", "zero_", "detach_", "requires_grad_", "retain_grad"}
)
# What gives a new tensor, and is asked for nothing but that tensor.
_NEW = frozenset(
    {"detach", "squeeze", "unsqueeze", "view", "reshape", "transpose", "permute", "float", "double", "flatten"}
)
_EXITS = frozenset({"exit", "quit"})


def _not_called(run: Run) -> Iterator[Remark]:
    """``loss.backward`` without its parentheses."""
    for statement in run.statements(*_METHODS):
        for node in statement.find(ast.Expr):
            method = node.value
            if isinstance(method, ast.Attribute) and method.attr in _METHODS and run.visits(statement):
                text = statement.text(method)
                yield Remark(
                    statement.first,
                    f"{shown(text)} names the method and does not call it, so this line does nothing. "
                    f"{shown(text + '()')} calls it.",
                    replace_line(statement.first, f"{text}()") if statement.code == text else None,
                )


def _kept_nowhere(run: Run) -> Iterator[Remark]:
    """``x.unsqueeze(1)`` on a line of its own."""
    for statement in run.statements(*_NEW):
        expressions = [node.value for node in statement.find(ast.Expr)]
        if len(expressions) != 1 or statement.words[0] in ("await", "yield") or _shows_value(run, statement.last):
            continue
        call = expressions[0]
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in _NEW):
            continue
        owner = call.func.value
        visits = run.visits(statement)
        if not isinstance(owner, ast.Name) or not visits or owner.id not in run.tensors_before(visits[0]):
            continue
        text = statement.text(call)
        yield Remark(
            statement.first,
            f"{shown(text)} gives a new tensor, and this line keeps it nowhere: `{owner.id}` is as it was before.",
            replace_line(statement.first, f"{owner.id} = {text}") if statement.code == text else None,
        )


def _shows_value(run: Run, line: int) -> bool:
    """Whether the line may be a cell's last, whose value is shown."""
    rest = next((text.strip() for text in run.program.lines[line:] if text.strip()), "")
    return rest == "" or rest.startswith(("# %%", "#%%"))


def _exits(run: Run) -> Iterator[Remark]:
    """The last step called ``sys.exit`` with a number that says that something failed, or with a text."""
    last = run.trace.steps[-1] if run.trace.steps else None
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


kinds = (_not_called, _kept_nowhere, _exits)
