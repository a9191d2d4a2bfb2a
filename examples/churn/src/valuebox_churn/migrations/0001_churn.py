"""What the churn model says of customers, and what comes true."""

from valuebox.compartments.api import create_tables, drop_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables, those of the sums included."""
    create_tables("churn")


def downgrade() -> None:
    """Take the tables away, for `valuebox db remove churn`."""
    drop_tables("churn")
