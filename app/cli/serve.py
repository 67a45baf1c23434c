"""Starting the server as ``streamlit run app/main.py`` would, from whatever folder.

Three things differ: the workers warm up while Streamlit starts, not when the first page asks for them; lessons of a
teacher's own that cannot be read are named at once; and where nothing confines programs, only this machine can reach
the server, unless somebody takes that upon themselves.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from app.cli.files import Unusable
from components import settings
from components.worker import shared_pool

ROOT = Path(__file__).resolve().parents[2]
_OPTION, _VARIABLE, _LOOPBACK = "--server.address", "STREAMLIT_SERVER_ADDRESS", "127.0.0.1"


def serve(options: Sequence[str]) -> None:
    """Serve until interrupted, then exit; ``options`` are Streamlit's own, such as ``--server.port 8080``.

    Raises:
        Unusable: nothing confines programs here, and others are to reach the server; a setting cannot be read; the
            port of the metrics is taken.
    """
    # Streamlit looks for .streamlit/config.toml in the working directory, when it is imported.
    os.chdir(ROOT)
    try:
        unknown = settings.check()
    except settings.BadSetting as problem:
        raise Unusable(str(problem)) from None
    for sentence in unknown:
        print(f"Autograd Lab: {sentence}", file=sys.stderr)
    shared_pool()  # torch is loaded in its process while Streamlit is in this one
    options = [*options, *_address(options, confined=walls_stand())]
    # Before its server runs, Streamlit warns that its caches live in this process's memory. That is where we want them.
    logging.disable(logging.WARNING)
    from app import session
    from app.operate import log, start

    start.raise_descriptors()
    shared = session.engine()
    for lesson in session.course().problems:
        print(f"Autograd Lab: a lesson was left out. {lesson}", file=sys.stderr)
    logging.disable(logging.NOTSET)
    log.start("json" if settings.LOG.value() == "json" else "text")
    try:
        start.start(shared)
    except OSError as problem:
        raise Unusable(f"{settings.METRICS.name} names an address that cannot be used: {problem}") from None
    from streamlit.web import cli

    threading.Thread(target=start.load_pages, name="pages", daemon=True).start()
    cli.main(["run", "app/main.py", *options], prog_name="streamlit")


def walls_stand() -> bool:
    """Whether the kernel confines programs: the filter of system calls can be put up, tried in another process."""
    command = [sys.executable, "-m", "components.worker.trial"]
    try:
        tried = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    except subprocess.TimeoutExpired:
        return False
    return "seccomp" in tried.stdout.split()


def _address(options: Sequence[str], *, confined: bool) -> list[str]:
    """Return the option that keeps others out where programs are not confined, unless they are trusted."""
    if confined or settings.TRUST.value():
        return []
    asked = next((one for one in _asked(options) if not _is_loopback(one)), None)
    if asked is not None:
        raise Unusable(
            f"this system has no walls around programs (no seccomp), so the server listens on {_LOOPBACK} only and "
            f"not on {asked}. {settings.TRUST.name}=1 says that everybody who can reach it may run programs with "
            "your rights."
        )
    print(
        "Autograd Lab: this system has no walls around programs, which run with your own rights. Only this machine "
        f"can reach the server; {settings.TRUST.name}=1 lets others in.",
        file=sys.stderr,
    )
    return [_OPTION, _LOOPBACK]


def _asked(options: Sequence[str]) -> list[str]:
    """The addresses that somebody asked for, by options or in the environment."""
    found = [following for option, following in pairwise(options) if option == _OPTION]
    found += [option.partition("=")[2] for option in options if option.startswith(f"{_OPTION}=")]
    return [*found, *([os.environ[_VARIABLE]] if os.environ.get(_VARIABLE) else [])]


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
