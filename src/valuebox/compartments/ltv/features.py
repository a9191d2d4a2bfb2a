"""What a lifetime-value model looks at of a user; see `features.encoder`."""

from valuebox.compartments.ltv.user import CATEGORICAL as CATEGORICAL
from valuebox.compartments.ltv.user import FEATURES as FEATURES
from valuebox.compartments.ltv.user import NUMERIC as NUMERIC
from valuebox.compartments.ltv.user import USERS
from valuebox.features.encoder import ColumnEncoder
from valuebox.features.encoder import Columns as Columns
from valuebox.features.encoder import Matrix as Matrix
from valuebox.features.shape import Shape


class Encoder(ColumnEncoder):
    """Turns users into a float32 matrix.

    `join_date` is no feature: a raw date makes a tree repeat its last month.
    """

    def __init__(self, min_users: int = 20, shape: Shape = USERS):
        super().__init__(min_users, shape)
