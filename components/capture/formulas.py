"""PyTorch's own derivative of every node, from ``derivatives.yaml`` inside the torch wheel.

The file lists forward operations; the node's name follows from the operation's: ``pow.Tensor_Scalar`` is the first
``pow`` in it, so its node is ``PowBackward0`` (the rule of ``torchgen``'s ``create_op_names``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import torch
import yaml

_PARAMETER = re.compile(r"(\w+)\s*(?:=[^,]*)?(?:,|$)")


@cache
def formulas() -> dict[str, str]:
    """Return ``{node name: "input: formula; input: formula"}`` for every node that PyTorch generates."""
    path = Path(torch.__file__).parent.parent / "torchgen" / "packaged" / "autograd" / "derivatives.yaml"
    if not path.exists():
        return {}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return _by_node(yaml.load(path.read_text(encoding="utf-8"), Loader=loader))


def _by_node(entries: Iterable[dict[str, Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for entry in entries:
        signature, _, parameters = entry["name"].rpartition(" -> ")[0].partition("(")
        inputs = frozenset(_PARAMETER.findall(parameters.rpartition(")")[0]))
        lines = list(_lines(entry.get("dispatch", {}).get("Default", entry), inputs))
        if not lines:
            continue
        operation = signature.partition(".")[0].removesuffix("_forward")
        camel = "".join(part.title() for part in operation.split("_")) + ("_" if operation.endswith("_") else "")
        found[f"{camel}Backward{seen[camel]}"] = "; ".join(lines)
        seen[camel] += 1
    return found


def _lines(derivatives: dict[str, Any], inputs: frozenset[str]) -> Iterator[str]:
    """Yield the formula of each input; the file's other entries are forward-mode formulas, named after outputs."""
    for names, text in derivatives.items():
        if inputs.issuperset(names.split(", ")) and text != "non_differentiable":
            yield f"{names}: {' '.join(str(text).split())}"
