"""Whose address counts: the last that no trusted proxy has added."""

from __future__ import annotations

import pytest

from app.visitor import visitor
from components import settings

INSIDE = "10.0.0.0/8, 127.0.0.1,fd00::/8"


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        (None, [], "127.0.0.1"),
        ("203.0.113.5", [], "203.0.113.5"),
        ("203.0.113.5", ["198.51.100.7"], "203.0.113.5"),  # not a proxy of ours: it may say what it likes
        ("10.1.2.3", ["198.51.100.7"], "198.51.100.7"),
        ("10.1.2.3", ["192.0.2.1, 198.51.100.7"], "198.51.100.7"),  # the first was sent by the browser
        ("10.1.2.3", ["198.51.100.7, 10.9.9.9"], "198.51.100.7"),  # two proxies, one behind the other
        ("10.1.2.3", ["192.0.2.1", "198.51.100.7"], "198.51.100.7"),  # a header that came twice
        ("10.1.2.3", ["10.4.4.4"], "10.4.4.4"),  # somebody inside
        (None, ["198.51.100.7"], "198.51.100.7"),
        ("10.1.2.3", ["198.51.100.7:4711"], "198.51.100.7"),
        ("10.1.2.3", ["[2001:db8:1:2:3::4]:4711"], "2001:db8:1:2::/64"),
        ("2001:db8:1:2:3::4", [], "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", [], "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.5", [], "203.0.113.5"),
        ("fd00::1", ["198.51.100.7"], "198.51.100.7"),
        ("10.1.2.3", ["unknown"], "10.1.2.3"),
        ("10.1.2.3", ["192.0.2.1, unknown"], "10.1.2.3"),
        ("10.1.2.3", [""], "10.1.2.3"),
        ("somewhere", [], ""),
    ],
)
def test_the_right_most_address_that_is_not_trusted(peer: str | None, forwarded: list[str], expected: str) -> None:
    assert visitor(peer, forwarded, settings.networks(INSIDE)) == expected


def test_nobody_is_trusted_by_default() -> None:
    assert visitor("10.1.2.3", ["198.51.100.7"], settings.TRUSTED_PROXIES.value({})) == "10.1.2.3"


def test_a_setting_that_cannot_be_read_is_said() -> None:
    with pytest.raises(settings.BadSetting, match="AUTOGRAD_LAB_TRUSTED_PROXIES is addresses or networks"):
        settings.TRUSTED_PROXIES.value({"AUTOGRAD_LAB_TRUSTED_PROXIES": "10.0.0.0/99"})
