"""The tables of the sums of a compartment by month, as migrations make them.

What a migration does never changes, and so nor do these functions.
"""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

_TAG: Final = 255
_SEGMENT: Final = 100
_DAYS: Final = ("cohorts", "cohort_scatter", "prediction_bins", "feature_bins")
"""Tables of sums by day, whose months are noted when they change."""
_BEFORE: Final = "1970-01-01 00:00:00"
_NOTED: Final = "summed_months"
_CHANGED: Final = "is_made = false, changed_at = excluded.changed_at"


def create_noted_months() -> None:
    """Make the table of the months whose sums are made, or have changed since."""
    op.create_table(
        _NOTED,
        sa.Column("ledger", sa.String(_SEGMENT), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("is_made", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ledger", "month", name=f"pk_{_NOTED}"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION note_summed_months() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "  # noqa: S608
            f"INSERT INTO {_NOTED} (ledger, month, is_made, changed_at) "
            "SELECT DISTINCT TG_ARGV[0], date_trunc('month', day)::date, false, now() "
            "FROM changed ORDER BY 2 "
            f"ON CONFLICT (ledger, month) DO UPDATE SET {_CHANGED}; "
            "RETURN NULL; END $$"
        )


def create_months(
    name: str, feature_letters: int, extras: Sequence[str] = (), is_calibrated: bool = False
) -> None:
    """Make the tables, and have the database note from now on which months change.

    What is stored already is added up by the service.

    Args:
        name: Of the compartment, whose tables of sums by day are there.
        feature_letters: Letters that the name of a feature has at most.
        extras: What is added up beside the predictions of a cohort.
        is_calibrated: Whether predictions and outcomes are added up by bin, too.
    """
    segment, number = sa.String(_SEGMENT), sa.Integer()
    _by_month(
        f"{name}_cohort_months",
        {"segment": segment},
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("last_known", sa.Date()),
        *map(_count, ("users", "known_users")),
        *map(_amount, ("known_actual", "known_squares", "prediction", "known_prediction")),
        *(_amount(column) for extra in extras for column in (extra, f"known_{extra}")),
    )
    calibration = ("known_prediction", "known_actual") if is_calibrated else ()
    _by_month(
        f"{name}_scatter_months",
        {"segment": segment, "bin": number},
        *map(_count, ("users", "known_users")),
        *map(_amount, calibration),
    )
    _by_month(f"{name}_prediction_months", {"segment": segment, "bin": number}, _count("rows"))
    feature = sa.String(feature_letters)
    _by_month(f"{name}_feature_months", {"feature": feature, "bin": number}, _count("rows"))
    for table in _DAYS:
        _note_changes(name, f"{name}_{table}")


def _note_changes(name: str, table: str) -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    month = "date_trunc('month', day)::date" if is_postgresql else "date(day, 'start of month')"
    op.execute(
        f"INSERT INTO {_NOTED} (ledger, month, is_made, changed_at) "  # noqa: S608
        f"SELECT DISTINCT '{name}', {month}, false, "
        f"{'TIMESTAMPTZ ' * is_postgresql}'{_BEFORE}' FROM {table} WHERE true "
        "ON CONFLICT (ledger, month) DO NOTHING"
    )
    for event, rows in {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}.items():
        trigger = f"CREATE TRIGGER {table}_{event.lower()} AFTER {event} ON {table}"
        if is_postgresql:
            op.execute(
                f"{trigger} REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT "
                f"EXECUTE FUNCTION note_summed_months('{name}')"
            )
        else:
            op.execute(
                f"{trigger} BEGIN "  # noqa: S608
                f"INSERT INTO {_NOTED} (ledger, month, is_made, changed_at) "
                f"VALUES ('{name}', date({rows}.day, 'start of month'), false, CURRENT_TIMESTAMP) "
                f"ON CONFLICT (ledger, month) DO UPDATE SET {_CHANGED}; END"
            )


def _by_month(table: str, keys: dict[str, Any], *sums: sa.Column[Any]) -> None:
    every = {"month": sa.Date(), "model": sa.String(_TAG), **keys}
    columns = [sa.Column(name, kind, nullable=False) for name, kind in every.items()]
    op.create_table(table, *columns, *sums, sa.PrimaryKeyConstraint(*every, name=f"pk_{table}"))


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _amount(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Double(), nullable=False)
