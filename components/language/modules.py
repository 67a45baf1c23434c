"""Stand-ins for the modules that a program may import: frozen, and holding allowed names only."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, NoReturn

from components.language import refused
from components.language.errors import NotAllowed, NotAllowedAttribute
from components.language.module_contents import CONTENTS
from components.language.suggestions import nearest


class ModuleStandIn:
    """What ``import`` gives: looks like the module, holds only what is allowed, and cannot be changed."""

    __slots__ = ("_members", "_name")

    def __init__(self, name: str, members: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_name", name)
        object.__setattr__(self, "_members", dict(members))

    def __getattr__(self, name: str) -> Any:
        return member(self, name)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise NotAllowedAttribute(f"{self!r} cannot be changed here.", name=name)

    def __delattr__(self, name: str) -> NoReturn:
        raise NotAllowedAttribute(f"{self!r} cannot be changed here.", name=name)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("cannot pickle 'module' object")

    def __repr__(self) -> str:
        return f"<module '{object.__getattribute__(self, '_name')}'>"


def member(stand_in: ModuleStandIn, name: str) -> Any:
    """Return a member of a stand-in.

    Raises:
        NotAllowedAttribute: the real module has it, and it is not available here.
        AttributeError: the real module does not have it either; the message is Python's.
    """
    members: dict[str, Any] = object.__getattribute__(stand_in, "_members")
    if name in members:
        return members[name]
    module: str = object.__getattribute__(stand_in, "_name")
    if not _exists(module, name):
        raise AttributeError(f"module {module!r} has no attribute {name!r}", name=name)
    advice = refused.ATTRIBUTES.get(name, "")
    if not advice and (near := nearest(name, members)):
        advice = f"Did you mean {module}.{near}?"
    raise NotAllowedAttribute(f"{module}.{name} is not available here.", name=name, advice=advice)


def _exists(module: str, name: str) -> bool:
    """Whether the real module has this name, without importing what it would import by itself."""
    real = sys.modules.get(module)
    return name in getattr(real, "__dict__", ()) or name in getattr(real, "_lazy_modules", ()) or name == "__dict__"


def _build() -> dict[str, ModuleStandIn]:
    """Make the stand-ins, children first, so that ``torch.nn`` is a member of ``torch``."""
    built: dict[str, ModuleStandIn] = {}
    for name in sorted(CONTENTS, key=lambda path: -path.count(".")):
        children = {path.rpartition(".")[2]: child for path, child in built.items() if path.rpartition(".")[0] == name}
        built[name] = ModuleStandIn(name, CONTENTS[name] | children)
    return built


STAND_INS = _build()


def import_module(name: str, aliased: bool) -> ModuleStandIn:
    """Do what ``import name`` (``aliased``: ``import name as x``) binds."""
    found = _find(name)
    return found if aliased else STAND_INS[name.partition(".")[0]]


def import_from(module: str, name: str) -> Any:
    """Do what ``from module import name`` binds."""
    stand_in = _find(module)
    try:
        return member(stand_in, name)
    except NotAllowedAttribute as refusal:
        message = f"`from {module} import {name}` is not available here."
        raise NotAllowed(message, name=name, advice=refusal.advice) from None
    except AttributeError:
        raise ImportError(f"cannot import name {name!r} from {module!r}") from None


def _find(name: str) -> ModuleStandIn:
    found = STAND_INS.get(name)
    if found is None:
        near = nearest(name, STAND_INS)
        advice = refused.MODULES.get(name.partition(".")[0]) or (f"Did you mean `import {near}`?" if near else "")
        advice = advice or "Available are torch, numpy, math, random and a few more of Python's own."
        raise NotAllowed(f"`import {name}` is not available here.", name=name, advice=advice)
    return found
