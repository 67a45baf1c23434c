"""The charts of a recorded training that is opened: the loss and, by layer, gradients, updates and weights over its
steps. A press on a step leads to the nearest one whose graph is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from app.controls import chart, kept_one_of
from components.facts.text import plural
from components.facts.training import Quantity, Training
from components.figures.charts.training import TITLES, layers_figure, loss_figure

_NAMES: dict[str, Quantity] = {"Gradients": "gradients", "Updates": "ratios", "Weights": "weights"}
_SAYS: dict[Quantity, str] = {
    "gradients": "The norm of each layer's gradient, as the optimizer found it.",
    "ratios": "How far the optimizer moved each layer, in parts of its weights. Around 1e-3 is usual.",
    "weights": "The norm of each layer's weights after the update.",
}


def show(place: str, training: Training, step: int, go: Callable[[int], None]) -> None:
    """Show the charts; ``go`` is called with the step that a person presses, the nearest one that has a graph."""

    def pressed(custom: list[Any]) -> None:
        if isinstance(custom[0], int):
            go(training.nearest_kept(custom[0]))

    if training.bad is not None:
        layer, first = training.bad
        st.button(
            f"First gradient that is NaN or infinite: step {first:,}, in `{layer}`",
            key=f"{place}:training:bad",
            icon=":material/priority_high:",
            type="tertiary",
            help="Shows the nearest step whose graph is there",
            on_click=pressed,
            args=([first],),
        )
    told = f"The loss of {plural(training.recorded, 'recorded step')}."
    chart(loss_figure(training, step), f"{place}:training:loss", pressed, small=True, alt=told)
    if not training.layers:
        return
    name = kept_one_of("Layers over the training", list(_NAMES), f"{place}:training:quantity")
    quantity = _NAMES[name]
    chart(
        layers_figure(training, quantity, step),
        f"{place}:training:layers",
        pressed,
        small=True,
        alt=f"{TITLES[quantity]} of {plural(len(training.layers), 'layer')} over the steps.",
    )
    more = f" {plural(training.left_out, 'more layer')} have no row." if training.left_out else ""
    st.caption(f"{_SAYS[quantity]}{more} A press on a mark leads to its graph.")
