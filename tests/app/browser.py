"""The app in a real browser, for the tests marked ``browser``: one server, one Chromium, pages with helpers."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Error, Page, Request, expect

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_START_SECONDS = 90
WAIT = 30_000
_RESTS = Path(__file__).with_name("rests.js")
Scheme = Literal["light", "dark"]
# What is written a moment later, or as the page is left, would be there for the next test.
_FORGET = """() => {
    if (location.origin === "null") return;
    localStorage.clear();
    sessionStorage.clear();
    Storage.prototype.setItem = () => {};
}"""


@contextmanager
def served(port: int = 0) -> Iterator[str]:
    """Start the app on a port of the loopback interface, a free one if none is asked for, and yield its address."""
    with socket.socket() as probe:
        if not port:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.port", str(port)]
    server = subprocess.Popen(
        [*command, "--server.address", "127.0.0.1"], cwd=ROOT, env=os.environ | {"PYTHONWARNINGS": "default"}
    )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_until_healthy(f"{address}/_stcore/health", server)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)


@contextmanager
def watched(
    visitor: BrowserContext, path: str, *, width: int = 1440, height: int = 900, scheme: Scheme = "light"
) -> Iterator[Page]:
    """Open a page of the app, in a session of its own; at the end neither it nor the app may have raised anything."""
    with tab(visitor, width=width, height=height, scheme=scheme) as page:
        page.goto(path)
        yield page
        assert page.get_by_test_id("stException").count() == 0


@contextmanager
def tab(visitor: BrowserContext, *, width: int = 1280, height: int = 800, scheme: Scheme = "light") -> Iterator[Page]:
    """Yield an empty page; what it shows may raise nothing, and ask nobody but this machine for anything.

    All tests of a worker have one tab, which keeps the scripts that it has loaded: another one would compile them anew.
    """
    page = visitor.pages[0] if visitor.pages else visitor.new_page()
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme)
    page.set_default_timeout(WAIT)
    expect.set_options(timeout=WAIT)
    errors: list[str] = []

    def note(error: Error) -> None:
        errors.append(str(error))

    def asked(request: Request) -> None:
        if urlsplit(request.url).hostname not in (None, "127.0.0.1", "localhost"):
            errors.append(f"asked {request.url}")

    page.on("pageerror", note)
    page.on("request", asked)
    try:
        yield page
        assert errors == []
    finally:
        page.remove_listener("pageerror", note)
        page.remove_listener("request", asked)
        page.mouse.move(0, 0)
        page.evaluate(_FORGET)
        page.goto("about:blank")


def watch_the_runs_of(context: BrowserContext) -> None:
    """Have pages note what they ask the app for: `wait_until_the_app_rests` relies on it."""
    context.add_init_script(path=_RESTS)


def choose(page: Page, box: str, name: str) -> None:
    """Choose the first entry of a list that has this in it; its entries are there a moment after the click."""
    wait_until_the_app_rests(page)
    chosen = page.get_by_role("combobox", name=box, exact=True)
    chosen.click()
    page.get_by_role("option").first.wait_for()
    chosen.fill(name)
    page.get_by_role("option", name=name).first.click()
    expect(chosen).to_have_value(re.compile(re.escape(name)))


def wait_for_the_steps_address(page: Page) -> None:
    """Wait until the address names the player's step; for a moment that of an earlier step stands there."""
    page.wait_for_function("""() => {
        const asked = new URLSearchParams(location.search), places = [...globalThis.autogradLab.places.values()];
        return places.some(({ step, node }) => asked.get("step") === `${step}` && asked.get("node") === node);
    }""")


def wait_until_the_app_rests(page: Page) -> None:
    """Wait until no run of the app is owed to the page and each part has its script.

    The context has to be one that ``watch_the_runs_of`` was told of.
    """
    page.evaluate("() => appRests(true)")
    page.wait_for_function("() => appRests(false)")


def _wait_until_healthy(address: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        assert server.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(address)
