"""Moments on the clock of a report: days and months are those of its time zone."""

from datetime import UTC, datetime, tzinfo

import numpy as np

from valuebox.statistics.arrays import Moments

__all__ = ["UTC", "aware", "local", "moment"]


def local(moments: Moments, zone: tzinfo) -> Moments:
    """Moments in UTC as the clock of a time zone shows them, NaT where they are not known."""
    if zone is UTC or str(zone) == "UTC":
        return moments
    import pandas as pd

    index = pd.DatetimeIndex(moments, tz="UTC").tz_convert(zone).tz_localize(None)
    return index.to_numpy(dtype="datetime64[us]")


def moment(when: datetime, zone: tzinfo = UTC) -> np.datetime64:
    """A moment as columns hold it, on the clock of a time zone."""
    return np.datetime64(when.astimezone(zone).replace(tzinfo=None), "us")


def aware(when: np.datetime64, zone: tzinfo = UTC) -> datetime:
    """A moment as answers hold it; of what a clock showed twice, the first."""
    return datetime.fromisoformat(str(when.astype("datetime64[us]"))).replace(tzinfo=zone)
