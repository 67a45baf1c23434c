"""Reads the form's expression: which names are free, and which few places of the text have to change.

The text is never rewritten as a whole. Reading it gives a list of edits by position, such as ``torch.`` in front of
``sin``, so that the program keeps the spelling, spacing and comments of the person who typed it. What cannot be read is
refused with advice about how it is written in Python.
"""

from __future__ import annotations

import ast
import keyword
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..edits import Edit, SourceText
from ..names import did_you_mean
from ..parsing import SourceLimits, SourceTooLarge, parse
from . import bare_names

MAX_CHARS = 4_000
# A sum of a thousand terms is a thousand levels deep, and nothing here recurses.
_LIMITS = SourceLimits(max_chars=MAX_CHARS, max_nesting=MAX_CHARS)
EXAMPLE = "Write an expression, for example sin(x*w) + x**2."
CODE_PAGE = "The form takes expressions and assignments; use the Code page for everything else."
_SIGNS = {
    "×": "*",
    "·": "*",
    "⋅": "*",
    "∙": "*",
    "−": "-",
    "–": "-",
    "÷": "/",
    "²": "**2",
    "³": "**3",
    "√": "sqrt(...)",
}
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_CALLABLE = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Lambda, ast.IfExp)
_STATEMENTS = (ast.Assign, ast.AugAssign, ast.Expr)
_WORDS = {
    ast.AnnAssign: "A type annotation",
    ast.AsyncFor: "async",
    ast.AsyncFunctionDef: "async",
    ast.AsyncWith: "async",
    ast.ClassDef: "class",
    ast.Delete: "del",
    ast.FunctionDef: "def",
    ast.ImportFrom: "import",
}
_FUNCTIONS = bare_names.MATH | bare_names.OF_NUMBERS | {"float", "int"}


class FormError(ValueError):
    """The form cannot be written as a program.

    ``line`` is the line of the expression, ``leaf`` the name of the leaf, whichever is to blame. ``advice`` says what
    to write instead (may be empty) and is part of ``str(error)``, which also says the line.
    """

    def __init__(self, message: str, *, line: int | None = None, leaf: str | None = None, advice: str = "") -> None:
        where = "" if line is None else f"Line {line}: "
        super().__init__(f"{where}{message} {advice}".strip())
        self.line = line
        self.leaf = leaf
        self.advice = advice


class Use(NamedTuple):
    """A free name where it stands."""

    line: int
    start: int
    name: str


@dataclass
class Reading:
    """What reading an expression found.

    ``output`` is the name that the last line assigns; ``None`` where the last line is an expression. ``bound`` are the
    names that the lines assign, ``modules`` those of ``bare_names.IMPORTS`` in use.
    """

    text: SourceText
    tree: ast.Module
    uses: list[Use] = field(default_factory=list)
    bound: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    edits: list[Edit] = field(default_factory=list)
    output: str | None = None

    @property
    def free(self) -> list[str]:
        """The free names in order of appearance, each once."""
        return list(dict.fromkeys(use.name for use in sorted(self.uses)))


def read_expression(expression: str) -> Reading:
    """Read the lines of an expression. Raises FormError with the line and what to write instead."""
    text = _clean(expression)
    reading = Reading(SourceText(text), _parse(text))
    if not reading.tree.body:
        raise FormError("There is no expression.", advice=EXAMPLE)
    numbers: set[str] = set()
    for statement in reading.tree.body:
        _read_statement(statement, reading, numbers)
    _find_output(reading)
    return reading


def _read_statement(statement: ast.stmt, reading: Reading, numbers: set[str]) -> None:
    """Read one line; ``numbers`` are the names that stand for plain numbers so far."""
    if not isinstance(statement, _STATEMENTS):
        word = _WORDS.get(type(statement), type(statement).__name__.lower())
        raise FormError(f"{word} cannot be written here.", line=statement.lineno, advice=CODE_PAGE)
    if isinstance(statement, ast.AugAssign):
        _refuse_power_sign(statement.op, statement.lineno)
        if isinstance(statement.target, ast.Name) and statement.target.id not in reading.bound:
            reading.uses.append(Use(statement.target.lineno, statement.target.col_offset, statement.target.id))
    plain = _number_nodes(statement.value, numbers, reading.bound)
    _read_names(statement.value, reading, plain)
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    for target in targets:
        if target is not None:
            _read_target(target, reading, plain)
            if isinstance(target, ast.Name):
                (numbers.add if statement.value in plain else numbers.discard)(target.id)


def _read_target(target: ast.expr, reading: Reading, plain: set[ast.AST]) -> None:
    _read_names(target, reading, plain)
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            if node.id in bare_names.IMPORTS:
                raise FormError(
                    f"{node.id} is a module here and cannot be assigned.",
                    line=node.lineno,
                    advice=f"Choose another name, for example {node.id.lower()}_1.",
                )
            reading.bound.add(node.id)


