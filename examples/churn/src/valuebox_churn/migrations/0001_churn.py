"""What the churn model says of customers."""

from alembic import op

from valuebox.compartments.migrating import create_customer_predictions

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table."""
    create_customer_predictions("churn_predictions")


def downgrade() -> None:
    """Take the table away, for `valuebox db remove churn`."""
    op.drop_table("churn_predictions")
