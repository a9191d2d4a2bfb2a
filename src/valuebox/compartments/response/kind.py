"""What response models are called in the model store, and what makes them."""

from typing import Final

KIND: Final = "response"
TRAINED_BY: Final = "valuebox growth train"
NEWEST: Final = "response"
"""The name that is served where none is set, if there is such a model."""
