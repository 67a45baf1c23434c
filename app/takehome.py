"""A program to take home: a script and a notebook that print the same in plain PyTorch."""

from __future__ import annotations

import re

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from components.source import parse

_CELL = re.compile(r"^# ?%%.*\n?", re.MULTILINE)
_OTHER = re.compile(r"[^a-z0-9]+")


def script(source: str) -> str:
    """Return a program as a Python file: what only a notebook knows (``%magic``, ``!command``) is a comment in it."""
    lines = source.split("\n")
    try:
        parsed = parse(source)
    except Exception:  # it is no Python, and is handed on as it is
        return source
    plain = parsed.text.split("\n")
    for one in parsed.left_out:
        line, instead = lines[one.line - 1], plain[one.line - 1]
        # A block may need something in its place.
        lines[one.line - 1] = f"{instead}  # {line.strip()}" if instead.startswith((" ", "\t")) else f"# {line}"
    return "\n".join(lines)


def notebook(source: str, name: str, cells: list[tuple[str, str]] | None = None) -> bytes:
    """Return a program as a Jupyter notebook.

    ``cells`` are the kind (``text`` or ``code``) and text of each cell; without them a cell begins at each ``# %%``.
    """
    parts = cells or [("code", text) for text in _CELL.split(source) if text.strip()]
    made = [new_markdown_cell(text) if kind == "text" else new_code_cell(text.strip("\n")) for kind, text in parts]
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
        "title": name,
    }
    for number, cell in enumerate(made):
        cell["id"] = f"cell-{number}"  # the same program is the same file
    return str(nbformat.writes(new_notebook(cells=made, metadata=metadata))).encode("utf-8", "replace")


def file_name(name: str, ending: str) -> str:
    """Return a name for a file, of what it holds."""
    stem = name.removesuffix(".py").removesuffix(".ipynb").removesuffix(".json").lower()
    return f"{_OTHER.sub('-', stem).strip('-')[:60] or 'program'}.{ending}"
