"""Tests of answers run in one process, as a worker's child does once it is warmed up."""

from __future__ import annotations

import warnings

import pytest

from components.answers import ProgramAnswerer


@pytest.fixture(scope="session", autouse=True)
def warmed_up() -> None:
    """What PyTorch loads when first used warns about itself once in a process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in ProgramAnswerer().warming():
            pass
