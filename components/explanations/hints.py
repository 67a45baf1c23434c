"""Hints that are edits: one per line of text, readable as it stands and exact enough to be applied.

``Line 5: y.backward(retain_graph=True)`` replaces the statement on line 5, ``Before line 5: ...`` puts a statement in
front of it. Any other text is advice for a person.
"""

from __future__ import annotations

import re

from ..source.statements import ProgramStatements

_EDIT = re.compile(r"(?P<before>Before l|L)ine (?P<line>\d{1,9}): (?P<code>.*)")


def replace_line(line: int, code: str) -> str:
    """Return the hint that puts ``code`` in place of the statement on a line."""
    return f"Line {line}: {code}"


def insert_before(line: int, code: str) -> str:
    """Return the hint that puts ``code`` in front of the statement on a line, with its indentation."""
    return f"Before line {line}: {code}"


def apply_hint(source: str, hint: str | None) -> str | None:
    """Return the program with the hint's edits made; ``None`` if the hint is advice, or does not fit the program.

    A comment at the end of a replaced line stays.
    """
    edits = [_EDIT.fullmatch(line) for line in (hint or "").split("\n")]
    program = ProgramStatements(source)
    lines = list(program.lines)
    done = []
    # From the last line upwards, so that numbers stay; what goes before one line goes there in the order given.
    in_order = sorted(enumerate(filter(None, edits)), key=lambda entry: (int(entry[1]["line"]), entry[0]))
    for _, edit in reversed(in_order):
        number = int(edit["line"])
        statement = program.at(number)
        if edit["before"] == "Before l" and 0 < number <= len(lines):
            indent = statement.indent if statement is not None else ""
            lines.insert((statement.first if statement is not None else number) - 1, indent + edit["code"])
        elif edit["before"] == "L" and statement is not None:
            tail = program.line(statement.last)[_end_of(program, statement.last) :]
            lines[statement.first - 1 : statement.last] = [statement.indent + edit["code"] + tail]
        elif edit["before"] == "L" and 0 < number <= len(lines):
            lines[number - 1] = edit["code"]
        else:
            return None
        done.append(edit)
    return "\n".join(lines) if done and len(done) == len(edits) else None


def _end_of(program: ProgramStatements, line: int) -> int:
    """The column at which the last statement that ends on this line ends; what follows is a comment."""
    statement = program.at(line)
    if statement is None:
        return 0
    last = statement.code.rpartition("\n")[2]
    return len(last) + (len(statement.indent) if statement.first == statement.last else 0)
