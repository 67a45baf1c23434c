"""``python -m app health``: can the server in this container run a program? For Docker's health check."""

from __future__ import annotations

import urllib.error
import urllib.request

from app.cli.files import Unusable
from components import settings

# The server itself gives a program four seconds.
_SECONDS = 8


def health() -> int:
    """Ask the server at the address of the setting ``METRICS``, and print what it says; return 0 if it is well, else 1.

    Raises:
        Unusable: the setting names no address.
    """
    address = settings.METRICS.value()
    if address is None:
        raise Unusable(f"{settings.METRICS.name} names the port where the server answers; it is not set")
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(address[0], address[0])
    try:
        with urllib.request.urlopen(f"http://{host}:{address[1]}/health", timeout=_SECONDS) as answer:
            print(answer.read().decode().strip())
        return 0
    except urllib.error.HTTPError as answer:
        print(answer.read().decode().strip())
    except OSError as problem:
        print(f"The server does not answer: {problem}.")
    return 1
