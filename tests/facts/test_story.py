"""The story: which moments there are, what they say, and what comes at which of them."""

from __future__ import annotations

import textwrap

import pytest

from components.capture import capture_program
from components.facts import TraceIndex
from components.facts.story import Story, tell
from components.figures import LabOptions, lab_graph
from components.trace import Program


def story(source: str, opened: tuple[str, ...] | None = None) -> Story:
    index = TraceIndex(capture_program(Program(source=textwrap.dedent(source).strip())))
    return tell(index, lab_graph(index, options=LabOptions(opened=opened)).homes)


def texts(told: Story) -> list[str]:
    return [f"{moment.line}: {moment.text}" for moment in told.moments]


CUBE = """
    import torch
    x = torch.tensor(2.0, requires_grad=True)
    y = x ** 3
    y.backward(retain_graph=True)
    y.backward()
    print(x.grad)
"""


def test_the_story_of_a_cube() -> None:
    told = story(CUBE)
    assert texts(told) == [
        "2: Line 2: x = 2.",
        "3: PowBackward0 is recorded and saves x (4 B) for its backward.",
        "4: backward() begins at y with the gradient 1 (retain_graph=True).",
        "4: PowBackward0: 1 comes in, 12 to x.",
        "4: x.grad becomes 12.",
        "4: backward() is done. retain_graph=True keeps the graph and its 4 B.",
        "5: backward() begins at y with the gradient 1.",
        "5: PowBackward0: 1 comes in, 12 to x.",
        "5: x.grad gets 12 added: 12 + 12 = 24.",
        "5: backward() is done and frees what 1 node had saved (4 B).",
        "6: Line 6: prints tensor(24.).",
    ]
    assert [moment.box for moment in told.moments[1:5]] == ["n1", None, "n1", "n0"]
    assert told.born("n1") == told.born("n0") == 1
    assert told.tensors["t0"] == 0
    assert told.visits("n1") == [(3, 0, 0), (7, 1, 0)]
    assert told.freed == {"n1": 9}
    assert told.changes == [(4, 0), (8, 1)]
    assert told.notes == [(0, 2, "made", "x = 2"), (1, 3, "made", "y = 8"), (10, 6, "printed", "tensor(24.)")]


def test_a_second_backward_stops_at_its_node_and_names_the_call_that_freed_it() -> None:
    source = textwrap.dedent(CUBE).replace("retain_graph=True", "")
    last = story(source).moments[-1]
    assert (last.kind, last.box, last.line, last.lit) == ("error", "n1", 5, (3, 4))
    assert last.text.startswith("The engine stops at PowBackward0. What it had saved was freed by the call on line 4.")


def test_a_version_counter_error_names_the_line_that_changed_what_was_saved() -> None:
    told = story("""
        import torch
        x = torch.ones(2, requires_grad=True)
        y = x.exp()
        y.add_(1)
        y.sum().backward()
    """)
    last = told.moments[-1]
    assert (last.kind, last.line, last.lit) == ("error", 5, (3, 4))
    assert "ExpBackward0. What it had saved was changed in place on line 4." in last.text


LOOP = """
    import torch
    x = torch.tensor(0.9, requires_grad=True)
    y = x
    for i in range(300):
        y = torch.tanh(y) * x
    y.backward()
"""


def test_a_fold_is_one_moment_forward_and_one_backward() -> None:
    told = story(LOOP)
    folds = [moment for moment in told.moments if moment.kind == "fold"]
    assert [(moment.box, moment.text) for moment in folds] == [
        # 298 iterations of two lines: with each goes the header that leads on to the next.
        ("g.0.1", "iterations 2 to 299: 596 lines run, 596 nodes recorded."),
        ("g.0.1", "iterations 2 to 299: 596 nodes passed."),
    ]
    assert len(told.moments) < 30


def test_opening_a_box_makes_the_story_longer_and_keeps_the_count_of_events() -> None:
    short, long = story(LOOP, ()), story(LOOP, ("g.0", "g.0.1", "g.0.1.0"))
    assert len(short.moments) < len(long.moments)
    assert short.moments[-1].n == long.moments[-1].n
    assert [moment.n for moment in long.moments] == sorted({moment.n for moment in long.moments})


def test_a_training_loop_is_folded_with_all_its_backward_calls() -> None:
    told = story("""
        import torch
        w = torch.tensor(1.0, requires_grad=True)
        opt = torch.optim.SGD([w], lr=0.1)
        for i in range(100):
            opt.zero_grad()
            loss = (w * 2 - 1).pow(2).exp().log().sqrt()
            loss.backward()
            opt.step()
        print(w)
    """)
    (fold,) = [moment for moment in told.moments if moment.kind == "fold" and "backward call" in moment.text]
    assert "98 backward calls" in fold.text
    assert len(told.moments) < 80


@pytest.mark.parametrize("source", ["", "x = 1 +", "raise ValueError('no')", "import torch\nx = torch.ones(2)\n"])
def test_programs_without_a_graph_have_a_story_too(source: str) -> None:
    told = story(source)
    assert all(moment.text for moment in told.moments)


def test_a_change_in_place_is_told_with_the_node_that_had_saved_the_tensor() -> None:
    told = texts(
        story("""
        import torch
        x = torch.ones(2, requires_grad=True)
        y = x.sigmoid()
        y.add_(1)
        with torch.no_grad():
            x -= 0.5
    """)
    )
    assert told[2] == (
        "4: AddBackward0 is recorded: y is changed in place (version 1), after SigmoidBackward0 had saved it."
    )
    assert told[4] == "6: Line 6: x is changed in place (version 1); x = [0.5, 0.5]."


def test_a_class_is_one_moment_and_a_call_of_the_engine_is_told_by_its_begin() -> None:
    told = texts(
        story("""
        import torch
        class Double(torch.autograd.Function):
            @staticmethod
            def forward(ctx, v):
                return v * 2
            @staticmethod
            def backward(ctx, g):
                return g * 2
        x = torch.ones(2, requires_grad=True)
        y = Double.apply(x)
        y.sum().backward()
    """)
    )
    assert told[:2] == ["2: Line 2 runs.", "9: Line 9: x = [1, 1]."]
    assert told[2] == "10: Line 10 calls a function of the program."
    # That line 11 calls `backward` of the class is the engine's to say.
    assert [one for one in told if one.startswith("11:")][:3] == [
        "11: SumBackward0 is recorded; it needs no tensor for its backward.",
        "11: backward() begins at SumBackward0 with the gradient 1.",
        "11: SumBackward0: 1 comes in, [1, 1] to DoubleBackward.",
    ]
