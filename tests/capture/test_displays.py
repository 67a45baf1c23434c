"""What a program shows beside what it prints: figures, values, standard error, each with its line and in its order.

Longer than usual because there are many ways to show something.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

import matplotlib as mpl
import pytest

from components.capture.output import STDERR
from components.trace import Caps, Display, Trace, decode_trace, encode_trace
from tests.capture.conftest import Capture

PNG = b"\x89PNG"
PLOT = "import matplotlib.pyplot as plt\n"


@pytest.fixture(autouse=True)
def backend() -> Iterator[None]:
    """As the worker's ``MPLBACKEND`` says."""
    before = mpl.get_backend()
    mpl.use("module://components.capture.plot_backend")
    yield
    from matplotlib import pyplot

    assert pyplot.get_fignums() == [], "a program's figures are gone with it"
    mpl.use(before)


def pictures(trace: Trace) -> list[Display]:
    found = [one for one in trace.displays if one.mime == "image/png"]
    assert all(base64.b64decode(one.data, validate=True).startswith(PNG) for one in found)
    return found


def lines(trace: Trace) -> list[int | None]:
    return [one.line for one in pictures(trace)]


# --- figures


def test_a_figure_is_shown_at_the_line_of_show(capture: Capture) -> None:
    trace = capture("""
        import torch
        import matplotlib.pyplot as plt
        x = torch.linspace(0, 6, 5, requires_grad=True)
        x.sin().sum().backward()
        plt.plot(x.detach(), x.grad); plt.show()
        print(x.grad)
        """)
    assert lines(trace) == [5]
    assert trace.displays[0].text == "<Figure size 640x480 with 1 Axes>"
    assert (trace.displays[0].step, trace.displays[0].at) == (4, 0)
    assert decode_trace(encode_trace(trace)) == trace


def test_show_shows_all_open_figures_once(capture: Capture) -> None:
    trace = capture(
        f"{PLOT}plt.plot([1])\nplt.figure()\nplt.plot([2])\nplt.show()\nplt.show()\nplt.plot([3])\nplt.show()\n"
    )
    assert lines(trace) == [5, 5, 8]


def test_a_figure_left_open_is_shown_at_the_end_with_the_line_that_made_it(capture: Capture) -> None:
    trace = capture(f"{PLOT}fig, ax = plt.subplots()\nax.plot([1, 2])\nprint('one')\ng = plt.figure()\nprint('two')\n")
    assert lines(trace) == [2, 5]
    assert [one.at for one in trace.displays] == [8, 8]


def test_a_figure_made_inside_a_function_has_the_innermost_line(capture: Capture) -> None:
    trace = capture(f"{PLOT}def draw():\n    plt.plot([1])\ndraw()\n")
    assert lines(trace) == [3]


def test_what_is_saved_and_closed_is_not_shown(capture: Capture) -> None:
    trace = capture(
        f"import io\n{PLOT}plt.plot([1])\nb = io.BytesIO()\nplt.savefig(b)\nplt.close()\nprint(b.tell() > 99)\n"
    )
    assert (trace.displays, trace.stdout) == ([], "True\n")


def test_display_of_a_figure_shows_it_once(capture: Capture) -> None:
    assert lines(capture(f"{PLOT}fig = plt.figure()\ndisplay(fig)\n")) == [3]


def test_a_figure_shows_itself_and_stays(capture: Capture) -> None:
    assert lines(
        capture(f"{PLOT}fig, ax = plt.subplots()\nfig.show()\nax.plot([1])\nfig.show()\nplt.close(fig)\n")
    ) == [3, 5]


def test_a_figure_that_was_shown_and_left_as_it_was_is_not_shown_again(capture: Capture) -> None:
    source = f"{PLOT}fig, ax = plt.subplots()\nax.plot([1])\nfig.show()\n"
    assert lines(capture(source)) == [4]
    assert lines(capture(f"{source}ax.plot([3, 1])\n")) == [4, 2]  # left otherwise than it was shown


