"""What response models are called in the model store."""

from typing import Final

KIND: Final = "response"
NEWEST: Final = "response"
"""The name that is served where none is set, if there is such a model."""
