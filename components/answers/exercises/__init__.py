"""Exercises: looks at what a program left behind, and, in another process, judges what was found.

The program's own process reports plain values; it knows what is looked at and not what is expected. The verdict is made
where none of the program's code has run.
"""

from .inspecting import inspect_answer
from .judging import judge

__all__ = ["inspect_answer", "judge"]
