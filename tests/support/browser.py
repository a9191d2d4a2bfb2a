"""A headless Chromium, as Debian packages it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

from support.programs import find

# It would look things up at its maker's, again and again.
_QUIET = (
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--no-sandbox"),
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser that is started and ended."""
    path = find("chromium", "chromium")
    with sync_playwright() as drivers:
        browser = drivers.chromium.launch(executable_path=path, args=_QUIET)
        yield browser
        browser.close()


# While it is driven an event loop runs in this thread, in which no other test could run its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """That browser."""
    with chromium() as found:
        yield found
