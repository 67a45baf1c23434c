"""What the tests of the app in Chromium share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.app.browser import served


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the app is served, for the tests of one file."""
    with served() as found:
        yield found
