"""The program editor: CodeMirror in the browser where it was built, a plain text area where it was not."""

from .kept import Edited
from .view import Problem, code_editor, edited_so_far, is_built

__all__ = ["Edited", "Problem", "code_editor", "edited_so_far", "is_built"]
