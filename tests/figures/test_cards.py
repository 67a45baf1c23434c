"""Cards, by equality on traces written by hand."""

from __future__ import annotations

from components.figures import Card, LabOptions, lab_graph, node_cards
from components.trace import BackwardStep, Gradient, SavedTensor, Summary
from tests.figures import traces as t

CUBE = t.make_trace(
    "x = torch.tensor(2.0, requires_grad=True)\ny = x ** 3\n",
    tensors=[t.tensor("t0", "x", 2.0), t.tensor("t1", "y", 8.0, "n1")],
    nodes=[
        t.leaf("n0", "x", "t0"),
        t.node(
            "n1",
            "PowBackward0",
            2,
            [t.saved("self", [], "t0"), SavedTensor(name="exponent", value="3")],
            formula="self: pow_backward(grad, self, exponent)",
        ),
    ],
    edges=t.edges("n1 n0"),
    # 3 * 2**2 = 12, twice
    backwards=[
        t.backward("b0", ["n1"], [t.passed("n1", 1.0, 12.0), t.passed("n0", 12.0)], line=4, retain_graph=True),
        t.backward("b1", ["n1"], [t.passed("n1", 1.0, 12.0), t.passed("n0", 12.0)], line=5, freed=["n1"]),
    ],
    gradients=[t.change("x", "t0", 12.0, 12.0, line=4), t.change("x", "t0", 12.0, 24.0, line=5, backward="b1")],
    steps=[t.step(1, x="t0"), t.step(2, y="t1")],
)


def test_a_node_tells_its_gradients_what_it_saved_and_what_follows() -> None:
    assert node_cards(CUBE)["n1"] == Card(
        title="PowBackward0",
        subtitle="line 2 · step 1 of 2 of backward() on line 5",
        formula="self: pow_backward(grad, self, exponent)",
        rows=(
            ("result y", "8"),
            ("gradient in", "1"),
            ("gradient out to x", "12"),
            ("saved: self (x)", "4 B, float32 (), freed"),
            ("value of x", "2"),
            ("exponent", "3"),
        ),
        note=(
            "backward() on line 5 had no retain_graph and freed what this node had saved. "
            "Another pass through this node needs retain_graph=True there."
        ),
        line=2,
    )


def test_a_leaf_tells_every_change_of_its_gradient() -> None:
    card = node_cards(CUBE)["n0~leaf"]
    assert (card.title, card.kind, card.line) == ("x", "leaf", 1)
    assert card.rows[-3:] == ((".grad", "24"), ("line 4: backward", "+ 12 = 12"), ("line 5: backward", "+ 12 = 24"))


def test_cards_are_found_by_node_tensor_and_name() -> None:
    cards = node_cards(CUBE)
    assert cards["t1"] == cards["name:y"]
    assert cards["t1"].kind == "output"
    assert cards["n0"].subtitle == "adds to x.grad · step 2 of 2 of backward() on line 5"


def test_with_a_graph_there_is_a_card_for_each_of_its_boxes() -> None:
    graph = lab_graph(CUBE)
    assert set(node_cards(CUBE, graph)) == {box.id for box in graph.boxes}
    assert node_cards(CUBE, graph)["n1~saved"] == node_cards(CUBE)["n1"]


def test_a_fold_counts_what_is_in_it() -> None:
    trace = t.chain(500)
    card = node_cards(trace, lab_graph(trace, options=LabOptions(max_boxes=10)))["n1~fold"]
    assert (card.title, card.subtitle, card.formula, card.line) == ("500 nodes in one box", "line 1", "y = y + 1", 1)
    assert card.rows == (("AddBackward0", "500"), ("saved for backward", "0 B"))


def test_a_large_gradient_is_summed_up_and_its_nan_counted() -> None:
    summary = Summary(min=-1.0, max=3.0, mean=0.5, std=1.0, nan=2, inf=0, zero=0)
    large = Gradient(shape=[30, 30], values=None, summary=summary)
    run = t.backward("b0", ["n0"], [BackwardStep(node="n0", grad_outputs=[large], grad_inputs=[None])])
    card = node_cards(t.make_trace(nodes=[t.node("n0", "ExpBackward0")], backwards=[run]))["n0"]
    assert card.rows == (("gradient in", "(30, 30) from -1 to 3, mean 0.5, 2 nan"),)
