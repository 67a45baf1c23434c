"""The player in Chromium: first pictures beside torchviz's, steps, details, panning, opening a box.

Everything runs on this machine, in turns: our page; a page of ``make_dot`` and ``st.graphviz_chart``; the layout
program ``dot`` on torchviz's text.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from playwright.sync_api import BrowserType, Error, Page, sync_playwright

from bench.programs import FOR_THE_PLAYER
from bench.timing import Row
from components.facts import TraceIndex
from components.figures import LabOptions, lab_dot, lab_graph, layout_svg, player_data
from components.trace import Program
from components.widgets.player.page import standalone_page
from components.worker import Pool
from tests.app.browser import CHROMIUM, FLAGS, ROOT, _wait_until_healthy, served

# Beyond this the others are given up.
PATIENCE = 15.0
LONG_TASK = 0.2


@contextmanager
def torchviz_page() -> Iterator[str]:
    """Serve the page that people would write with Streamlit and torchviz."""
    port = 8_790
    script = str(Path(__file__).with_name("torchviz_page.py"))
    command = [sys.executable, "-W", "ignore", "-m", "streamlit", "run", script, "--server.port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def first_picture(page: Page, address: str, source: str) -> tuple[float, float, float | None]:
    """Return seconds from Ctrl+Enter to the picture, the longest task meanwhile, and seconds to open a box."""
    page.goto(f"{address}/code")
    page.locator(".stage > svg").wait_for()
    page.wait_for_timeout(500)
    before = page.locator(".gv .title").text_content()
    box = page.get_by_label("Program", exact=True)
    box.fill(source)
    page.evaluate("window.longest = 0")
    started = time.perf_counter()
    box.press("Control+Enter")
    page.wait_for_function(
        "(before) => bench.title() !== null && bench.title() !== before",
        arg=before,
        timeout=120_000,
        polling=20,
    )
    seconds = time.perf_counter() - started
    page.wait_for_timeout(700)
    opening = page.evaluate("bench.opening()")
    page.wait_for_timeout(300)
    longest = float(page.evaluate("window.longest")) / 1e3
    return seconds, longest, opening / 1e3 if opening is not None else None


def their_picture(chromium: BrowserType, name: str) -> float | None:
    """Return seconds from a click to the picture of ``st.graphviz_chart``, ``None`` if it did not come in time.

    In a browser and a server of its own: a page whose layout does not end cannot be left, and ``make_dot`` of a deep
    graph ends its process.
    """
    browser = chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    try:
        with torchviz_page() as address:
            return _clicked(browser.new_page(), address, name)
    finally:
        browser.close()


def _clicked(page: Page, address: str, name: str) -> float | None:
    page.goto(address)
    button = page.get_by_role("button", name=name, exact=True)
    button.wait_for()
    page.wait_for_timeout(500)
    started = time.perf_counter()
    button.click()
    try:
        page.locator(".stGraphVizChart svg g.node").first.wait_for(timeout=PATIENCE * 1e3)
    except Error:
        return None
    return time.perf_counter() - started


def dot_alone(name: str) -> tuple[float | None, str]:
    """Return seconds that ``dot`` needs for what ``make_dot`` wrote in a process of its own, or why there are none."""
    dot = shutil.which("dot")
    if dot is None:
        return None, "dot (Debian's graphviz) is not installed"
    program = f"import sys; from bench.torchviz_page import drawn; sys.stdout.write(drawn({name!r}).source)"
    command = [sys.executable, "-W", "ignore", "-c", program]
    try:
        text = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=PATIENCE).stdout
        started = time.perf_counter()
        subprocess.run([dot, "-Tsvg"], input=text, capture_output=True, check=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired as late:
        return None, f"{'dot' if late.cmd[0] == dot else 'make_dot'} did not end within {PATIENCE:g} s"
    except subprocess.CalledProcessError as failed:
        return None, f"{'dot' if failed.cmd[0] == dot else 'make_dot'} ended with status {failed.returncode}"
    return time.perf_counter() - started, ""


def picture_rows(page: Page, chromium: BrowserType) -> list[Row]:
    """Measure the first picture of every program, and opening a folded box."""
    rows: list[Row] = []
    with served() as address:
        ours = {name: first_picture(page, address, source) for name, source in FOR_THE_PLAYER.items()}
    for name, (seconds, longest, opening) in ours.items():
        chart = their_picture(chromium, name)
        dot, why = dot_alone(name)
        late = f"no graphviz_chart within {PATIENCE:g} s"
        what = f"{name}: run to picture"
        rows.append(Row(what, seconds, "make_dot, graphviz_chart", chart, "", late if chart is None else ""))
        rows.append(Row(what, seconds, "dot alone", dot, "", why))
        rows.append(Row(f"{name}: longest task", longest, "limit", LONG_TASK, "1"))
        if opening is not None:
            rows.append(Row(f"{name}: open a box", opening, "limit", 0.3, "1"))
    return rows


def many_boxes() -> str:
    """Return a player as a page, with some 500 boxes: a chain of functions that each save a tensor."""
    source = "import torch\nx = torch.tensor(0.1, requires_grad=True)\ny = x\n"
    source += "".join(f"y = y.{('sin', 'cos', 'exp', 'tanh')[i % 4]}()\n" for i in range(246)) + "y.backward()\n"
    pool = Pool()
    try:
        trace = pool.run(Program(source=source))
    finally:
        pool.close()
    index = TraceIndex(trace)
    opened: tuple[str, ...] = ()
    while (graph := lab_graph(index, options=LabOptions(opened=opened))).groups:
        opened = (*graph.opened, *graph.groups)
    return standalone_page(player_data(index, layout_svg(lab_dot(graph), 60), graph=graph), "500 boxes")


def browser_rows(page: Page, folder: Path) -> list[Row]:
    """Measure what happens in the browser alone."""
    path = folder / "many.html"
    path.write_text(many_boxes(), encoding="utf-8")
    page.goto(path.as_uri())
    page.locator(".stage > svg").wait_for()
    boxes = page.locator(".stage .node").count()
    rows = []
    for what, script, limit in (
        ("a step", "bench.steps()", 0.016),
        ("click to details", "bench.details()", 0.1),
        ("a frame while panning", "bench.panning()", 1 / 30),
    ):
        taken = [float(one) / 1e3 for one in page.evaluate(script)]
        rows.append(Row(f"{what}, {boxes} boxes: median", statistics.median(taken), "limit", limit, "1"))
        rows.append(
            Row(f"{what}, {boxes} boxes: 95th percentile", statistics.quantiles(taken, n=20)[-1], "limit", limit)
        )
    return rows


def main() -> None:
    """Measure, and write the rows as JSON."""
    import tempfile

    os.environ["PYTHONWARNINGS"] = "ignore"
    # What the servers print must not get between the rows.
    out = os.dup(1)
    os.dup2(2, 1)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script(path=Path(__file__).with_suffix(".js"))
        rows = browser_rows(page, Path(folder)) + picture_rows(page, playwright.chromium)
        browser.close()
    with open(out, "wb") as stdout:
        stdout.write(msgspec.json.encode(rows))


if __name__ == "__main__":
    main()
