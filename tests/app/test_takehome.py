"""What is taken home prints the same in plain Python as in the app."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from app.course import load_course
from app.takehome import file_name, notebook, script
from components.trace import Program
from components.worker import Pool
from tests.plain import plain_python

PROGRAMS = Path(__file__).parents[1] / "programs"
MAGIC = """\
# %%
%matplotlib inline
import torch
x = torch.tensor(2.0, requires_grad=True)
# %% the next cell
!echo nothing
(x ** 3).backward()
print(x.grad)

# %%
if x.grad > 1:
    %time print("in a block")
print("end")
"""
SOURCES = {path.name: path.read_text(encoding="utf-8") for path in sorted(PROGRAMS.glob("*.py"))[::6][:10]}
LESSONS = {lesson.slug: lesson for lesson in load_course().lessons if lesson.slug in ("retain_graph", "higher_order")}


def printed(pool: Pool, source: str) -> str:
    trace = pool.submit(Program(source=source)).wait(60)
    assert trace is not None
    return trace.stdout


def code_of(data: bytes) -> str:
    """Return the program of a notebook's cells, in their order."""
    read = nbformat.reads(data.decode(), as_version=4)
    nbformat.validate(read)
    return "\n".join(cell.source for cell in read.cells if cell.cell_type == "code")


@pytest.mark.parametrize("name", [*SOURCES, *LESSONS, "magic"])
def test_both_files_print_what_the_app_prints(pool: Pool, name: str) -> None:
    lesson = LESSONS.get(name)
    source = lesson.source if lesson is not None else SOURCES.get(name, MAGIC)
    cells = lesson.notebook if lesson is not None else None
    shown = printed(pool, source)
    assert shown or name in SOURCES
    assert plain_python(script(source)).stdout == shown
    # Outside of a notebook nobody knows its own commands: they are left out as in the script.
    assert plain_python(script(code_of(notebook(source, name, cells)))).stdout == shown


def test_a_notebook_keeps_its_own_commands_and_has_the_name() -> None:
    read = nbformat.reads(notebook(MAGIC, "My program").decode(), as_version=4)
    assert [cell.source.partition("\n")[0] for cell in read.cells] == [
        "%matplotlib inline",
        "!echo nothing",
        "if x.grad > 1:",
    ]
    assert read.metadata.title == "My program"
    assert notebook(MAGIC, "My program") == notebook(MAGIC, "My program")


@pytest.mark.parametrize("source", ["", "(", "x = (", "\x00", "# %%", "%magic\n%more", "x = 1\r\n%magic\r\n", "\ud800"])
def test_what_is_no_program_is_handed_on_all_the_same(source: str) -> None:
    nbformat.validate(nbformat.reads(notebook(script(source), "").decode(), as_version=4))


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Accumulation", "accumulation.py"),
        ("my prog.ipynb", "my-prog.py"),
        ("../../etc/passwd", "etc-passwd.py"),
        ("", "program.py"),
        ("日本", "program.py"),
        ("x" * 300, "x" * 60 + ".py"),
    ],
)
def test_a_file_is_called_as_what_it_holds(name: str, file: str) -> None:
    assert file_name(name, "py") == file
