"""The words of a program, held against what plain Python and PyTorch say of every expression that ran."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache, partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.capture import capture_program
from components.facts import TraceIndex
from components.facts.words import Words
from components.trace import Caps, Node, Program
from tests.facts.words.watched import watched
from tests.program_texts import LESSONS, PROGRAMS

TEXTS = PROGRAMS | LESSONS
START = """\
import torch
import torch.nn as nn, torch.nn.functional as F
x = torch.randn(4, 3, requires_grad=True)
y = torch.rand(4, 3, requires_grad=True)
w = torch.randn(3)
w.requires_grad_()
c = torch.ones(4, 3)
k = 3
fc = nn.Linear(3, 3)
net = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Identity())
def twice(a):
    return a * 2
"""


@cache
def _compared(source: str) -> Counter[str]:
    """Compare all that is said of a program's nodes; return how many were ``seen``, ``placed``, how many ``slots``."""
    index = TraceIndex(capture_program(Program(source=source), Caps(drawings=0)))
    words, seen = index.once(Words), watched(source)
    counts: Counter[str] = Counter()
    for node in index.trace.nodes:
        if node.number is None or node.created_by is not None:
            continue
        found = words.expression(node.id)
        if found is not None:
            counts["placed"] += 1
            place = found.line, found.column, found.end_line, found.end_column
            assert place in seen.places[node.number], (node.name, node.line, found)
        if seen.names.get(node.number) != node.name:
            continue
        counts["seen"] += 1
        for slot, texts in enumerate(seen.into[node.number]):
            told = words.argument(node.id, slot)
            if told is not None:
                counts["slots"] += 1
                _check(index, node, slot, told, seen.loose if texts is None else texts)
    return counts


def _check(index: TraceIndex, node: Node, slot: int, told: str, texts: set[str]) -> None:
    """The words are an expression that had the value, or the name by which the app knows a parameter."""
    below = [index.nodes[edge.target] for edge in index.edges_from[node.id] if edge.slot == slot]
    leaves = {leaf for leaf in (one.leaf for one in below) if leaf is not None}
    leaves |= {f"{leaf.leaf}.T" for one in below for leaf in _below(index, one) if one.name == "TBackward0"}
    assert told in leaves or ast.unparse(ast.parse(told, mode="eval")) in texts, (
        node.name,
        node.line,
        slot,
        told,
        texts,
    )


def _below(index: TraceIndex, node: Node) -> list[Node]:
    return [index.nodes[edge.target] for edge in index.edges_from[node.id]]


@pytest.mark.parametrize("name", TEXTS)
def test_words_of_a_program(name: str) -> None:
    _compared(TEXTS[name])


def test_most_expressions_are_found() -> None:
    counts: Counter[str] = Counter()
    for source in TEXTS.values():
        counts.update(_compared(source))
    assert counts["seen"] > 700
    assert counts["placed"] > 0.94 * counts["seen"], counts


def _filled(form: str, first: str, second: str = "") -> str:
    a, b = (text if text.isidentifier() else f"({text})" for text in (first, second))
    return form.format(a=a, b=b)


def _trees(leaves: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions of shape (4, 3) of everything that shapes can be kept with, nested."""

    def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        one = [
            "-{a}", "{a}.sin()", "torch.exp({a} / 9)", "F.relu({a})", "({a}).T.T", "{a}[:]", "{a}[:, [0, 1, 2]]",
            "{a}.unsqueeze(0)[0]", "{a}.float()", "{a} ** 2", "2 - {a}", "k * {a}", "{a} * k", "2 / ({a} + 9)",
            "fc({a})", "net({a})", "twice({a})", "twice(a={a})", "F.linear({a}, w.expand(3, 3), w)",
            "F.dropout({a}, training=False)", "torch.clamp({a}, min=0)", "{a} + {a}.detach()",
            "{a} + ({a}).sum().item()", "{a}.softmax(dim=1)", "{a} @ w.expand(3, 3)", "{a}.reshape(3, 4).view(4, 3)",
            "torch.stack([{a}, c])[0]", "torch.cat([{a}, c], 1)[:, 1:4]", "{a}.split(2)[0].repeat(2, 1)",
            "{a}.max(1)[0][:, None].expand(4, 3)", "F.mse_loss({a}, c) * c", "F.layer_norm({a}, (3,))",
            "{a}.mean(0, keepdim=True).expand_as(c)", "(lambda t: t * 3)({a})", "[t * 3 for t in [{a}]][0]",
            "({a} if k else c)", "F.normalize({a})", "F.cosine_similarity({a}, c)[:, None] + c",
        ]  # fmt: skip
        two = [
            "{a} + {b}", "{a} - {b}", "{a} * {b}", "{a} / ({b} + 9)", "torch.where(c > 0, {a}, {b})",
            "torch.max({a}, {b})",
            "{a} * {b} + {a} * {b}", "torch.add({a}, {b}, alpha=2)", "torch.cat([{a}, {b}])[:4]",
            "torch.bmm({a}[None], {b}.T[None])[0, :, :3]", "F.smooth_l1_loss({a}, {b}) + c", "fc({a}) + fc({b})",
            "torch.lerp({a}, {b}, 0.3)", "F.cosine_similarity({a}, {b}).unsqueeze(1) + c",
        ]  # fmt: skip
        filled = [st.builds(partial(_filled, form), inner) for form in one]
        filled += [st.builds(partial(_filled, form), inner, inner) for form in two]
        return st.one_of(filled)

    return st.recursive(leaves, larger, max_leaves=5)


FORMS = (
    "z = {e}",
    "z = ({e}).sum()\nz.backward()",
    "({e}).sum().backward()",
    "for i in range(2):\n    x = {e}",
    "z = c * 1\nz += {e}",
    "def f(x):\n    h = x * w\n    return {e}\nz = f(x + 1) * f(x)",
    "def f(x, y):\n    x = {e}\n    return x\nz = f(y, x) * w",
    "z, v = {e}, x * 2",
    "z = c[0].clone()\nz = z * (\n    {e}\n) + (\n    x * y)",
    "with torch.no_grad():\n    z = {e}\nv = {e}",
    "h = x * 1\nh.mul_({e})",
    "h = [x, y]\nh.append({e})\nz = h[2] * h[0]",
    "x = {e}; y = x * 2",
    "class A(nn.Module):\n    def forward(self, x):\n        self.h = {e}\n        return self.h\nz = A()(x * 2) + 1",
)


@settings(max_examples=100)
@given(_trees(st.sampled_from(["x", "y", "w.expand(4, 3)", "c", "x[[0, 1, 2, 3]]"])), st.sampled_from(FORMS))
def test_words_of_random_expressions(expression: str, form: str) -> None:
    _compared(START + form.format(e=expression))
