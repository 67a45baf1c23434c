"""Small things that programs do with Python itself, behind the walls: each ends and prints as plain Python's does.

Found by trying them; what is expected is what ``python program.py`` does, with the reason where it is not plain.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from components.settings import DATA
from components.trace import Program, Trace
from components.worker import Limits, Pool

PRINTS = {
    "the null device takes what is thrown away": (
        "import contextlib, os\nwith open(os.devnull, 'w') as f, contextlib.redirect_stdout(f):\n    print('no')\nprint('yes')",
        "yes\n",
    ),
    "the first standard output can be put back": (
        "import io, sys\nsys.stdout = io.StringIO()\nprint('no')\nsys.stdout = sys.__stdout__\nprint('yes')",
        "yes\n",
    ),
    "nobody else rings the alarm": (
        "import signal, time\nsignal.signal(signal.SIGALRM, lambda *a: print('rang'))\ntime.sleep(0.4)\nprint('slept')",
        "slept\n",
    ),
    "the alarm is the program's own": (
        "import signal, time\nsignal.signal(signal.SIGALRM, lambda *a: print('rang'))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.05)\ntime.sleep(0.3)\nprint('slept')",
        "rang\nslept\n",
    ),
    "an interrupt is Python's exception": (
        "import os, signal\ntry:\n    os.kill(os.getpid(), signal.SIGINT)\n    x = 1\nexcept KeyboardInterrupt:\n    print('caught')",
        "caught\n",
    ),
    "garbage in cycles is collected": (
        "import gc\nimport torch\n\n\nclass Pair:\n    pass\n\n\nfor _ in range(1_200):\n    a, b = Pair(), Pair()\n"
        "    a.other, b.other, a.data = b, a, torch.zeros(1_000_000)\nprint(gc.get_threshold())",
        "(700, 10, 10)\n",
    ),
    "a hook for exceptions is called": (
        "import sys\nsys.excepthook = lambda kind, error, trace: print('custom', kind.__name__, trace.tb_lineno)\n1 / 0",
        "custom ZeroDivisionError 3\n",
    ),
    "a warning goes where standard error goes": (
        "import contextlib, io, warnings\ntext = io.StringIO()\nwith contextlib.redirect_stderr(text):\n"
        "    warnings.warn('look out')\nprint('UserWarning: look out' in text.getvalue())",
        "True\n",
    ),
    "a folder named data can be made": (
        "import os\nos.makedirs('data', exist_ok=True)\nopen('data/x', 'w').close()\nprint(os.listdir('data'))",
        "['x']\n",
    ),
    "links in one's own folder": (
        "import os\nopen('a', 'w').write('text')\nos.symlink('a', 'b')\nprint(open('b').read())",
        "text\n",
    ),
    "a small database": (
        "import sqlite3\nbase = sqlite3.connect('x.db')\nbase.execute('create table t (x)')\nbase.execute('insert into t values (7)')\n"
        "base.commit()\nprint(base.execute('select x from t').fetchall())",
        "[(7,)]\n",
    ),
    "who one is": (
        "import os\nprint(os.getpgrp() == os.getsid(0), os.getpriority(os.PRIO_PROCESS, 0) >= 0)",
        "True True\n",
    ),
    "a class whose own class answers": (
        "class Meta(type):\n    def __getattribute__(cls, name):\n        print('asked', name)\n"
        "        return type.__getattribute__(cls, name)\n\n\nclass Holder(metaclass=Meta):\n    pass\n\n\nheld = Holder()\nprint('end')",
        "end\n",
    ),
}


def run(pool: Pool, source: str) -> Trace:
    return pool.run(Program(source=source), Limits(wall_seconds=20.0))


@pytest.mark.parametrize("name", PRINTS)
def test_prints_what_plain_python_prints(name: str, pool: Pool) -> None:
    source, printed = PRINTS[name]
    trace = run(pool, source)
    assert trace.stdout == printed, trace.failure
    assert trace.failure is None or trace.failure.error_type == "ZeroDivisionError"


def test_after_a_caught_recursion_the_trace_says_what_is_missing(pool: Pool) -> None:
    trace = run(
        pool, "def f(n):\n    return f(n + 1)\n\n\ntry:\n    f(0)\nexcept RecursionError:\n    print('caught')\n"
    )
    assert trace.stdout == "caught\n"
    assert trace.steps_truncated
    assert [note.message for note in trace.notes if note.observer == "steps"] == [
        "Later lines are missing: Python stopped following them, as it does at the limit of recursion."
    ]


def test_a_folder_of_data_that_shows_the_application_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    readable = importlib.import_module("components.worker.confine.readable")
    root = Path(__file__).resolve().parents[2]
    for folder in (root, root.parent, root / "app" / "lessons", Path("/")):
        readable.data_folder.cache_clear()
        monkeypatch.setenv(DATA.name, str(folder))
        assert readable.data_folder() is None
    readable.data_folder.cache_clear()
