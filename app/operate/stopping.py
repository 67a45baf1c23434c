"""A stop that lets programs end: told to stop, the server takes no new ones and gives those under way some seconds.

Whoever opens or uses a page meanwhile is told. A second signal ends the wait.
"""

from __future__ import annotations

import asyncio
import threading
import time

from app.operate import log
from components.worker import Pool

# A page looks every second or two whether its run is over, and then shows it.
SHOWN_SECONDS = 3.0


def end_gently(pool: Pool, seconds: float) -> None:
    """Let Streamlit's server stop in this way from now on: programs have so many seconds to end."""
    from streamlit.web.server import Server

    stop = Server.stop
    asked = threading.Event()

    def gently(self: Server) -> None:
        # Streamlit calls this in its event loop, when a signal has come.
        if asked.is_set():
            stop(self)
            return
        asked.set()
        loop = asyncio.get_running_loop()
        log.event("stopping", f"Stopping: programs have {seconds:g} seconds to end.", seconds=seconds)

        def wait() -> None:
            watched = pool.under_way()
            ended = pool.drain(seconds)
            log.event("drained", "All programs have ended." if ended else "Programs are cut off.", all_ended=ended)
            if watched:
                time.sleep(SHOWN_SECONDS)
            loop.call_soon_threadsafe(stop, self)

        threading.Thread(target=wait, name="stopping", daemon=True).start()

    Server.stop = gently  # type: ignore[method-assign]
