"""Errors of ``backward()`` and ``grad()`` themselves: the second time, not a single number, not part of the graph."""

from __future__ import annotations

import ast
import re

from ..source.statements import Statement
from ..trace import Backward
from .again import made_once, two_runs
from .carried import state_between, told
from .dataflow import carried, place
from .situation import Advice, Rules, Situation, argument, called, elements, receiver, shape, shown
from .updates import updated_between

rules = Rules()

_CALLS = ("backward", "grad")


def differentiated(situation: Situation, element: int = 0) -> ast.expr | None:
    """Return what the failing ``backward()`` or ``grad()`` starts from; ``element`` counts where it is a list."""
    calls = situation.calls_of(*_CALLS)
    if not calls and situation.backward is not None:  # the error arose in a `backward` of the program's own
        calls = calls_in(situation.program.at(situation.backward.line))
    return started_from(calls[0], element) if len(calls) == 1 else None


def started_from(call: ast.Call, element: int = 0) -> ast.expr | None:
    """Return ``y`` for ``y.backward()``, ``torch.autograd.backward(y)`` and ``torch.autograd.grad(y, x)``."""
    target = receiver(call)
    of_autograd = target is None or ast.unparse(target).endswith("autograd")
    if called(call) == "grad" or of_autograd:
        target = argument(call, 0, "outputs" if called(call) == "grad" else "tensors")
    return _entry(target, element)


def _entry(target: ast.expr | None, element: int) -> ast.expr | None:
    if isinstance(target, ast.Tuple | ast.List):
        return target.elts[element] if element < len(target.elts) else None
    return target if element == 0 else None


def calls_in(statement: Statement | None, names: tuple[str, ...] = _CALLS) -> list[ast.Call]:
    """Return the statement's calls of ``backward`` and ``grad``."""
    return [call for call in statement.calls if called(call) in names] if statement is not None else []


@rules.on(r"Trying to backward through the graph a second time")
def _second_backward(situation: Situation, match: re.Match[str]) -> Advice:
    failed = situation.backward
    target = differentiated(situation)
    subject = f"the graph of {shown(ast.unparse(target))}" if target is not None else "this graph"
    earlier = _freed_by(situation, failed)
    if earlier is None or earlier.line is None:
        return Advice(
            f"An earlier call already ran backward through {subject} and freed the tensors that its nodes had saved. "
            "To go through a graph twice on purpose, the first call needs `retain_graph=True`. In a loop look for what goes "
            "from one round into the next with its graph: a state, a sum, a list. `.detach()` ends the graph there."
        )
    line = failed.line if failed is not None and failed.line is not None else situation.failure.line
    advice = _without_keeping(situation, failed, earlier) if failed is not None else None
    if advice is not None:
        return advice
    against = _against_keeping(situation, failed, earlier, target)
    hint = _retaining(situation, earlier) if against is None else None
    if earlier.line == line:
        return Advice(_same_line(situation, line, subject) + (against or ""), hint)
    start = started_from(first) if (first := next(iter(calls_in(situation.program.at(earlier.line))), None)) else None
    same = start is not None and target is not None and ast.dump(start) == ast.dump(target)
    whole = subject if same or target is None else f"a part of {subject}"
    keep = f" If line {line} is meant to go through it again, line {earlier.line} must keep them."
    return Advice(
        f"Line {earlier.line} already ran backward through {whole} and freed the tensors it had saved."
        f"{_stopped(situation)}{against or keep}",
        hint,
    )


def _against_keeping(
    situation: Situation, failed: Backward | None, earlier: Backward, target: ast.expr | None
) -> str | None:
    """What makes keeping the graph no cure: a change between the two runs, or later rounds that come into it again."""
    statement = situation.program.at(failed.line) if failed is not None else None
    loop = situation.loop(statement)
    taken = {found.name for found in carried(situation.program.block(loop))} if loop is not None else set()
    updated = updated_between(situation, earlier, failed) if failed is not None else None
    if updated is not None:
        return (
            f" Line {updated.first} changed weights in between, so what was saved has to be computed again, not kept."
        )
    if target is not None and place(target) in taken:
        return f" {shown(ast.unparse(target))} goes from round to round, so keeping its graph would only put the error off."
    return None


def _without_keeping(situation: Situation, failed: Backward, earlier: Backward) -> Advice | None:
    """What is said where keeping the graph is no cure."""
    state = state_between(situation, failed, earlier)
    if state is not None:
        return told(situation, state, failed, earlier)
    return made_once(situation, failed, earlier) or two_runs(situation, failed, earlier)


