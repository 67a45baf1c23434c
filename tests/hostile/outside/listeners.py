"""Sockets outside a sandbox, at which nobody may arrive."""

from __future__ import annotations

import os
import secrets
import select
import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from tests.hostile.outside.processes import PATIENCE_SECONDS

_BACKLOG = 512


class Listeners:
    """Sockets that nobody should reach: TCP and UDP at one port, IPv4 and IPv6, and three kinds of Unix socket."""

    def __init__(self, folder: Path, abstract: str) -> None:
        self.unix = str(folder / "s")
        self._stack = ExitStack()
        self._streams: dict[str, socket.socket] = {}
        self._datagrams: dict[str, socket.socket] = {}
        try:
            self.port = self._internet()
            self._listen("unix socket", socket.AF_UNIX, self.unix)
            self._listen("abstract unix socket", socket.AF_UNIX, "\0" + abstract)
            self._receive("unix datagram socket", socket.AF_UNIX, self.unix + ".dgram")
        except BaseException:
            self.close()
            raise
        for path in (self.unix, self.unix + ".dgram"):
            os.chmod(path, 0o777)

    def _internet(self) -> int:
        """Bind all four, or two where there is no IPv6, to one port; others may hold one of them."""
        for _ in range(50):
            with ExitStack() as tried:
                one = self._open("TCP", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
                tried.callback(self._drop, "TCP")
                port = int(one.getsockname()[1])
                try:
                    one.listen(_BACKLOG)
                    self._receive("UDP", socket.AF_INET, ("127.0.0.1", port))
                    tried.callback(self._drop, "UDP")
                    if _has_ipv6():
                        self._listen("TCP over IPv6", socket.AF_INET6, ("::1", port))
                        tried.callback(self._drop, "TCP over IPv6")
                        self._receive("UDP over IPv6", socket.AF_INET6, ("::1", port))
                except OSError:
                    continue
                tried.pop_all()
                return port
        raise OSError("no port is free for all of TCP and UDP")

    def _drop(self, name: str) -> None:
        for sockets in (self._streams, self._datagrams):
            if name in sockets:
                sockets.pop(name).close()

    def _open(self, name: str, family: int, kind: int, address: str | tuple[str, int]) -> socket.socket:
        one = socket.socket(family, kind)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.setblocking(False)
        try:
            one.bind(address)
        except BaseException:
            one.close()
            raise
        (self._streams if kind == socket.SOCK_STREAM else self._datagrams)[name] = one
        return one

    def _listen(self, name: str, family: int, address: str | tuple[str, int]) -> None:
        self._open(name, family, socket.SOCK_STREAM, address).listen(_BACKLOG)

    def _receive(self, name: str, family: int, address: str | tuple[str, int]) -> None:
        self._open(name, family, socket.SOCK_DGRAM, address)

    def changes(self) -> list[str]:
        """Say who came. What came before this question is counted, and our own knock is not."""
        counts = {name: _visitors(one) for name, one in self._streams.items()}
        counts |= {name: _datagrams(one) for name, one in self._datagrams.items()}
        return [f"{count} connections or messages at the {name} listener" for name, count in counts.items() if count]

    def close(self) -> None:
        """Close all sockets."""
        for sockets in (self._streams, self._datagrams):
            for one in sockets.values():
                one.close()
            sockets.clear()


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def _accepted(listener: socket.socket) -> list[bytes]:
    """Take all connections that wait, and what each has said so far."""
    found = []
    with suppress(BlockingIOError):
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.setblocking(False)
                try:
                    found.append(connection.recv(4096))
                except OSError:
                    found.append(b"")
    return found


def _visitors(listener: socket.socket) -> int:
    count = len(_accepted(listener))
    mark = secrets.token_bytes(16)
    with socket.socket(listener.family) as knock:
        knock.settimeout(PATIENCE_SECONDS)
        knock.connect(listener.getsockname())
        knock.sendall(mark)
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            if not select.select([listener], [], [], max(end - time.monotonic(), 0))[0]:
                raise TimeoutError("a listener does not hear its own knock")
            said = _accepted(listener)
            if mark in said:
                return count + len(said) - 1
            count += len(said)


def _datagrams(receiver: socket.socket) -> int:
    count = 0
    mark = secrets.token_bytes(16)
    with socket.socket(receiver.family, socket.SOCK_DGRAM) as knock:
        with suppress(BlockingIOError):
            while True:
                receiver.recv(65_536)
                count += 1
        knock.sendto(mark, receiver.getsockname())
        while select.select([receiver], [], [], PATIENCE_SECONDS)[0]:
            if receiver.recv(65_536) == mark:
                return count
            count += 1
    raise TimeoutError("a listener does not hear its own knock")
