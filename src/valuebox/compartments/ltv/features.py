"""What a lifetime-value model looks at of a user; see `features.encoder`."""

from typing import ClassVar

from valuebox.compartments.ltv.user import CATEGORICAL as CATEGORICAL
from valuebox.compartments.ltv.user import FEATURES as FEATURES
from valuebox.compartments.ltv.user import NUMERIC as NUMERIC
from valuebox.features.encoder import ColumnEncoder
from valuebox.features.encoder import Columns as Columns
from valuebox.features.encoder import Matrix as Matrix


class Encoder(ColumnEncoder):
    """Turns users into a float32 matrix.

    `join_date` is no feature: a raw date makes a tree repeat its last month.
    """

    numeric: ClassVar = NUMERIC
    categorical: ClassVar = CATEGORICAL
