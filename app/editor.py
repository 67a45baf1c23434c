"""An editor of a page: what fills it, what is typed in it, and whether somebody has asked to run that."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from components.trace import Failure
from components.widgets.editor import Edited, Problem, typed_text


@dataclass
class Editor:
    """What fills an editor, and the last request to run it that its page has followed."""

    source: str
    fillings: int = 0
    followed: int = 0
    """``Edited.run`` of that request."""

    def fill(self, source: str) -> None:
        """Fill the editor anew, whatever is typed in it."""
        self.source = source
        self.fillings += 1

    def typed(self, key: str) -> Edited:
        """Return the text as it is in this run of the page; once, before it is shown."""
        filled = f"{self.fillings}\n{self.source}".encode("utf-8", "surrogatepass")
        return typed_text(self.source, key=key, revision=hashlib.sha256(filled).hexdigest()[:16])

    def asks(self, edited: Edited) -> bool:
        """Return whether somebody has asked to run the text since the last call."""
        last, self.followed = self.followed, edited.run
        return edited.run != last


def problem_of(failure: Failure | None) -> Problem | None:
    """Return a failure for its line in the editor, if it has one."""
    if failure is None or failure.line is None:
        return None
    return Problem(failure.line, failure.message[:500])
