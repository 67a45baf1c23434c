"""The player as a file: whole, safe, and in need of nothing else."""

from __future__ import annotations

import json
import re

from components.capture import capture_program
from components.facts import TraceIndex
from components.figures import lab_dot, lab_graph, layout_svg, player_data
from components.trace import Program
from components.widgets.player import page

HOSTILE = "</script><script>alert(1)</script><!--"


def standalone(source: str, title: str = "A program") -> str:
    index = TraceIndex(capture_program(Program(source=source)))
    graph = lab_graph(index)
    picture = layout_svg(lab_dot(graph)) if graph.boxes else None
    return page.standalone_page(player_data(index, picture, graph=graph), title)


def test_the_files_of_the_player_are_whole() -> None:
    """A one-line text with a slash in it would be taken for a path."""
    for name in ("player.html", "player.css", *page.scripts()):
        assert page.text_of(name).count("\n") > 10, name


def test_the_page_holds_the_data_and_names_nothing_on_a_network() -> None:
    text = standalone("import torch\nx = torch.ones(1, requires_grad=True)\n(x * 2).sum().backward()\n")
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert json.loads(data)["source"].startswith("import torch")
    assert "$" not in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert set(re.findall(r"https?://[^\s\"'<>\\]+", text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_what_a_program_says_cannot_end_the_script_or_the_title() -> None:
    text = standalone(f"d = {{{HOSTILE!r}: 1}}\nprint({HOSTILE!r})\nraise ValueError({HOSTILE!r})\n", HOSTILE)
    assert text.count("<script") == 2
    assert text.count("</script") == 2
    assert "<!--" not in text
