"""The process of the pages: no torch in it, and nothing left behind after it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def test_the_parent_never_imports_torch() -> None:
    source = (
        "import sys; from components.worker import Pool; from components.trace import Program\n"
        "from tests.worker.helpers import options\n"
        "pool = Pool(size=1, options=options())\n"
        "assert pool.run(Program(source='print(1)')).stdout == '1\\n'\n"
        "pool.close()\n"
        "sys.exit('torch' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", source], cwd=root, check=False).returncode == 0


def test_a_parent_that_forgets_to_close_leaves_nothing_behind() -> None:
    source = (
        "from components.worker import Pool; from components.trace import Program\n"
        "from tests.worker.helpers import options\n"
        "pool = Pool(size=1, options=options())\n"
        "pool.run(Program(source=''))\nprint(pool._zygote.pid, pool._zygote.folder)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", source], cwd=root, check=True, capture_output=True, text=True)
    pid, folder = done.stdout.split()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)
    assert not os.path.exists(folder)
