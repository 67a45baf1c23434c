"""What tests in several folders share."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from components.worker import Pool
from tests.app.browser import CHROMIUM, FLAGS, watch_the_runs_of

# Property tests try the same examples everywhere, and none fails because its machine is busy.
settings.register_profile("lab", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("lab")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests in Chromium come last, and large programs first of them: the driver leaves a running event loop behind."""
    items.sort(key=lambda item: (item.get_closest_marker("browser") is not None, "large" not in item.nodeid))


@pytest.fixture(scope="session", autouse=True)
def frozen() -> None:
    """Measuring collects all garbage first: it shall not look through what the tests themselves have loaded."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, one for all tests of a worker."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        started.on("context", watch_the_runs_of)
        yield started
        started.close()


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    """Programs run behind the walls, one at a time: what the server does, for all tests of a worker."""
    started = Pool(size=1)
    yield started
    started.close()


@pytest.fixture(scope="session")
def reader(browser: Browser) -> Iterator[BrowserContext]:
    """A browser for pages that need no server."""
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture(autouse=True)
def torch_as_it_was() -> Iterator[None]:
    """Take back what a program of the test has switched on in this process; in the app every run has its own."""
    yield
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.autograd.set_detect_anomaly(False)
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)
