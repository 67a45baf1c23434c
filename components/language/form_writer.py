"""From the form to the program that runs, spelled as a lesson would spell it.

The person's own text is kept as it is typed: ``sin`` becomes ``torch.sin`` by inserting, not by writing the expression
anew.
"""

from __future__ import annotations

import ast
import re

from components.language.form import (
    CONSTANTS,
    FUNCTIONS,
    Backward,
    Form,
    FormError,
    Leaf,
    check_name,
    free_names,
    parsed,
    scalar_value,
)

_CREATORS = frozenset(["randn", "rand", "ones", "zeros", "eye", "arange", "linspace", "full"])
_IMPORTS = (("F", "import torch.nn.functional as F"), ("nn", "import torch.nn as nn"), ("math", "import math"))


def write_source(form: Form) -> str:
    """Return the program: leaves, expression, actions.

    Raises:
        FormError: the expression or a leaf's value cannot become a program; the message says which.
    """
    needed = free_names(form.expression)
    leaves = {leaf.name: leaf for leaf in form.leaves}
    missing = [name for name in needed if name not in leaves]
    if missing:
        raise FormError(f"{missing[0]} has no value.")
    rows = [leaves[name] for name in needed]
    lines, output = _expression_lines(form)
    if form.no_grad:
        lines = ["with torch.no_grad():", *(f"    {line}" for line in lines)]
    parts = [_imports(form.expression), "\n".join(_leaf_line(leaf) for leaf in rows), "\n".join(lines)]
    actions = [_action_lines(action, rows, output) for action in form.actions]
    parts.append("\n".join(line for lines in actions for line in lines))
    return "\n\n".join(part for part in parts if part) + "\n"


def _imports(expression: str) -> str:
    used = {node.id for node in ast.walk(ast.parse(expression)) if isinstance(node, ast.Name)}
    return "\n".join(["import torch", *(line for name, line in _IMPORTS if name in used)])


def _expression_lines(form: Form) -> tuple[list[str], str]:
    """Return the expression's lines as they run, and the name of what it computes."""
    tree = parsed(form.expression)
    source = _with_prefixes(form.expression, tree)
    last = tree.body[-1]
    lines = source.split("\n")
    if isinstance(last, ast.Assign):
        target = last.targets[0]
        if not isinstance(target, ast.Name):
            raise FormError("The last line of the expression must give one result a name, or none.")
        return [line for line in lines if line.strip()], target.id
    taken = set(free_names(form.expression)) | {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    output = next(name for name in ("y", "out", "result") if name not in taken)
    lines[last.lineno - 1] = f"{output} = {lines[last.lineno - 1].lstrip()}"
    return [line for line in lines if line.strip()], output


def _with_prefixes(expression: str, tree: ast.Module) -> str:
    """Insert ``torch.`` before bare functions and constants."""
    assigned = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    lines = [line.encode() for line in expression.split("\n")]
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    for node in sorted(names, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        is_function = id(node) in called and node.id in FUNCTIONS
        if (is_function or node.id in CONSTANTS) and node.id not in assigned:
            line = lines[node.lineno - 1]
            lines[node.lineno - 1] = line[: node.col_offset] + b"torch." + line[node.col_offset :]
    return "\n".join(line.decode() for line in lines)


def _leaf_line(leaf: Leaf) -> str:
    check_name(leaf.name)
    options = [] if leaf.dtype == "float32" else [f"dtype=torch.{_dtype(leaf)}"]
    if leaf.requires_grad:
        options.append("requires_grad=True")
    call, arguments = _value(leaf)
    return f"{leaf.name} = torch.{call}({', '.join([arguments, *options])})"


def _dtype(leaf: Leaf) -> str:
    if not re.fullmatch(r"(b?float|int)\d+|bool", leaf.dtype):
        raise FormError(f"{leaf.name}: {leaf.dtype!r} is no type of numbers.")
    return leaf.dtype


def _value(leaf: Leaf) -> tuple[str, str]:
    """Return the function that makes the value, and its arguments."""
    text = leaf.value.strip()
    advice = f"{leaf.name}: write a number, a list such as [1.0, 2.0], or a call such as randn(3, 4)."
    if len(text) > 2_000:
        raise FormError(f"{leaf.name}: the value is too long.")
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise FormError(advice) from None
    floating = "float" in leaf.dtype
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func).removeprefix("torch.")
        plain = not node.keywords and all(_is_number(part) or isinstance(part, ast.Tuple) for part in node.args)
        if name not in _CREATORS or not plain or not node.args:
            raise FormError(advice)
        return name, ", ".join(ast.unparse(part) for part in node.args)
    if _is_number(node):
        number = scalar_value(leaf)
        return "tensor", _number(text, number, floating)
    if isinstance(node, ast.List) and all(isinstance(part, ast.List) or _is_number(part) for part in _parts(node)):
        return "tensor", re.sub(r"(?<![\w.])\d+(?![\w.])", r"\g<0>.0", text) if floating else text
    raise FormError(advice)


def _number(text: str, number: float | None, floating: bool) -> str:
    if number is not None and floating and re.fullmatch(r"[-+]?\d+", text):
        return f"{text}.0"
    return text


def _is_number(node: ast.AST) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        node = node.operand
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def _parts(node: ast.List) -> list[ast.expr]:
    """All elements of nested lists, lists included."""
    found: list[ast.expr] = []
    pending: list[ast.expr] = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, ast.List):
            found.extend(part.elts)
            pending.extend(part.elts)
    return found


def _action_lines(action: object, leaves: list[Leaf], output: str) -> list[str]:
    if isinstance(action, Backward):
        options = [f"{name}=True" for name in ("retain_graph", "create_graph") if getattr(action, name)]
        return [f"{output}.backward({', '.join(options)})"]
    tracked = [leaf.name for leaf in leaves if leaf.requires_grad]
    return [line for name in tracked for line in (f"if {name}.grad is not None:", f"    {name}.grad.zero_()")]