def _freed_by(situation: Situation, failed: Backward | None) -> Backward | None:
    if failed is not None and failed.failure is not None and failed.failure.freed_by is not None:
        return situation.backwards.get(failed.failure.freed_by)
    node = situation.failure.node
    found = next((run for run in situation.trace.backwards if node is not None and node in run.freed), None)
    if found is None and node is not None:  # what a checkpoint saved is freed without the trace seeing it
        ran = [run for run in situation.trace.backwards if run.failure is None and not run.retain_graph]
        return next((run for run in reversed(ran) if node in situation.ancestry.reached(run.outputs)), None)
    return found


def _retaining(situation: Situation, earlier: Backward) -> str | None:
    statement = situation.program.at(earlier.line)
    calls = calls_in(statement, (earlier.call,))
    if statement is None or earlier.internal:
        return None
    return situation.hint_at(statement, *(statement.with_keyword(call, "retain_graph", "True") for call in calls))


def _stopped(situation: Situation) -> str:
    node = situation.node
    if node is None or node.line is None:
        return ""
    return f" It stopped at `{node.name}`, which line {node.line} made."


def _same_line(situation: Situation, line: int | None, subject: str) -> str:
    node = situation.node
    text = f"Line {line} ran before, and freed the tensors that {subject} had saved."
    statement = situation.program.at(node.line) if node is not None else None
    if node is None or statement is None or node.line == line:
        return text
    code = shown(statement.code)
    return f"{text} `{node.name}` of line {node.line}, {code}, was made once and not again since: either make it again each time, or keep it."


@rules.on(r"grad can be implicitly created only for scalar outputs")
def _not_a_scalar(situation: Situation, match: re.Match[str]) -> Advice:
    target = differentiated(situation)
    what = "`backward()` and `grad()` start from a single number, whose gradient is 1."
    calls = situation.calls_of(*_CALLS)
    if target is None or not calls:
        return Advice(f"{what} What they were given here has several: sum it, or say which gradient to start from.")
    tensor = situation.tensor(target)
    has = f"has {shape(tensor)}, that is {elements(tensor)} numbers" if tensor is not None else "has several numbers"
    name = situation.text(target)
    method = target is receiver(calls[0])
    made = not_reduced(situation, target)
    one = "mean" if made is not None else "sum"
    summed = f"{situation.owner(calls[0]) if method else situation.operand(target)}.{one}()"
    change = (calls[0].func, f"{summed}.{called(calls[0])}") if method else (target, summed)
    if made is not None:
        return Advice(
            f'{what} {shown(name)}{_of_line(situation, target)} {has}: line {made.first} asks for one loss per element, `reduction="none"`. Take their mean, which is '
            "what losses give without that word, or a sum with weights.",
            situation.hint(change),
        )
    return Advice(
        f"{what} {shown(name)} {has}. Sum it to get the gradient of the sum, "
        f"or pass one number for each of its elements, as `{'gradient' if method else 'grad_outputs'}`.",
        situation.hint(change),
    )


def _of_line(situation: Situation, target: ast.expr) -> str:
    bound = situation.assignment(target.id) if isinstance(target, ast.Name) else None
    return f" of line {bound.first}" if bound is not None else ""


def not_reduced(situation: Situation, target: ast.expr) -> Statement | None:
    """Return the line that asks a loss not to be reduced, if the target is that loss."""
    bound = situation.assignment(target.id) if isinstance(target, ast.Name) else None
    for statement in situation.program.statements if bound is not None else ():
        for call in statement.calls:
            given = next((given.value for given in call.keywords if given.arg == "reduction"), None)
            if not isinstance(given, ast.Constant) or given.value != "none":
                continue
            assign = statement.assigned()
            name = assign.targets[0] if assign is not None else None
            if statement is bound or (isinstance(name, ast.Name) and bound is not None and name.id in bound.words):
                return statement
    return None


@rules.on(
    r"Mismatch in shape: grad_output\[(\d+)\] has a shape of torch.Size\(\[(.*?)\]\) and output\[\d+\] has a shape of torch.Size\(\[(.*?)\]\)"
)
def _gradient_shape(situation: Situation, match: re.Match[str]) -> Advice:
    target = differentiated(situation, int(match[1]))
    name = situation.shown(target) if target is not None else "the output"
    text = f"The gradient to start from needs one number for each element of {name}: shape [{match[3]}], but it has [{match[2]}]."
    given = None
    for call in situation.calls_of(*_CALLS):
        place, keyword = (0, "gradient") if target is receiver(call) else (2, "grad_outputs")
        given = argument(call, place, keyword)
    if not isinstance(given, ast.Call) or target is None or called(given) not in ("ones", "ones_like"):
        return Advice(text)
    return Advice(text, situation.hint((given, f"{situation.torch}.ones_like({situation.text(target)})")))


