"""Purchases of a tenth of CDNOW's customers of early 1997, which BG/NBD was published with."""

from importlib.metadata import files

import pandas as pd

from support.growth import facts
from valuebox.compartments.growth.loaded.frames import Facts


def cdnow() -> Facts:
    """From January 1997 to June 1998; the customers come in the first twelve weeks."""
    # The package itself wants older libraries: its file is all that is read.
    path = next(one for one in files("lifetimes") or [] if one.name == "CDNOW_sample.txt")
    columns = ["customer", "day", "dollars"]
    rows = pd.read_csv(path.locate(), sep=r"\s+", usecols=[1, 2, 4], names=columns)
    customer = rows["customer"].to_numpy() - 1
    day = pd.to_datetime(rows["day"].astype(str)).to_numpy()
    return facts(customer, day, rows["dollars"].to_numpy(), int(customer.max()) + 1)
