"""Program text: the one guarded door through which it is read, what is read from it, and how it is edited.

``parsing`` is the door. Behind it ``tree`` knows a whole program, ``statements`` also a broken one, and ``edits``
changes either and leaves the rest as it was typed. Nothing here knows torch, and nothing here runs a program: the
pages' process reads strangers' text with it.
"""

from .parsing import PROGRAM_FILENAME, LeftOut, Parsed, SourceLimits, SourceTooLarge, parse

__all__ = ["PROGRAM_FILENAME", "LeftOut", "Parsed", "SourceLimits", "SourceTooLarge", "parse"]
