"""Records a training where it runs: in a script, a notebook, on a GPU, with code and models of any size.

Nothing is confined and nothing is run a second time; the observers of ``capture`` look at some steps, and their traces
go into one file that the app opens.
"""

from .run import Run, record

__all__ = ["Run", "record"]
