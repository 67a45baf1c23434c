"""What a program printed and showed, piece by piece in its order, and what a terminal would have left of it."""

from __future__ import annotations

import matplotlib
import pytest
from msgspec.structs import replace

from components.capture import capture_program
from components.facts import TraceIndex
from components.facts.output import STDERR, OutputPiece, as_terminal, in_words, output_of
from components.figures import player_data
from components.trace import Display, Program, Trace
from tests.figures.traces import make_trace


def display(mime: str, text: str, at: int, data: str = "", line: int | None = 1, step: int | None = 0) -> Display:
    return Display(step=step, line=line, mime=mime, data=data, text=text, at=at)  # type: ignore[arg-type]


def shown(stdout: str, *displays: Display) -> list[OutputPiece]:
    return list(output_of(replace(make_trace("print(1)"), stdout=stdout, displays=list(displays))).pieces)


def test_pieces_come_in_the_order_in_which_they_came() -> None:
    pieces = shown(
        "before after", display("image/png", "Figure", 7, "AAAA", line=3), display(STDERR, "oh\n", 7, line=4)
    )
    assert pieces == [
        OutputPiece("printed", "before "),
        OutputPiece("picture", "Figure", 3, "data:image/png;base64,AAAA"),
        OutputPiece("error", "oh\n", 4),
        OutputPiece("printed", "after"),
    ]


def test_a_picture_as_text_cannot_leave_its_address() -> None:
    [picture] = shown("", display("image/svg+xml", "F", 0, '<svg onload="alert(1)"></svg>'))
    assert picture.source == "data:image/svg+xml,%3Csvg%20onload%3D%22alert%281%29%22%3E%3C/svg%3E"


def test_a_progress_bar_that_several_lines_wrote_is_its_last_state() -> None:
    bars = [display(STDERR, f"\r{count} of 2", 0, line=2, step=count) for count in range(3)]
    assert shown("", *bars, display(STDERR, "\n", 0)) == [OutputPiece("error", "2 of 2\n", 1)]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("plain\n", "plain\n"),
        ("one\rtwo", "two"),
        ("longer\rno", "nonger"),  # what is not written over stays, as in a terminal
        ("windows\r\nends\r\n", "windows\nends\n"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2K\r50%", "50%"),
    ],
)
def test_texts_are_as_a_terminal_leaves_them(text: str, left: str) -> None:
    assert as_terminal(text) == left


def test_words_for_a_chip_say_what_was_shown() -> None:
    assert in_words(display("image/png", "<Figure size 640x480 with 1 Axes>", 0, "AAAA")) == "shows a figure"
    assert in_words(display("text/plain", "tensor([1.])", 0)) == "tensor([1.])"


PLOT = """\
import matplotlib.pyplot as plt
import torch

x = torch.ones(2, requires_grad=True)
plt.plot([1, 2])
plt.show()
x.sum().backward()
"""


@pytest.fixture(scope="module")
def plotted() -> Trace:
    matplotlib.use("module://components.capture.plot_backend", force=True)
    return capture_program(Program(source=PLOT))


def test_a_line_that_only_shows_something_is_a_moment_with_its_chip(plotted: Trace) -> None:
    [figure] = plotted.displays
    assert (figure.line, figure.mime) == (6, "image/png")
    data = player_data(TraceIndex(plotted), None)
    [(moment, line, _, text)] = [note for note in data.notes if note[2] == "shown"]
    assert (line, text) == (6, "shows a figure")
    assert data.moments[moment].text == "Line 6: shows a figure."


def test_the_player_gets_the_picture_at_its_moment(plotted: Trace) -> None:
    data = player_data(TraceIndex(plotted), None)
    [[moment, source, text]] = data.pictures
    assert data.moments[moment].line == 6
    assert source.startswith("data:image/png;base64,iVBOR")  # how every PNG begins
    assert text == "<Figure size 640x480 with 1 Axes>"
