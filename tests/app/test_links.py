"""Programs in an address."""

from __future__ import annotations

import base64
import random
import zlib
from contextlib import suppress
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.links import (
    FORM,
    LONGEST,
    SAFE,
    DamagedLink,
    TooLong,
    form_link,
    linked_form,
    linked_program,
    pack,
    program_link,
    unpack,
)
from components.source.form import BackwardPress, Form, Leaf, ZeroGrad

ANY = st.text(st.characters(codec="utf-8") | st.sampled_from("\0\n,\ud800🙂"), max_size=200)


def noise(length: int) -> str:
    """A text that no compression makes shorter."""
    return "".join(random.Random(0).choices("abcdefghijklmnopqrstuvwxyz0123456789_+-*/", k=length))


@given(st.lists(ANY, min_size=1, max_size=3))
def test_any_texts_come_back(texts: list[str]) -> None:
    link = pack(texts)
    assert set(link) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert unpack(link, len(texts)) == tuple(texts)


def test_two_alike_programs_take_little_more_room_than_one() -> None:
    text = noise(2_000)
    one, two = len(pack([text])), len(pack([text, f"{text}\nwith torch.no_grad(): pass"]))
    assert two < 1.1 * one


def test_programs_that_are_too_long_are_refused_with_numbers() -> None:
    with pytest.raises(TooLong, match=rf"packed it has [\d,]+ characters, .* at most {LONGEST:,}"):
        pack([noise(20_000), ""])
    with pytest.raises(TooLong):
        program_link(noise(20_000))
    assert len(pack(["x = 1\n" * 8_000, ""])) < 1_000  # what repeats itself fits, however long it is


@given(st.data())
def test_a_link_that_lost_or_changed_a_character_is_damaged(data: st.DataObject) -> None:
    link = pack(["import torch\nx = torch.ones(3)\n", "y = 2\n"])
    place = data.draw(st.integers(0, len(link) - 1))
    other = data.draw(st.sampled_from("Aa0_-%=é "))
    for broken in (link[:place], link[:place] + link[place + 1 :], link[:place] + other + link[place + 1 :]):
        # The last character may hold bits that mean nothing; then the same texts come back.
        with suppress(DamagedLink):
            assert unpack(broken, 2) == unpack(link, 2)


@pytest.mark.parametrize(
    "link",
    [
        "",
        "hello",
        "%%%",
        "é",
        base64.urlsafe_b64encode(b"not compressed").decode(),
        *(
            base64.urlsafe_b64encode(zlib.compress(data)).decode()
            for data in (b"", b"1\nx", b"9,9\nxy", b"1,1,1\nxyz", b"-1,3\nxy", b"a,b\nxy", b"1,1\n\xff\xff")
        ),
        pack(["one"]),
        pack(["one", "two", "three"]),
    ],
)
def test_what_is_no_link_of_two_programs_is_damaged(link: str) -> None:
    with pytest.raises(DamagedLink, match="copy the whole link again"):
        unpack(link, 2)


def test_a_link_that_would_unpack_to_more_than_programs_can_be_is_refused_before_it_does() -> None:
    bomb = base64.urlsafe_b64encode(zlib.compress(b"\0" * 300_000_000, 9)).decode()
    assert len(bomb) < 500_000
    with pytest.raises(DamagedLink):
        unpack(bomb, 2)


def test_something_behind_the_end_is_refused() -> None:
    packed = zlib.compress(b"1,1\nxy")
    assert unpack(base64.urlsafe_b64encode(packed).decode(), 2) == ("x", "y")
    with pytest.raises(DamagedLink):
        unpack(base64.urlsafe_b64encode(packed + b"more").decode(), 2)


# What could be taken for another part of a form, or changed on its way through an address.
PARTS = st.sampled_from(
    ["|", "=", ":", ":fixed", "backward", "zero_grad", "no_grad", "\r\n", "%20", "+", "&", "#", "é"]
)
PIECES = st.lists(PARTS | ANY, max_size=4).map("".join)
LEAVES = st.builds(Leaf, PIECES, PIECES, st.booleans(), PIECES | st.sampled_from(["float32", "float64", "int64"]))
PRESSES = st.builds(BackwardPress, st.booleans(), st.booleans()) | st.just(ZeroGrad())
FORMS = st.builds(
    Form, PIECES, st.lists(LEAVES, max_size=3).map(tuple), st.lists(PRESSES, max_size=3).map(tuple), st.booleans()
)


def through_an_address(parts: dict[str, str]) -> dict[str, str]:
    """Write an address and read it, as browsers and Streamlit do; what is empty gets lost there."""
    return dict(parse_qsl(urlencode(parts, safe=SAFE)))


@given(PIECES)
def test_any_program_comes_back_from_an_address(program: str) -> None:
    assert linked_program(through_an_address(program_link(program))) == program


@given(FORMS)
def test_any_form_comes_back_from_an_address(form: Form) -> None:
    assert linked_form(through_an_address(form_link(form))) == form


def test_what_is_short_can_be_read_in_the_address() -> None:
    form = Form("x**3", (Leaf("x", "2.0"), Leaf("w", "3", False, "int64")), (BackwardPress(True), ZeroGrad()), True)
    assert program_link("print(1)\n") == {"code": "print(1)\n"}
    assert form_link(form) == {FORM: "x**3|x=2.0|w=3:int64:fixed|backward(retain_graph)|zero_grad|no_grad|"}
    assert set(program_link("print(1)\n" * 100)) == {"packed"}


def test_an_address_without_a_program_holds_none() -> None:
    assert linked_program({"lesson": "x"}) is None
    assert linked_form({"lesson": "x"}) is None


@pytest.mark.parametrize(
    "text", ["x|y", "|||x", "x|=1|", "nothing", "", "e" * 60_000, pack(["{}"]), pack(["[" * 100_000])]
)
def test_a_form_that_is_none_is_damaged(text: str) -> None:
    with pytest.raises(DamagedLink):
        linked_form({FORM: text})
