"""Sums over predicted responses; what is stored already is added to them by the service."""

from valuebox.store.migrations.sums import create_sums

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None
works_from = "0008"


def upgrade() -> None:
    create_sums("response", "response_predictions", ["variance"], is_calibrated=True)
