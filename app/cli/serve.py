"""Starting the server as ``streamlit run app/main.py`` would, from whatever folder.

Two things differ: the workers warm up while Streamlit starts, not when the first page asks for them, and lessons of a
teacher's own that cannot be read are named at once.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def serve(options: Sequence[str]) -> None:
    """Serve until interrupted, then exit; ``options`` are Streamlit's own, such as ``--server.port 8080``."""
    # Streamlit looks for .streamlit/config.toml in the working directory, when it is imported.
    os.chdir(ROOT)
    # Before its server runs, Streamlit warns that its caches live in this process's memory. That is where we want them.
    logging.disable(logging.WARNING)
    from app import session

    session.engine()
    for problem in session.course().problems:
        print(f"Autograd Lab: a lesson was left out. {problem}", file=sys.stderr)
    logging.disable(logging.NOTSET)
    from streamlit.web import cli

    cli.main(["run", "app/main.py", *options], prog_name="streamlit")
