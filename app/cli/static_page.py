"""One HTML file that shows a run: the program, its graph, what it printed and why it stopped. No scripts, no network.

It is what ``render --format html`` writes, for a colleague without the app or for the appendix of a lecture.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template

from components.figures import listing, listing_html
from components.trace import Failure, Trace

_PAGE = Path(__file__).with_suffix(".html")


def static_page(trace: Trace, title: str, svg: str) -> str:
    """Return the page for a trace; ``svg`` is an ``<svg>`` element, taken as it is, everything else is escaped."""
    cards = [f"<section><h2>Program</h2>{listing_html(listing(trace))}</section>"]
    if trace.stdout:
        cards.append(f"<section><h2>Printed</h2><pre>{escape(trace.stdout)}</pre></section>")
    if trace.failure is not None:
        cards.append(_failure(trace.failure))
    return Template(_PAGE.read_text(encoding="utf-8")).substitute(
        title=escape(title),
        cards="\n".join(cards),
        svg=svg,
        torch=escape(trace.environment.torch),
        device=escape(trace.environment.device_name),
        python=escape(trace.environment.python),
    )


def _failure(failure: Failure) -> str:
    kind = f"{failure.error_type}: " if failure.error_type else ""
    told = [f"<pre>{escape(kind + failure.message)}</pre>"]
    told += [f"<p>{escape(text)}</p>" for text in (failure.explanation, failure.hint) if text]
    return f'<section class="failure"><h2>Why it stopped</h2>{"".join(told)}</section>'
