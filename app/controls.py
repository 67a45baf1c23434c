"""What all pages show in the same way: charts, choices of one of a few things, buttons that save a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from mimetypes import guess_type
from typing import Any, Literal, TypeVar

import msgspec
import plotly.graph_objects as go
import streamlit as st

from app import session
from components.facts.terms import meaning_of
from components.figures.charts.style import with_ink

_INK = {"light": "#1c2433", "dark": "#e6eaf0"}

Option = TypeVar("Option")


def chart(
    figure: go.Figure,
    key: str,
    on_click: Callable[[list[Any]], None] | None = None,
    *,
    small: bool = False,
    alt: str = "",
) -> None:
    """Show a figure as wide as its place, or as its own width, with letters in the colour of the page's text.

    ``on_click`` gets the custom data of a clicked point. A ``small`` one has no row of tools over it. ``alt`` says
    what it shows to those who do not see it.
    """
    inked = with_ink(figure, _INK.get(st.context.theme.type or "light", _INK["light"]))

    def clicked() -> None:
        event: Any = session.widgets().get(key)
        points = event.get("selection", {}).get("points", []) if event is not None else []
        custom = next((point["customdata"] for point in points if point.get("customdata")), None)
        if on_click is not None and custom:
            on_click(list(custom))

    st.plotly_chart(
        inked,
        key=key,
        theme=None,
        alt=alt or None,
        width="content" if figure.layout.width else "stretch",
        on_select=clicked if on_click is not None else "ignore",
        selection_mode="points",
        config={"displaylogo": False, "showTips": False, "displayModeBar": False if small else "hover"},
    )


def one_of(
    label: str,
    options: Iterable[Option],
    key: str,
    words: Callable[[Any], str] = str,
    *,
    first: Option | None = None,
    last: Option | None = None,
    help: str | None = None,
) -> Option:
    """Let the person choose one of a few things, shown side by side; at first it is ``first``, or the first of them.

    ``last`` is what was chosen last, for a control that is not in every run of its page: Streamlit forgets it.
    """
    options = list(options)
    if last is not None:
        # Said in every run: what a callback said while the control was not on the page would not be shown by it.
        session.widgets()[key] = session.widgets().get(key) or last
    start = options[0] if first is None else first
    chosen = st.segmented_control(
        label,
        options,
        default=start if last is None else None,
        key=key,
        required=True,
        format_func=words,
        label_visibility="collapsed",
        help=help,
    )
    return start if chosen is None else chosen


class Choices(msgspec.Struct):
    """What a person has chosen on a page, by the control's name, where it is not the first.

    A name is what the control is called in the page's address, from which ``taken`` is; ``before`` is what was chosen
    until then.
    """

    by_name: dict[str, str] = msgspec.field(default_factory=dict)
    taken: dict[str, str] = msgspec.field(default_factory=dict)
    before: dict[str, str] = msgspec.field(default_factory=dict)


def kept_one_of(label: str, options: Iterable[str], key: str, words: Callable[[Any], str] = str) -> str:
    """Let the person choose one of a few things by ``one_of``; the choice outlives the session, and a link brings it.

    ``key`` is ``PAGE:NAME``.
    """
    options = list(options)
    page, _, name = key.partition(":")
    choices = session.kept(Choices, page)
    _take_choice(choices, name, key, options)
    last = choices.by_name.pop(name, "")
    chosen = one_of(label, options, key, words, last=last if last in options else options[0])
    if chosen != options[0]:
        choices.by_name[name] = chosen
    return chosen


def _take_choice(choices: Choices, name: str, key: str, options: Sequence[str]) -> None:
    """Choose what the address says, once; and what was chosen before when one goes back."""
    asked, chosen = session.address().get(name, ""), choices.by_name.get(name, options[0])
    if asked in options and asked != choices.taken.get(name):
        choices.taken[name], choices.before[name] = asked, chosen
        session.widgets()[key] = choices.by_name[name] = asked
    elif not asked and name in choices.taken and session.went():
        del choices.taken[name]
        session.widgets()[key] = choices.by_name[name] = choices.before.pop(name, options[0])


def chosen_parts(page: str) -> dict[str, str]:
    """Return the part of an address that says what was chosen on a page."""
    return dict(session.kept(Choices, page).by_name)


def kept_toggle(label: str, made: msgspec.Struct, field: str, key: str) -> bool:
    """Show a toggle of a field of what a person has made, which outlives the session; what its label means is told."""
    widgets = session.widgets()
    widgets[key] = getattr(made, field)
    told = meaning_of(label) or None
    st.toggle(label, key=key, help=told, on_change=lambda: setattr(made, field, widgets[key]))
    return bool(getattr(made, field))


def kept_choice(label: str, options: Sequence[str], made: msgspec.Struct, field: str, key: str, *, width: int) -> str:
    """Show a list to choose one of, as a field of what a person has made; something else in it is the first."""
    widgets = session.widgets()
    widgets[key] = getattr(made, field) if getattr(made, field) in options else options[0]
    st.selectbox(
        label,
        options,
        key=key,
        label_visibility="collapsed",
        width=width,
        on_change=lambda: setattr(made, field, widgets[key]),
    )
    return str(widgets[key])


def table(rows: Sequence[Mapping[str, object]], height: int | Literal["auto"] = "auto", **widths: int) -> None:
    """Show rows as a table, some columns with a width; each head says what it means when it is pointed at."""
    heads = {
        name: st.column_config.Column(help=meaning_of(name) or None, width=widths.get(name))
        for row in rows[:1]
        for name in row
    }
    st.dataframe(rows, hide_index=True, height=height, column_config=heads)


def download(
    label: str,
    data: str | bytes | Callable[[], str | bytes],
    file: str,
    key: str,
    *,
    icon: str | None = ":material/download:",
    help: str | None = None,
) -> None:
    """Show a button that saves a file; a function that makes the data is called when somebody wants it."""
    mime = guess_type(file)[0] or "application/octet-stream"
    st.download_button(label, data, file, mime, key=key, icon=icon, help=help, on_click="ignore")


def choose_device() -> None:
    """Where the server has a GPU: whether programs may use it, from the next run on."""
    if session.has_gpu():
        chosen = one_of(
            "Device",
            ("CPU", "GPU"),
            "device:choice",
            first="GPU" if session.device() == "cuda" else "CPU",
            help='With "GPU" a program may put tensors on it: `torch.ones(3, device="cuda")`.',
        )
        session.choose_device("cuda" if chosen == "GPU" else "cpu")
