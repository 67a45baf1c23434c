"""Lines, variables, printed output, warnings, caps."""

from __future__ import annotations

import pytest

from components.trace import Caps
from tests.capture.conftest import Capture


def test_each_line_has_what_it_changed_and_what_it_printed(capture: Capture) -> None:
    trace = capture("""
        import torch
        a = 1
        for i in range(2):
            print(i, end=";")
        x = torch.ones(2)
        x.add_(1)
    """)
    names = {tensor.id: (tensor.values, tensor.version) for tensor in trace.tensors}
    told = [
        (
            step.line,
            {name: names.get(value, value) for name, value in step.variables.items()},
            trace.stdout[slice(*step.stdout)],
        )
        for step in trace.steps
    ]
    assert told == [
        (1, {}, ""),
        (2, {"a": "1"}, ""),
        (3, {"i": "0"}, ""),
        (4, {}, "0;"),
        (3, {"i": "1"}, ""),
        (4, {}, "1;"),
        (3, {}, ""),
        (5, {"x": ([1.0, 1.0], 0)}, ""),
        (6, {"x": ([2.0, 2.0], 1)}, ""),
    ]


def test_printing_belongs_to_the_innermost_line(capture: Capture) -> None:
    trace = capture("""
        def f():
            print("in")
            return 1
        print(f())
    """)
    printed = {
        (step.line, step.function): trace.stdout[slice(*step.stdout)]
        for step in trace.steps
        if step.stdout[1] > step.stdout[0]
    }
    assert printed == {(2, "f"): "in\n", (4, None): "1\n"}


def test_an_update_through_data_is_seen(capture: Capture) -> None:
    trace = capture("""
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        w.data -= 1
    """)
    assert [(tensor.id, tensor.origin, tensor.values, tensor.version) for tensor in trace.tensors] == [
        ("t0", "t0", [1.0, 2.0], 0),
        ("t1", "t0", [0.0, 1.0], 0),
    ]


def test_views_name_their_base(capture: Capture) -> None:
    trace = capture("""
        import torch
        x = torch.arange(4.0)
        v = x.view(2, 2)
    """)
    assert {tensor.name: tensor.view_of for tensor in trace.tensors} == {"x": None, "v": "t0"}


def test_warnings_are_kept_with_their_line(capture: Capture) -> None:
    trace = capture("""
        import torch
        x = torch.ones(1, requires_grad=True)
        y = x * 2
        y.grad
    """)
    ((line, category, message),) = [(w.line, w.category, w.message) for w in trace.warnings]
    assert (line, category) == (4, "UserWarning")
    assert "not a leaf Tensor" in message


def test_the_cap_on_lines_lets_the_program_run_on(capture: Capture) -> None:
    trace = capture("total = 0\nfor i in range(1000):\n    total += i\nprint(total)\n", caps=Caps(steps=10))
    assert len(trace.steps) == 10
    assert trace.steps_truncated
    assert trace.stdout == "499500\n"  # 999 * 1000 / 2
    assert [(cut.observer, cut.cap) for cut in trace.truncations] == [("steps", 10)]


def test_the_cap_on_output_cuts_and_says_so(capture: Capture) -> None:
    trace = capture("for i in range(100):\n    print('abcdefghi')\n", caps=Caps(stdout_chars=25))
    assert trace.stdout == "abcdefghi\nabcdefghi\nabcde"
    assert trace.stdout_truncated


def test_the_cap_on_nodes_and_on_engine_steps(capture: Capture) -> None:
    source = """
        import torch
        x = torch.ones(1, requires_grad=True)
        y = x
        for i in range(50):
            y = y * 2
        y.sum().backward()
        print(x.grad)
    """
    trace = capture(source, caps=Caps(nodes=20))
    assert len(trace.nodes) == 20
    assert trace.stdout == "tensor([1.1259e+15])\n"  # 2**50
    assert "nodes" in [cut.observer for cut in trace.truncations]
    trace = capture(source, caps=Caps(engine_steps=20))
    assert trace.backwards[0].steps == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("3.5", "3.5"),
        ("'text'", "'text'"),
        ("[1, 2]", "[1, 2]"),
        ("(1,)", "(1,)"),
        ("[torch.ones(1)] * 3", "list of 3 tensors"),
        ("{'a': 1}", "dict of 1 elements"),
        ("10 ** 100", "integer of about 101 digits"),
        ("torch.float64", "torch.float64"),
        ("torch.nn.ReLU()", "ReLU"),
    ],
)
def test_other_values_are_short_texts(capture: Capture, value: str, text: str) -> None:
    trace = capture(f"import torch\nv = {value}\n")
    assert trace.steps[-1].variables == {"v": text}


