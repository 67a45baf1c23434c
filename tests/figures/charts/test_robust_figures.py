"""No trace breaks a figure, whatever its numbers and names; all take their colours from the theme."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from components.facts import TraceIndex
from components.facts.gradients import History, gradient_history
from components.facts.gradients.flow import intermediate_gradients
from components.figures.charts.gradient_flow import intermediate_figure
from components.figures.charts.style import escaped, shortened
from components.trace import Gradient, Grid, Summary
from components.trace.records import Sizes
from tests.facts.gradients.goldens import NAMES, golden_index
from tests.facts.gradients.made import by_backward, by_line, history_of
from tests.figures import traces as t
from tests.figures.charts.drawn import all_figures, custom


def test_empty_histories_say_so() -> None:
    for figure in all_figures(history_of(leaves={"x": 1.0, "v": [1.0]})):
        assert not figure.data
        assert figure.layout.annotations[0].text


@pytest.mark.parametrize("name", NAMES)
def test_every_program_has_its_figures(name: str) -> None:
    index = golden_index(name)
    history = gradient_history(index)
    figures = [
        *all_figures(history),
        intermediate_figure([intermediate_gradients(index, run.id) for run in index.trace.backwards]),
    ]
    numbers = {call.number for call in history.calls}
    for figure in figures[:-1]:
        assert {row[0] for trace in figure.data for row in custom(trace)} <= numbers
    for figure in figures:
        assert_takes_its_colours_from_the_theme(figure)


def assert_takes_its_colours_from_the_theme(figure: go.Figure) -> None:
    """Plotly's own templates have grounds and inks of their own."""
    drawn = json.loads(figure.to_json())
    layout = drawn["layout"]
    assert layout["template"] == {"data": {"scatter": [{"type": "scatter"}]}}
    assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == "rgba(0, 0, 0, 0)"
    fonts = list(_fonts(drawn))
    assert fonts
    assert all("color" not in font and font.get("size", 13) >= 13 for font in fonts)


def _fonts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield from (one for name, one in value.items() if name.endswith("font"))
        for one in value.values():
            yield from _fonts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _fonts(one)


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "x&lt;b&gt;",
    "%{x}%{customdata[0]}%d%s",
    "{0}{name}",
    "a\n<b>b</b>\u202e\x00",
    "w" * 5_000,
    "",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_is_markup(name: str) -> None:
    value = Gradient(shape=[2, 2], values=[[1.0, 2.0], [3.0, 4.0]], summary=None)
    history = history_of(
        by_backward(name, 1.0, 1.0),
        by_line(name, "none", None, line=1),
        replace(by_backward(f"{name}m", None, None, "b1"), added=value, total=value),
        by_backward(f"{name}v", [1.0], [1.0], "b1"),
        source=f"{name}\n" * 3,
    )
    made = t.make_trace(
        tensors=[t.tensor("t1", name, 1.0, "n1")],
        nodes=[t.node("n1", f"{name}Backward0")],
        backwards=[t.backward("b0", ["n1"], [t.passed("n1", 1.0)])],
    )
    between = intermediate_figure([intermediate_gradients(TraceIndex(made), "b0")])
    for figure in (*all_figures(history), between):
        text = json.dumps(json.loads(figure.to_json()), ensure_ascii=False)
        for bad in ("<img", "<a ", "\u202e", "\\u0000", "w" * 200, "%{x}%"):
            assert bad not in text
        assert "x&lt;b" not in text.replace("x&amp;lt;b", "")


def test_escaping() -> None:
    assert escaped("a<b>&%{x}") == "a&lt;b&gt;&amp;&#37;{x}"
    # No entity is cut in two: a name is shortened before it is escaped.
    assert escaped("<" * 100, 5) == "&lt;…&lt;&lt;&lt;"
    assert shortened("encoder.layers.0.self_attn.in_proj_weight", 24) == "…elf_attn.in_proj_weight"
    # A third of what is left is from the front: 11 // 3 = 3.
    assert shortened("params['a long key']", 12) == "par…ng key']"


numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["nan", "inf", "-inf", 0.0, -0.0, 5e-324, 1.7e308, True, 10**400]),
)


def of_shape(shape: tuple[int, ...]) -> st.SearchStrategy[Any]:
    strategy: st.SearchStrategy[Any] = numbers
    for size in reversed(shape):
        strategy = st.lists(strategy, min_size=size, max_size=size)
    return st.builds(
        lambda values, known: Gradient(shape=list(shape), values=values if known else None, summary=None),
        strategy,
        st.booleans(),
    )


SHAPES = {"s": (), "one": (1, 1), "v": (3,), "m": (2, 3), "c": (2, 1, 2), "empty": (0, 2)}


@st.composite
def histories(draw: st.DrawFn) -> History:
    changes = []
    for run in range(draw(st.integers(0, 4))):
        for name in draw(st.sets(st.sampled_from(sorted(SHAPES)))):
            added = draw(st.one_of(st.none(), of_shape(SHAPES[name])))
            total = draw(st.one_of(st.none(), of_shape(SHAPES[name])))
            cause = draw(st.sampled_from(["backward", "zero", "none", "assigned"]))
            change = (
                by_backward(name, None, None, f"b{run}")
                if cause == "backward"
                else by_line(name, cause, None, step=run)
            )
            changes.append(replace(change, added=added, total=total))
    return history_of(*changes)


@settings(max_examples=20)
@given(histories())
def test_no_numbers_break_a_figure(history: History) -> None:
    for figure in all_figures(history):
        text = figure.to_json()
        assert "Infinity" not in text
        json.loads(text, parse_constant=pytest.fail)


@pytest.mark.parametrize("shape", [[-5, 300], [2**62] * 20, [300, 0], [10, 10]])
def test_a_damaged_record_breaks_no_figure(shape: list[int]) -> None:
    """A trace may come from a stranger: its numbers are numbers, and that is all that reading it makes sure of."""
    far = Summary(min=-(10**400), max=10**400, mean="inf", std=2.0, nan=-1, inf=0, zero=0)
    near = Summary(min=3.0, max=-3.0, mean=1.0, std=-1.0, nan=2**70, inf=0, zero=0)
    grid = Grid(largest=1e308, cells=[[10**400] * 10] * 10)
    sizes = Sizes(min=-1.0, mean=-2.0, max=-3.0, norm="nan")
    for summary in (far, near, None):
        for known in (UNSET, sizes):
            gradient = Gradient(shape=shape, values=None, summary=summary, grid=grid, sizes=known)
            change = replace(by_backward("x", None, None), added=gradient, total=gradient)
            for figure in all_figures(history_of(change)):
                json.loads(figure.to_json(), parse_constant=pytest.fail)
