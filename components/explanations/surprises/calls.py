"""Lines that do nothing: a method that is named and not called, a result that is kept nowhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..hints import replace_line
from ..situation import shown
from .run import Remark, Run

# What is said without parentheses by mistake; none of them is an attribute that holds a value.
_METHODS = frozenset(
    {"backward", "step", "zero_grad", "train", "eval", "zero_", "detach_", "requires_grad_", "retain_grad"}
)
# What gives a new tensor, and is asked for nothing but that tensor.
_NEW = frozenset(
    {"detach", "squeeze", "unsqueeze", "view", "reshape", "transpose", "permute", "float", "double", "flatten"}
)


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


kinds = (_not_called, _kept_nowhere)
