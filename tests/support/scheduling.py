"""Which tests have to share an xdist worker, so that what is costly to start is started once.

Not by `xdist_group`: with pytest 9.2 `--dist loadgroup` forgets the groups (pytest-xdist #1386).
"""

import re
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

_KIND = re.compile(r"[\[-](sqlite|postgresql)\b")


class ByService(LoadScopeScheduling):
    """End-to-end tests by the service that they use, everything else by file."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        kind = _KIND.search(test)
        return f"service-{kind[1]}" if kind and "/e2e/" in file else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Replaces the scheduler that `--dist` names."""
    return ByService(config, log)
