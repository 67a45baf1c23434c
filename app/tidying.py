"""Lets go, every few seconds, of what nobody needs any more: the traces of sessions that have ended, a grown reader."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from streamlit import runtime

from components.reading import Traces

_EVERY = 10.0
_PATIENCE = 60.0


def connected(session: str) -> bool:
    """Whether a browser is connected to a session; outside of a server all are, since nobody can say."""
    return not runtime.exists() or runtime.get_instance().is_active_session(session)


class Tidying:
    """Tidies the traces; a session that was disconnected for a minute has ended."""

    def __init__(
        self,
        traces: Traces,
        connected: Callable[[str], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._traces = traces
        self._connected = connected
        self._clock = clock
        self._since: dict[str, float] = {}

    def tidy(self) -> None:
        """Look once."""
        now, owners = self._clock(), self._traces.shelf.owners
        left = {owner for owner in owners if not self._connected(owner)}
        self._since = {owner: self._since.get(owner, now) for owner in left}
        for owner, since in self._since.items():
            if now - since >= _PATIENCE:
                self._traces.shelf.release(owner)
        self._traces.reader.rest()

    def start(self) -> None:
        """Tidy until the server ends."""
        threading.Thread(target=self._go_on, name="tidying", daemon=True).start()

    def _go_on(self) -> None:
        while True:
            time.sleep(_EVERY)
            self.tidy()