def test_another_backend_draws_the_figures_that_are_left(capture: Capture) -> None:
    trace = capture(f"import matplotlib\n{PLOT}plt.figure()\nplt.close('all')\nmatplotlib.use('Agg')\nplt.plot([1])\n")
    assert lines(trace) == [None]
    mpl.use("module://components.capture.plot_backend")


def test_a_figure_is_shown_as_it_is_at_that_moment(capture: Capture) -> None:
    trace = capture(f"{PLOT}fig, ax = plt.subplots()\nfig.show()\nax.plot([1, 3])\nfig.show()\nplt.show()\n")
    first, second, third = pictures(trace)
    assert first.data != second.data
    assert second.data == third.data


def test_figures_of_a_program_that_fails_are_shown(capture: Capture) -> None:
    assert lines(capture(f"{PLOT}plt.plot([1])\n1 / 0\n", fails=True)) == [2]


def test_a_figure_that_cannot_be_drawn_is_noted(capture: Capture) -> None:
    trace = capture(f"{PLOT}plt.title('$\\\\nothing{{$')\nplt.show()\nprint('end')\n")
    assert (trace.stdout, pictures(trace)) == ("end\n", [])
    assert [(note.observer, note.line) for note in trace.notes] == [("displays", 3)]


def test_drawing_a_figure_leaves_no_trace_in_the_graph(capture: Capture) -> None:
    trace = capture(
        f"import torch\n{PLOT}x = torch.ones(3, requires_grad=True)\nplt.plot((x * 2).detach())\nplt.show()\n"
    )
    assert trace.numbered == 1
    assert trace.warnings == []


# --- values


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("torch.ones(2)", "tensor([1., 1.])"),
        ("[1, 'a']", "[1, 'a']"),
        ("'text'", "'text'"),
        ("{'a': 1}", "{'a': 1}"),
        ("None", "None"),
        ("object()", "<object at 0x7f0000000000>"),
    ],
)
def test_display_shows_a_value_as_a_notebook_does(capture: Capture, value: str, text: str) -> None:
    trace = capture(f"import torch\nprint('a')\ndisplay({value})\n")
    assert trace.displays == [Display(step=2, line=3, mime="text/plain", data="", text=text, at=2)]
    assert trace.stdout == "a\n"


def test_display_shows_several_values_each_by_itself(capture: Capture) -> None:
    assert [one.text for one in capture("display(1, 2)\ndisplay()\n").displays] == ["1", "2"]


def test_a_value_that_draws_itself_is_a_picture(capture: Capture) -> None:
    trace = capture("""
        class S:
            def _repr_svg_(self):
                return "<svg></svg>"
            def __repr__(self):
                return "S!"
        class P:
            def _repr_png_(self):
                return b"\\x89PNG", {"width": 1}
        display(S(), P())
        """)
    assert [(one.mime, one.data) for one in trace.displays] == [
        ("image/svg+xml", "<svg></svg>"),
        ("image/png", base64.b64encode(PNG).decode()),
    ]
    assert trace.displays[0].text == "S!"


def test_the_value_of_a_cells_last_line_is_shown(capture: Capture) -> None:
    trace = capture("""
        # %%
        import torch
        x = torch.ones(2, requires_grad=True)
        (x * 2).sum().backward()
        x.grad
        # %%
        print("second")
        None
        # %%
        x + 1;
        # %%
        y = 1
        y, 2
        """)
    assert [(one.line, one.text, one.at) for one in trace.displays] == [(5, "tensor([2., 2.])", 0), (13, "(1, 2)", 7)]


def test_a_cells_figures_are_shown_when_it_is_over(capture: Capture) -> None:
    trace = capture(f"# %%\n{PLOT}plt.plot([1]);\nprint('one')\n# %%\nprint('two')\nplt.plot([2]);\n")
    assert [(one.line, one.at) for one in pictures(trace)] == [(3, 4), (7, 8)]


