"""What the operation that shapes ended was given, read from its line: keywords and comparisons assign nothing."""

from __future__ import annotations

import pytest

from components.facts import TraceIndex
from components.facts.failing import failed_operation
from components.trace import Failure
from tests.figures import traces as t


@pytest.mark.parametrize(
    ("line", "operands"),
    [
        ("c = a @ b", ["a", "b"]),
        ("a = a @ b", ["a", "b"]),
        ("b = a.view(7, 7)", ["a"]),
        ("torch.cat((a, b), dim=1)", ["a", "b"]),
        ("print(a @ b, end='')", ["a", "b"]),
        ("assert a == b", ["a", "b"]),
        ("a += b", ["a", "b"]),
    ],
)
def test_the_operands_of_a_line(line: str, operands: list[str]) -> None:
    failure = Failure(kind="raised", message="shapes do not fit", error_type="RuntimeError", line=1)
    tensors = [t.tensor(f"t{place}", name, None, shape=[2, 3]) for place, name in enumerate("ab")]
    found = failed_operation(TraceIndex(t.make_trace(f"{line}\n", failure, tensors=tensors)))
    assert found is not None
    assert [one.name for one in found.operands] == operands
