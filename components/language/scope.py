"""The built-in functions of a program."""

from __future__ import annotations

import builtins
import hashlib
import os
from collections.abc import Callable
from typing import Any, NoReturn

from components.language import refused
from components.language.assignments import delete_attribute, set_attribute
from components.language.attributes import get_attribute
from components.language.errors import NotAllowed
from components.language.type_names import type_of

_KEPT = """
    abs all any ascii bin bool bytes callable chr complex dict divmod enumerate filter float format frozenset hash hex
    int isinstance issubclass iter len list map max min next object oct ord pow property range repr reversed round set
    slice sorted staticmethod str sum super tuple zip NotImplemented Ellipsis None True False __build_class__
    __import__
"""
_NEVER_CAUGHT = frozenset({"BaseException", "GeneratorExit", "SystemExit"})
_MISSING = object()


def built_in_names(write: Callable[[str], None]) -> dict[str, Any]:
    """Return the contents of ``__builtins__``; ``print`` goes to ``write``.

    ``__import__`` is the interpreter's own, since PyTorch's C++ code looks for it in the calling frame; no program can
    name it.
    """
    kept = {name: getattr(builtins, name) for name in _KEPT.split()}
    exceptions = {
        name: value
        for name, value in vars(builtins).items()
        if isinstance(value, type) and issubclass(value, BaseException) and "Group" not in name
    }
    exceptions = {name: value for name, value in exceptions.items() if name not in _NEVER_CAUGHT}
    own = {
        "print": _printer(write),
        "getattr": get_attribute,
        "setattr": set_attribute,
        "delattr": delete_attribute,
        "hasattr": _has_attribute,
        "type": type_of,
        "id": _identity,
    }
    refusals = {name: _refuser(name, advice) for name, advice in refused.BUILTINS.items() if name not in own}
    return kept | exceptions | refusals | own


def _printer(write: Callable[[str], None]) -> Callable[..., None]:
    def print(
        *values: Any, sep: str | None = " ", end: str | None = "\n", file: Any = None, flush: Any = False
    ) -> None:
        if file is not None:
            raise NotAllowed("print(file=...) is not available here.", name="file", advice="Print without file=.")
        for name, text in (("sep", sep), ("end", end)):
            if text is not None and not isinstance(text, str):
                raise TypeError(f"{name} must be None or a string, not {type(text).__name__}")
        text = (" " if sep is None else sep).join([str(value) for value in values])
        write(text + ("\n" if end is None else end))

    return print


def _has_attribute(value: Any, name: str) -> bool:
    return get_attribute(value, name, _MISSING) is not _MISSING


_KEY = os.urandom(8)


def _identity(value: Any) -> int:
    """``id`` that tells objects apart without telling where they are."""
    digest = hashlib.blake2b(str(id(value)).encode(), key=_KEY, digest_size=6).digest()
    return int.from_bytes(digest, "big")


def _refuser(name: str, advice: str) -> Callable[..., NoReturn]:
    def refuse(*arguments: Any, **options: Any) -> NoReturn:
        raise NotAllowed(f"{name}() is not available here.", name=name, advice=advice)

    refuse.__name__ = name
    return refuse
