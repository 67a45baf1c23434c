"""Everything is a link, in Chromium: Back and Forward, links that are damaged or hostile, frames elsewhere, files."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
from msgspec.structs import replace
from playwright.sync_api import BrowserContext, FilePayload, Page, expect

from app.links import form_link
from components.source.form import BackwardPress, Form, Leaf
from components.trace import Program, encode_trace
from components.worker import Pool
from tests.app.browser import CHROMIUM, WAIT, wait_for_the_steps_address, wait_until_the_app_rests, watched
from tests.app.looks import editor, expect_look, look, printed, run, write

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
CUBE = "import torch\nx = torch.tensor({}, requires_grad=True)\ny = x ** 3\ny.backward()\nprint(x.grad)\n"


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    with watched(visitor, "about:blank", width=1440, height=900) as opened:
        yield opened


def drawn(page: Page) -> None:
    page.locator(".gv .stage .node").first.wait_for()


def open_file(page: Page, program: str) -> None:
    """Open a program as a file: key by key a long one takes its time."""
    page.get_by_role("button", name="Open", exact=True).click()
    file = FilePayload(name="large.py", mimeType="text/x-python", buffer=program.encode())
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator(".cm-line").first).to_have_text(program.partition("\n")[0])
    page.keyboard.press("Escape")


def at_the_front_page(page: Page) -> None:
    page.get_by_role("link", name="Changed in place").wait_for()
    wait_until_the_app_rests(page)


def test_back_and_forward_through_six_states_restore_each(page: Page) -> None:
    page.goto("/code")
    drawn(page)
    run(page, CUBE.format("2.0"))
    printed(page, "tensor(12.)")
    states = [look(page)]
    page.get_by_role("link", name="Start", exact=True).click()
    page.get_by_role("link", name="Changed in place").click()
    page.locator(".al-fail").wait_for()
    states.append(look(page))
    for slug in ("retain_graph", "higher_order"):
        page.goto(f"/lessons?lesson={slug}")
        drawn(page)
        states.append(look(page))
    page.goto(f"/code?code={quote(CUBE.format('3.0'))}")
    printed(page, "tensor(27.)")
    run(page, CUBE.format("4.0"))
    printed(page, "tensor(48.)")
    page.wait_for_function("() => new URLSearchParams(location.search).get('code')?.includes('4.0')")
    page.get_by_role("radio", name="torchviz").click()
    page.locator(".torchviz .stage .node").first.wait_for()
    states.append(look(page))
    page.get_by_role("link", name="Playground", exact=True).click()
    page.wait_for_url("**/playground*")
    page.get_by_label("Expression").wait_for()
    states.append(look(page))
    for state in states[-2::-1]:
        page.go_back()
        if state is states[0]:
            at_the_front_page(page)
            page.go_back()
        expect_look(page, state)
    for state in states[1:]:
        page.go_forward()
        if state is states[1]:
            at_the_front_page(page)
            page.go_forward()
        expect_look(page, state)


def test_what_was_there_before_a_link_is_one_press_away_even_if_it_was_never_run(page: Page) -> None:
    page.goto("/code")
    drawn(page)
    write(page, CUBE.format("7.0"))
    page.goto(f"/code?code={quote(CUBE.format('3.0'))}")
    printed(page, "tensor(27.)")
    assert look(page)["programs"] == [CUBE.format("3.0")]
    run(page, CUBE.format("4.0"))
    printed(page, "tensor(48.)")
    page.reload()
    printed(page, "tensor(48.)")
    # Another link: what was made of the first is kept, too.
    page.goto(f"/code?code={quote(CUBE.format('5.0'))}")
    printed(page, "tensor(75.)")
    page.get_by_role("button", name="Back to mine").click()
    printed(page, "tensor(147.)")
    page.get_by_role("button", name="Show it").click()
    printed(page, "tensor(48.)")
    page.get_by_role("button", name="Show it").click()
    printed(page, "tensor(147.)")
    page.get_by_role("button", name="Forget it").click()
    expect(page.get_by_role("button", name="Forget it")).to_have_count(0)
    assert "code=" not in page.url


@pytest.mark.parametrize("path", ["/gradients", "/memory"])
def test_a_link_in_a_session_in_which_another_page_has_run(page: Page, path: str) -> None:
    page.goto("/code")
    drawn(page)
    page.evaluate("path => history.pushState({}, '', path)", f"{path}?code={quote(CUBE.format('3.0'))}")
    page.evaluate("history.pushState({}, '', '/code')")
    page.go_back()
    expect(page.locator(".gv .stage .node", has_text="27").first).to_be_visible()
    assert look(page)["programs"] == [CUBE.format("3.0")]


WRONG = {
    "cut": ("/code?packed=eNoLSSxKTyxJVchPU", "This link is damaged"),
    "no program": ("/code?code=%01%02%03(((", "SyntaxError"),
    "too long": (f"/code?code={'x' * 55_000}", "55,000 characters; 50,000 are allowed"),
    "cut pair": ("/compare?pair=eNoLSSxKTyxJVchPU", "This link is damaged"),
    "no lesson": ("/lessons?lesson=never_was", "There is no lesson"),
    "a lesson's name": ("/lessons?lesson=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E", "There is no lesson"),
    "a lesson's cut program": ("/lessons?lesson=retain_graph&packed=eNoLSSxKTyx", "This link is damaged"),
    "no form": ("/playground?form=nothing", "This link is damaged"),
    "a part of no form": ("/playground?form=x%7Cy%7Cz", "This link is damaged"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_link_is_told_so_and_costs_nothing(page: Page, name: str) -> None:
    address, told = WRONG[name]
    path = address.partition("&" if "&" in address else "?")[0]
    page.goto(path)
    drawn(page)
    if path == "/code":
        run(page, CUBE.format("2.0"))
        printed(page, "tensor(12.)")
    mine = look(page)
    page.goto(address)
    expect(page.get_by_text(told).first).to_be_visible()
    if "no lesson" in name or "name" in name:
        return
    if told == "This link is damaged":
        expect_look(page, mine)
    else:
        page.get_by_role("button", name="Back to mine").click()
        printed(page, "tensor(12.)")
    page.goto(path)
    expect_look(page, mine)


HOSTILE = {
    "odd dtype": "x|x=1:foo12|",
    "odd names": "x|1=2|__import__=3|x=4|x=5|",
    "markup": "<img src=x onerror=alert(1)>|x=<script>alert(1)</script>|",
    "many": "|".join(["x", *(f"x{number}=1" for number in range(300)), ""]),
    "presses": "x|x=1|" + "backward()|" * 600,
    "code": "__import__('os').system('id')|",
    "long": "x+" * 20_000 + "1|x=1|",
    "packed": form_link(Form("\x00", (Leaf("\x00", "\x00", True, "\x00" * 300),), (BackwardPress(),) * 3))["form"],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_form_harms_nobody_and_is_undone(page: Page, name: str) -> None:
    page.goto("/playground")
    drawn(page)
    mine = look(page)
    page.goto(f"/playground?form={quote(HOSTILE[name])}")
    undo, damaged = page.locator("button:enabled", has_text="Undo"), page.get_by_text("This link is damaged")
    undo.or_(damaged).first.wait_for()
    assert page.get_by_test_id("stException").count() == 0
    if not damaged.count():
        undo.click()
    expect_look(page, mine, without=("said",))


def test_what_is_too_long_for_a_link_is_told_so_and_is_a_file(page: Page) -> None:
    page.goto("/code")
    drawn(page)
    noise = "".join(f"# {number**7}\n" for number in range(2_200))
    open_file(page, f"print('long')\n{noise}")
    printed(page, "long")
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("This is too long for a link")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the program (.py)").click()
    assert noise in Path(waiting.value.path()).read_text(encoding="utf-8")


@contextmanager
def other_site(html: str) -> Iterator[str]:
    """Serve a page on another port of the loopback interface."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("parts", ["picture", "editor and picture"])
