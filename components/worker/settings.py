"""What the settings of the environment mean for the worker on a machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from ..settings import ADDRESS_SECONDS, PERSON_RUNS, PERSON_SECONDS, PLACES, SPARE_ZYGOTE
from .allowance import Allowance
from .machine import Machine, Shape, shape_of


def shape(machine: Machine, environment: Mapping[str, str] = os.environ) -> Shape:
    """Return how this machine is shared; raises ``BadSetting``."""
    found = shape_of(machine, SPARE_ZYGOTE.value(environment))
    places = PLACES.value(environment)
    return found if places is None else replace(found, short=places[0], long=places[1])


def allowance(machine: Machine, environment: Mapping[str, str] = os.environ) -> Allowance:
    """Return what a person may use, and an address: half of the machine while others use it. Raises ``BadSetting``."""
    of_an_address = ADDRESS_SECONDS.value(environment)
    return Allowance(
        runs=PERSON_RUNS.value(environment),
        seconds=PERSON_SECONDS.value(environment),
        address_seconds=30 * machine.processors if of_an_address is None else of_an_address,
    )
