"""Why the engine stopped: said alike in the box, on the card and in the story, and never wrongly."""

from __future__ import annotations

import textwrap

import pytest

from components.capture import capture_program
from components.facts import TraceIndex
from components.facts.cards import box_card
from components.facts.story import tell
from components.facts.text import plural
from components.figures import LabOptions, lab_graph
from components.trace import Program


def told(source: str) -> tuple[str, str, str, tuple[int, ...]]:
    """Return the last line of the box, the card's note, the sentence, and the lines to look at."""
    index = TraceIndex(capture_program(Program(source=textwrap.dedent(source).strip())))
    graph = lab_graph(index, options=LabOptions())
    story = tell(index, graph.homes)
    (box,) = [box for box in graph.boxes if "stopped" in box.kinds]
    card = box_card(index, story, graph.groups, box.id)
    assert card is not None
    return box.detail.split("\n")[-1], card.note or "", story.moments[-1].text, story.moments[-1].lit


def test_freed_by_the_first_of_two_calls() -> None:
    assert told("""
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        y = x ** 3
        y.backward()
        y.backward()
    """) == (
        "stopped here: freed by line 4",
        "Backward stopped here: what this node had saved was freed by line 4.",
        "The engine stops at PowBackward0. What it had saved was freed by the call on line 4.",
        (3, 4),
    )


def test_changed_in_place() -> None:
    assert told("""
        import torch
        x = torch.ones(2, requires_grad=True)
        y = x.exp()
        y.add_(1)
        y.sum().backward()
    """) == (
        "stopped here: changed by line 4",
        "Backward stopped here: what this node had saved was changed in place by line 4.",
        "The engine stops at ExpBackward0. What it had saved was changed in place on line 4.",
        (3, 4),
    )


def test_nan_is_not_freed_though_the_failing_call_frees_what_it_passed() -> None:
    box, note, sentence, _ = told("""
        import torch
        torch.autograd.set_detect_anomaly(True)
        x = torch.tensor([0.0, 4.0], requires_grad=True)
        y = (x.sqrt() * 0).sum()
        y.backward()
    """)
    assert (box, note) == ("stopped here: it gave NaN", "Backward stopped here: it gave NaN.")
    assert "freed" not in sentence
    assert "returned nan values" in sentence


def test_a_functions_own_error_is_not_blamed_on_a_changed_tensor() -> None:
    box, note, sentence, _ = told("""
        import torch
        class Fails(torch.autograd.Function):
            @staticmethod
            def forward(ctx, v):
                ctx.save_for_backward(v)
                return v * 2
            @staticmethod
            def backward(ctx, g):
                raise ValueError("my own words")
        x = torch.ones(2, requires_grad=True)
        Fails.apply(x).sum().backward()
    """)
    assert (box, note) == ("stopped here", "Backward stopped here.")
    assert "my own words" in sentence


def test_what_was_saved_and_then_changed_says_what_it_is_now() -> None:
    index = TraceIndex(
        capture_program(Program(source="import torch\nx = torch.ones(2, requires_grad=True)\ny = x.exp()\ny.add_(1)\n"))
    )
    graph = lab_graph(index)
    card = box_card(index, tell(index, graph.homes), graph.groups, "n1")
    assert card is not None
    assert card.saved == (("y", "[2.718, 2.718]  (2) float32, 8 B; since changed in place, now [3.718, 3.718]"),)


@pytest.mark.parametrize(
    ("count", "word", "text"), [(1, "box", "1 box"), (2, "box", "2 boxes"), (2, "pass", "2 passes")]
)
def test_words_are_counted(count: int, word: str, text: str) -> None:
    assert plural(count, word) == text
