"""Makes ``data.d.ts``, the form of what the player is sent, from the records of Python that are sent.

``python -m components.widgets.player.declarations`` writes it; a test says whether it is up to date.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
import types
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import UNSET, UnsetType

from ...figures import PlayerData
from .page import FOLDER, PlayerMount

FILE = FOLDER / "data.d.ts"
_HEAD = "// Made of the records in Python by declarations.py, which says how; not to be edited.\n"
_PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def declarations() -> str:
    """Return the text of ``data.d.ts``."""
    interfaces: dict[str, str] = {}
    for record in (PlayerData, PlayerMount):
        _declare(record, interfaces)
    message = f"export type Message = {PlayerData.__name__} & {PlayerMount.__name__};\n"
    return "\n".join((_HEAD, *interfaces.values(), message))


def _declare(record: type[Any], interfaces: dict[str, str]) -> str:
    """Add the interface of a struct or data class, and those of the records in it; return its name."""
    name = record.__name__
    if name not in interfaces:
        interfaces[name] = ""  # keeps its place before the records in it
        lines = [
            f"  {field}{'?' if optional else ''}: {typescript(kind, interfaces)};\n"
            for field, kind, optional in _fields(record)
        ]
        interfaces[name] = f"export interface {name} {{\n{''.join(lines)}}}\n"
    return name


def _fields(record: type[Any]) -> Iterator[tuple[str, Any, bool]]:
    """Yield the fields of a record: name, type, and whether it can be left out of the JSON."""
    if dataclasses.is_dataclass(record):
        kinds = get_type_hints(record)
        yield from ((field.name, kinds[field.name], False) for field in dataclasses.fields(record))
        return
    short = record.__struct_config__.omit_defaults
    for field in msgspec.structs.fields(record):
        optional = field.default is UNSET or (short and not field.required)
        kind = field.type
        if optional and field.default is None:
            kind = functools.reduce(operator.or_, (part for part in get_args(kind) if part is not type(None)))
        yield field.encode_name, kind, optional


def typescript(kind: Any, interfaces: dict[str, str]) -> str:
    """Return a type of Python in TypeScript's words. Raises ``TypeError`` for one that JSON or this does not know."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in _PLAIN:
        return _PLAIN[kind]
    if dataclasses.is_dataclass(kind) or hasattr(kind, "__struct_config__"):
        return _declare(kind, interfaces)
    if origin is Literal:
        return " | ".join(f'"{value}"' for value in arguments)
    if origin in (Union, types.UnionType):
        return " | ".join(typescript(part, interfaces) for part in arguments if part is not UnsetType)
    if origin is dict and arguments[0] is str:
        return f"Partial<Record<string, {typescript(arguments[1], interfaces)}>>"
    if origin is tuple and arguments[-1] is not Ellipsis:
        return f"[{', '.join(typescript(part, interfaces) for part in arguments)}]"
    if origin in (list, tuple):
        element = typescript(arguments[0], interfaces)
        return f"({element})[]" if get_origin(arguments[0]) in (Union, types.UnionType) else f"{element}[]"
    raise TypeError(f"no word of TypeScript for {kind}")


if __name__ == "__main__":
    FILE.write_text(declarations(), encoding="utf-8")
