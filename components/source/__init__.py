"""Program text: the one guarded door through which it is read, how it is edited, and the form that writes it.

Nothing here knows torch, and nothing here runs a program: the pages' process reads strangers' text with it.
"""

from .parsing import PROGRAM_FILENAME, LeftOut, Parsed, SourceLimits, SourceTooLarge, parse

__all__ = ["PROGRAM_FILENAME", "LeftOut", "Parsed", "SourceLimits", "SourceTooLarge", "parse"]