def test_the_frame_of_share_works_in_another_page_and_keeps_to_itself(page: Page, parts: str) -> None:
    page.goto("/code")
    drawn(page)
    run(page, CUBE.format("2.0"))
    printed(page, "tensor(12.)")
    page.locator(".gv .stage").first.focus()
    page.keyboard.press("ArrowRight")
    wait_for_the_steps_address(page)
    shown = look(page)
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_role("dialog").get_by_role("radio", name=parts, exact=True).click()
    expect(page.locator("code", has_text="<iframe")).to_contain_text(
        "show=player" if parts == "picture" else "embed=true"
    )
    snippet = page.locator("code", has_text="<iframe").text_content() or ""
    page.keyboard.press("Escape")
    run(page, CUBE.format("9.0"))
    printed(page, "tensor(243.)")
    page.wait_for_function("() => localStorage['autograd-lab/code:editor:Ran'].includes('9.0')")
    ours = "Object.entries(localStorage).filter(([name]) => name.startsWith('autograd-lab')).sort().join()"
    kept = page.evaluate(ours)
    site = page.context.new_page()
    with other_site(f"<!doctype html><meta charset=utf-8><body style='width: 700px'>{snippet}") as address:
        site.goto(address)
        frame = site.frame_locator("iframe")
        expect(frame.locator(".gv .stage svg .node")).to_have_count(len(shown["boxes"]))
        expect(frame.locator(".gv .said")).to_have_text(shown["said"][0])
        expect(frame.locator(".cm-content")).to_have_count(0 if parts == "picture" else 1)
        if parts != "picture":
            expect(frame.locator("pre.al-out")).to_have_text("tensor(12.)")
            box = frame.get_by_role("textbox", name="Program", exact=True)
            box.fill(CUBE.format("3.0"))
            box.press("Control+Enter")
            expect(frame.locator("pre.al-out")).to_have_text("tensor(27.)")
        inside = site.frames[1]
        assert inside.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert inside.evaluate(
            "[...document.querySelectorAll('section')].every(one => one.scrollWidth <= one.clientWidth)"
        )
    site.close()
    assert page.evaluate(ours) == kept


