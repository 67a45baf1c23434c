"""The traces that a server keeps, and what pages ask of them.

A trace is kept as it came, as bytes. Small ones are read in the process of the pages; large ones in a reader, a process
of its own, so that no page waits for another's. A page does not know which: it asks ``Traces.look``.
"""

from .kept import Head, KeptTrace, LetGo
from .reader import ReaderFailed
from .traces import Traces

__all__ = ["Head", "KeptTrace", "LetGo", "ReaderFailed", "Traces"]
