"""A press of Backward in Chromium until its new picture is seen, and the first picture after a start.

In turns: the Playground with a graph of 13 nodes, ``retain_graph`` on, every press a program that has not run before;
and the app that people write in an afternoon (``bench/naive_app.py``), which has torch in its own process.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import msgspec
from playwright.sync_api import Page, WebSocket, sync_playwright
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from app.links import form_link
from bench.load.processes import ROOT, Server
from bench.timing import Row
from components.source.form import Form, Leaf
from tests.app.browser import CHROMIUM, FLAGS, _wait_until_healthy

PRESSES, ROUNDS, STARTS = 4, 5, 2
EXPRESSION = "cos(sin(x*w) + x**2 + tanh(w)*exp(x) + w**3)"
SEEN = "() => bench.told() !== ''"


@dataclass
class App:
    """One of the two apps that are compared: how it is started, where its page is, and what was measured."""

    command: tuple[str, ...]
    path: Callable[[float], str]
    prepare: Callable[[Page], None] = lambda page: None
    presses: list[float] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    runs: list[int] = field(default_factory=list)


def playground(x: float) -> str:
    """Return the address of the Playground with the expression at x."""
    leaves = (Leaf(name="x", value=f"{x}"), Leaf(name="w", value="3.0"))
    return f"/playground?{urlencode(form_link(Form(expression=EXPRESSION, leaves=leaves)))}"


def retain_graph(page: Page) -> None:
    """Let the form keep the graph for each next press."""
    retain = page.locator(".st-key-playground-retain")
    retain.wait_for()  # it comes after the picture
    if not retain.locator("input").is_checked():  # a browser that has been here keeps it
        retain.get_by_text("retain_graph", exact=True).click()


@contextmanager
def serving(app: App, port: int) -> Iterator[Server]:
    """Start an app and yield its server at once, before it answers."""
    command = [sys.executable, "-W", "ignore", "-m", *app.command, "--server.port", str(port)]
    process = subprocess.Popen(
        [*command, "--server.address", "127.0.0.1"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    try:
        yield Server(process, port)
    finally:
        process.terminate()
        process.wait(timeout=30)


def first_picture(page: Page, app: App, port: int) -> None:
    """Note the seconds from a server's start until a browser that waits for it shows the picture."""
    began = time.perf_counter()
    with serving(app, port) as server:
        address = f"http://127.0.0.1:{port}"
        _wait_until_healthy(f"{address}/_stcore/health", server.process)
        page.goto(address + app.path(2.0))
        page.wait_for_function(SEEN, timeout=120_000, polling=20)
        app.starts.append(time.perf_counter() - began)
        page.goto("about:blank")


@dataclass
class Heard:
    """What came over the page's connection since it was last asked: bytes, and runs of the page."""

    sent: int = 0
    runs: int = 0

    def listen(self, socket: WebSocket) -> None:
        """Count what a connection brings."""
        socket.on("framereceived", self._frame)

    def _frame(self, data: str | bytes) -> None:
        if isinstance(data, str):
            return
        self.sent += len(data)
        message = ForwardMsg()
        with suppress(Exception):  # what is no such message is only counted
            message.ParseFromString(data)
            self.runs += message.WhichOneof("type") == "new_session"


def some_presses(page: Page, app: App, server: Server, heard: Heard, turn: int) -> None:
    """Open the page at another x, and note how long each press takes until the new picture is there."""
    page.goto(f"http://127.0.0.1:{server.port}{app.path(1.0 + turn / 64)}")
    page.wait_for_function(SEEN, timeout=120_000, polling=20)
    app.prepare(page)
    page.wait_for_timeout(1_500)
    for number in range(PRESSES):
        before, heard.sent, heard.runs = server.spent(), 0, 0
        taken = page.evaluate("bench.press('Backward')") / 1e3
        page.wait_for_timeout(700)  # until what comes after the picture is over, too
        spent = server.spent().since(before)
        if turn and number:  # the first ones compile, load and remember
            app.presses.append(taken)
            app.processor.append(spent.server + spent.beneath)
            app.sent.append(heard.sent)
            app.runs.append(heard.runs)


def rows(ours: App, naive: App) -> list[Row]:
    """Return what was measured as rows of the table."""
    told = (
        f"in all {len(ours.presses)} presses; sent for one: {statistics.median(ours.sent):,.0f} bytes, naively "
        f"{statistics.median(naive.sent):,.0f}; runs of the page: {statistics.median(ours.runs):g}, naively "
        f"{statistics.median(naive.runs):g}"
    )
    middle = statistics.median
    return [
        Row(
            "press of Backward to the new picture",
            middle(ours.presses),
            "naive app",
            middle(naive.presses),
            "0.5",
            told,
        ),
        Row("its processor time, all processes", middle(ours.processor), "naive app", middle(naive.processor)),
        Row("first picture after a start", middle(ours.starts), "naive app", middle(naive.starts), "1"),
    ]


def main() -> None:
    """Measure, and write the rows as JSON."""
    ours = App(("app",), playground, retain_graph)
    naive = App(("streamlit", "run", str(Path(__file__).with_name("naive_app.py"))), lambda x: f"/?x={x}")
    out = os.dup(1)  # what the servers print must not get between the rows
    os.dup2(2, 1)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script(path=Path(__file__).with_suffix(".js"))
        heard = Heard()
        page.on("websocket", heard.listen)
        for turn in range(STARTS):
            first_picture(page, ours, 8_810 + turn)
            first_picture(page, naive, 8_820 + turn)
        with serving(ours, 8_830) as one, serving(naive, 8_831) as other:
            for server in (one, other):
                _wait_until_healthy(f"http://127.0.0.1:{server.port}/_stcore/health", server.process)
            for turn in range(ROUNDS + 1):
                some_presses(page, ours, one, heard, turn)
                some_presses(page, naive, other, heard, turn)
        browser.close()
    with open(out, "wb") as stdout:
        stdout.write(msgspec.json.encode(rows(ours, naive)))


if __name__ == "__main__":
    main()
