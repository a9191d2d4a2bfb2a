"""What was loaded of matches, users and bets, what is foretold of matches, and what comes true."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from valuebox.store.migrations.sums import create_sums

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None
works_from = "0008"


def upgrade() -> None:
    _loaded("matches", *map(_number, ("season", "week")),
            *map(_name, ("home", "away", "home_place", "away_place", "slot")),
            _moment("kickoff"))  # fmt: skip
    _loaded("users", _name("place"), _moment("registered_at"), _number("registered_hour"))
    _loaded("bets", _name("match_id"), _name("user_id"), _moment("placed_at"),
            _number("placed_hour"), _amount("amount"),
            sa.Column("state", sa.String(30), nullable=False),
            sa.Column("counts", sa.Boolean(), nullable=False))  # fmt: skip
    op.create_index("ix_handle_bets_match_id", "handle_bets", ["match_id"])
    op.create_index("ix_handle_bets_user_id", "handle_bets", ["user_id"])
    _table("loads", _id(), _moment("loaded_at"), *map(_number, ("matches", "users", "bets")),
           sa.Column("noticed", sa.JSON(), nullable=False))  # fmt: skip
    op.create_index("ix_handle_loads_loaded_at", "handle_loads", ["loaded_at"])
    _table("askings", _id(), *map(_moment, ("asked_at", "loaded_to")),
           sa.Column("feed", sa.Text()),
           sa.Column("answer", sa.JSON(), nullable=False))  # fmt: skip
    _table("predictions", _id(), sa.Column("request_id", sa.Uuid(), nullable=False),
           _name("match_id"), sa.Column("model", sa.String(255), nullable=False),
           *map(_moment, ("asked_at", "loaded_to", "kickoff")),
           sa.Column("lead_class", sa.String(20), nullable=False),
           *map(_amount, ("prediction", "lower", "upper", "known", "deviation")))  # fmt: skip
    op.create_index("ix_handle_predictions_request_id", "handle_predictions", ["request_id"])
    op.create_index("ix_handle_predictions_match_id_id", "handle_predictions", ["match_id", "id"])
    _table("features", _id(), sa.Column("known", sa.JSON(), nullable=False),
           sa.ForeignKeyConstraint(["id"], ["handle_predictions.id"], ondelete="CASCADE",
                                   name="fk_handle_features_id_handle_predictions"))  # fmt: skip
    _table("outcomes", _name("match_id"), _amount("target"),
           *map(_moment, ("first_reported_at", "changed_at", "loaded_to")),
           sa.Column("summed", sa.Double()), key=("match_id",))  # fmt: skip
    not_summed = sa.column("target").is_distinct_from(sa.column("summed"))
    op.create_index(
        "ix_handle_outcomes_not_summed",
        "handle_outcomes",
        ["match_id"],
        postgresql_where=not_summed,
        sqlite_where=not_summed,
    )
    _table("revisions", _name("match_id"), _moment("found_at"), _amount("target"),
           key=("match_id", "found_at"))  # fmt: skip
    create_sums("handle", "handle_predictions", ["variance"])


def _table(name: str, *parts: Any, key: tuple[str, ...] = ("id",)) -> None:
    called = f"handle_{name}"
    op.create_table(called, *parts, sa.PrimaryKeyConstraint(*key, name=f"pk_{called}"))


def _loaded(name: str, *columns: sa.Column[Any]) -> None:
    versions = (_name("id"), _moment("loaded_at"), sa.Column("replaced_at", _MOMENT))
    _table(name, *versions, *columns, key=("id", "loaded_at"))


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.Uuid(), nullable=False)


_MOMENT = sa.DateTime(timezone=True)


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, _MOMENT, nullable=False)


def _name(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(100), nullable=False)


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _amount(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Double(), nullable=False)
