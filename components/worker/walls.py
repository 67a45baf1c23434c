"""Which walls stand between a stranger's program and this machine: the record, and one line that says it.

Nothing is claimed that was not tried: the zygote sets every wall up once in a process of its own and reports what the
kernel answered.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

KNOCKS = "trial program"


class Wall(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One wall: what it is called, whether it stands, and what it does or why it does not stand.

    One that is ``optional`` stands where the system grants it; the others do not need it.
    """

    name: str
    standing: bool
    detail: str
    optional: bool = False


def what_is_missing(walls: Sequence[Wall]) -> str | None:
    """Say in plain words what the missing walls mean for whoever runs programs here, ``None`` if nothing does."""
    standing = {wall.name for wall in walls if wall.standing}
    through = next((wall.detail for wall in walls if wall.name == KNOCKS and not wall.standing), None)
    if not walls or ({"seccomp", "landlock"} <= standing and through is None):
        return None
    if {"seccomp", "landlock"} <= standing:
        return f"The walls around programs do not hold here: a trial program got through, and {through}."
    if "seccomp" not in standing:
        return (
            "Programs run here with the rights of whoever started this server, as in a notebook: this system has no "
            "walls for them. Run only what you trust."
        )
    return (
        "Programs can open no files here, because this system has no Landlock that says which. What is loaded already "
        "works: torch, numpy, matplotlib and the common modules of Python."
    )


def summary(walls: Sequence[Wall]) -> str:
    """Return one line for the start of the server's log, with a plain warning where a wall is missing."""
    standing = ", ".join(wall.name for wall in walls if wall.standing) or "none"
    line = f"Programs run in their own processes. Walls that stand: {standing}."
    gone = [wall for wall in walls if not wall.standing]
    granted = [f"{wall.name} ({wall.detail})" for wall in gone if wall.optional]
    missing = [f"{wall.name} ({wall.detail})" for wall in gone if not wall.optional]
    if granted:
        line += f" Not granted here, nor needed: {'; '.join(granted)}."
    if missing:
        line += f" WARNING, for trusted use only: these do not stand: {'; '.join(missing)}."
    return line
