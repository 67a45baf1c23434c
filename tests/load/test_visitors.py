"""The load generator sees what a browser sees: otherwise its figures would be about nothing."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from subprocess import PIPE

import pytest

from bench.load.__main__ import main, table
from bench.load.processes import Server, beneath, limited, served
from bench.load.scenarios import EDITED, RUN, Figure, Options, arrive, leave, visitors
from bench.load.visitor import Refused, Visitor


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with served(descriptors=1024) as started:
        yield started


def shown(visitor: Visitor) -> list[str]:
    """The numbers that the program has printed, as they stand on the page."""
    return re.findall(r"tensor\(([\d.]+)\)", visitor.said)


def test_a_visitor_opens_a_lesson_and_runs_a_program_of_their_own(server: Server) -> None:
    async def visit() -> None:
        visitor = Visitor(server.port, address="127.1.0.7")
        await visitor.open()
        assert RUN in visitor.buttons
        await visitor.press(RUN)
        await visitor.run(EDITED.format("2.0"))
        assert shown(visitor) == ["12.", "24."]  # 3 x², once and twice
        await visitor.run(EDITED.format("3.0"))
        assert shown(visitor) == ["27.", "54."]
        assert visitor.error == ""
        await visitor.run("kept = [b'x' * (1 << 26) for _ in range(100)]\n")
        assert "MemoryError" in visitor.error
        await visitor.run(EDITED.format("4.0"))
        assert visitor.error == ""
        await visitor.leave()

    asyncio.run(visit())


def test_what_goes_on_beneath_the_server_is_not_its_own(server: Server) -> None:
    """The zygote is beneath it, and a program of a second is spent there."""
    source = "import time\nends = time.process_time() + 1\nwhile time.process_time() < ends:\n    pass\n"

    async def visit() -> None:
        visitor = Visitor(server.port)
        await visitor.open()
        before = server.spent()
        await visitor.run(source)
        spent = server.spent().since(before)
        assert beneath(server.process.pid)
        assert spent.beneath >= 1 > spent.server
        await visitor.leave()

    asyncio.run(visit())


def test_who_gets_no_answer_is_counted(server: Server) -> None:
    async def visit() -> None:
        those = visitors(server, 2, Options())
        assert len({visitor.address for visitor in those}) == 2
        those[1].port = 9  # nobody listens there
        seen = await arrive(those)
        assert (len(seen.taken), len(seen.failed)) == (1, 1)
        await leave(those)
        with pytest.raises(Refused):
            await those[0].press(RUN)

    asyncio.run(visit())


def test_the_table_says_what_missed_its_target() -> None:
    lines = table([Figure("a", 1.0, "s", 1.0), Figure("bcd", 2.5, "ms", 2.0, "why"), Figure("e", float("nan"), "", 0)])
    assert [line.split() for line in lines.splitlines()[2:]] == [
        ["a", "1.00", "s", "1"],
        ["bcd", "2.50", "ms", "2", "MISSED"],
        ["e", "nan", "0", "MISSED"],
        ["bcd:", "why"],
    ]


def test_a_group_bounds_all_its_processes_together_and_counts_whom_linux_ends() -> None:
    """A small process stays where a large one finds no room; the group is gone when both are."""
    takes = "x = b'x' * ({} << 20)\nprint('on', flush=True)\ninput()"
    with limited(150) as group:
        if group is None:
            pytest.skip("no control group can be made here")
        few, many = (group.entered_by([sys.executable, "-c", takes.format(mib)]) for mib in (40, 400))
        with subprocess.Popen(few, stdin=PIPE, stdout=PIPE) as small:
            assert small.stdout is not None
            assert small.stdout.readline() == b"on\n"
            assert (group.ended(), group.most_held() > 40) == (0, True)
            large = subprocess.run(many, check=False, stdin=subprocess.DEVNULL, stdout=PIPE)
            assert large.returncode == -signal.SIGKILL
            assert (group.ended(), small.poll()) == (1, None)
            small.kill()
    assert not group.folder.exists()


@pytest.mark.parametrize("arguments", [["-n", "5000"], ["-s", "3600"], ["flood"]])
def test_load_is_bounded(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["load", *arguments])
    with pytest.raises(SystemExit):
        main()
