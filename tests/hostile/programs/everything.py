"""All hostile programs: importing their modules puts them into the catalogue."""

from __future__ import annotations

from tests.hostile.programs import (
    files,
    files_by_other_ways,
    kernel,
    markup,
    network,
    processes,
    resources,
    results,
    runs,
    secrets,
    signals,
    time_and_output,
)
from tests.hostile.programs.catalogue import GROUPS, PROGRAMS, Hostile, in_group

__all__ = ["GROUPS", "MODULES", "PROGRAMS", "Hostile", "in_group"]

MODULES = (
    files,
    files_by_other_ways,
    kernel,
    markup,
    network,
    processes,
    resources,
    results,
    runs,
    secrets,
    signals,
    time_and_output,
)
