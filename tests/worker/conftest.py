"""Pools whose children run unrestricted Python behind chosen walls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from components.worker import Pool
from tests.worker.helpers import MakePool, options


@pytest.fixture(scope="session")
def shared() -> Iterator[MakePool]:
    """Return a pool for these walls, the same for all tests that ask for the same."""
    pools: dict[object, Pool] = {}

    def make(walls: tuple[str, ...] | None = None, answer: str = "run_anything", user: int | None = None) -> Pool:
        key = (walls, answer, user)
        if key not in pools:
            pools[key] = Pool(size=2, options=options(walls, answer, user))
        return pools[key]

    yield make
    for pool in pools.values():
        pool.close()


@pytest.fixture
def walled(shared: MakePool) -> Pool:
    """A pool with all walls."""
    return shared()


@pytest.fixture
def own_pool() -> Iterator[MakePool]:
    """Return pools that a test may fill, break or close."""
    pools: list[Pool] = []

    def make(**arguments: object) -> Pool:
        pools.append(Pool(options=options(), **arguments))  # type: ignore[arg-type]
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file and an empty folder in it."""
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    return tmp_path
