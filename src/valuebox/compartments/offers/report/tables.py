"""Tables of what decisions about offers brought, as pages show them."""

from typing import Final

from valuebox.pages.tables import Column, Table, column

POLICIES: Final = Table(
    "policies",
    (
        column("policy", "Policy", "text"),
        Column("week", "Week of", "text", lambda one: one.week or "all"),
        column("decisions", "Decisions", "count"),
        column("known", "Whose week passed", "count"),
        column("own", "Own money", "figure"),
        column("money", "Money", "figure"),
        column("lift", "Lift", "figure"),
        column("low", "At least", "figure"),
        column("high", "At most", "figure"),
    ),
)
TYPES: Final = Table(
    "types",
    (
        column("type", "Offer", "text"),
        column("chosen", "Chosen", "count"),
        column("share", "Share", "share"),
        column("foretold", "Foretold to be bought", "share"),
        column("bought", "Bought", "share"),
    ),
)
VALUES: Final = Table(
    "calibration",
    (
        column("decisions", "Decisions", "count"),
        column("foretold", "Foretold", "figure"),
        column("came", "Came", "figure"),
        column("low", "from", "figure"),
        column("high", "to", "figure"),
    ),
)
PROPENSITIES: Final = Table(
    "propensities",
    (
        column("low", "Likelier than", "figure"),
        column("high", "Up to", "figure"),
        column("decisions", "Decisions", "count"),
        column("share", "Share", "share"),
    ),
)
