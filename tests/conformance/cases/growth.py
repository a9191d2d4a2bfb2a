"""Growth analytics, which answer from the facts, and store nothing."""

from conformance.case import Case, Refused
from support import shop

ARMS = {"sources": [shop.SOURCE], "attribute": "arm", "control": "A"}
CASE = Case(
    compartment="growth",
    asks={
        "/v1/growth/report": {"sources": [shop.SOURCE]},
        "/v1/growth/experiment": ARMS,
        "/v1/growth/uplift": {**ARMS, "treated": "B"},
    },
    refused=Refused("/v1/growth/report", {"churn_days": 0}, None, "churn_days"),
)
