"""Starting the server as ``streamlit run app/main.py`` would, from whatever folder, in place of this process."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def serve(options: Sequence[str]) -> int:
    """Become the server; ``options`` are Streamlit's own, such as ``--server.port 8080``. Returns only by raising."""
    # Streamlit looks for .streamlit/config.toml in the working directory.
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", "app/main.py", *options])
