"""HTML from templates and from texts of programs, which markupsafe escapes when they are put in."""

from __future__ import annotations

import re
from collections.abc import Iterable

from markupsafe import Markup, escape


def joined(parts: Iterable[str], between: str = "") -> Markup:
    """Return pieces of HTML in a row; plain texts among them are escaped."""
    return Markup(between).join(parts)


def with_code(text: str) -> Markup:
    """Escape a sentence and set its `names` as code."""
    plain = str(escape(text))  # re.sub would join the pieces of a Markup by its own, escaping, join
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", plain))


def panel(title: str, body: str) -> Markup:
    """Return a panel: a frame with a title above its body."""
    return Markup('<div class="al-panel"><div class="al-head">{}</div>{}</div>').format(title, body)
