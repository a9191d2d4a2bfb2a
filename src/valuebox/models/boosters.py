"""XGBoost, as everything that predicts imports it: late, and a server with boosters alone.

Commands that have nothing to do with a model would spend most of their time on importing it, so
that `xgb` is imported by whoever asks for it. Only the estimators and pictures that XGBoost offers
beside its boosters need scikit-learn and `scipy.special`. A server has none of them, and would
spend a third of its start on these imports. Other processes get the whole of it, and so does a
server that may load pipelines of one's own, which may be such estimators.
"""

import sys
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from valuebox.bento import is_server
from valuebox.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    import xgboost as xgb


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


@cache
def _imported() -> Any:
    """The package, imported once as this process needs it."""
    if is_server(sys.orig_argv) and not load_settings().trust_pipelines:
        # XGBoost leaves out its estimators as well where it cannot draw.
        with _without("sklearn", "xgboost.plotting"):
            import xgboost
    else:
        import xgboost
    return xgboost


def __getattr__(name: str) -> Any:
    if name != "xgb":
        raise AttributeError(name)
    return _imported()


def booster_of(content: bytes) -> "xgb.Booster":
    """The trees that were saved as UBJSON, to be asked by a server.

    Raises:
        xgboost.core.XGBoostError: a `ValueError`, when these are no trees.
    """
    booster: xgb.Booster = _imported().Booster(model_file=bytearray(content))
    # One thread per worker: requests run side by side, and small batches gain nothing.
    booster.set_param({"nthread": 1})
    return booster


__all__ = ["booster_of", "xgb"]
