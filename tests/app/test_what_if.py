"""What if, from a picture to its answer: what is offered is held against plain PyTorch; what pages do with it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from streamlit.testing.v1 import AppTest

from app import what_if
from app.playground_form import PlaygroundForm
from components.capture import capture_program
from components.facts import TraceIndex
from components.figures import LabGraph, LabOptions, lab_graph
from components.reading import offers
from components.source.form import BackwardPress, Form, Leaf
from components.source.what_if import Hook
from components.trace import Program
from components.widgets import editor
from tests.app.apptest import html_of, index_of, made, players, remembered, settled, visit
from tests.plain import Plain, plain_python
from tests.program_texts import LESSONS

GRADS = """
import json as _json, torch as _torch
_all = {name: value for name, value in dict(globals()).items() if isinstance(value, _torch.Tensor)}
for _name, _value in dict(globals()).items():
    if isinstance(_value, _torch.nn.Module):
        _all |= {f"{_name}.{_part}": _p for _part, _p in _value.named_parameters()}
_of = {name: one.grad for name, one in _all.items() if one.is_leaf and one.requires_grad}
print("@", _json.dumps({name: None if grad is None else grad.tolist() for name, grad in _of.items()}))
"""
SECOND_ORDER = re.compile(r"create_graph|hessian|torch\.func")
# A gradient that is a graph of its own ends in the hook's node.
NODE = re.compile(r"grad_fn=<\w+>")
# What is detached cannot be changed in place too early: the error that this lesson catches does not come.
CATCHES = {"version_counter"}
# A few places of each program are enough: each is run four times.
MOST = 5
NETWORK = """\
import torch
from torch import nn
import torch.nn.functional as F

torch.manual_seed(0)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(3, 4), nn.Linear(4, 1)

    def forward(self, x):
        h = torch.relu(self.fc1(x))
        return self.fc2(h + torch.sin(h))

net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
data, target = torch.randn(5, 3), torch.randn(5, 1)
for step in range(3):
    opt.zero_grad()
    loss = F.mse_loss(net(data), target)
    loss.backward()
    opt.step()
with torch.no_grad():
    print(net(data).sum())
"""
SHARED = """\
import torch
x = torch.tensor([1.0, 2.0], requires_grad=True)
w = torch.tensor([0.5, -1.0], requires_grad=True)
h = torch.tanh(x * w)
parts = [h * k for k in (1, 2)]
y = (parts[0] + (h ** 2) * torch.exp(h) + x).sum()
y.backward()
"""
# In the first round the term asks for no gradient, and what comes back to it is None.
ROUNDS = """\
import torch
x = torch.tensor(0.5, requires_grad=True)
term, y = torch.tensor(1.0), 0.0
for k in range(1, 4):
    term = term * x / k
    y = y + term
y.backward()
"""
PROGRAMS = {"network": NETWORK, "shared": SHARED, "rounds": ROUNDS, **LESSONS}


def ran(source: str | None) -> tuple[Plain, dict[str, object]]:
    assert source is not None
    plain = plain_python(f"{source}\n{GRADS}")
    grads: dict[str, object] = json.loads(plain.stdout.rpartition("@")[2]) if plain.error is None else {}
    return plain, grads


def none_is_zero(value: object) -> object:
    """What is the same for who looks at numbers: no gradient, and zeros."""
    if isinstance(value, list):
        kept = [none_is_zero(part) for part in value]
        return kept if any(part for part in kept) else 0.0
    return value or 0.0


def offered_in(index: TraceIndex, boxes: list[str], graph: LabGraph | None) -> Iterator[offers.Offer]:
    for place in offers.places(index, boxes, graph).values():
        offer = offers.offer_of(index, place.of, place.slot)
        assert offer is not None
        assert offer.told == place.told
        yield offer


def offered(source: str) -> Iterator[offers.Offer]:
    index = TraceIndex(capture_program(Program(source=source)))
    graph = lab_graph(index, None, LabOptions())
    boxes = [box.id for box in graph.boxes]
    seen: set[str | None] = set()
    for offer in offered_in(index, boxes, graph):
        after = offer.hooked(Hook("scale", 3.0)) if "zero" in offer.told.kinds else None
        if after is not None and after not in seen:
            seen.add(after)
            yield offer


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_offered_does_in_plain_pytorch_what_it_says(name: str) -> None:
    """Once times a gradient, or clipped far away, is the same program; zero is what ``.detach()`` comes to."""
    source = PROGRAMS[name]
    plain, grads = ran(source)
    if plain.error is not None:
        pytest.skip("it is about an error")
    found = list(offered(source))
    for offer in found[:: max(1, len(found) // MOST)]:
        for same in (Hook("scale", 1.0), Hook("clip", 1e30)):
            again, those = ran(offer.hooked(same))
            assert again.error is None, (offer.told, again.message)
            assert those == grads, offer.told
            assert NODE.sub("", again.stdout) == NODE.sub("", plain.stdout)
        zeroed, without = ran(offer.hooked(Hook("zero")))
        if zeroed.error is not None:
            # Of zeros nothing can be differentiated a second time.
            assert SECOND_ORDER.search(source), (offer.told, zeroed.message)
        elif "detach" in offer.told.kinds and name not in CATCHES:
            detached, those = ran(offer.other(""))
            # Where nothing is left that asks for a gradient, backward() refuses.
            if detached.error is None:
                assert none_is_zero(list(without.values())) == none_is_zero(list(those.values())), offer.told


def test_something_is_offered() -> None:
    assert len(list(offered(NETWORK))) > 4
    ofs = [offer.told.of for offer in offered(SHARED)]
    assert {"x", "w", "h", "x * w", "h ** 2", "y"} <= set(ofs)
    assert any(of.startswith("h that comes from ") for of in ofs)


def test_each_round_of_a_loop_is_meant() -> None:
    index = TraceIndex(capture_program(Program(source=NETWORK)))
    boxes = [node.id for node in index.trace.nodes if node.leaf is None]
    says = {offer.told.of: offer.often for offer in offered_in(index, boxes, None)}
    assert says["h"] == ", each time line 13 runs"


# --- on the pages


@pytest.fixture
def text_areas(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """AppTest cannot type into a component; the text area that stands in for it does the same."""
    monkeypatch.setattr(editor, "BUILT", tmp_path)


CUBE = "import torch\nx = torch.tensor(2.0, requires_grad=True)\ny = x ** 3\ny.backward()\nprint('came', x.grad)\n"


def opened(page: str, kept: dict[str, str] | None = None) -> AppTest:
    test = settled(visit(kept).run())
    settled(test.switch_page(f"screens/{page}.py").run())
    if page == "lessons":
        test.query_params["lesson"] = "chain_rule"
        settled(test.run())
    assert not test.exception
    return test


def asked(test: AppTest, page: str, box: str, kind: str, amount: str = "") -> None:
    """Ask as the card's buttons do: AppTest cannot press what is inside of a component."""
    index = index_of(test, page)
    node = next(node.id for node in index.trace.nodes if box in (node.name, node.leaf))
    key = node if box.endswith("0") else f"{node}~leaf"
    now = remembered(test, what_if.WhatIf, page)
    change = offers.change_of(index, key, None, kind, amount)
    assert not change.problem
    now.after, now.says = change.after, change.says
    now.before = index.trace.program.source
    settled(test.run())
    assert not test.exception


