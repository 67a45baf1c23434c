"""Whose programs a session's are: the network address that a browser has, seen through the proxies that are trusted.

Anybody can send ``X-Forwarded-For``, so it is believed from the right, one proxy after the other, as long as each that
has added to it is one of those that ``AUTOGRAD_LAB_TRUSTED_PROXIES`` names: addresses and networks, with commas.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from components.worker import Owner

PROXIES_VARIABLE = "AUTOGRAD_LAB_TRUSTED_PROXIES"
# Of IPv6 a household has this much to itself, and each of its machines takes new addresses from it as it likes.
_HOUSEHOLD = 64

Networks = Sequence[IPv4Network | IPv6Network]


def owner() -> Owner:
    """Return whose the programs of the session are for which this page runs."""
    context = get_script_run_ctx()
    if context is None:
        return Owner()
    forwarded = st.context.headers.get_all("X-Forwarded-For")
    return Owner(visitor(st.context.ip_address, forwarded, trusted_proxies()), context.session_id)


@cache
def trusted_proxies(text: str | None = None) -> Networks:
    """Return the networks that a text names, by default the setting's; raises ``ValueError``."""
    named = os.environ.get(PROXIES_VARIABLE, "") if text is None else text
    try:
        return tuple(ip_network(part.strip(), strict=False) for part in named.split(",") if part.strip())
    except ValueError as error:
        raise ValueError(f"{PROXIES_VARIABLE} names addresses or networks, as 10.0.0.0/8: {error}.") from None


def visitor(peer: str | None, forwarded: Iterable[str], trusted: Networks) -> str:
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
