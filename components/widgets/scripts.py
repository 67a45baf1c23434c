"""Scripts that are ES modules for those who check and test them, joined to one: neither a build nor a server is needed.

Each comes after those that it imports, and the words ``import`` and ``export`` are taken away.
"""

from __future__ import annotations

import re
from pathlib import Path

START = "export default function start"
"""How the function begins that Streamlit calls, in the main script; no other script has a default export."""
_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const|let) (\w+))", re.MULTILINE)
# Lines of comments and types: the text travels to the browser with every run of the page.
_COMMENT = re.compile(r"^ *(?://[^\n]*|/\*\*(?:(?!\*/).)*\*/)\n", re.MULTILINE | re.DOTALL)


def imports(text: str) -> dict[str, list[str]]:
    """Return the names that a script imports, by the script that they are from."""
    return {name: re.findall(r"\w+", names) for names, name in _IMPORT.findall(text)}


def exports(text: str) -> list[str]:
    """Return the names that a script exports."""
    return _EXPORT.findall(text)


def in_order(folder: Path, main: str) -> dict[str, str]:
    """Return the texts of a script and of all that it needs, each after those that it imports.

    Raises:
        ValueError: scripts import each other; the message has the circle.
    """
    texts: dict[str, str] = {}

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise ValueError(f"scripts import each other: {' -> '.join((*above, name))}")
        if name not in texts:
            text = (folder / name).read_text(encoding="utf-8")
            for other in imports(text):
                visit(other, (*above, name))
            texts[name] = text

    visit(main, ())
    return texts


def joined(folder: Path, main: str, start: str = START) -> str:
    """Return a script and all that it needs as one; ``start`` is written in place of ``START``."""
    plain = (_EXPORT.sub("", _IMPORT.sub("", _COMMENT.sub("", text))) for text in in_order(folder, main).values())
    return "\n".join(plain).replace(START, start)
