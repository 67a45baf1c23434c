"""What the tests of the app in Chromium share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.app.browser import served


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where the app is served, for all tests of a worker."""
    with served() as found:
        yield found


@pytest.fixture(scope="session")
def visitor(browser: Browser, address: str) -> Iterator[BrowserContext]:
    """A person's browser: each page is a session of the app's own, and what was loaded once is not loaded again."""
    context = browser.new_context(base_url=address)
    yield context
    context.close()
