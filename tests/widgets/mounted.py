"""The player mounted as a page mounts it, without a server: its data from a program, and what is seen of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from playwright.sync_api import Page

from components.capture import capture_program
from components.facts import TraceIndex
from components.figures import (
    LabOptions,
    draw_lab,
    draw_torchviz,
    lab_graph,
    player_data,
    svg_ways,
)
from components.trace import Draw, Program
from components.widgets.player.page import FOLDER, MAIN, PlayerMount, message, text_of
from components.widgets.scripts import joined

SMALL = """\
import torch

x = torch.tensor(2.0, requires_grad=True)
w = torch.tensor(3.0, requires_grad=True)
y = torch.sin(x * w) + x**2
y.backward()
"""
CREATES = SMALL.replace("backward()", "backward(create_graph=True)")
LOOP = """\
import torch

x = torch.tensor(0.9, requires_grad=True)
w = torch.tensor(0.5, requires_grad=True)
y = x
for i in range(60):
    y = torch.tanh(y) * w + x
y.backward()
"""
TRANSFORMER = """\
import torch
from torch import nn

torch.manual_seed(0)
layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
loss = layer(torch.randn(2, 5, 16)).pow(2).mean()
loss.backward()
"""
PROGRAMS = {"small": SMALL, "creates": CREATES, "loop": LOOP, "transformer": TRANSFORMER}


@cache
def drawn(source: str, kind: str = "lab", **mount: Any) -> Mapping[str, Any]:
    """Return what the player is sent for a program, drawn as the pages draw it."""
    index = TraceIndex(capture_program(Program(source=source)))
    place = PlayerMount(**{"key": "test", "can_fold": True, "show_code": False, "channel": "test", **mount})
    if kind == "torchviz":
        asked = Program(source=source, question=Draw(number=0, show_attrs=True, show_saved=True))
        dot = capture_program(asked).torchviz[0].dot
        assert isinstance(dot, str)
        picture = draw_torchviz(dot, svg_ways()).image
        return message(player_data(index, picture, kind="torchviz", title="make_dot(y)", dot=dot), place)

    def graph(opened: tuple[str, ...] | None = None) -> Any:
        return lab_graph(index, None, LabOptions(opened=opened))

    made = draw_lab(graph(), svg_ways(), graph)
    data = player_data(index, made.image, graph=made.graph or graph(), options=LabOptions(), title="A graph")
    return message(data, place)


# The theme that Streamlit would give.
_THEME = """
body { margin: 0; }
:root {
  color-scheme: light dark; --st-text-color: light-dark(#1c2433, #e8edf5);
  --st-primary-color: light-dark(#cf451c, #da522c);
  --st-secondary-background-color: light-dark(#fff, #1b212b); --st-border-color: light-dark(#d9dee7, #384252);
}
"""


def mount(page: Page, width: int | None = None, *, anew: bool = True) -> None:
    """Put an empty player into the page, as wide as said; unless ``anew`` into one that has something already."""
    style, body = text_of("player.css"), text_of("player.html")
    script = joined(FOLDER, MAIN, "window.start = function")
    wide = "auto" if width is None else f"{width}px"
    if anew:
        page.goto("about:blank")  # nothing is remembered from the player before
    page.set_content(
        f"<!doctype html><html lang=en><title>Player</title><style>{_THEME}{style}</style>"
        f"<main style='width: {wide}'>{body}</main><script type=module>{script}</script>"
    )


def show(page: Page, data: Mapping[str, Any]) -> None:
    """Send the player data."""
    page.evaluate(
        """(text) => {
            const setTriggerValue = (name, value) => (window.sent ??= []).push([name, value]);
            start({ data: JSON.parse(text), parentElement: document.querySelector("main"), setTriggerValue });
        }""",
        json.dumps(data),
    )
    rest(page)


def rest(page: Page) -> None:
    """Wait until nothing glides any more and the sizes have been told."""
    page.evaluate(
        """async () => {
            const frame = () => new Promise(requestAnimationFrame);
            await frame();
            await frame();
            await Promise.all(document.querySelector(".stage").getAnimations({ subtree: true })
                .filter(one => one.effect?.getTiming().iterations === 1).map(one => one.finished.catch(() => {})));
        }"""
    )
