"""Sums by month beside those by day; what is summed up already is added to them by the service."""

from valuebox.store.migrations.months import create_months, create_noted_months

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None
works_from = "0008"


def upgrade() -> None:
    create_noted_months()
    create_months("ltv", 50, ["later", "future"])
    create_months("response", 200, ["variance"], is_calibrated=True)
