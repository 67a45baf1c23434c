"""Puts together what whoever runs the server has: it is told of each run, answers on a port of its own, ends gently."""

from __future__ import annotations

import gc
import importlib
import resource
import urllib.request
from pkgutil import iter_modules

import app
from app.engine import Engine
from app.operate import log
from app.operate.counts import CONTENT_TYPE, Counts, Gauge
from app.operate.door import Door
from app.operate.ended import ended
from app.operate.stopping import end_gently
from components import settings
from components.figures.player_data import code_tokens
from components.worker import Pool, Run

_ANSWERS_WITHIN = 3.0


def start(engine: Engine) -> None:
    """Count, log and answer for the server that shares this engine, by the settings; before it serves.

    Raises ``OSError`` where the address of the setting ``METRICS`` is taken.
    """
    shelf = engine.traces.shelf
    gauges = {
        "sessions": Gauge("Sessions that are connected.", sessions),
        "trace_bytes": Gauge("Bytes of the traces that are kept, packed.", lambda: shelf.bytes),
    }
    counts = Counts(gauges)

    def over(run: Run) -> None:
        how = ended(run)
        counts.add(how)
        log.run(how)

    for pool in (engine.pool, engine.pool.gpu):
        if pool is not None:
            pool.on_done = over
    address = settings.METRICS.value()
    if address is not None:
        Door(address, lambda: (counts.text(), CONTENT_TYPE), lambda: why_not(engine.pool)).open()
    end_gently(engine.pool, settings.STOP_SECONDS.value())


def load_pages() -> None:
    """Load what the pages use, while the first browser is on its way; nothing of that is ever garbage.

    Python's collector would look at all of it again and again, while every other page stands still: some 140 ms.
    """
    for module in iter_modules(app.__path__):
        if module.name not in ("__main__", "main"):  # those do something
            importlib.import_module(f"{app.__name__}.{module.name}")
    importlib.import_module("pandas")  # Streamlit imports it for the first component
    code_tokens("import torch")  # and Pygments has its rules compiled for the first text
    gc.freeze()


def raise_descriptors() -> int:
    """Let this process open as many files as it may: each session has four. Return how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):  # macOS allows less than it says
        return soft
    return hard


def sessions() -> int | None:
    """Return how many sessions are connected, ``None`` before Streamlit's server runs."""
    from streamlit import runtime
    from streamlit.runtime.stats import ACTIVE_SESSIONS_FAMILY, GaugeStat

    if not runtime.exists():
        return None
    found = runtime.get_instance().stats_mgr.get_stats([ACTIVE_SESSIONS_FAMILY])
    return sum(stat.value for stats in found.values() for stat in stats if isinstance(stat, GaugeStat))


def why_not(pool: Pool) -> str | None:
    """Return why the server is of no use now, ``None`` if it is: its pages answer, and programs can be run."""
    return _pages_answer() or pool.healthy()


def _pages_answer() -> str | None:
    """Ask Streamlit's own health address, as a browser would reach it on this machine."""
    from streamlit import config

    if config.get_option("server.sslCertFile"):
        return None  # asked by another name than its certificate's it would not be trusted
    host = config.get_option("server.address") or "127.0.0.1"
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    base = str(config.get_option("server.baseUrlPath")).strip("/")
    address = f"http://{host}:{config.get_option('server.port')}{f'/{base}' if base else ''}/_stcore/health"
    try:
        with urllib.request.urlopen(address, timeout=_ANSWERS_WITHIN):
            return None
    except OSError as problem:
        return f"The pages do not answer: {problem}."
