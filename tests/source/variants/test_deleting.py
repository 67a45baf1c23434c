"""``del`` where a tensor was used for the last time, and nowhere where it is needed again."""

from __future__ import annotations

import pytest

from components.source.variants import variants
from tests.source.variants.made import HEAD, changes, texts


def places(body: str) -> list[str]:
    """The body's variants, each as the whole body."""
    return [text.removeprefix(HEAD) for text in texts(HEAD + body, "del")]


def test_it_stands_behind_the_last_statement_that_reads_the_name() -> None:
    source = HEAD + "h = x * 2\ny = h.sum()  # last\nprint(1)\ny.backward()\nprint(2)\n"
    assert [(one.line, one.title) for one in variants(source) if one.switch == "del"] == [
        (4, "`del h` after line 4"),
        (6, "`del y` after line 6"),
    ]
    assert texts(source, "del") == [
        HEAD + "h = x * 2\ny = h.sum()  # last\ndel h\nprint(1)\ny.backward()\nprint(2)\n",
        HEAD + "h = x * 2\ny = h.sum()  # last\nprint(1)\ny.backward()\ndel y\nprint(2)\n",
    ]


def test_a_statement_of_several_lines_is_passed_whole() -> None:
    assert places("h = x * 2\nif n:\n    print(\n        h\n    )\nelse:\n    pass\nprint()\n") == [
        "h = x * 2\nif n:\n    print(\n        h\n    )\nelse:\n    pass\ndel h\nprint()\n"
    ]


def test_a_loop_that_computes_it_anew_lets_it_go_each_time() -> None:
    assert places("for i in range(2):\n\th = x * i\n\th.sum().backward()") == [
        "for i in range(2):\n\th = x * i\n\th.sum().backward()\n\tdel h"
    ]


def test_a_function_lets_it_go_before_it_returns() -> None:
    body = "def f(a):\n    h = a * 2\n    g = h + 1\n    return g * 2\n"
    assert places(body) == ["def f(a):\n    h = a * 2\n    g = h + 1\n    del h\n    return g * 2\n"]


def test_what_is_computed_under_a_mode_may_be_read_behind_it() -> None:
    assert places("with torch.no_grad():\n    h = x * 2\nprint(h)\nprint()\n") == [
        "with torch.no_grad():\n    h = x * 2\nprint(h)\ndel h\nprint()\n"
    ]


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_the_new_line_ends_like_the_others(end: str) -> None:
    assert [(line, new) for line, _, new in changes(f"{HEAD}h = x * 2\ng(h)\ng(1)\n".replace("\n", end), "del")] == [
        (4, "del h")
    ]


@pytest.mark.parametrize(
    "body",
    [
        "h = x * 2\nprint(h)\n",  # the program ends there
        "h = x * 2\nprint(1)\n",  # read nowhere
        "h = x\nprint(h)\nprint()\n",  # only another name
        "h = x * 2\nfor i in range(2):\n    h = h + 1\n    print(h)\n",  # the next turn reads it
        "for i in range(2):\n    if i:\n        print(h)\n    h = x * 2\n    print(h)\n",
        "while go(h):\n    h = x * 2\n    print(h)\n",
        "for i in range(2):\n    h = x * 2\n    print(h)\nprint(h)\n",  # and so does what follows
        "if n:\n    h = x * 2\n    print(h)\nprint(h)\n",
        "h = x * 2\ndef f():\n    return h\nprint(h)\nf()\n",  # a function reads it later
        "h = x * 2\nprint(h)\nf = lambda: h\nf()\n",
        "h = x * 2\ng = (h for i in r)\nprint(h)\nsum(g)\n",
        "h = x * 2\nprint(h)\ndel h\nprint()\n",  # gone already
        "h = x * 2\nprint(h); print()\n",  # no line of its own
        "def f(a):\n    global h\n    h = a * 2\n    print(h)\n    print()\n",
        "try:\n    h = x * 2\nexcept ValueError:\n    pass\nprint(h)\nprint()\n",  # may be unbound
        "with suppress(ValueError):\n    h = x * 2\nprint(h)\nprint()\n",
        "class A:\n    h = x * 2\n    print(h)\n    print()\n",
        "def f(a):\n    h = a * 2\n    return h\n",
    ],
)
def test_nothing_is_removed_that_is_needed_again(body: str) -> None:
    assert places(body) == []


def test_a_text_with_a_name_in_it_reads_it() -> None:
    assert places("h = x * 2\nprint(f'{h}')\nprint()\n") == ["h = x * 2\nprint(f'{h}')\ndel h\nprint()\n"]
