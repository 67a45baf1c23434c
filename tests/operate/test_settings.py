"""Settings are read from the environment; what cannot be read, or is none, is said."""

from __future__ import annotations

import re
from ipaddress import ip_network

import pytest

from app.cli import main
from components import settings
from components.settings import BadSetting, Setting


@pytest.mark.parametrize(
    ("setting", "text", "value"),
    [
        (settings.TRUST, "1", True),
        (settings.TRUST, " 0 ", False),
        (settings.TRUST, "", False),
        (settings.WORKER_UID, "10001", 10_001),
        (settings.WORKER_UID, "", None),
        (settings.METRICS, "9501", ("127.0.0.1", 9_501)),
        (settings.METRICS, "0.0.0.0:9501", ("0.0.0.0", 9_501)),
        (settings.METRICS, "[::1]:80", ("::1", 80)),
        (settings.STOP_SECONDS, "2.5", 2.5),
        (settings.LOG, "json", "json"),
        (settings.PLACES, "5 + 1", (5, 1)),
        (settings.PERSON_WAITING, "3", 3),
        (settings.TRUSTED_PROXIES, "10.0.0.0/8, ::1", (ip_network("10.0.0.0/8"), ip_network("::1"))),
        (settings.DATA, "/data", "/data"),
    ],
)
def test_a_setting_is_read(setting: Setting[object], text: str, value: object) -> None:
    assert setting.value({setting.name: text}) == value
    assert setting.value({}) == setting.default


@pytest.mark.parametrize(
    ("setting", "text", "must_be"),
    [
        (settings.TRUST, "yes", "1 or 0"),
        (settings.WORKER_UID, "root", "a whole number from 1"),
        (settings.WORKER_UID, "0", "a whole number from 1"),
        (settings.WORKER_UID, "²", "a whole number from 1"),
        (settings.METRICS, "http://x", "a port"),
        (settings.METRICS, "::1:9501", "a port"),
        (settings.METRICS, "70000", "a port"),
        (settings.STOP_SECONDS, "nan", "a number from 0 to 600"),
        (settings.STOP_SECONDS, "-1", "a number from 0 to 600"),
        (settings.LOG, "xml", "text or json"),
        (settings.PLACES, "3", "two numbers"),
        (settings.PLACES, "0+1", "two numbers"),
        (settings.PERSON_WAITING, "2.5", "a whole number"),
        (settings.TRUSTED_PROXIES, "proxy", "addresses or networks"),
    ],
)
def test_what_cannot_be_read_is_said(setting: Setting[object], text: str, must_be: str) -> None:
    with pytest.raises(BadSetting, match=f"^{setting.name} is {must_be}.*; not '{re.escape(text)}'"):
        setting.value({setting.name: text})
    with pytest.raises(BadSetting):
        settings.check({setting.name: text})


def test_a_setting_that_cannot_be_read_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(settings.STOP_SECONDS.name, "soon")
    assert main([]) == 2
    assert "AUTOGRAD_LAB_STOP_SECONDS is a number" in capsys.readouterr().err


def test_a_name_that_is_no_setting_is_said() -> None:
    environment = {"AUTOGRAD_LAB_TRSUT": "1", "AUTOGRAD_LAB_COLOUR_OF_THE_SKY": "blue", "PATH": "/bin"}
    assert settings.check(environment) == [
        "There is no setting AUTOGRAD_LAB_COLOUR_OF_THE_SKY.",
        "There is no setting AUTOGRAD_LAB_TRSUT; AUTOGRAD_LAB_TRUST is one.",
    ]


def test_each_setting_has_a_name_of_its_own() -> None:
    names = [setting.name for setting in settings.ALL]
    assert len(names) == len(set(names))
    assert all(name.startswith("AUTOGRAD_LAB_") for name in names)
