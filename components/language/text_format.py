"""``str.format`` that asks before it touches an attribute: ``"{0.grad}"`` is one, however it is spelled."""

from __future__ import annotations

import string
from _string import formatter_field_name_split  # type: ignore[import-not-found]
from collections.abc import Callable, Mapping, Sequence
from typing import Any


class GuardedFormat(string.Formatter):
    """What stands for ``str.format`` and ``str.format_map``; attributes in fields are read by ``get_attribute``."""

    def __init__(self, get_attribute: Callable[[Any, str], Any]) -> None:
        self._get_attribute = get_attribute

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Return what ``field_name`` stands for, and its first part."""
        first, rest = formatter_field_name_split(field_name)
        found = self.get_value(first, args, kwargs)
        for is_attribute, key in rest:
            if is_attribute and str(key).startswith("__"):
                raise ValueError(f"{{{field_name}}} is not available here; use an f-string")
            found = self._get_attribute(found, key) if is_attribute else found[key]
        return found, first

    def of(self, template: Any, name: str) -> Callable[..., str]:
        """Return the bound method: ``template.format`` or ``template.format_map``."""
        if name == "format":
            return lambda *arguments, **named: self.unbound(template, *arguments, **named)
        return lambda mapping: self.unbound_map(template, mapping)

    def unbound(self, template: Any, /, *arguments: Any, **named: Any) -> str:
        """``str.format(template, ...)``; Python's own where no field can reach an attribute."""
        if isinstance(template, str) and ("." in template or "[" in template):
            return self.vformat(template, arguments, named)
        return str.format(template, *arguments, **named)

    def unbound_map(self, template: Any, mapping: Mapping[str, Any], /) -> str:
        """``str.format_map(template, mapping)``."""
        if isinstance(template, str) and ("." in template or "[" in template):
            return self.vformat(template, (), mapping)
        return str.format_map(template, mapping)
