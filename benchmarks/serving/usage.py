"""What processes take of the machine."""

from collections.abc import Callable, Iterable

import psutil


class Usage:
    """CPU seconds and peak memory of processes, from now on."""

    def __init__(self, processes: Iterable[psutil.Process]):
        self._processes = list(processes)
        self._before = self._cpu()
        self.peak_mebibytes = 0.0
        self.sample()

    def sample(self) -> None:
        """Look at the memory: all processes together, pages that they share count for each."""
        total = sum(_of(one, lambda one: one.memory_info().rss) for one in self._processes)
        self.peak_mebibytes = max(self.peak_mebibytes, total / 2**20)

    def cpu_seconds(self) -> float:
        """Used so far, by those that still live."""
        return self._cpu() - self._before

    def _cpu(self) -> float:
        return sum(_of(one, lambda one: sum(one.cpu_times()[:2])) for one in self._processes)


def _of(process: psutil.Process, figure: Callable[[psutil.Process], float]) -> float:
    try:
        return figure(process)
    except psutil.NoSuchProcess:
        return 0.0


def family(pid: int) -> list[psutil.Process]:
    """A process and all that it started."""
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]
