"""Which cohorts are withheld: those of so few users that their means would tell of single ones.

A cohort of fewer users than a least number is withheld. Where these are, together, still fewer, the
next smallest is withheld as well: a lone one could be had by subtracting the others from a whole.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, or_, select

_WHOLES: Final = ("segment", "period")
"""What cohorts are shown side by side of: all periods of a segment, all segments of a period."""


def marked(sums: Select[*tuple[Any, ...]], least: int) -> Subquery:
    """Sums of cohorts, with what is withheld of them.

    Args:
        sums: With `model`, `segment`, `period`, `users` and `known_users`, and more.
        least: The smallest number of users whose mean may be told; with 1 nothing is withheld.

    Returns:
        The same, with `is_few` (1 where the whole cohort is withheld, else 0) and `is_untold` (1
        where outcomes are, as too few users have one).
    """
    rows = sums.subquery()
    of_users = [_sum_before(rows, rows.c.users, one, [rows.c.users]) for one in _WHOLES]
    is_few = or_(rows.c.users < least, *(_is_lone(one, least) for one in of_users))
    of_few = select(*rows.c, case((is_few, 1), else_=0).label("is_few")).subquery()
    known = of_few.c.known_users
    order = [of_few.c.is_few.desc(), known]
    of_known = [_sum_before(of_few, known, one, order) for one in _WHOLES]
    is_untold = or_(
        of_few.c.is_few == 1, known < least, *(_is_lone(one, least) for one in of_known)
    )
    return select(*of_few.c, case((is_untold, 1), else_=0).label("is_untold")).subquery()


def _sum_before(
    rows: Subquery, amount: ColumnElement[int], whole: str, order: Sequence[ColumnElement[Any]]
) -> ColumnElement[int]:
    """The sum over all smaller cohorts of the same whole."""
    (other,) = (one for one in _WHOLES if one != whole)
    smaller = func.sum(amount).over(
        partition_by=(rows.c.model, rows.c[whole]),
        order_by=(*order, rows.c[other]),
        rows=(None, -1),
    )
    return func.coalesce(smaller, 0)


def _is_lone(before: ColumnElement[int], least: int) -> ColumnElement[bool]:
    """Whether the smaller ones are too few to be withheld alone."""
    return and_(before > 0, before < least)