def test_a_value_that_cannot_be_shown_is_noted_and_the_program_goes_on(capture: Capture) -> None:
    trace = capture("class A:\n    def __repr__(self):\n        raise ValueError('no')\ndisplay(A())\nprint('end')\n")
    assert trace.stdout == "end\n"
    assert [note.observer for note in trace.notes] == ["displays"]


def test_the_name_display_is_the_programs_if_it_wants_it(capture: Capture) -> None:
    trace = capture("def display(x):\n    print('mine', x)\ndisplay(1)\n")
    assert (trace.stdout, trace.displays) == ("mine 1\n", [])


# --- standard error


def test_what_a_line_writes_to_standard_error_stays_together(capture: Capture) -> None:
    trace = capture("""
        import sys
        print("a", "b", file=sys.stderr); sys.stderr.write("c\\n")
        print("out")
        print("d", file=sys.stderr)
        """)
    shown = [(one.step, one.line, one.mime, one.text, one.at) for one in trace.displays]
    assert shown == [(1, 2, STDERR, "a b\nc\n", 0), (3, 4, STDERR, "d\n", 4)]


def test_what_is_printed_in_between_separates_it(capture: Capture) -> None:
    trace = capture(
        "import sys\nfor w in 'ab': sys.stderr.write(w), print('x') if w == 'a' else None, sys.stderr.write(w)\n"
    )
    assert [(one.text, one.at) for one in trace.displays] == [("a", 0), ("a", 2), ("bb", 2)]


def test_a_progress_bar_is_standard_error(capture: Capture) -> None:
    trace = capture("""
        from tqdm import tqdm
        total = 0
        for i in tqdm(range(3), ncols=40):
            total += i
        print(total)
        """)
    assert trace.stdout == "3\n"
    assert {one.mime for one in trace.displays} == {STDERR}
    assert "100%" in trace.displays[-1].text
    assert trace.displays[-1].at == 0


def test_order_beside_printed_text(capture: Capture) -> None:
    trace = capture(f"""
{PLOT}import sys
print("one")
display(1)
print("two", file=sys.stderr)
print("three")
plt.plot([1]); plt.show()
print("four")
""")
    assert trace.stdout == "one\nthree\nfour\n"
    assert [(one.mime, one.at) for one in trace.displays] == [("text/plain", 4), (STDERR, 4), ("image/png", 10)]


# --- bounds


def test_their_number_is_bounded(capture: Capture) -> None:
    trace = capture("for i in range(9):\n    display(i)\nprint('end')\n", caps=Caps(displays=4))
    assert [one.text for one in trace.displays] == ["0", "1", "2", "3"]
    assert [(cut.observer, cut.cap) for cut in trace.truncations] == [("displays", 4)]
    assert trace.stdout == "end\n"


def test_their_bytes_are_bounded(capture: Capture) -> None:
    trace = capture(f"{PLOT}for i in range(3):\n    plt.plot([1, i]); plt.show()\n", caps=Caps(display_bytes=40_000))
    assert len(pictures(trace)) == 1
    assert [(cut.observer, cut.cap) for cut in trace.truncations] == [("displays", 40_000)]


def test_their_text_is_bounded(capture: Capture) -> None:
    trace = capture(
        "import sys\ndisplay('a' * 50)\nsys.stderr.write('b' * 70)\ndisplay(1)\n", caps=Caps(display_chars=100)
    )
    assert [len(one.text) for one in trace.displays] == [52, 48]
    assert [cut.cap for cut in trace.truncations] == [100]


def test_pieces_of_standard_error_are_bounded(capture: Capture) -> None:
    trace = capture("import sys\nfor i in range(9):\n    sys.stderr.write('x')\n", caps=Caps(stderr_pieces=3))
    assert len(trace.displays) == 3
    assert [cut.cap for cut in trace.truncations] == [3]


def test_characters_that_cannot_be_encoded_are_shown_as_escapes(capture: Capture) -> None:
    trace = capture("import sys\ndisplay('\\ud800')\nsys.stderr.write('é\\n')\n")
    assert decode_trace(encode_trace(trace)) == trace
    assert trace.displays[1].text == "é\n"
