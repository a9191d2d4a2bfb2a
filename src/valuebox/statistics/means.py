"""Money a customer in two samples, and whether their means differ."""

from valuebox.statistics.amounts import Amounts, amounts
from valuebox.statistics.shuffling import p_value

__all__ = ["Amounts", "amounts", "p_value"]
