"""The Python side of the editor: what it takes from the browser and when, and the text area where nothing was built."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from components.widgets import editor, files, nodejs

APP = str(Path(__file__).with_name("editor_app.py"))
BUNDLE = "editor-TEST.js"


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A bundle is there; Python does not look inside."""
    folder = tmp_path / "built"
    folder.mkdir()
    (folder / BUNDLE).write_text("export default () => {}\n", encoding="utf-8")
    monkeypatch.setattr(editor, "BUILT", folder)
    files._renderer.cache_clear()


@pytest.fixture
def not_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(editor, "BUILT", tmp_path / "built")


def opened() -> AppTest:
    app = AppTest.from_file(APP, default_timeout=30).run()
    assert not app.exception
    return app


def shown(app: AppTest) -> tuple[str, int]:
    """Return what the page has of the editor: the program and the number of the last run."""
    assert not app.exception
    assert app.text[2].value == "known before: True"
    return app.code[0].value, int(app.text[0].value.removeprefix("runs: "))


def sent(app: AppTest) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(app.get("bidi_component")[0].proto.json)
    return found


def file_at(address: str) -> str:
    """Return what a browser gets at an address that is seen from the bundle's."""
    return (files._folder() / address.rpartition("/")[2]).read_text(encoding="utf-8")


def tell(app: AppTest, text: str, *, seq: int, run: int = 0, revision: str = "first") -> None:
    """Report as the browser does."""
    app.session_state["program0"] = {"edited": {"revision": revision, "text": text, "run": run, "seq": seq}}
    app.run()


def switch(app: AppTest, label: str) -> None:
    next(toggle for toggle in app.toggle if toggle.label == label).set_value(True).run()


def switch_back(app: AppTest, label: str) -> None:
    next(toggle for toggle in app.toggle if toggle.label == label).set_value(False).run()


@pytest.mark.usefixtures("built")
def test_the_bundle_is_a_file_and_not_part_of_every_message() -> None:
    proto = opened().get("bidi_component")[0].proto
    assert (proto.js_source_path, proto.js_content) == (BUNDLE, "")


@pytest.mark.usefixtures("built")
def test_a_report_arrives_and_goes_back_for_a_later_mount() -> None:
    app = opened()
    assert shown(app)[0].startswith("import torch\n")
    tell(app, "x = 1", seq=5)
    assert shown(app) == ("x = 1", 0)
    assert sent(app)["text"] == "x = 1"
    tell(app, "x = 2", seq=9, run=9)
    assert shown(app) == ("x = 2", 9)


@pytest.mark.usefixtures("built")
def test_only_another_revision_replaces_and_no_late_report_undoes_it() -> None:
    app = opened()
    tell(app, "x = 1", seq=5, run=5)
    switch(app, "Other program")
    text, run = shown(app)
    assert (text.splitlines()[2], run) == ("v1 = torch.ones(1)", 5)
    tell(app, "x = 11", seq=6, run=6)
    assert shown(app) == (text, 5)
    # Back again the first program is given anew: what is still in Streamlit's memory was said before.
    switch_back(app, "Other program")
    assert shown(app)[0].startswith("import torch\nimport torch.nn.functional")
    tell(app, "x = 3", seq=7)
    assert shown(app) == ("x = 3", 5)


@pytest.mark.usefixtures("built")
def test_what_was_typed_comes_back_after_another_page() -> None:
    app = opened()
    tell(app, "x = 1", seq=5, run=4)
    switch(app, "Another page")
    assert not app.get("bidi_component")
    switch_back(app, "Another page")
    assert shown(app) == ("x = 1", 4)
    assert (sent(app)["text"], sent(app)["seq"]) == ("x = 1", 5)


@pytest.mark.usefixtures("built")
def test_the_browser_gets_words_and_the_problem() -> None:
    app = opened()
    assert sent(app)["problem"] is None
    names = json.loads(file_at(sent(app)["words"]))
    assert (names["torch.nn.functional"], names[""]) == ("relu gelu softmax", "print")
    switch(app, "It failed")
    assert sent(app)["problem"]["line"] == 10


@pytest.mark.parametrize(
    "told", [None, "x", {}, {"revision": "first"}, {"revision": "first", "text": 3, "run": 0, "seq": 1}]
)
def test_what_is_no_report_is_ignored(told: object) -> None:
    assert editor.read_report(told) is None


@pytest.mark.usefixtures("not_built")
def test_without_a_bundle_there_is_a_text_area_and_nothing_is_lost() -> None:
    app = opened()
    assert not app.get("bidi_component")
    area = app.text_area[0]
    assert (area.label, str(area.value).strip(), 0) == ("Program", *shown(app))
    area.set_value("x = 1").run()
    assert shown(app) == ("x = 1", 1)
    next(button for button in app.button if button.label == "Do nothing").click().run()
    assert shown(app) == ("x = 1", 1)
    switch(app, "Another page")
    switch_back(app, "Another page")
    assert shown(app) == ("x = 1", 1)
    assert app.text_area[0].value == "x = 1"
    app.text_area[0].set_value("x = 2").run()
    assert shown(app) == ("x = 2", 2)


@pytest.mark.usefixtures("not_built")
def test_another_revision_fills_the_text_area_too() -> None:
    app = opened()
    app.text_area[0].set_value("x = 1").run()
    switch(app, "Other program")
    assert str(app.text_area[0].value).strip() == shown(app)[0] != "x = 1"
    switch_back(app, "Other program")
    assert str(app.text_area[0].value).startswith("import torch\nimport torch.nn.functional")
    assert shown(app)[1] == 1


def test_where_it_cannot_be_built_there_are_words_and_no_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def nothing(tools: Path | None) -> Path:
        raise nodejs.NotHere("there is no Node.js")

    monkeypatch.setattr(nodejs, "_node_folder", nothing)
    monkeypatch.setattr(nodejs, "BUILT", tmp_path)
    assert nodejs.main(["build"]) == 0
    assert "NOT BUILT: the program editor (there is no Node.js)" in (said := capsys.readouterr().err)
    assert "uses a plain text area" in said
    assert nodejs.main(["build", "--strict"]) == 1


def test_where_the_scripts_cannot_be_checked_that_is_said_and_fails_where_it_must_not_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nothing(folder: Path) -> Path:
        raise nodejs.NotHere("npm is away")

    monkeypatch.setattr(nodejs, "_node_folder", lambda tools: Path("."))
    monkeypatch.setattr(nodejs, "_install", nothing)
    assert nodejs.main(["check"]) == 0
    assert "NOT CHECKED: the browser's scripts (npm is away)" in capsys.readouterr().err
    assert nodejs.main(["check", "--strict"]) == 1


def test_packages_are_pinned_and_name_no_host() -> None:
    wanted = json.loads((nodejs.ROOT / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((nodejs.ROOT / "package-lock.json").read_text(encoding="utf-8"))
    versions = {**wanted["dependencies"], **wanted["devDependencies"]}
    assert all(version.replace(".", "").isdigit() for version in versions.values()), versions
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert {package["license"] for package in packages.values() if not package.get("dev")} == {"MIT"}
    # What only checks is not shipped; still nothing asks for more than its notice and, axe-core (MPL), for the changes
    # to its own files where those are handed on.
    free = {"MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "BlueOak-1.0.0", "MPL-2.0"}
    assert {package["license"] for package in packages.values()} <= free
    assert [name for name, package in packages.items() if "resolved" in package or "integrity" not in package] == []
