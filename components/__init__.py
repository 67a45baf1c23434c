"""The parts of Autograd Lab, in the order in which a program meets them.

``source`` reads its text, ``worker`` runs it in a confined process (forked from that of ``zygote``), ``capture``
watches it there and fills a ``trace``, ``answers`` works out what else was asked, ``explanations`` puts PyTorch's
errors in plain words, ``figures`` turns the trace into pictures and ``widgets`` shows those in the browser.
``recorder`` watches a training outside of all this, where it runs: this folder is installed as the package
``autograd_lab``, of which that is the one thing to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .recorder import Run as Run
    from .recorder import record as record

__all__ = ["Run", "record"]


def __getattr__(name: str) -> Any:
    """Bring PyTorch only to those who record: the pages import this package too."""
    if name in __all__:
        from . import recorder as package

        return getattr(package, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
