"""The built-in functions of a program."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable
from typing import Any, NoReturn

from components.language import refused
from components.language.attributes import delete_attribute, get_attribute, set_attribute
from components.language.errors import NotAllowed
from components.language.shown_types import type_of

_KEPT = """
    abs all any ascii bin bool bytes callable chr classmethod complex dict divmod enumerate filter float format
    frozenset hex int isinstance issubclass iter len list map max min next object oct ord pow property range repr
    reversed round set slice sorted staticmethod str sum super tuple zip NotImplemented Ellipsis None True False
    __build_class__ __import__
"""
# The interruption of a run derives from BaseException: no program catches it.
_NEVER_CAUGHT = {"BaseException": Exception}
_LEFT_OUT = frozenset({"BaseException", "GeneratorExit", "KeyboardInterrupt", "BaseExceptionGroup", "ExceptionGroup"})
_MISSING = object()
_ADDRESS = re.compile(r"(?<= at )0x[0-9a-f]{6,16}(?=>)")


def built_in_names(write: Callable[[str], None]) -> dict[str, Any]:
    """Return the contents of ``__builtins__``; ``print`` goes to ``write``.

    ``__import__`` is the interpreter's own, since PyTorch's C++ code looks for it in the calling frame; no program can
    name it.
    """
    kept = {name: getattr(builtins, name) for name in _KEPT.split()}
    exceptions = {
        name: value
        for name, value in vars(builtins).items()
        if isinstance(value, type) and issubclass(value, BaseException) and name not in _LEFT_OUT
    }
    identities = Identities()
    own = {
        "print": _printer(write, identities),
        "getattr": get_attribute,
        "setattr": set_attribute,
        "delattr": delete_attribute,
        "hasattr": _has_attribute,
        "type": type_of,
        "id": identities.of,
        "hash": identities.hash_of,
    }
    refusals = {name: _refuser(name, advice) for name, advice in refused.BUILTINS.items()}
    return kept | exceptions | _NEVER_CAUGHT | refusals | own


class Identities:
    """Numbers that tell objects apart without telling where they are, the same ones in every run."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}

    def of(self, value: Any, /) -> int:
        """Do what ``id`` does."""
        return self._number(id(value))

    def hash_of(self, value: Any, /) -> int:
        """Do what ``hash`` does; by default it is made of the address."""
        number = hash(value)
        address = id(value)
        return self._number(address) >> 4 if number in (address, object.__hash__(value)) else number

    def in_text(self, text: str) -> str:
        """Replace the addresses in ``<... object at 0x...>``."""
        if " at 0x" not in text:
            return text
        return _ADDRESS.sub(lambda match: f"0x{self._number(int(match[0], 16)):012x}", text)

    def _number(self, address: int) -> int:
        return self._numbers.setdefault(address, 0x7F0000000000 + 0x40 * len(self._numbers))


def _printer(write: Callable[[str], None], identities: Identities) -> Callable[..., None]:
    def print(
        *values: Any, sep: str | None = " ", end: str | None = "\n", file: Any = None, flush: Any = False
    ) -> None:
        if file is not None:
            raise NotAllowed("print(file=...) is not available here.", name="file", advice="Print without file=.")
        for name, text in (("sep", sep), ("end", end)):
            if text is not None and not isinstance(text, str):
                raise TypeError(f"{name} must be None or a string, not {type(text).__name__}")
        text = (" " if sep is None else sep).join([str(value) for value in values])
        write(identities.in_text(text + ("\n" if end is None else end)))

    return print


def _has_attribute(value: Any, name: str, /) -> bool:
    return get_attribute(value, name, _MISSING) is not _MISSING


def _refuser(name: str, advice: str) -> Callable[..., NoReturn]:
    def refuse(*arguments: Any, **options: Any) -> NoReturn:
        raise NotAllowed(f"{name}() is not available here.", name=name, advice=advice)

    refuse.__name__ = name
    return refuse