def _read_names(root: ast.expr, reading: Reading, plain: set[ast.AST]) -> None:
    """Walk an expression; names of its own (of a lambda or a comprehension) are not free inside it."""
    stack: list[tuple[ast.AST, ast.AST | None, frozenset[str]]] = [(root, None, frozenset())]
    while stack:
        node, parent, own = stack.pop()
        _refuse(node)
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load) and node.id not in own and node.id not in reading.bound:
                _read_name(node, parent, reading, plain)
            continue
        stack += reversed([(child, node, inner) for child, inner in _children(node, own)])


def _children(node: ast.AST, own: frozenset[str]) -> Iterator[tuple[ast.AST, frozenset[str]]]:
    if isinstance(node, ast.Lambda):
        yield from ((default, own) for default in [*node.args.defaults, *node.args.kw_defaults] if default)
        yield node.body, own | {part.arg for part in ast.walk(node.args) if isinstance(part, ast.arg)}
    elif isinstance(node, _COMPREHENSIONS):
        targets = [part for loop in node.generators for part in ast.walk(loop.target)]
        inner = own | {part.id for part in targets if isinstance(part, ast.Name)}
        yield node.generators[0].iter, own  # Python evaluates the first one outside
        for child in ast.iter_child_nodes(node):
            parts = ast.iter_child_nodes(child) if isinstance(child, ast.comprehension) else [child]
            yield from ((part, inner) for part in parts if part is not node.generators[0].iter)
    else:
        yield from ((child, own) for child in ast.iter_child_nodes(node))


def _read_name(node: ast.Name, parent: ast.AST | None, reading: Reading, plain: set[ast.AST]) -> None:
    """Sort out one name that the expression does not define itself."""
    name, line, start = node.id, node.lineno, node.col_offset
    if isinstance(parent, ast.Attribute) and name in bare_names.IMPORTS:
        reading.modules.add(name)
    elif name in bare_names.IMPORTS:
        message = f"{name} is a module here and has no value of its own."
        raise FormError(message, line=line, advice=f"Choose another name, for example {name.lower()}_1.")
    elif isinstance(parent, ast.Attribute) and name in bare_names.FOREIGN_MODULES:
        raise FormError(
            f"{name} is not available here.", line=line, advice="Use PyTorch's function, such as torch.sin."
        )
    elif isinstance(parent, ast.Attribute) and name in bare_names.SUBMODULES:
        reading.edits.append(reading.text.before(node, "torch."))
    elif isinstance(parent, ast.Call) and parent.func is node:
        prefix = _prefix(node, parent, reading, plain)
        reading.modules |= {module for module in ("F", "math") if prefix == f"{module}."}
        reading.edits.append(reading.text.before(node, prefix))
    elif name in bare_names.CONSTANTS:
        reading.edits.append(reading.text.instead(node, bare_names.CONSTANTS[name]))
    elif name not in bare_names.TYPES:
        reading.uses.append(Use(line, start, name))


def _prefix(node: ast.Name, call: ast.Call, reading: Reading, plain: set[ast.AST]) -> str:
    """Return what goes in front of a bare function: nothing for Python's own."""
    name = node.id
    listed = (ast.List, ast.Tuple, *_COMPREHENSIONS)
    if name in bare_names.OF_LISTS and call.args and isinstance(call.args[0], listed):
        return ""
    if call in plain:
        return "" if name in bare_names.OF_NUMBERS | bare_names.BUILT_IN else "math."
    if name in bare_names.BUILT_IN:
        return ""
    if name in bare_names.PREFIXES:
        return bare_names.PREFIXES[name]
    raise _unknown_function(name, node.lineno, reading)


def _unknown_function(name: str, line: int, reading: Reading) -> FormError:
    guess = bare_names.ALIASES.get(name) or did_you_mean(name, bare_names.PREFIXES.keys() | bare_names.BUILT_IN)
    if len(name) == 1 or name in reading.free:
        message, advice = f"{name} is not a function.", f"To multiply, write {name}*(...)."
    elif guess:
        message, advice = f"There is no function {name}.", f"Did you mean {guess}?"
    else:
        message = f"There is no function {name}."
        advice = "Use PyTorch's functions here; define your own on the Code page."
    return FormError(message, line=line, advice=advice)


def _refuse_power_sign(operator: ast.operator, line: int) -> None:
    if isinstance(operator, ast.BitXor):
        raise FormError("^ is not a power in Python.", line=line, advice="Write **, as in x**2.")


def _refuse(node: ast.AST) -> None:
    """Say no to what is an expression in Python and not in the form."""
    if isinstance(node, ast.BinOp):
        _refuse_power_sign(node.op, node.lineno)
    elif isinstance(node, ast.NamedExpr):
        raise FormError(
            ":= cannot be written here.", line=node.lineno, advice="Write the assignment on a line of its own."
        )
    elif isinstance(node, ast.JoinedStr | ast.Yield | ast.YieldFrom | ast.Await):
        names = {ast.JoinedStr: "An f-string", ast.Await: "await"}
        raise FormError(f"{names.get(type(node), 'yield')} cannot be written here.", line=node.lineno, advice=CODE_PAGE)
    elif isinstance(node, ast.Call) and not isinstance(node.func, _CALLABLE):
        raise FormError(
            "What stands before the parenthesis is not a function.",
            line=node.lineno,
            advice="To multiply, write *, as in 2*(x + 1).",
        )


