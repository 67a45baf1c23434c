"""Values as JSON text: the program's process may have written any, and no text is more than a value or an error."""

from __future__ import annotations

import json

import pytest

from components.answers.exercises.plain_values import NotPlain, decode_value, encode_value, name_of_type


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not JSON",
        '{"tensor": 3}',
        '{"tensor": ["load", [1], [1]]}',
        '{"tensor": ["float32", [2, 2], [1]]}',
        '{"tensor": ["float32", [-1, -1], [1]]}',
        '{"dtype": "nn.Module"}',
        '{"device": "toaster"}',
        '{"complex": "one"}',
        '{"object": []}',
        '{"list": 3}',
        '{"set": [{"list": []}]}',
        '{"dict": [[1]]}',
        '{"size": ["a"]}',
        "{}",
        '{"list": [], "tuple": []}',
        "[" * 50_000,
    ],
)
def test_any_other_text_is_an_error(text: str) -> None:
    with pytest.raises(NotPlain, match="not the text of a value"):
        decode_value(text)


def test_only_the_content_of_a_subclass_travels() -> None:
    class Number(float):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = float.__hash__

    class Row(list[float]):
        def __iter__(self):  # type: ignore[no-untyped-def]
            return iter([12.0])

    assert json.loads(encode_value(Number(3))) == 3.0
    assert type(decode_value(encode_value(Number(3)))) is float
    assert decode_value(encode_value(Row([1.0, 2.0]))) == [1.0, 2.0]


def test_an_object_is_named_and_does_not_travel() -> None:
    class Meta(type):
        @property
        def __name__(cls) -> str:  # type: ignore[override]
            return "float"

    class Claim(metaclass=Meta):
        __class__ = float  # type: ignore[assignment]

        def __float__(self) -> float:
            return 12.0

    assert name_of_type(Claim()) == "Claim"
    with pytest.raises(NotPlain, match="Claim"):
        encode_value(Claim())
