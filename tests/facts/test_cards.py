"""Cards, by equality on traces written by hand."""

from __future__ import annotations

from components.facts import TraceIndex
from components.facts.cards import Visit, box_card
from components.facts.story import tell
from components.figures import Card, LabOptions, lab_graph
from components.trace import BackwardStep, Gradient, Grid, SavedTensor, Summary, Trace
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
    steps=[t.step(1, x="t0")],
)


def card_of(trace: Trace, box: str, options: LabOptions | None = None) -> Card:
    index = TraceIndex(trace)
    graph = lab_graph(index, options=options)
    card = box_card(index, tell(index, graph.homes), graph.groups, box)
    assert card is not None
    return card


def test_a_node_tells_each_pass_what_it_saved_and_what_follows() -> None:
    card = card_of(CUBE, "n1")
    assert (card.title, card.subtitle, card.kind) == ("PowBackward0", "line 2", "function")
    assert card.rows == (("result y", "8"), ("exponent", "3"))
    assert card.saved == (("x", "2  () float32, 4 B"),)
    # The story: line 1, the birth, then begin, two nodes and the end of each of two visits.
    assert [(one.moment, one.where, one.rows, one.note) for one in card.visits] == [
        (
            3,
            "step 1 of 2 of backward() on line 4",
            (("gradient in", "1"), ("gradient out to x", "12")),
            "retain_graph=True: what this node has saved stays.",
        ),
        (
            7,
            "step 1 of 2 of backward() on line 5",
            (("gradient in", "1"), ("gradient out to x", "12")),
            "This call has no retain_graph: when it is done, what this node has saved is freed.",
        ),
    ]
    assert (card.freed, card.freed_by) == (9, "freed by backward() on line 5")
    assert card.note == (
        "backward() on line 5 had no retain_graph and freed what this node had saved. "
        "Another pass through this node needs retain_graph=True there."
    )


def test_a_leaf_tells_every_change_of_its_gradient() -> None:
    card = card_of(CUBE, "n0~leaf")
    assert (card.title, card.kind, card.subtitle) == ("x", "leaf", "leaf · line 1")
    assert card.changes == ((4, "line 4: backward", "+ 12 = 12"), (8, "line 5: backward", "+ 12 = 24"))


def test_every_box_has_its_card() -> None:
    titles = {box.id: card_of(CUBE, box.id).title for box in lab_graph(CUBE).boxes}
    assert titles == {
        "t1": "y",
        "n1": "PowBackward0",
        "n1~saved": "PowBackward0",
        "n0": "AccumulateGrad",
        "n0~leaf": "x",
    }


def test_a_fold_counts_what_is_in_it() -> None:
    card = card_of(t.chain(500), "g.0", LabOptions(opened=()))
    assert (card.title, card.subtitle, card.formula) == (
        "loop, line 1",
        "500 nodes in one box, 500 times · line 1",
        "y = y + 1",
    )
    assert card.rows == (("AddBackward0", "500"), ("saved for backward", "0 B"))


def test_a_large_gradient_is_summed_up_its_nan_counted_and_its_grid_shown() -> None:
    summary = Summary(min=-1.0, max=3.0, mean=0.5, std=1.0, nan=2, inf=0, zero=0)
    large = Gradient(shape=[30, 30], values=None, summary=summary, grid=Grid(largest=0.5, cells=[[1000, None]]))
    run = t.backward("b0", ["n0"], [BackwardStep(node="n0", grad_outputs=[large], grad_inputs=[None])])
    (only,) = card_of(t.make_trace(nodes=[t.node("n0", "ExpBackward0")], backwards=[run]), "n0").visits
    assert isinstance(only, Visit)
    assert only.rows == (("gradient in", "(30, 30) from -1 to 3, mean 0.5, 2 nan"),)
    assert [(grid.title, grid.largest, grid.cells) for grid in only.grids] == [("gradient in", 0.5, [[1000, None]])]


SHARED = t.make_trace(
    "x = torch.ones(2)\nbase = x * 2\nv = base.view(2)\nr = v[0]\nd = v.detach()\n",
    tensors=[
        t.tensor("t0", "x", [1.0, 1.0]),
        t.tensor("t1", "base", [2.0, 2.0], "n1"),
        t.tensor("t2", "v", [2.0, 2.0], "n2", view_of="t1", shares="t1"),
        t.tensor("t3", "r", 2.0, "n3", view_of="t1", shares="t1"),
        t.tensor("t4", "d", [2.0, 2.0], requires_grad=False, shares="t1"),
    ],
    nodes=[
        t.leaf("n0", "x", "t0"),
        t.node("n1", "MulBackward0", 2),
        t.node("n2", "ViewBackward0", 3),
        t.node("n3", "SelectBackward0", 4),
    ],
    edges=t.edges("n1 n0", "n2 n1", "n3 n2"),
    steps=[t.step(1, x="t0"), t.step(2, base="t1"), t.step(3, v="t2"), t.step(4, r="t3"), t.step(5, d="t4")],
)


def test_a_card_says_what_shares_the_memory_of_its_tensor() -> None:
    assert card_of(SHARED, "n1").rows == (("result base", "[2, 2]"), ("views", "v, r"), ("shares its memory", "d"))
    assert card_of(SHARED, "n2").rows == (("result v", "[2, 2]"), ("view of", "base"), ("shares its memory", "r, d"))
    alone, apart = card_of(SHARED, "n0~leaf"), card_of(SHARED, "t4")
    assert ("shares its memory", "base, v, r") in apart.rows
    assert (apart.note or "").endswith("What is changed in place here changes in all that share the memory.")
    assert not {"view of", "views", "shares its memory"} & {name for name, _ in alone.rows}
    assert alone.note is None


def test_a_card_says_which_order_of_differentiation_a_node_belongs_to() -> None:
    trace = t.make_trace(
        nodes=[t.node("n0", "ExpBackward0", 4, order=3, created_by="b0")], backwards=[t.backward("b0", [])]
    )
    assert card_of(trace, "n0").subtitle == "line 4 · second derivative, built by create_graph"
