"""Money a customer in two samples, and whether their means differ."""

from valuebox.growth.amounts import Amounts, amounts
from valuebox.growth.dealing import p_value

__all__ = ["Amounts", "amounts", "p_value"]
