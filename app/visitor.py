"""Whose programs a session's are: the network address that a browser has, seen through the proxies that are trusted.

Anybody can send ``X-Forwarded-For``, so it is believed from the right, one proxy after the other, as long as each that
has added to it is one of those that the setting ``TRUSTED_PROXIES`` names.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from components import settings
from components.worker import Owner

# Of IPv6 a household has this much to itself, and each of its machines takes new addresses from it as it likes.
_HOUSEHOLD = 64


def owner(person: str) -> Owner:
    """Return whose the programs are of the session for which this page runs, in the browser of ``person``."""
    if get_script_run_ctx() is None:
        return Owner()
    forwarded = st.context.headers.get_all("X-Forwarded-For")
    return Owner(visitor(st.context.ip_address, forwarded, settings.TRUSTED_PROXIES.value()), person)


def visitor(peer: str | None, forwarded: Iterable[str], trusted: settings.Networks) -> str:
    """Return the address of whoever is behind a connection from ``peer``, ``None`` for this machine.

    ``forwarded`` are the values of ``X-Forwarded-For`` in order. Of an IPv6 address only the network is returned.
    """
    known = _address(peer or "127.0.0.1")
    hops = [hop for value in forwarded for hop in value.split(",")]
    while known is not None and hops and any(known in network for network in trusted):
        before = _address(hops.pop())
        if before is None:
            break
        known = before
    if isinstance(known, IPv6Address):
        return str(ip_network((known, _HOUSEHOLD), strict=False))
    return str(known) if known is not None else ""


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address, which may have a port; an IPv4 address as IPv6 writes it is one of IPv4."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
