"""The walk on the front page: five stops, each a program that really runs; which stop it is stands in the address."""

from __future__ import annotations

from dataclasses import dataclass

from app import session
from components.facts import TraceIndex, leaf_rows
from components.facts.compare.results import last_tensors
from components.facts.gradients import gradient_history
from components.facts.text import number_text, tensor_text
from components.figures import LabOptions, draw_lab, lab_graph, player_data
from components.figures.player_data import code_tokens
from components.reading import KeptTrace
from components.reading.pictures import ways
from components.source.form import BackwardPress, Form, Leaf, write_source
from components.widgets.panels import Markup, joined
from components.widgets.player.view import player

PAGE = "start"
MOST = 5.0
"""How far x may go, to both sides."""
_FIRST_X = 2.0


@dataclass(frozen=True)
class Stop:
    """One stop: what it says, how often Backward was pressed by then, and the button that leads on."""

    title: str
    text: str
    presses: int
    on: str
    comment: str = ""
    """What stands behind the program's last line."""


STOPS = (
    Stop(
        "PyTorch remembers how y was made",
        "`x` is 2, so `y = x**3` is 8. Because x has `requires_grad=True`, PyTorch also kept a **graph** of the "
        "computation: the picture beside this. It was read from PyTorch, just now.",
        0,
        "Backward",
    ),
    Stop(
        "backward() follows the graph back to x",
        "It asks: if x grows a little, how many times as much does y grow? The slope of x³ is 3x², "
        "at 2 it is 3·2² = 12. This is the **gradient** of y, and PyTorch puts it into `x.grad`.",
        1,
        "Backward again",
    ),
    Stop(
        "The same call again: 24!",
        "`retain_graph=True` had kept the graph, so it could be done again. x is still 2, y is still 8, and the "
        "arrow from PowBackward0 still brings 12. Yet `x.grad` says **24**.",
        2,
        "Why 24?",
    ),
    Stop(
        "backward() adds to what is there",
        "The picture stands at the very step. x.grad was 12 already, another 12 arrives, and AccumulateGrad **adds**: "
        "12 + 12 = 24. So training loops call `optimizer.zero_grad()` before each `backward()`.",
        2,
        "Now yours",
        "  # 12 + 12",
    ),
    Stop(
        "Now yours",
        "Move x, and the program runs again.",
        2,
        "Open it in the Playground",
    ),
)


@dataclass
class WalkState:
    """The trace that the player shows, and where it is to go."""

    shown: KeptTrace | None = None
    goto: tuple[int, int] | None = None


def here() -> int:
    """Return the number of the stop that the address names, counted from 0."""
    asked = session.address().get("stop", "1")
    return int(asked) - 1 if asked in {str(number + 1) for number in range(len(STOPS))} else 0


def go(number: int) -> None:
    """Go to a stop; x is 2 again."""
    session.change_address({"x": None, "stop": str(number + 1) if number else None})


def chosen_x() -> float:
    """Return the x of the last stop, which the address names once it was changed."""
    if here() < len(STOPS) - 1:
        return _FIRST_X
    try:
        asked = float(session.address().get("x", ""))
    except ValueError:
        return _FIRST_X
    return min(MOST, max(-MOST, round(2 * asked) / 2)) if abs(asked) < 1e9 else _FIRST_X


def choose_x(value: float) -> None:
    """Let the last stop have another x."""
    session.change_address({"x": f"{value:g}"})


def form(number: int, x: float) -> Form:
    """Return the Playground's form of a stop."""
    presses = (BackwardPress(retain_graph=True),) * STOPS[number].presses
    return Form(expression="x**3", leaves=(Leaf(name="x", value=f"{x:.1f}"),), actions=presses)


def program(number: int, x: float) -> str:
    """Return the program of a stop, as the Playground writes it."""
    return f"{write_source(form(number, x)).rstrip()}{STOPS[number].comment}\n"


def show_player(number: int, index: TraceIndex, above: int) -> None:
    """Show the player, at the stop that is about it led to the step at which the second gradient is added."""
    state = session.remembered(WalkState, PAGE)
    if not STOPS[number].comment:
        state.goto = None
    elif state.shown is not session.shown(PAGE):
        moment = gradient_history(index).calls[-1].moment
        state.goto = (1, moment) if moment is not None else None
    state.shown = session.shown(PAGE)
    options = LabOptions()
    graph = lab_graph(index, options=options)
    drawn = draw_lab(graph, ways())
    data = player_data(index, drawn.image, kind="lab", graph=graph, options=options, title="y = x**3", dot=drawn.dot)
    player(data, key=f"{PAGE}:player", above=above, show_code=False, goto=state.goto)


def dots(number: int) -> Markup:
    """Return the dots that tell how far one is."""
    marks = joined(Markup("<i{}></i>").format(Markup(' class="now"') if n == number else "") for n in range(len(STOPS)))
    said = f"Stop {number + 1} of {len(STOPS)}"
    return Markup('<p class="al-dots"><span>{}</span> {}</p>').format(said, marks)


def listing(number: int, source: str) -> Markup:
    """Return the program's text; the lines that this stop has added are marked."""
    before = program(number - 1, chosen_x()).splitlines() if number else []
    new = range(len(before), len(source.splitlines())) if 0 < number < len(STOPS) - 1 else range(0)
    lines = joined(
        Markup('<span class="line{}{}">{}\n</span>').format(
            " new" if at in new and tokens else "",
            "" if tokens else " blank",
            joined(Markup('<span class="{}">{}</span>').format(*token) for token in tokens),
        )
        for at, tokens in enumerate(code_tokens(source))
        if at < len(source.splitlines())
    )
    return Markup('<pre class="al-program" aria-label="The program">{}</pre>').format(lines)


def figures(index: TraceIndex) -> Markup:
    """Return x, y and x.grad as the run left them; the gradient is marked once there is one."""
    row, y = leaf_rows(index.trace)[0], last_tensors(index)["y"]
    shown = {"x": row.value, "y": tensor_text(y), "x.grad": row.grad}
    return Markup('<dl class="al-figures">{}</dl>').format(
        joined(
            Markup('<div class="{}"><dt>{}</dt><dd>{}</dd></div>').format(
                "now" if name == "x.grad" and row.added else "", name, text
            )
            for name, text in shown.items()
        )
    )


def sum_of(index: TraceIndex, x: float) -> str:
    """Say how x.grad came to be at the last stop, with the run's own numbers."""
    row = leaf_rows(index.trace)[0]
    number = number_text(x) if x >= 0 else f"({number_text(x)})"
    return f"Each call brings 3·{number}² = **{row.added}**, two bring **{row.grad}**."
