"""A Bento box of customer-value models: facts, features, model, prediction, outcome.

Whatever `__all__` names is public. It is imported when it is first asked for: `import valuebox`
alone loads neither BentoML nor XGBoost nor pandas.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from valuebox.client.asynchronous import AsyncClient
    from valuebox.client.calls import Answer
    from valuebox.client.errors import ServiceError
    from valuebox.client.sync import Client
    from valuebox.compartments.loading import LoadedModel, load
    from valuebox.errors import ValueboxError

__version__ = "0.2.0"

__all__ = (
    "Answer",
    "AsyncClient",
    "Client",
    "LoadedModel",
    "ServiceError",
    "ValueboxError",
    "__version__",
    "load",
)

_PLACES = {
    "Answer": "client.calls",
    "AsyncClient": "client.asynchronous",
    "Client": "client.sync",
    "LoadedModel": "compartments.loading",
    "ServiceError": "client.errors",
    "ValueboxError": "errors",
    "load": "compartments.loading",
}
"""The module of each public name."""


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
