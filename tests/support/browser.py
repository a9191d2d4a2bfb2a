"""A headless Chromium, as Debian packages it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

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


def as_new(page: Page) -> Page:
    """An open page, made as a new one would be; one that is opened takes a process of its own."""
    page.context.clear_cookies()
    page.goto("about:blank")
    page.set_viewport_size({"width": 1280, "height": 720})
    page.emulate_media(media="null", color_scheme="null")
    return page


# While it is driven an event loop runs in this thread, in which no other test could run its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """That browser."""
    with chromium() as found:
        yield found
