"""What a compiled program runs in: its global names.

The half of the language that knows torch; only the worker's processes import it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from components.language import module_contents, native
from components.language.attributes import AttributeWriter, get_attribute
from components.language.modules import import_from, import_module
from components.language.scope import built_in_names
from components.language.user_classes import make_class


def program_globals(write: Callable[[str], None]) -> dict[str, Any]:
    """Return the global names for one run; what the program prints goes to ``write``.

    Puts the checks of ``native`` into this process's PyTorch, and the generators of ``random`` and ``numpy.random``
    where every run finds them.
    """
    native.install()
    module_contents.reseed()
    return {
        "__builtins__": built_in_names(write),
        "__name__": "__main__",
        "__metaclass__": make_class,
        "_getattr_": get_attribute,
        "_write_": AttributeWriter,
        "_import_": import_module,
        "_import_from_": import_from,
    }
