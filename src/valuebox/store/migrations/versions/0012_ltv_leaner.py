"""Leaner tables of lifetime values: no key and two indices less, and one that costs nothing.

Each of them was kept up for every row that is predicted; decision 0018 tells their prices. Columns
stay as they are, so that replicas of the version before go on beside those of this one.
"""

import re

import sqlalchemy as sa
from alembic import op

from valuebox.store.migrations.beside import build_index

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None
works_from = "0008"

_KEY = "fk_ltv_predictions_features_id"
_BY_JOIN_DATE = "ix_ltv_features_join_date"
_PREPARED = f"{_BY_JOIN_DATE}_brin"
_BRIN = "ltv_features USING brin (join_date)"
# Before the first release predictions had ids of their own.
_SAME_IDS = "UPDATE ltv_predictions SET id = features_id WHERE id <> features_id"


def beforehand(connection: sa.Connection) -> None:
    connection.execute(sa.text(_SAME_IDS))
    build_index(connection, _PREPARED, _BRIN, becomes=_BY_JOIN_DATE)


def upgrade() -> None:
    op.execute(_SAME_IDS)
    if op.get_bind().dialect.name == "postgresql":
        # One lock that is waited for, rather than one after the other.
        op.execute("LOCK TABLE ltv_features, ltv_predictions IN ACCESS EXCLUSIVE MODE")
        op.execute(f"CREATE INDEX IF NOT EXISTS {_PREPARED} ON {_BRIN}")
        op.drop_index(_BY_JOIN_DATE, "ltv_features")
        op.execute(f"ALTER INDEX {_PREPARED} RENAME TO {_BY_JOIN_DATE}")
        op.drop_constraint(_KEY, "ltv_predictions")
    else:
        _drop_key_of_sqlite()
    op.drop_index("ix_ltv_features_request_id", "ltv_features")
    op.drop_index("ix_ltv_predictions_features_id", "ltv_predictions")


def _drop_key_of_sqlite() -> None:
    """Take the key out of the table's definition, where SQLite would copy millions of rows.

    See "Making Other Kinds Of Table Schema Changes" in SQLite's documentation of ALTER TABLE.
    """
    connection = op.get_bind()
    schema = sa.table("sqlite_master", sa.column("name"), sa.column("sql"))
    is_table = schema.c.name == "ltv_predictions"
    definition = connection.execute(sa.select(schema.c.sql).where(is_table)).scalar_one()
    key = rf",\s*CONSTRAINT {_KEY} FOREIGN KEY ?\([^()]*\) [^()]*\([^()]*\)"
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.execute(sa.update(schema).where(is_table).values(sql=re.sub(key, "", definition)))
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")
