"""Text that is not Python: Python's own message explained, and the line as it should be."""

from __future__ import annotations

import keyword
import re

from .hints import replace_line
from .situation import Advice, Rules, Situation, shown

rules = Rules()

_PLAIN = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "×": "*", "·": "*", "−": "-", "–": "-", "÷": "/", "\u00a0": " "}
)
_BLOCKS = ("if", "elif", "else", "for", "while", "def", "class", "with", "try", "except", "finally")


def _line(situation: Situation) -> str:
    """The failing line without indentation and trailing space."""
    return situation.program.line(situation.failure.line).strip()


def _mended(situation: Situation, code: str) -> str | None:
    return replace_line(situation.failure.line, code) if situation.failure.line is not None else None


def _split_comment(line: str) -> tuple[str, str]:
    """Separate a trailing comment, as long as no quote makes it doubtful."""
    code, sign, comment = line.partition("#")
    return (code.rstrip(), f"  #{comment}") if sign and "'" not in line and '"' not in line else (line, "")


@rules.on(r"expected ':'", "syntax")
def _colon(situation: Situation, match: re.Match[str]) -> Advice:
    line = _line(situation)
    if line.startswith("else if "):
        return Advice("Python writes `else if` as `elif`.", _mended(situation, "elif " + line.removeprefix("else if ")))
    code, comment = _split_comment(line)
    return Advice(
        f"A line that begins a block, like {shown(code)}, ends with a colon.",
        _mended(situation, f"{code}:{comment}")
        if code.partition(" ")[0] in _BLOCKS and not code.endswith(":")
        else None,
    )


@rules.on(r"'(.)' was never closed", "syntax")
def _never_closed(situation: Situation, match: re.Match[str]) -> Advice:
    closing = {"(": ")", "[": "]", "{": "}"}.get(match[1], "")
    code, comment = _split_comment(_line(situation))
    text = f"The `{match[1]}` on line {situation.failure.line} has no `{closing}` that closes it, so Python reads on into the next lines."
    if code.count(match[1]) - code.count(closing) != 1 or code.endswith(("(", "[", "{", ",")):
        return Advice(text)
    whole = f"{code[:-1]}{closing}:" if code.endswith(":") else f"{code}{closing}"
    return Advice(text, _mended(situation, whole + comment))


@rules.on(r"unmatched '(.)'", "syntax")
def _unmatched(situation: Situation, match: re.Match[str]) -> Advice:
    code, comment = _split_comment(_line(situation))
    text = f"There is one `{match[1]}` more than was opened."
    return Advice(text, _mended(situation, code[:-1] + comment) if code.endswith(match[1]) else None)


@rules.on(r"closing parenthesis '(.)' does not match opening parenthesis '(.)'", "syntax")
def _mismatched(situation: Situation, match: re.Match[str]) -> Advice:
    wanted = {"(": ")", "[": "]", "{": "}"}.get(match[2], "")
    code, comment = _split_comment(_line(situation))
    hint = _mended(situation, code[:-1] + wanted + comment) if code.endswith(match[1]) and match[2] in code else None
    return Advice(f"What was opened with `{match[2]}` is closed with `{wanted}`, not with `{match[1]}`.", hint)


@rules.on(r"Maybe you meant '==' ", "syntax")
def _equals(situation: Situation, match: re.Match[str]) -> Advice:
    line = _line(situation)
    text = "One `=` gives a value to a name; two, `==`, compare."
    single = re.findall(r"(?<![=!<>:+\-*/%@&|^])=(?!=)", line)
    if len(single) == 1 and line.startswith(("if ", "elif ", "while ", "assert ")):
        return Advice(text, _mended(situation, re.sub(r"\s*(?<![=!<>:+\-*/%@&|^])=(?!=)\s*", " == ", line)))
    return Advice(f"{text} On the left of one `=` stands a name.")


@rules.on(r"Missing parentheses in call to 'print'", "syntax")
def _print_statement(situation: Situation, match: re.Match[str]) -> Advice:
    line = _line(situation)
    hint = _mended(situation, f"print({line.removeprefix('print').strip()})") if line.startswith("print ") else None
    return Advice("`print` is a function since Python 3: what it prints stands in parentheses.", hint)