def _find_output(reading: Reading) -> None:
    last = reading.tree.body[-1]
    if isinstance(last, ast.Expr):
        return
    target = last.targets[0] if isinstance(last, ast.Assign) else getattr(last, "target", None)
    if not isinstance(target, ast.Name):
        message = "The last line assigns no single name, so there is no output."
        raise FormError(message, line=last.lineno, advice="Add a last line with the output, for example x.sum().")
    reading.output = target.id


# --- from what was typed to a syntax tree


def _clean(expression: str) -> str:
    """Return the text with plain line ends and spaces. Raises FormError if it is too long or too deep to parse."""
    if len(expression) > MAX_CHARS:
        message = f"The expression has {len(expression):,} characters; {MAX_CHARS:,} are allowed."
        raise FormError(message, advice="Use the Code page for a longer program.")
    text = expression.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").rstrip()
    return textwrap.dedent(text)


def _parse(text: str) -> ast.Module:
    """Return the syntax tree. Raises FormError with the line, Python's message, and what to write instead."""
    try:
        return parse(text, _LIMITS, commands=False).tree
    except SyntaxError as error:
        line = min(error.lineno or 1, text.count("\n") + 1)
        if "null bytes" in error.msg:
            message = "The expression holds a character that no program can hold."
            raise FormError(message, line=line, advice=EXAMPLE) from None
        message = f"Python cannot read this: {error.msg}."
        raise FormError(message, line=line, advice=_syntax_advice(error.msg, text.split("\n")[line - 1])) from None
    except SourceTooLarge:
        message = "The expression is nested too deeply."
        raise FormError(message, advice="Give names to parts of it, one on each line.") from None


def _syntax_advice(message: str, line: str) -> str:
    for sign, instead in _SIGNS.items():
        if f"'{sign}'" in message:
            return f"Write {instead} instead of {sign}."
    if "indent" in message:
        return "Begin each line at the left margin." if not line.rstrip().endswith(":") else CODE_PAGE
    if "^" in line:
        return "A power is written **, as in x**2."
    factors = re.search(r"(?<![\w.])(\d+(?:\.\d*)?)\s*([^\W\d]\w*)|([^\W\d]\w*)\s+([^\W\d]\w*)", line)
    if factors and "invalid" in message:
        left, right = (part for part in factors.groups() if part)
        if keyword.iskeyword(left) or keyword.iskeyword(right):
            return EXAMPLE
        if left in bare_names.PREFIXES:
            return f"Write {left}({right})."
        return f"A product is written with *, as in {left}*{right}. {EXAMPLE}"
    return EXAMPLE


# --- which parts of an expression are plain numbers: `sqrt(2*pi)` is one, and `torch.sqrt` would not take it


def _number_nodes(root: ast.expr, numbers: set[str], bound: set[str]) -> set[ast.AST]:
    """Return the nodes of an expression whose value is a number and never a tensor.

    ``numbers`` are the assigned names that stand for numbers, ``bound`` all the assigned names.
    """
    nodes = list(ast.walk(root))
    own = {node.arg for node in nodes if isinstance(node, ast.arg)}
    own |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    names = (numbers | (bare_names.NUMBERS.keys() - bound)) - own
    found: set[ast.AST] = set()
    for node in reversed(nodes):  # ast.walk gives parents before their children
        if _is_number(node, found, names, bound | own):
            found.add(node)
    return found


def _is_number(node: ast.AST, found: set[ast.AST], names: set[str], bound: set[str]) -> bool:
    check: Callable[[Any], bool] | None = {
        ast.Constant: lambda node: type(node.value) in (int, float),
        ast.Name: lambda node: node.id in names,
        ast.UnaryOp: lambda node: isinstance(node.op, ast.USub | ast.UAdd) and node.operand in found,
        ast.BinOp: lambda node: not isinstance(node.op, ast.MatMult) and {node.left, node.right} <= found,
        ast.Attribute: lambda node: _in_module(node) and node.attr in {*bare_names.NUMBERS, "tau"},
        ast.Call: lambda node: _is_number_call(node, found, bound),
    }.get(type(node))
    return check is not None and check(node)


def _is_number_call(node: ast.Call, found: set[ast.AST], bound: set[str]) -> bool:
    if isinstance(node.func, ast.Name):
        known = node.func.id in _FUNCTIONS - bound
    else:
        known = isinstance(node.func, ast.Attribute) and _in_module(node.func, {"math"})
    return known and bool(node.args) and not node.keywords and found.issuperset(node.args)


def _in_module(node: ast.Attribute, modules: frozenset[str] | set[str] = frozenset({"math", "torch"})) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in modules
