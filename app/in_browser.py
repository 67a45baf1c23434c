"""What a session knows of the person's browser: what is kept there, what was made of it, what it is to hear."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

# How often, and how long, the browser is told of what it is to keep.
_LEAST_TOLD, _TOLD_SECONDS = 5, 30

Made = TypeVar("Made", bound=msgspec.Struct)


@dataclass
class _Change:
    """A value as it is now, since when, and how often the browser was told."""

    text: str
    since: float
    told: int = 0


class Person(msgspec.Struct):
    """By what name a person is known in all tabs of the browser; nothing follows from it but whose turn it is."""

    name: str = ""


@dataclass
class InBrowser:
    """What is kept in the person's browser, and what this session has made of it."""

    token: str = field(default_factory=lambda: secrets.token_hex(8))
    """The session's name, by which the browser knows whom it has told."""
    arrived: bool = False
    texts: dict[str, str] = field(default_factory=dict)
    """The values as the browser has them, as JSON by name."""
    made: dict[str, msgspec.Struct] = field(default_factory=dict)
    changed: dict[str, _Change] = field(default_factory=dict)
    """What was changed lately, by name."""

    def value(self, kind: type[Made], name: str) -> Made:
        """Return a value: as the browser kept it, which may be damaged, or as it is at first."""
        if name not in self.made:
            self.made[name] = _made(kind, self.texts.get(name, "{}"))
            # Only what a person changes from here on is written: the browser may know more by now.
            self.texts[name] = _json(self.made[name])
        made = self.made[name]
        assert isinstance(made, kind)
        return made

    def pages(self, *kinds: type[msgspec.Struct]) -> set[str]:
        """Return the pages for which there are values of these kinds; on others all is as at first."""
        names = {kind.__name__ for kind in kinds}
        parts = (name.rpartition(":") for name in (*self.made, *self.texts))
        return {page for page, _, name in parts if name in names}

    @property
    def person(self) -> str:
        """Whose browser it is: the same in all its tabs, at most 32 characters."""
        person = self.value(Person, "all:Person")
        person.name = person.name[:32] or secrets.token_hex(8)
        return person.name

    def to_keep(self) -> Mapping[str, str]:
        """Return what this session has changed lately of what the browser keeps, as JSON by name.

        A change is told again for a while: a connection can break, and a browser skips what newer data overtook.
        """
        now = time.monotonic()
        for name, made in self.made.items():
            text = _json(made)
            if text != self.texts.get(name):
                self.texts[name], self.changed[name] = text, _Change(text, now)
        for name, change in list(self.changed.items()):
            change.told += 1
            if change.told > _LEAST_TOLD and now - change.since > _TOLD_SECONDS:
                del self.changed[name]
        return {name: change.text for name, change in self.changed.items()}


def _json(made: msgspec.Struct) -> str:
    try:
        return msgspec.json.encode(made).decode()
    except UnicodeEncodeError:  # half a character, as browsers can send it
        return json.dumps(msgspec.to_builtins(made))


def _made(kind: type[Made], text: str) -> Made:
    """Read what a browser kept, which may be damaged: then it is as at first."""
    try:
        return msgspec.convert(json.loads(text), kind)
    except (ValueError, msgspec.ValidationError, RecursionError):
        return kind()
