"""XGBoost, as everything that predicts imports it: a server's with boosters alone.

Only the estimators and pictures that XGBoost offers beside its boosters need scikit-learn and
`scipy.special`. A server has none of them, and would spend a third of its start on these imports.
Other processes get the whole of it.
"""

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from valuebox.bento import is_server

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def _without(*names: str) -> "Iterator[None]":
    """In the block, modules that are not imported yet cannot be."""
    modules: dict[str, Any] = sys.modules
    blocked = [name for name in names if name not in modules]
    modules.update(dict.fromkeys(blocked))
    try:
        yield
    finally:
        for name in blocked:
            del modules[name]


if is_server(sys.orig_argv):
    # XGBoost leaves out its estimators as well where it cannot draw.
    with _without("sklearn", "xgboost.plotting"):
        import xgboost as xgb
else:
    import xgboost as xgb


def booster_of(content: bytes) -> xgb.Booster:
    """The trees that were saved as UBJSON, to be asked by a server.

    Raises:
        xgboost.core.XGBoostError: a `ValueError`, when these are no trees.
    """
    booster = xgb.Booster(model_file=bytearray(content))
    # One thread per worker: requests run side by side, and small batches gain nothing.
    booster.set_param({"nthread": 1})
    return booster


__all__ = ["booster_of", "xgb"]