@rules.on(r"TypeError: '(float|int)' object is not iterable")
def _gradient_is_a_number(situation: Situation, match: re.Match[str]) -> Advice | None:
    for call in situation.calls_of("backward"):
        given, target = argument(call, 0, "gradient"), receiver(call)
        if isinstance(given, ast.Constant) and target is not None:
            name = situation.text(target)
            value = f"{situation.torch}.full_like({name}, {situation.text(given)})"
            return Advice(
                f"`backward()` takes a tensor of the shape of {shown(name)}, not a plain number.",
                situation.hint((given, value)),
            )
    for call in situation.calls_of("grad"):
        target = argument(call, 0, "outputs")
        names = [node.id for node in ast.walk(target) if isinstance(node, ast.Name)] if target is not None else []
        numbers = [name for name in names if isinstance(situation.variables.get(name), str)]
        if numbers:
            return Advice(
                f"`grad()` differentiates tensors. {shown(numbers[0])} is a plain Python number "
                f"({situation.variables[numbers[0]]}), which autograd does not follow."
            )
    return None


@rules.on(r"The differentiated Tensor at index (\d+) appears to not have been used in the graph")
def _unused_input(situation: Situation, match: re.Match[str]) -> Advice:
    calls = situation.calls_of("grad")
    statement, call = situation.statement, calls[0] if len(calls) == 1 else None
    if call is None or statement is None:
        return Advice("The result was not computed from this input, so it has no derivative with respect to it.")
    inputs = argument(call, 1, "inputs")
    wanted = _entry(inputs, int(match[1]))
    target = differentiated(situation)
    result = situation.shown(target) if target is not None else "the result"
    name = situation.shown(wanted) if wanted is not None else f"input {match[1]}"
    text = f"{result} was not computed from {name}, so it has no derivative with respect to it."
    rebound = _bound_after(situation, wanted, target)
    if rebound is not None:
        text += f" Line {rebound} bound {name} to a new tensor after {result} had been computed from the old one."
    if rebound is not None:
        return Advice(f"{text} Keep the old one under a name of its own.")
    cut = _cut_off(situation, wanted)
    if cut is not None:
        return Advice(
            f"{text} Line {cut.first}, {shown(cut.code)}, goes on with its numbers alone, without its history."
        )
    return Advice(
        f"{text} With `allow_unused=True` the answer is `None`.",
        situation.hint(statement.with_keyword(call, "allow_unused", "True")),
    )


def _cut_off(situation: Situation, wanted: ast.expr | None) -> Statement | None:
    """The one statement that takes the numbers of ``x`` without its history: ``x.detach()``, ``x.data``."""
    name = wanted.id if isinstance(wanted, ast.Name) else None
    found = []
    for statement in situation.program.statements:
        parts = [node for node in statement.find(ast.Attribute) if node.attr in ("detach", "data", "numpy", "item")]
        if any(isinstance(part.value, ast.Name) and part.value.id == name for part in parts):
            found.append(statement)
    return found[0] if len(found) == 1 else None


def _bound_after(situation: Situation, wanted: ast.expr | None, target: ast.expr | None) -> int | None:
    """Return the line that bound ``wanted`` again after ``target`` was bound."""
    if not isinstance(wanted, ast.Name) or not isinstance(target, ast.Name):
        return None
    bound = [step for step in situation.trace.steps if wanted.id in step.variables]
    made = [step.index for step in situation.trace.steps if target.id in step.variables]
    again = len(bound) > 1 and made and bound[-1].index > made[-1] > bound[0].index
    return bound[-1].line if again else None


@rules.on(
    r"Expected f\(\*args\) to return a scalar [Tt]ensor|function given to hessian should contain a single element"
)
def _function_is_not_scalar(situation: Situation, match: re.Match[str]) -> Advice:
    calls = situation.calls_of("grad", "grad_and_value", "hessian", "value_and_grad")
    name = called(calls[0]) if len(calls) == 1 else "this"
    function = argument(calls[0], 0) if len(calls) == 1 else None
    other = "`jacobian`" if name == "hessian" else "`torch.func.jacrev`"
    text = f"`{name}` is for functions that return one number. For one that returns several use {other}, or return their sum."
    if isinstance(function, ast.Lambda):
        return Advice(text, situation.hint((function.body, f"{situation.operand(function.body)}.sum()")))
    return Advice(text)
