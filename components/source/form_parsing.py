"""From what was typed into the expression to a syntax tree, or to advice about how it is written in Python."""

from __future__ import annotations

import ast
import keyword
import re
import textwrap

from . import form_names, parsing
from .form_error import FormError

MAX_CHARS = 4_000
# A sum of a thousand terms is a thousand levels deep, and nothing here recurses.
_LIMITS = parsing.SourceLimits(max_chars=MAX_CHARS, max_nesting=MAX_CHARS)
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


def clean(expression: str) -> str:
    """Return the text with plain line ends and spaces. Raises FormError if it is too long or too deep to parse."""
    if len(expression) > MAX_CHARS:
        message = f"The expression has {len(expression):,} characters; {MAX_CHARS:,} are allowed."
        raise FormError(message, advice="Use the Code page for a longer program.")
    text = expression.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").rstrip()
    return textwrap.dedent(text)


def parse(text: str) -> ast.Module:
    """Return the syntax tree. Raises FormError with the line, Python's message, and what to write instead."""
    try:
        return parsing.parse(text, _LIMITS, commands=False).tree
    except SyntaxError as error:
        line = min(error.lineno or 1, text.count("\n") + 1)
        if "null bytes" in error.msg:
            message = "The expression holds a character that no program can hold."
            raise FormError(message, line=line, advice=EXAMPLE) from None
        message = f"Python cannot read this: {error.msg}."
        raise FormError(message, line=line, advice=_syntax_advice(error.msg, text.split("\n")[line - 1])) from None
    except parsing.SourceTooLarge:
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
        if left in form_names.PREFIXES:
            return f"Write {left}({right})."
        return f"A product is written with *, as in {left}*{right}. {EXAMPLE}"
    return EXAMPLE