@rules.on(r"unterminated (triple-quoted )?(f-)?string literal", "syntax")
def _string(situation: Situation, match: re.Match[str]) -> Advice:
    line = _line(situation)
    if match[1]:
        return Advice("A text that begins with three quotes ends with three quotes, and they are missing.")
    quotes = [sign for sign in ("'", '"') if line.count(sign) % 2]
    hint = _mended(situation, _with_quote(line, quotes[0])) if len(quotes) == 1 else None
    return Advice("The text has no closing quote on this line.", hint)


def _with_quote(line: str, quote: str) -> str:
    return f"{line[:-1]}{quote})" if line.endswith(")") and line.count("(") == line.count(")") else f"{line}{quote}"


@rules.on(r"invalid (non-printable )?character (?:'(.)' )?\(?(U\+\w+)", "syntax")
def _character(situation: Situation, match: re.Match[str]) -> Advice:
    line = _line(situation)
    plain = line.translate(_PLAIN)
    what = f"{shown(match[2])} ({match[3]})" if match[2] else match[3]
    return Advice(
        f"{what} is not a sign that Python knows here; it often comes with text copied from a document or a web page.",
        _mended(situation, plain) if plain != line else None,
    )


@rules.on(r"expected an indented block after (.+) on line (\d+)", "syntax")
def _no_block(situation: Situation, match: re.Match[str]) -> Advice:
    line = _line(situation)
    header = situation.program.line(int(match[2]))
    own = situation.program.line(situation.failure.line)
    level = len(own) - len(own.lstrip()) == len(header) - len(header.lstrip())
    return Advice(
        f"What belongs to the {match[1]} on line {match[2]} is indented below it, by four spaces.",
        _mended(situation, f"    {line}") if line and level else None,
    )


@rules.on(r"unexpected indent", "syntax")
def _indent(situation: Situation, match: re.Match[str]) -> Advice:
    own = situation.program.line(situation.failure.line)
    return Advice(
        f"Line {situation.failure.line} begins with {len(own) - len(own.lstrip())} spaces, but no line before it opens a block "
        "that it could belong to. It begins where the line before it begins."
    )


@rules.on(r"unindent does not match any outer indentation level", "syntax")
def _dedent(situation: Situation, match: re.Match[str]) -> Advice:
    own = situation.program.line(situation.failure.line)
    above = sorted(
        {
            len(line) - len(line.lstrip())
            for line in situation.program.lines[: (situation.failure.line or 1) - 1]
            if line.strip()
        }
    )
    return Advice(
        f"Line {situation.failure.line} begins with {len(own) - len(own.lstrip())} spaces; the lines above begin with "
        f"{', '.join(map(str, above)) or '0'}. A line that ends a block begins exactly where the block's first line did."
    )


@rules.on(r"inconsistent use of tabs and spaces", "syntax")
def _tabs(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        "Some lines are indented with tabs and others with spaces, which only look alike. Use four spaces everywhere."
    )


@rules.on(
    r"'(return|yield|await|break|continue)' (?:outside|not properly in) (\w+)|'(return|yield|await)' outside", "syntax"
)
def _out_of_place(situation: Situation, match: re.Match[str]) -> Advice:
    word = match[1] or match[3]
    where = "a loop" if word in ("break", "continue") else "a function"
    return Advice(f"`{word}` has a meaning inside of {where} only. Check the indentation of this line.")


@rules.on(r"SyntaxError: invalid syntax", "syntax")
def _invalid(situation: Situation, match: re.Match[str]) -> Advice:
    line = _line(situation)
    if line.startswith((">>> ", "... ")):
        return Advice(
            "`>>>` is the prompt of Python's console and no part of the program.", _mended(situation, line[4:])
        )
    if line.startswith(("%", "!")):
        return Advice(
            "Lines that begin with `%` or `!` are commands of notebooks and not Python.",
            _mended(situation, f"# {line}"),
        )
    words = re.findall(r"\w+", line)
    if len(words) > 1 and keyword.iskeyword(words[0]) and re.match(r"\w+\s*=", line):
        return Advice(
            f"`{words[0]}` is a word of Python's own and cannot be a name.",
            _mended(situation, f"{words[0]}_{line[len(words[0]) :]}"),
        )
    if line.endswith(("+", "-", "*", "/", "=", "**", "@")):
        return Advice(f"The line ends with `{line[-1]}`, and what should follow it is missing.")
    return Advice(
        "Python cannot read this line. Look for a missing comma, operator, quote or bracket, here or on the line before."
    )
