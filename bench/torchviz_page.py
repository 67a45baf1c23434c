"""The page that people write today: run a program, ``make_dot`` its result, show it with ``st.graphviz_chart``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from torchviz import make_dot

from bench.programs import FOR_THE_PLAYER


def drawn(name: str) -> Any:
    """Return torchviz's drawing of a program's last result."""
    sys.setrecursionlimit(1_000_000)
    torch.set_num_threads(1)
    variables: dict[str, Any] = {}
    exec(FOR_THE_PLAYER[name], variables)
    return make_dot(next(variables[one] for one in ("y", "loss", "h") if one in variables))


if __name__ == "__main__":
    import streamlit as st

    for program in FOR_THE_PLAYER:
        if st.button(program):
            st.graphviz_chart(drawn(program))
