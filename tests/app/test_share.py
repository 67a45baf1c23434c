"""The code for phones says the link: it is read back from the SVG, module by module."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
import segno

from app import share


def modules_of(svg: str) -> list[list[int]]:
    """Return the dark modules of a code, drawn anew from the horizontal strokes of its path."""
    root = ET.fromstring(svg)
    size = int(float(root.attrib["viewBox"].split()[2]))
    drawn = [[0] * size for _ in range(size)]
    stroked = next(path for path in root.iter() if "stroke" in path.attrib)
    x = y = 0.0
    for word, numbers in re.findall(r"([mMh])([^a-zA-Z]*)", stroked.attrib["d"]):
        values = [float(number) for number in re.findall(r"-?\d*\.?\d+", numbers)]
        if word == "h":
            for column in range(int(x), int(x + values[0])):
                drawn[int(y)][column] = 1
            x += values[0]
        else:
            x, y = (values[0], values[1]) if word == "M" else (x + values[0], y + values[1])
    return drawn


@pytest.mark.parametrize("length", [60, 400, 1_200])
def test_the_code_is_that_of_the_link(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    link = "http://127.0.0.1:8501/code?code=print(1)%0A".ljust(length, "x")
    monkeypatch.setattr(share, "link_of", lambda page, place: link)
    drawn = modules_of(share.code("code", {}))
    wanted = [list(row) for row in segno.make(link, error="m", micro=False).matrix]
    quiet = 4
    assert [row[quiet:-quiet] for row in drawn[quiet:-quiet]] == wanted
    assert not any(map(any, [*drawn[:quiet], *drawn[-quiet:]]))


def test_a_link_that_phones_could_not_read_gets_no_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share, "link_of", lambda page, place: "x" * 1_201)
    assert share.code("code", {}) == ""
