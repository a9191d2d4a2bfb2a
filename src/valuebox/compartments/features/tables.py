"""Table of what monitoring found in answers with declared features."""

from valuebox.predictions.sums.tables import MonitorRecord
from valuebox.store.base import Base


class FeatureMonitorResult(MonitorRecord, Base):
    """What `valuebox monitor` found in answers, once per run."""

    __tablename__ = "feature_monitor_results"
