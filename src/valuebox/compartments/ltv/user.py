"""The list of a user's columns: how users are sent, and what all else that has these is made of.

Requests by column (`bulk`), the table of what was received (`tables`), the encoder (`features`)
and the checks of files (`files`) follow this model: a column is added here, and by a migration.
"""

from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from valuebox.features.shape import Shape
from valuebox.schemas.by_row import Row
from valuebox.schemas.columns import Amount, Flag, Id, Joined, Many, Text

MAX_AMOUNT: Final = 1_000_000.0
MAX_TEXT: Final = 100

UserId = Annotated[int, Id()]
JoinDate = Annotated[datetime, Joined()]
Truth = Annotated[int, Flag()]
ShortTermValue = Annotated[float, Amount(0, MAX_AMOUNT)]
Target = Annotated[float, Amount(-MAX_AMOUNT, MAX_AMOUNT)]
Category = Annotated[str, Text(MAX_TEXT)]


class User(Row):
    """One user after four days. Only `user_id` and `join_date` are required.

    Columns that are not listed here are kept with the rest, up to 65,536 bytes as JSON.
    """

    user_id: Annotated[UserId, Many("Numerical identifiers.", (1369584, 1369585))] = Field(
        description="Numerical identifier.", examples=[1369584]
    )
    join_date: Annotated[
        JoinDate, Many("When each user joined.", ("2019-08-01 00:00:21", "2019-08-01 00:01:07"))
    ] = Field(description="When the user joined.", examples=["2019-08-01 00:00:21"])
    hidden: Annotated[Truth | None, Many("A segment estimated when joining, 0 or 1.", (0, 1))] = (
        Field(default=None, description="A segment estimated when joining, 0 or 1.", examples=[0])
    )
    STV: Annotated[
        ShortTermValue | None, Many("Amounts spent in the first 4 days.", (16.277625, 0.3975))
    ] = Field(default=None, description="Amount spent in the first 4 days.", examples=[16.277625])
    credit_card_level: Annotated[
        Category | None, Many("Kinds of credit card.", ("standard", None))
    ] = Field(default=None, description="Kind of credit card.", examples=["standard"])
    is_lp: Annotated[Truth | None, Many("Traffic source, 0 or 1.", (0, 0))] = Field(
        default=None, description="Traffic source, 0 or 1.", examples=[0]
    )
    aff_type: Annotated[
        Category | None, Many("Traffic sources, by kind of affiliate.", ("PPS", "PPL"))
    ] = Field(default=None, description="Traffic source, by kind of affiliate.", examples=["PPS"])
    is_cancelled: Annotated[
        Truth | None, Many("Whether the subscriptions were cancelled, 0 or 1.", (1, 0))
    ] = Field(
        default=None, description="Whether the subscription was cancelled, 0 or 1.", examples=[1]
    )
    country_segment: Annotated[
        Category | None, Many("Countries; ones never seen are welcome.", ("US", "NZ"))
    ] = Field(default=None, description="Country; ones never seen are welcome.", examples=["US"])
    target: Annotated[
        Target | None,
        Many("Realised values, if known: stored as outcomes, never used to predict.", (None, None)),
    ] = Field(
        default=None,
        description="Realised value, if known: stored as an outcome, never used to predict.",
        examples=[None],
    )


TARGET: Final = "target"
USERS: Final = Shape(User, aside=(TARGET,))
KNOWN: Final = USERS.known
"""Every column, by name."""
COLUMNS: Final = USERS.columns
"""Columns of users who are to be predicted."""
REQUIRED: Final = USERS.required
CATEGORICAL: Final = USERS.categorical
NUMERIC: Final = USERS.numeric
FEATURES: Final = USERS.features
"""Columns that the model looks at."""
AMOUNTS: Final = USERS.amounts
NAMES: Final = USERS.names
