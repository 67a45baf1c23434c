"""The player's scripts, joined without a build, and the player as a file: whole, safe, in need of nothing else."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from components.capture import capture_program
from components.facts import TraceIndex
from components.figures import lab_dot, lab_graph, layout_svg, player_data
from components.trace import Program
from components.widgets import scripts
from components.widgets.player import declarations, page

BROWSER = page.FOLDER.parent / "browser"
HOSTILE = "</script><script>alert(1)</script><!--"


@cache
def standalone(source: str, title: str = "A program") -> str:
    index = TraceIndex(capture_program(Program(source=source)))
    graph = lab_graph(index)
    picture = layout_svg(lab_dot(graph)) if graph.boxes else None
    return page.standalone_page(player_data(index, picture, graph=graph), title)


def test_the_files_of_the_player_are_whole() -> None:
    """A one-line text with a slash in it would be taken for a path."""
    for text in (page.text_of("player.html"), page.text_of("player.css"), scripts.joined(page.FOLDER, page.MAIN)):
        assert text.count("\n") > 10, text[:100]


@pytest.mark.parametrize(("folder", "main"), [(page.FOLDER, page.MAIN), (BROWSER, "browser.js")])
def test_every_script_is_joined_and_what_one_imports_another_exports(folder: Path, main: str) -> None:
    texts = scripts.in_order(folder, main)
    names = list(texts)
    assert sorted(names) == sorted(path.name for path in folder.glob("*.js"))
    assert names[-1] == main
    for name, text in texts.items():
        wanted = scripts.imports(text)
        assert len(re.findall(r"^\s*import\b", text, re.MULTILINE)) == len(wanted), name
        for other, imported in wanted.items():
            assert names.index(other) < names.index(name)
            assert imported
            assert set(imported) <= set(scripts.exports(texts[other])), f"{name} of {other}"


@pytest.mark.parametrize(("folder", "main", "least"), [(page.FOLDER, page.MAIN, 100), (BROWSER, "browser.js", 15)])
def test_joined_no_name_is_there_twice_and_no_word_of_modules_is_left(folder: Path, main: str, least: int) -> None:
    text = scripts.joined(folder, main)
    assert re.findall(r"^.*\b(?:import|export)\b.*$", text, re.MULTILINE) == [f"{scripts.START}{start_of(text)}"]
    names = re.findall(r"^(?:async )?(?:function|class) (\w+)", text, re.MULTILINE)
    for line in re.findall(r"^(?:const|let|var) .*$", text, re.MULTILINE):
        names += re.findall(r"(?:^\w+ |, )(\w+) = ", line)
    assert len(names) > least
    assert [name for name, count in Counter(names).items() if count > 1] == []
    exported = {name for script in scripts.in_order(folder, main).values() for name in scripts.exports(script)}
    assert exported <= set(names)


def start_of(text: str) -> str:
    """Return the rest of the line at which the function for Streamlit begins."""
    return text.split(scripts.START)[1].partition("\n")[0]


def test_scripts_that_import_each_other_are_not_joined(tmp_path: Path) -> None:
    (tmp_path / "player.js").write_text('import { b } from "./b.js";\n')
    (tmp_path / "b.js").write_text('import { a } from "./player.js";\n')
    with pytest.raises(ValueError, match=re.escape("player.js -> b.js -> player.js")):
        scripts.joined(tmp_path, "player.js")


def test_the_types_of_the_data_are_those_of_the_records() -> None:
    """``python -m components.widgets.player.declarations`` writes them anew."""
    assert declarations.FILE.read_text(encoding="utf-8") == declarations.declarations()


def test_a_record_in_the_words_of_typescript() -> None:
    @dataclass
    class Inner:
        pairs: tuple[tuple[str, int], ...]

    assert declarations.typescript(dict[str, list[int | None]], {}) == "Partial<Record<string, (number | null)[]>>"
    interfaces: dict[str, str] = {}
    assert declarations.typescript(list[Inner], interfaces) == "Inner[]"
    assert interfaces == {"Inner": "export interface Inner {\n  pairs: [string, number][];\n}\n"}
    with pytest.raises(TypeError, match="complex"):
        declarations.typescript(complex, {})


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