def test_looking_at_a_variable_runs_none_of_the_programs_code(capture: Capture) -> None:
    trace = capture("""
        class Loud:
            def __repr__(self):
                print("repr")
                return "loud"
            def __len__(self):
                print("len")
                return 1
            def __eq__(self, other):
                print("eq")
                return True
        thing = Loud()
        other = thing
    """)
    assert trace.stdout == ""
    assert trace.steps[-1].variables == {"other": "Loud"}


def test_equal_programs_give_equal_traces(capture: Capture) -> None:
    import msgspec

    source = """
        import torch
        model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
        for _ in range(3):
            loss = model(torch.randn(5, 3)).pow(2).mean()
            loss.backward()
        print(loss)
    """
    first, second = (msgspec.structs.replace(capture(source), duration_ns=0, memory=None) for _ in range(2))
    assert first == second


def test_a_warning_tells_nothing_of_the_servers_files(capture: Capture) -> None:
    trace = capture(
        """
        import torch
        x = torch.tensor([-1.0], requires_grad=True)
        with torch.autograd.detect_anomaly():
            y = torch.sqrt(x)
            y.sum().backward()
        """,
        fails=True,
    )
    (told,) = (warned.message for warned in trace.warnings if "Error detected in SqrtBackward0" in warned.message)
    assert 'File "<program>", line 4' in told
    assert told.count('File "') == 1


def test_a_step_says_what_ran_inside_it_and_what_it_made(capture: Capture) -> None:
    trace = capture("""
        import torch

        def double(v):
            twice = v * 2
            return twice

        x = torch.tensor(3.0, requires_grad=True)
        y = double(x) + 1
        y.backward()
    """)
    steps = [(step.line, step.last) for step in trace.steps]
    # The call on line 8 is complete after the two lines of the function, steps 4 and 5.
    assert steps == [(1, 0), (3, 1), (7, 2), (8, 5), (4, 4), (5, 5), (9, 6)]
    made = {node.name: node.step for node in trace.nodes}
    assert made == {"AccumulateGrad": 2, "MulBackward0": 4, "AddBackward0": 3}
    assert (trace.backwards[0].step, trace.backwards[0].after) == (6, 6)
    assert [step.step for step in trace.backwards[0].steps] == [6, 6, 6]


def test_lines_inside_the_engine_are_told_between_its_nodes(capture: Capture) -> None:
    trace = capture("""
        import torch

        class Double(torch.autograd.Function):
            @staticmethod
            def forward(ctx, v):
                return v * 2

            @staticmethod
            def backward(ctx, g):
                return g * 2

        x = torch.tensor(3.0, requires_grad=True)
        y = Double.apply(x.sin()).cos()
        y.backward()
    """)
    [backward] = trace.backwards
    inside = next(step.index for step in trace.steps if step.line == 10)
    assert [(step.node, step.step) for step in backward.steps][1:2] == [(backward.steps[1].node, inside)]
    assert backward.steps[0].step == backward.step == inside - 1


def test_a_pass_after_a_call_on_the_same_line_knows_both_steps(capture: Capture) -> None:
    trace = capture("""
        import torch
        def f(v):
            return v ** 2
        x = torch.tensor(3.0, requires_grad=True)
        torch.autograd.functional.jacobian(f, x)
    """)
    calling = next(step for step in trace.steps if step.line == 5)
    inside = next(step for step in trace.steps if step.line == 3)
    (backward,) = trace.backwards
    assert (backward.step, backward.after) == (calling.index, inside.index)
