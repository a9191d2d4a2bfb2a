"""XGBoost, as everything that predicts imports it: a server's without scikit-learn.

Only the estimators that XGBoost offers beside its boosters need scikit-learn. A server has none of
them, and would spend a third of its start on that import. Other processes get the whole of it.
"""

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_SERVERS: Final = frozenset({"bentoml", "_bentoml_impl.worker.service"})


def serves(command: list[str]) -> bool:
    """Whether a process is `bentoml serve` or a worker of it.

    Args:
        command: What started the process, as `sys.orig_argv` has it.
    """
    return any(part.replace("\\", "/").rsplit("/", 1)[-1] in _SERVERS for part in command[1:4])


@contextmanager
def _without(name: str) -> "Iterator[None]":
    """In the block, a module that is not imported yet cannot be."""
    modules: dict[str, Any] = sys.modules
    if name in modules:
        yield
        return
    modules[name] = None
    try:
        yield
    finally:
        del modules[name]


if serves(sys.orig_argv):
    with _without("sklearn"):
        import xgboost as xgb
else:
    import xgboost as xgb

__all__ = ["serves", "xgb"]
