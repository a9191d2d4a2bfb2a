"""Which tests have to share an xdist worker, so that what is costly to start is started once.

Not by `xdist_group`: with pytest 9.2 `--dist loadgroup` forgets the groups (pytest-xdist #1386).
"""

import re
from contextlib import suppress
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

_KIND = re.compile(r"[\[-](sqlite|postgresql)\b")
_E2E, _SERVICE = "/e2e/", "service-"
_CONFORMANCE = "tests/conformance"


class ByService(LoadScopeScheduling):
    """End-to-end tests by the service that they use, conformance at once, all else by file.

    End-to-end tests wait for services much of their time. All workers together would run these
    first, while cores are idle, so the first worker begins with what waits for nothing.
    """

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        # Where there are many tests in a file each is short: what takes longest would come last.
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        if file.startswith(_CONFORMANCE):
            # All of it asks the same models and databases, which take longer than the tests.
            return _CONFORMANCE
        kind = _KIND.search(test)
        return f"{_SERVICE}{kind[1]}" if kind and _E2E in file else file

    def remove_node(self, node: WorkerController) -> str | None:
        """The test that has crashed a worker, None of one that is done; others get what it left.

        xdist would have others run that test too, and go through files of which all is done: a
        worker that waits to hear of its next test is told of none, and waits for ever.
        """
        left = [
            (scope, test)
            for scope, unit in self.assigned_work.pop(node).items()
            for test, is_done in unit.items()
            if not is_done
        ]
        for scope, test in left[1:]:
            self.workqueue.setdefault(scope, {})[test] = False
        for other in self.nodes:
            self._reschedule(other)
        return left[0][1] if left else None

    def _reschedule(self, node: WorkerController) -> None:
        super()._reschedule(node)
        # It begins its last test only once it is told that there is no other, or of one.
        while not node.shutting_down and self._pending_of(self.assigned_work[node]) < 2:
            super()._reschedule(node)

    def _assign_work_unit(self, node: WorkerController) -> None:
        if node is self.nodes[0]:
            busy = next((one for one in self.workqueue if not _waits(one)), None)
            if busy is not None:
                self.workqueue.move_to_end(busy, last=False)
        # Where it has just crashed, xdist is about to tell, and what it was given goes to others.
        with suppress(OSError):
            super()._assign_work_unit(node)


def _waits(scope: str) -> bool:
    return scope.startswith(_SERVICE) or _E2E in scope


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Replaces the scheduler that `--dist` names."""
    return ByService(config, log)
