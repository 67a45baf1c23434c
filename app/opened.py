"""A program from an uploaded file: Python as it is, a notebook as its code cells one after the other."""

from __future__ import annotations

from typing import Any

import msgspec


class OpenError(ValueError):
    """The file is no program; the message says why."""


def opened_source(name: str, data: bytes) -> str:
    """Return the program in a ``.py`` or ``.ipynb`` file. Raises ``OpenError``."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise OpenError(f"{name} is not a text file in UTF-8.") from None
    return _notebook(name, text) if name.endswith(".ipynb") else text.replace("\r\n", "\n")


def _notebook(name: str, text: str) -> str:
    try:
        cells = msgspec.json.decode(text)["cells"]
        return "\n\n".join(_code(cell) for cell in cells if cell["cell_type"] == "code")
    except (msgspec.DecodeError, KeyError, TypeError, RecursionError):
        raise OpenError(f"{name} is not a Jupyter notebook.") from None


def _code(cell: dict[str, Any]) -> str:
    """A cell's lines; Jupyter's own commands (``%matplotlib``, ``!pip``) become comments."""
    source = cell["source"]
    lines = ("".join(source) if isinstance(source, list) else str(source)).split("\n")
    return "\n".join(f"# {line}" if line.startswith(("%", "!")) else line for line in lines)