@pytest.mark.usefixtures("text_areas")
@pytest.mark.parametrize("page", ["code", "lessons", "gradients", "memory"])
def test_the_answer_stands_beside_and_one_press_goes_back_or_keeps_it(page: str) -> None:
    test = opened(page)
    (key,) = (area.key for area in test.text_area if area.key and area.key.startswith(f"{page}:"))
    settled(test.text_area(key=key).set_value(CUBE).run())
    asked(test, page, "PowBackward0", "scale", "2")
    assert "What if the gradient of y is scaled by 2?" in html_of(test)
    assert "y.register_hook(lambda grad: 2 * grad)" in html_of(test)
    assert players(test) == [f"{page}:player", f"{page}:what-if:player"]
    assert "24" in html_of(test)  # 2 * 3 * 2**2
    settled(test.button(key=f"{page}:what-if:back").click().run())
    assert players(test) == [f"{page}:player"]
    assert test.text_area(key=key).value == CUBE
    asked(test, page, "x", "value", "3")
    settled(test.button(key=f"{page}:what-if:keep").click().run())
    assert test.text_area(key=key).value == CUBE.replace("2.0", "3.0")
    assert "came tensor(27.)" in html_of(test)  # 3 * 3**2
    assert players(test) == [f"{page}:player"]


@pytest.mark.usefixtures("text_areas")
def test_another_program_ends_the_question() -> None:
    test = opened("code")
    settled(test.text_area(key="code:editor").set_value(CUBE).run())
    asked(test, "code", "PowBackward0", "detach")
    assert "What if y is detached?" in html_of(test)
    assert "does not require grad" in html_of(test)  # the answer is PyTorch's
    settled(test.text_area(key="code:editor").set_value(CUBE.replace("3", "4")).run())
    assert "What if" not in html_of(test).partition("<style>")[0]
    assert players(test) == ["code:player"]


@pytest.mark.usefixtures("text_areas")
def test_the_playground_keeps_what_its_form_can_say() -> None:
    form = Form("x**3", (Leaf("x", "2.0"),), (BackwardPress(),))
    test = opened("playground", {"playground:PlaygroundForm": msgspec.json.encode(PlaygroundForm(form=form)).decode()})
    asked(test, "playground", "PowBackward0", "zero")
    assert not [one for one in test.button if one.key == "playground:what-if:keep"]
    assert test.button(key="playground:what-if:code").label == "Open it on Code"
    settled(test.button(key="playground:what-if:back").click().run())
    asked(test, "playground", "x", "value", "5")
    settled(test.button(key="playground:what-if:keep").click().run())
    assert made(test, PlaygroundForm, "playground").form.leaves == (Leaf("x", "5.0"),)
    settled(test.button(key="playground:undo").click().run())
    assert made(test, PlaygroundForm, "playground").form.leaves == (Leaf("x", "2.0"),)


@pytest.mark.parametrize(
    ("kind", "amount"),
    [
        ("scale", "two"),
        ("clip", ""),
        ("clip", "-3"),
        ("scale", "inf"),
        ("value", "two"),
        ("value", "[1, 2]"),
    ],
)
def test_what_is_no_number_is_said(kind: str, amount: str) -> None:
    index = TraceIndex(capture_program(Program(source=CUBE)))
    leaf = next(node.id for node in index.trace.nodes if node.leaf)
    change = offers.change_of(index, f"{leaf}~leaf", None, kind, amount)
    assert re.search("number|cannot be read", change.problem)
    assert not change.after
