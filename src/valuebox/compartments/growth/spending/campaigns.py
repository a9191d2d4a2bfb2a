"""What one advertising campaign brought, as a report tells it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

By = Literal["customer", "spend", "net"]
"""What campaigns are compared by."""


class Campaign(BaseModel):
    """What a campaign brought, and what it would be given."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="Group of customers that stands for the campaign.")
    customers: int = Field(description="Customers of the campaign.")
    revenue: float = Field(description="What these customers have paid, less refunds.")
    profit: float = Field(
        description="What is left of `revenue` after costs; all of it where no costs are known."
    )
    spend: float | None = Field(
        description="What the campaign cost; 0 is a cost, and null is not known."
    )
    net: float | None = Field(description="`profit` minus `spend`.")
    returned: float | None = Field(
        description="`profit` for each unit of `spend`: below 1 it is a loss."
    )
    cost_of_customer: float | None = Field(description="`spend` for each customer.")
    new_customers: int = Field(description="Customers who joined in the period of the report.")
    cac: float | None = Field(description="`spend` for each new customer.")
    payback_months: float | None = Field(
        description="Months until a new customer has brought their `cac`, at what new customers "
        "brought in a month since they joined; null where that is not known, or never comes."
    )
    worth: float = Field(
        description="What campaigns are compared by: profit for each customer, each unit of "
        "`spend`, or each customer after `spend`."
    )
    worth_lower: float | None = Field(description="Lower end of the 90 % interval of `worth`.")
    worth_upper: float | None = Field(description="Upper end of the 90 % interval of `worth`.")
    no_interval: str | None = Field(
        description="Why `worth` has no interval; null where it has one."
    )
    best: float | None = Field(
        description="Probability that its `worth` is the highest; null with fewer than 20 "
        "customers."
    )
    p_adjusted: float | None = Field(
        description="Probability by chance alone that `worth` is as far from that of all other "
        "campaigns of at least 20 customers, adjusted for all campaigns (Holm), in "
        "their share of the errors that a report may make; null where it was not "
        "tested."
    )
    is_different: bool = Field(description="Whether `p_adjusted` is at most 0.05.")
    no_test: str | None = Field(description="Why `p_adjusted` is null; null where it is not.")