@pytest.mark.parametrize("path", ["/code", "/gradients", "/memory"])
def test_a_saved_trace_is_shown_without_being_run(page: Page, pool: Pool, tmp_path: Path, path: str) -> None:
    trace = pool.submit(Program(source=CUBE.format("2.0"))).wait(WAIT / 1000)
    assert trace is not None
    saved = tmp_path / "my trace.json"
    saved.write_bytes(encode_trace(replace(trace, stdout="said by the file\n")))
    page.goto(path)
    drawn(page)
    page.get_by_role("button", name="Open" if path == "/code" else "Open a saved trace").first.click()
    page.locator("input[type=file]").first.set_input_files(saved)
    expect(page.locator(".gv .stage .node", has_text="12").first).to_be_visible()
    assert look(page)["programs"] == [CUBE.format("2.0")]
    if path != "/memory":
        printed(page, "said by the file")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Download", exact=True).first.click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Player as one HTML file").click()
    assert waiting.value.suggested_filename == "my-trace.html"
    assert "<title>my trace" in Path(waiting.value.path()).read_text(encoding="utf-8")


def test_a_program_that_loops_for_ever_is_run_again_after_a_reload_and_can_be_stopped(page: Page) -> None:
    page.goto("/code")
    drawn(page)
    run(page, "print('begun')\nwhile True:\n    pass\n")
    page.get_by_role("button", name="Stop").wait_for()
    page.reload()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".al-fail")).to_be_visible()
    run(page, CUBE.format("2.0"))
    printed(page, "tensor(12.)")


def test_a_program_of_fifty_thousand_characters_and_typing_while_it_runs(page: Page) -> None:
    page.goto("/code")
    drawn(page)
    program = ("print('large')\n" + "# 0123456789\n" * 3_840)[:49_980]
    open_file(page, program)
    printed(page, "large")
    editor(page).press("Control+Home")
    editor(page).press("Control+Enter")
    editor(page).press_sequentially("print(1);")
    assert page.locator(".cm-line").first.text_content() == "print(1);print('large')"
    page.reload()
    printed(page, "large")
    expect(page.locator(".cm-line").first).to_have_text("print(1);print('large')")
