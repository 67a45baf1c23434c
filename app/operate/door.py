"""The door of whoever runs the server: a port of its own, on which ``/metrics`` and ``/health`` are answered."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

METRICS, HEALTH = "/metrics", "/health"
_PLAIN = "text/plain; charset=utf-8"
# Nobody who asks here needs longer; who opens a connection and says nothing is not waited for.
_SECONDS = 10


class Door:
    """Answers at an address, in threads of its own.

    ``counts`` gives the text of the metrics and its type; ``why_not`` says why the server is of no use now, ``None``
    if it is. Raises ``OSError`` if the address is taken.
    """

    def __init__(
        self, address: tuple[str, int], counts: Callable[[], tuple[bytes, str]], why_not: Callable[[], str | None]
    ) -> None:
        class Handler(BaseHTTPRequestHandler):
            timeout = _SECONDS

            def do_GET(self) -> None:
                if self.path == METRICS:
                    self._answer(HTTPStatus.OK, *counts())
                elif self.path == HEALTH:
                    reason = why_not()
                    status = HTTPStatus.OK if reason is None else HTTPStatus.SERVICE_UNAVAILABLE
                    self._answer(status, f"{reason or 'ok'}\n".encode(), _PLAIN)
                else:
                    self._answer(HTTPStatus.NOT_FOUND, b"Here are /metrics and /health.\n", _PLAIN)

            def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: object) -> None:
                """Say nothing: a scraper asks every few seconds."""

        class Server(ThreadingHTTPServer):
            address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """Say nothing of a connection that broke off."""

        self._server = Server(address, Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="door", daemon=True)

    @property
    def port(self) -> int:
        """The port on which it answers."""
        return int(self._server.server_address[1])

    def open(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=_SECONDS)
