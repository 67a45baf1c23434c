"""Python's own errors, as they come up in lessons: calls, operands, loops, division, recursion."""

from __future__ import annotations

import ast
import re

from ..source.names import KEYWORDS, did_you_mean
from ..trace import Tensor
from .hints import replace_line
from .situation import Advice, Rules, Situation, called, of_kind, shown
from .unknown_names import result_of_grad

rules = Rules()


@rules.on(r"TypeError: ([\w.]+)\(\) missing (\d+) required (?:positional|keyword-only) arguments?: (.*)")
def _missing_argument(situation: Situation, match: re.Match[str]) -> Advice:
    found = situation.program.functions_named(match[1])
    where = f", defined on line {found[0].first}," if len(found) == 1 else ""
    names = re.findall(r"'(\w+)'", match[3])
    listed = " and ".join(shown(name) for name in names)
    return Advice(f"`{match[1]}`{where} needs a value for {listed}, and this call gives none.")


@rules.on(
    r"TypeError: ([\w.]+)\(\) takes (?:from )?(\d+)(?: to \d+)? positional arguments? but (\d+) (?:was|were) given"
)
def _too_many_arguments(situation: Situation, match: re.Match[str]) -> Advice:
    name, takes, given = match[1], int(match[2]), int(match[3])
    found = situation.program.functions_named(name)
    parameters = found[0].parameters if len(found) == 1 else []
    header = situation.program.enclosing(found[0] if len(found) == 1 else None, "class")
    if (
        len(found) == 1
        and header is not None
        and parameters[:1] not in (["self"], ["cls"], ["ctx"])
        and given == takes + 1
    ):
        opened = found[0].code.replace("(", "(self, " if parameters else "(self", 1)
        return Advice(
            f"A method receives its object first. `def {name.rpartition('.')[2]}` on line {found[0].first} has no `self`.",
            replace_line(found[0].first, opened),
        )
    where = f" It is defined on line {found[0].first}." if len(found) == 1 else ""
    own = " (the object itself is counted)" if header is not None else ""
    return Advice(
        f"`{name}` takes {takes} {'argument' if takes == 1 else 'arguments'}, and this call gives {given}{own}.{where}"
    )


@rules.on(
    r"TypeError: ([\w.]+)\(\) got an unexpected keyword argument '(\w+)'|(\w+)\(\) received an invalid combination of arguments - got \((.*?)\)"
)
def _keyword(situation: Situation, match: re.Match[str]) -> Advice:
    name, wrong = match[1] or match[3], match[2]
    own = [parameter for statement in situation.program.functions_named(name) for parameter in statement.parameters]
    for call in situation.calls:
        for given in call.keywords:
            known = own or KEYWORDS
            suspicious = given.arg == wrong if wrong is not None else given.arg not in known
            near = did_you_mean(given.arg or "", known) if suspicious else None
            if near is not None:
                return Advice(
                    f"`{name}` has no argument {shown(given.arg or '')}. Did you mean {shown(near)}?",
                    situation.hint((given, f"{near}={situation.text(given.value)}")),
                )
    if wrong is not None:
        return Advice(f"`{name}` has no argument {shown(wrong)}.")
    return Advice(f"`{name}` cannot be called with ({match[4]}). PyTorch's message lists the ways in which it can.")


@rules.on(r"TypeError: '(\w+)' object is not callable")
def _not_callable(situation: Situation, match: re.Match[str]) -> Advice:
    for call in situation.calls:
        value = situation.value(call.func)
        if value is not None:
            name = situation.shown(call.func)
            index = ""
            if isinstance(value, Tensor) and len(call.args) == 1 and value.shape:
                inside = situation.text(call.args[0])
                hint = situation.hint((call, f"{situation.text(call.func)}[{inside}]"))
                return Advice(
                    f"{name} is a tensor. Parentheses call a function; an element is taken with brackets.", hint
                )
            bound = situation.assignment(call.func.id) if isinstance(call.func, ast.Name) else None
            index = f" since line {bound.first}" if bound is not None else ""
            return Advice(
                f"{name} is {of_kind(match[1])}{index} and no function: it cannot be called with parentheses."
            )
    return Advice(f"What stands before the parentheses is {of_kind(match[1])} and no function.")


@rules.on(r"TypeError: '(\w+)' object is not subscriptable")
def _not_subscriptable(situation: Situation, match: re.Match[str]) -> Advice:
    for node in situation.find(ast.Subscript):
        return Advice(
            f"{situation.shown(node.value)} is {of_kind(match[1])}: it has no elements to take with brackets."
        )
    return Advice(f"A `{match[1]}` has no elements to take with brackets.")


@rules.on(r"TypeError: '(\w+)' object is not iterable|TypeError: cannot unpack non-iterable (\w+) object")
def _not_iterable(situation: Situation, match: re.Match[str]) -> Advice:
    kind = match[1] or match[2]
    for node in situation.find(ast.For):
        name = situation.shown(node.iter)
        hint = situation.hint((node.iter, f"range({situation.text(node.iter)})")) if kind == "int" else None
        more = " `range(...)` counts up to it." if kind == "int" else ""
        return Advice(f"{name} is {of_kind(kind)}, and a loop goes through the elements of something.{more}", hint)
    return Advice(f"A `{kind}` has no elements to go through.")


