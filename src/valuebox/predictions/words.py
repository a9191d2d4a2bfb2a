"""What people call that which a compartment predicts, on pages and in the terminal."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """The words of a ledger; a compartment that gives none is told of in general ones."""

    title: str = ""
    """What is predicted, as a heading: "Lifetime value". Empty: the name of the compartment."""
    rows: str = "rows"
    """What is predicted of, many of it: "users"."""
    dated: str = "rows of cohorts"
    """The same before dates: "users who joined", as in "users who joined since 2019-07-01"."""
    day: str = "Day"
    """What the day of a row is, as a heading: "Joined"."""
    predict: str = ""
    """Path of the endpoint that predicts; empty where nobody is told."""
    report: str = ""
    """Path of the endpoint that outcomes are reported to; empty where events tell them."""
    example: str = ""
    """A command that has first rows predicted, as people type it; empty where there is none."""
