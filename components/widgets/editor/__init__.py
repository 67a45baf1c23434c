"""The program editor: CodeMirror in the browser where it was built, a plain text area where it was not."""

from .view import Edited, Problem, code_editor, is_built, typed_text

__all__ = ["Edited", "Problem", "code_editor", "is_built", "typed_text"]