@rules.on(
    r"TypeError: can only concatenate str \(not \"(\w+)\"\) to str|TypeError: unsupported operand type\(s\) for \+: '(\w+)' and 'str'"
)
def _text_and_number(situation: Situation, match: re.Match[str]) -> Advice:
    kind = match[1] or match[2]
    for node in situation.find(ast.BinOp):
        if isinstance(node.op, ast.Add):
            other = node.right if match[1] is not None else node.left
            return Advice(
                f"`+` joins text with text; {situation.shown(other)} is {of_kind(kind)}. `str(...)` makes text of it, and so does an f-string.",
                situation.hint((other, f"str({situation.text(other)})")),
            )
    return Advice(f"`+` joins text with text, and one side is {of_kind(kind)}. `str(...)` makes text of it.")


@rules.on(r"TypeError: unsupported operand type\(s\) for (\S+): '(\w+)' and '(\w+)'")
def _operands(situation: Situation, match: re.Match[str]) -> Advice:
    for node in situation.nodes:
        pair = (node.left, node.right) if isinstance(node, ast.BinOp) else ()
        for side, kind in zip(pair, match.groups()[1:], strict=False):
            if kind == "NoneType" and isinstance(side, ast.Call):
                return without_return(situation, side)
            if kind in ("tuple", "list"):
                advice = result_of_grad(situation, side)
                if advice is not None:
                    return advice
            if kind in ("builtin_function_or_method", "method", "function"):
                hint = situation.hint((side, f"{situation.text(side)}()")) if isinstance(side, ast.Attribute) else None
                return Advice(
                    f"{situation.shown(side)} is a function that was not called: its parentheses are missing.", hint
                )
    return Advice(f"`{match[1]}` cannot combine {of_kind(match[2])} with {of_kind(match[3])}.")


def without_return(situation: Situation, call: ast.Call) -> Advice:
    """Say that a function gave ``None``, and why if it is the program's own."""
    text = f"{situation.shown(call)} gave `None`."
    found = situation.program.functions_named(called(call))
    if len(found) != 1 or not called(call):
        return Advice(text)
    body = list(situation.program.block(found[0]))
    if any("return" in statement.words for statement in body):
        return Advice(
            f"{text} `{called(call)}` on line {found[0].first} does not reach a `return` with a value on every path."
        )
    last = body[-1] if body else None
    target = next((node.targets[0] for node in last.find(ast.Assign)), None) if last is not None else None
    hint = None
    if last is not None and isinstance(target, ast.Name):
        hint = replace_line(last.first, f"{last.code}; return {target.id}") if "\n" not in last.code else None
    return Advice(f"{text} `{called(call)}`, defined on line {found[0].first}, has no `return`.", hint)


@rules.on(r"AttributeError: 'NoneType' object has no attribute '(\w+)'")
def _attribute_of_none(situation: Situation, match: re.Match[str]) -> Advice:
    for node in situation.find(ast.Attribute):
        if node.attr == match[1]:
            if isinstance(node.value, ast.Call):
                return without_return(situation, node.value)
            if situation.value(node.value) == "None" and isinstance(node.value, ast.Name):
                bound = situation.assignment(node.value.id)
                where = f" since line {bound.first}, {shown(bound.code)}" if bound is not None else ""
                return Advice(f"{situation.shown(node.value)} is `None`{where}, so it has no `{match[1]}`.")
    return Advice(
        f"What stands before `.{match[1]}` is `None` here. Often a function had no `return`, or a gradient is not there yet."
    )


@rules.on(r"ValueError: (too many|not enough) values to unpack \(expected (?:at least )?(\d+)(?:, got (\d+))?\)")
def _unpacking(situation: Situation, match: re.Match[str]) -> Advice:
    for node in situation.find(ast.Assign):
        has = f" has {match[3]}" if match[3] else " has more" if match[1] == "too many" else " has fewer"
        return Advice(f"{match[2]} names stand on the left, and {situation.shown(node.value)}{has} values.")
    return Advice(f"{match[2]} values were expected, and there are {'more' if match[1] == 'too many' else 'fewer'}.")


@rules.on(r"ZeroDivisionError: ")
def _division(situation: Situation, match: re.Match[str]) -> Advice:
    text = "Python stops at a division by zero. (PyTorch does not: a tensor divided by 0 gives inf or nan.)"
    for node in situation.nodes:
        if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod)):
            continue
        if isinstance(node.right, ast.Name) and situation.value(node.right) in ("0", "0.0"):
            bound = situation.assignment(node.right.id)
            where = f" since line {bound.first}" if bound is not None else ""
            return Advice(f"{situation.shown(node.right)} is 0{where}. {text}")
    return Advice(text)


@rules.on(r"RecursionError: ")
def _recursion(situation: Situation, match: re.Match[str]) -> Advice:
    # The call may fail before the function's first line, and the error is then at its `def`.
    begins = situation.statement is not None and situation.statement.words[:1] == ("def",)
    name = situation.statement.words[1] if begins and situation.statement is not None else situation.function
    who = (
        f"{shown(name)} calls itself"
        if name is not None and any("def" in s.words for s in situation.program.functions_named(name))
        else "A function calls itself"
    )
    return Advice(
        f"{who} again and again without an end. It needs a case, tested before the call, in which it returns without calling itself."
    )


@rules.on(r"AssertionError: ")
def _assertion(situation: Situation, match: re.Match[str]) -> Advice | None:
    for node in situation.find(ast.Assert):
        known = []
        for part in ast.walk(node.test):
            value = situation.value(part) if isinstance(part, ast.Name) else None
            if isinstance(value, str):
                known.append(f"{shown(part.id)} is {shown(value)}")  # type: ignore[attr-defined]
        detail = f" Here {', '.join(dict.fromkeys(known))}." if known else ""
        return Advice(f"The program claims {situation.shown(node.test)}, and that is not so.{detail}")
    return None
