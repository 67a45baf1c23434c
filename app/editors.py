"""Editors of pages. Each holds two texts: what is typed, and what was run last. Both outlive the session."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from app import session
from components.trace import Failure
from components.widgets.editor import Edited, Problem, code_editor, is_built, known_text, typed_text


class Typed(msgspec.Struct):
    """What was typed into an editor, ``None`` if nothing was; the browser writes it while it is typed.

    ``filled`` says how often the session had filled the editor when it took away what was typed.
    """

    text: str | None = None
    filled: int = 0


class Ran(msgspec.Struct):
    """What fills an editor, ``None`` for its page's own text, and what was run last, ``None`` for that text itself.

    ``name`` is that of the file which it was filled from.
    """

    source: str | None = None
    text: str | None = None
    name: str = ""


@dataclass
class _Followed:
    """How often an editor was filled anew, and the last request to run it that its page has followed."""

    fillings: int = 0
    run: int | None = None
    """``Edited.run`` of that request."""
    pressed: bool = False
    """Whether a button was pressed that runs it, which its page has not followed yet."""


@dataclass(frozen=True)
class Editor:
    """The editor ``key``, which begins with the text ``first``."""

    key: str
    first: str

    @property
    def source(self) -> str:
        """What it was filled with."""
        source = session.kept(Ran, self.key).source
        return self.first if source is None else source

    @property
    def ran(self) -> str:
        """The program that was run last, at first the one that is in it."""
        text = session.kept(Ran, self.key).text
        return self.source if text is None else text

    @property
    def text(self) -> str:
        """What is typed in it, as far as the server knows."""
        known = known_text(self.key, self._revision)
        draft = session.kept(Typed, self.key).text if known is None else known
        return self.source if draft is None else draft

    @property
    def name(self) -> str:
        """The name of the file that it was filled from, if it was one."""
        return session.kept(Ran, self.key).name

    @property
    def run_number(self) -> int:
        """``Edited.run`` of the last request to run it."""
        return session.remembered(_Followed, self.key).run or 0

    def run(self, text: str) -> None:
        """Note what was run."""
        session.kept(Ran, self.key).text = None if text == self.source else text

    def fill(self, source: str, name: str = "") -> None:
        """Fill the editor anew, whatever is typed in it, and run that."""
        ran = session.kept(Ran, self.key)
        ran.source, ran.text, ran.name = (None if source == self.first else source), None, name
        followed, draft = session.remembered(_Followed, self.key), session.kept(Typed, self.key)
        followed.fillings += 1
        draft.text, draft.filled = None, followed.fillings

    @property
    def _revision(self) -> str:
        """Tells what it was filled with, and when."""
        fillings = session.remembered(_Followed, self.key).fillings
        return hashlib.sha256(f"{fillings}\n{self.source}".encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def typed(self) -> Edited:
        """Return the text as it is in this run of the page; once, before it is shown."""
        draft = session.kept(Typed, self.key)
        edited = typed_text(self.source, key=self.key, revision=self._revision, draft=draft.text)
        if not is_built():
            draft.text = None if edited.text == self.source else edited.text
        return edited

    def asks(self, edited: Edited) -> bool:
        """Return whether somebody has asked to run the text since the last call."""
        followed = session.remembered(_Followed, self.key)
        last, followed.run = followed.run, edited.run
        return last not in (None, edited.run)

    def press(self) -> None:
        """Ask to run what is typed, as a button does: also what ran before is run anew."""
        session.remembered(_Followed, self.key).pressed = True

    def take_press(self) -> bool:
        """Return, once, whether that was asked."""
        followed = session.remembered(_Followed, self.key)
        pressed, followed.pressed = followed.pressed, False
        return pressed


def touched_editors() -> set[str]:
    """Return the keys of the editors that were shown in this session or changed before; others are as at first."""
    return session.in_browser().pages(Typed, Ran)


def problem_of(failure: Failure | None) -> Problem | None:
    """Return a failure for its line in the editor, if it has one."""
    if failure is None or failure.line is None:
        return None
    return Problem(failure.line, failure.message[:500])


def show_editor(
    page: str,
    edited: Edited,
    key: str,
    height: int,
    label: str = "Program",
    *,
    beside: int | None = None,
    of: int = 1,
    partly: tuple[str, str] | None = None,
) -> None:
    """Show the editor of the program that a page runs.

    It is ``height`` CSS pixels high, or more where ``beside`` of the window's height are taken by what else is to be
    seen with it, and ``of`` editors share the rest.
    """
    shown = session.shown(page)
    code_editor(
        edited,
        key=key,
        words=session.completions(),
        problem=problem_of(shown.failure if shown is not None else None),
        height=height,
        beside=beside,
        of=of,
        partly=partly,
        channel=page,
        label=label,
    )
