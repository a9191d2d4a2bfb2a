"""What axe-core says of a page."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def axe_findings(page: Page) -> list[str]:
    """What axe-core says is wrong with a page for those who see, hear or steer it otherwise."""
    found = Axe().run(page).response
    assert found["passes"], "no rule was applied"
    return [
        f"{one['id']}: {node['html']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
