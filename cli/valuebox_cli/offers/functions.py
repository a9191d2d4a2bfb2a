"""Policies as Python functions, by `module:function`."""

import importlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from valuebox.compartments.offers.evaluation.policies import BEST_FIXED, RANDOM
from valuebox.errors import ValueboxError


def functions_of(names: Iterable[str] | None) -> dict[str, Callable[..., Any] | None]:
    """The function of each policy that is one, by name; see `function_of`.

    Args:
        names: Of policies; None for those that need no function.
    """
    plain = (RANDOM, BEST_FIXED)
    return {name: None if name in plain else function_of(name) for name in names or plain}


def function_of(name: str) -> Callable[..., Any]:
    """The function that `module:function` names; modules of the working directory are found, too.

    Raises:
        ValueboxError: where there is none.
    """
    module, colon, function = name.partition(":")
    if not (colon and module and function):
        raise ValueboxError(
            f"--policy: {name!r} is none of {RANDOM}, {BEST_FIXED} and module:function"
        )
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, SyntaxError) as error:
        raise ValueboxError(f"--policy: {name!r} cannot be imported: {error}") from None
    if not callable(found):
        raise ValueboxError(f"--policy: {name!r} is no function")
    called: Callable[..., Any] = found
    return called
