"""The charts of a recorded training that is opened: the loss and, by layer, gradients, updates, weights and what the
optimizer keeps over its steps; of one layer the sizes of all its numbers. A press on a step leads to the nearest one
whose graph is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from app.controls import chart, kept_one_of
from components.facts.text import plain_in_markdown, plural
from components.facts.training import Counted, Quantity, Training, sizes
from components.figures.charts.style import escaped
from components.figures.charts.training import layers_figure, loss_figure, sizes_figure, title_of
from components.trace.recording import Recording

_NAMES: dict[str, Quantity] = {"Gradients": "gradients", "Updates": "ratios", "Weights": "weights"}
_SAYS: dict[Quantity, str] = {
    "gradients": "The norm of each layer's gradient, as the optimizer found it.",
    "ratios": "How far the optimizer moved each layer, in parts of its weights. Around 1e-3 is usual.",
    "weights": "The norm of each layer's weights after the update.",
}
_KEEPS = "The norm of what the optimizer keeps under this name for each layer, after the update."
_COUNTED: dict[str, Counted] = {"Gradients": "gradients", "Weights": "weights"}
_SIZES = "Which part of the layer's numbers has which size, by powers of two; zeros, NaN and infinities by themselves."


def show(place: str, head: Recording, training: Training, step: int, go: Callable[[int], None], number: int) -> None:
    """Show the charts; ``go`` is called with the step that a person presses, the nearest one that has a graph.

    ``number`` tells recordings that are opened in one place from each other.
    """

    def pressed(custom: list[Any]) -> None:
        if isinstance(custom[0], int):
            go(training.nearest_kept(custom[0]))

    if training.bad is not None:
        layer, first = training.bad
        st.button(
            f"First gradient that is NaN or infinite: step {first:,}, in `{layer.replace('`', '')}`",
            key=f"{place}:training:bad",
            icon=":material/priority_high:",
            type="tertiary",
            help="Shows the nearest step whose graph is there",
            on_click=pressed,
            args=([first],),
        )
    told = f"The loss of {plural(training.recorded, 'recorded step')}."
    chart(loss_figure(training, step), f"{place}:training:loss", pressed, small=True, alt=told)
    if training.layers:
        _layers(place, training, step, pressed)
    if training.counted:
        _sizes(place, head, training, step, pressed, number)


def _layers(place: str, training: Training, step: int, pressed: Callable[[list[Any]], None]) -> None:
    names = {name: f"state {name}" for name in training.states} | _NAMES
    options = [*_NAMES, *(name for name in names if name not in _NAMES)]
    quantity = names[kept_one_of("Layers over the training", options, f"{place}:training:quantity", plain_in_markdown)]
    chart(
        layers_figure(training, quantity, step),
        f"{place}:training:layers",
        pressed,
        small=True,
        alt=f"{title_of(quantity)} of {plural(len(training.layers), 'layer')} over the steps.",
    )
    more = f" {plural(training.left_out, 'more layer')} have no row." if training.left_out else ""
    st.caption(f"{_SAYS.get(quantity, _KEEPS)}{more} A press on a mark leads to its graph.")


def _sizes(
    place: str,
    head: Recording,
    training: Training,
    step: int,
    pressed: Callable[[list[Any]], None],
    number: int,
) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        layer = st.selectbox(
            "Layer", training.counted, key=f"{place}:training:layer:{number}", label_visibility="collapsed"
        )
        name = kept_one_of("Numbers of the layer", list(_COUNTED), f"{place}:training:sizes")
    title = f"{name.lower()} of {escaped(layer)}"
    figure = sizes_figure(training, sizes(head, layer, _COUNTED[name]), title, step)
    chart(figure, f"{place}:training:sizes:chart", pressed, small=True, alt=f"Sizes of the {title} over the steps.")
    st.caption(_SIZES)
