"""Types of the arrays that figures are made from."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
"""Amounts, shares and other numbers."""
Moments = NDArray[np.datetime64]
"""Points in time, without a zone."""
Codes = NDArray[np.intp]
"""Positions in a list of names, such as that of the groups."""
Mask = NDArray[np.bool_]
"""Which rows are meant."""
