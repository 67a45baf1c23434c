"""Which exercises a person has solved, and with what: remembered in the session, saved as a file and read again."""

from __future__ import annotations

import msgspec

from app import session
from app.lesson_file import Lesson

_KEY = "progress"
_LONGEST_ANSWER = 50_000
_MOST_BYTES = 4_000_000


class Progress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answers that passed all checks, by the lesson's slug."""

    solved: dict[str, str] = msgspec.field(default_factory=dict)


class DamagedProgress(ValueError):
    """The file is no saved progress; the message says so."""


def progress() -> Progress:
    """Return this session's progress."""
    found = session.state().get(_KEY)
    return found if isinstance(found, Progress) else Progress()


def note_solved(slug: str, answer: str) -> None:
    """Remember that ``answer`` solved an exercise; the last one that did counts."""
    session.state()[_KEY] = Progress({**progress().solved, slug: answer})


def is_solved(lesson: Lesson) -> bool:
    """Whether this person has solved the exercise."""
    return lesson.slug in progress().solved


def as_file() -> bytes:
    """Return the progress as JSON."""
    return msgspec.json.format(msgspec.json.encode(progress()), indent=2)


def restore(data: bytes) -> int:
    """Add saved progress to this session's and return how many exercises it holds; raises ``DamagedProgress``."""
    try:
        if len(data) > _MOST_BYTES:
            raise DamagedProgress("This file is too large to be saved progress.")
        saved = msgspec.json.decode(data, type=Progress)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise DamagedProgress("This file is not saved progress. Choose the file that *Save progress* gave.") from None
    kept = {slug: answer for slug, answer in saved.solved.items() if len(answer) <= _LONGEST_ANSWER}
    session.state()[_KEY] = Progress({**progress().solved, **kept})
    return len(kept)
