"""The settings of the worker, from the environment of the server.

A setting that cannot be read stops the server's start: a limit that is not the one that was meant is worse.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace

from .allowance import Allowance
from .machine import Machine, Shape, shape_of

USER_VARIABLE = "AUTOGRAD_LAB_WORKER_UID"
GPU_VARIABLE = "AUTOGRAD_LAB_GPU"
PLACES_VARIABLE = "AUTOGRAD_LAB_PLACES"
SPARE_VARIABLE = "AUTOGRAD_LAB_SPARE_ZYGOTE"
RUNS_VARIABLE = "AUTOGRAD_LAB_PERSON_RUNS"
WAITING_VARIABLE = "AUTOGRAD_LAB_PERSON_WAITING"
SECONDS_VARIABLE = "AUTOGRAD_LAB_PERSON_SECONDS"
ADDRESS_VARIABLE = "AUTOGRAD_LAB_ADDRESS_SECONDS"


def user() -> int | None:
    """Return the user id that programs run as when the server is root."""
    text = os.environ.get(USER_VARIABLE, "")
    return int(text) if text.isdigit() else None


def shape(machine: Machine, environment: Mapping[str, str] = os.environ) -> Shape:
    """Return how this machine is shared: ``AUTOGRAD_LAB_PLACES=4+2`` is 4 places for short runs and 2 for long ones."""
    spare = environment.get(SPARE_VARIABLE, "")
    found = shape_of(machine, None if spare == "" else spare == "1")
    text = environment.get(PLACES_VARIABLE, "")
    if not text:
        return found
    places = re.fullmatch(r"\s*([1-9]\d{0,2})\s*\+\s*(\d{1,3})\s*", text)
    if places is None:
        raise ValueError(f"{PLACES_VARIABLE} is two numbers, as 2+1: places for short and for long runs; not {text!r}.")
    return replace(found, short=int(places[1]), long=int(places[2]))


def allowance(machine: Machine, environment: Mapping[str, str] = os.environ) -> Allowance:
    """Return what a person may use. An address may use half of the machine while others use it, too."""
    return Allowance(
        runs=int(_number(environment, RUNS_VARIABLE, 3)),
        seconds=_number(environment, SECONDS_VARIABLE, 60),
        address_seconds=_number(environment, ADDRESS_VARIABLE, 30 * machine.processors),
    )


def waiting(environment: Mapping[str, str] = os.environ) -> int:
    """Return how many programs of one person may wait."""
    return int(_number(environment, WAITING_VARIABLE, 8))


def _number(environment: Mapping[str, str], name: str, usual: float) -> float:
    text = environment.get(name, "")
    try:
        value = float(text) if text else usual
    except ValueError:
        value = -1
    if not 0 <= value < 1e9:
        raise ValueError(f"{name} is a number, 0 or more; not {text!r}.")
    return value
