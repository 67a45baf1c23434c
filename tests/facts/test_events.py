"""The one true order of lines, births and engine steps, on real programs and on records by hand."""

from __future__ import annotations

import textwrap

from components.capture import capture_program
from components.facts.events import events_of
from components.trace import EngineFailure, Failure, Program, Trace
from tests.figures import traces as t


def told(trace: Trace) -> list[str]:
    lines = {step.index: step.line for step in trace.steps}
    names = {node.id: node.name.removesuffix("Backward0") for node in trace.nodes}
    return [
        f"{one.kind} {names[one.node] if one.node else lines.get(one.step, '?') if one.step is not None else '?'}"
        for one in events_of(trace)
    ]


def run(source: str) -> list[str]:
    return told(capture_program(Program(source=textwrap.dedent(source).strip())))


def test_lines_build_the_graph_and_backward_walks_it() -> None:
    assert run("""
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        y = (x ** 3).exp()
        y.backward()
    """) == [
        "line 1",
        "line 2",
        "born Pow",
        "born Exp",
        "line 3",
        "begin 4",
        "node Exp",
        "node Pow",
        "node AccumulateGrad",
        "end 4",
        "line 4",
    ]


def test_a_line_that_calls_makes_nodes_before_and_after_the_function() -> None:
    assert run("""
        import torch
        def f(v):
            return v.sin()
        x = torch.tensor(2.0, requires_grad=True)
        y = f(x * 3).cos()
    """)[-7:] == ["line 4", "call 5", "born Mul", "born Sin", "line 3", "born Cos", "line 5"]


def test_lines_of_a_hook_stand_between_the_nodes() -> None:
    found = run("""
        import torch
        def double(g):
            return g * 2
        x = torch.tensor(2.0, requires_grad=True)
        h = x.sin()
        h.register_hook(double)
        h.cos().backward()
    """)
    assert found[found.index("begin 7") :] == [
        "begin 7",
        "node Cos",
        "line 3",
        "node Sin",
        "node AccumulateGrad",
        "end 7",
        "line 7",
    ]


def test_what_create_graph_built_is_told_before_the_end_of_its_pass() -> None:
    found = run("""
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        (g,) = torch.autograd.grad(x ** 3, x, create_graph=True)
    """)
    # grad() captures what would reach the leaf: its AccumulateGrad does not run.
    assert found[-4:] == ["node Pow", "built 3", "end 3", "line 3"]


def test_sequential_runs_of_one_line_are_told_one_after_the_other() -> None:
    found = run("""
        import torch
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        torch.autograd.functional.jacobian(lambda v: v ** 2, x)
    """)
    kinds = [text.split()[0] for text in found]
    assert kinds.count("begin") == kinds.count("end") == 2
    assert "begin" in kinds[kinds.index("end") :]


def test_an_error_in_a_run_is_told_once_and_any_other_at_the_end() -> None:
    stopped = EngineFailure(node="n1", message="freed", freed_by=None)
    failure = Failure(kind="raised", message="freed", node="n1", backward="b0", line=1)
    nodes = [t.node("n1", "ExpBackward0")]
    inside = t.make_trace(nodes=nodes, failure=failure, backwards=[t.backward("b0", ["n1"], failure=stopped)])
    assert [one.kind for one in events_of(inside)] == ["born", "begin", "error"]
    plain = t.make_trace(nodes=nodes, failure=Failure(kind="raised", message="no", line=1))
    assert [one.kind for one in events_of(plain)] == ["born", "error"]


def test_nodes_and_runs_past_the_cap_on_lines_come_last() -> None:
    trace = t.make_trace(
        nodes=[t.node("n1", "ExpBackward0"), t.node("n2", "SinBackward0")],
        backwards=[t.backward("b0", ["n2"], [t.passed("n2", 1.0, 2.0), t.passed("n1", 2.0, 3.0)])],
    )
    assert [one.kind for one in events_of(trace)] == ["born", "born", "begin", "node", "node", "end"]
