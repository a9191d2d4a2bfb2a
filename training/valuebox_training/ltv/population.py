"""Who joins the simulated site: segments, prices and hours, as data.

The margins are rounded shares of a month (August 2019) of a real subscription site's joins;
what users do after the fourth day was never published, so the renewal figures are made up.
Prices are in dollars; the site books them in a currency of `CURRENCY` per dollar.
"""

from dataclasses import dataclass
from typing import Final

CURRENCY: Final = 0.3975


@dataclass(frozen=True)
class Segment:
    """Shares within one country segment."""

    share: float
    """Share of all joins."""
    hidden: float
    """Share of users with `hidden` = 1."""
    prepaid: float
    """Share of prepaid cards among users with `hidden` = 0."""
    is_lp: float
    """Share of users with `is_lp` = 1."""
    ppl: tuple[float, float]
    """Share of `aff_type` PPL among users with `is_lp` = 0, and among those with 1."""
    converted: float
    """Share of users who pay the monthly price within 4 days, among visible standard cards."""
    three_dollars: float
    """Share of the 3 $ trial among users who have not paid the monthly price."""
    cancels: float
    """How often users cancel, relative to what their payments suggest."""
    renews: float = 0.0
    """Log-odds of renewal, relative to the average segment."""


SEGMENTS: Final[dict[str, Segment]] = {
    "US": Segment(0.7820, 0.382, 0.236, 0.154, (0.57, 0.90), 0.266, 0.176, 1.13, 0.00),
    "CA": Segment(0.0435, 0.492, 0.060, 0.149, (0.50, 0.88), 0.375, 0.119, 0.96, 0.15),
    "AU": Segment(0.0361, 0.090, 0.011, 0.124, (0.29, 0.87), 0.272, 0.201, 0.66, 0.25),
    "RU": Segment(0.0317, 0.066, 0.001, 0.976, (0.09, 0.00), 0.229, 0.190, 0.40, -0.60),
    "GB": Segment(0.0263, 0.116, 0.034, 0.316, (0.63, 0.47), 0.271, 0.158, 0.87, 0.20),
    "NG": Segment(0.0251, 0.002, 0.000, 0.421, (0.02, 0.01), 0.222, 0.230, 0.64, -0.90),
    "IL": Segment(0.0079, 0.209, 0.062, 0.951, (0.13, 0.00), 0.768, 0.222, 0.50, 0.40),
    "MY": Segment(0.0075, 0.045, 0.002, 0.964, (0.06, 0.00), 0.278, 0.271, 0.60, -0.35),
    "NZ": Segment(0.0060, 0.062, 0.006, 0.349, (0.55, 0.90), 0.290, 0.221, 0.87, 0.30),
    "ZA": Segment(0.0053, 0.006, 0.000, 0.700, (0.52, 0.00), 0.286, 0.284, 1.04, -0.20),
    "UA": Segment(0.0046, 0.000, 0.000, 0.934, (0.00, 0.02), 0.088, 0.169, 0.43, -0.50),
    "SG": Segment(0.0041, 0.008, 0.000, 0.645, (0.01, 0.00), 0.358, 0.273, 0.56, 0.45),
    "TH": Segment(0.0037, 0.242, 0.006, 0.924, (0.12, 0.00), 0.155, 0.049, 0.39, -0.30),
    "SA": Segment(0.0033, 0.410, 0.113, 0.631, (0.47, 0.15), 0.363, 0.169, 1.04, 0.10),
    "EC": Segment(0.0027, 0.006, 0.013, 0.975, (0.75, 0.01), 0.199, 0.144, 0.66, -0.25),
    "CL": Segment(0.0025, 0.349, 0.000, 0.877, (0.06, 0.01), 0.326, 0.172, 0.43, 0.05),
    "IN": Segment(0.0024, 0.145, 0.145, 0.517, (0.41, 0.13), 0.330, 0.085, 1.66, -0.70),
    "ID": Segment(0.0023, 0.000, 0.000, 0.956, (0.33, 0.01), 0.370, 0.129, 0.78, -0.40),
    "TR": Segment(0.0022, 0.211, 0.020, 0.867, (0.47, 0.03), 0.242, 0.187, 0.72, -0.15),
    "KZ": Segment(0.0011, 0.016, 0.000, 0.938, (0.25, 0.00), 0.286, 0.200, 0.71, -0.45),
}


@dataclass(frozen=True)
class Plan:
    """What a user has paid within 4 days, in dollars."""

    trial: float
    """The first day's price, 0 where the monthly price was paid at once."""
    monthly: float
    """The monthly price, 0 where it has not been paid yet."""
    cancels: float
    """Probability to have cancelled by then, for the average segment."""


# Shares within a group of users add up to 1; 3 $ trials are drawn before, per segment.
TRIAL_3: Final = {"standard": Plan(3.0, 0.0, 0.065), "prepaid": Plan(3.0, 0.0, 0.021)}
THREE_DOLLARS_PREPAID: Final = 0.277
CONVERTED_PREPAID: Final = 0.625
PLANS: Final[dict[str, list[tuple[float, Plan]]]] = {
    "standard, not converted": [
        (0.9916, Plan(1.0, 0.0, 0.399)),
        (0.0007, Plan(2.0, 0.0, 0.46)),
        (0.0065, Plan(5.0, 0.0, 0.0)),
        (0.0012, Plan(10.95, 0.0, 0.4)),
    ],
    "standard, converted": [
        (0.9262, Plan(1.0, 39.95, 0.265)),
        (0.0350, Plan(1.0, 42.48, 0.245)),
        (0.0113, Plan(3.0, 39.95, 0.01)),
        (0.0104, Plan(1.0, 49.95, 0.242)),
        (0.0072, Plan(0.0, 29.95, 0.141)),
        (0.0068, Plan(1.0, 29.95, 0.90)),
        (0.0013, Plan(3.0, 116.88, 0.0)),
    ],
    "prepaid, not converted": [
        (0.9796, Plan(1.0, 0.0, 0.176)),
        (0.0048, Plan(2.0, 0.0, 0.55)),
        (0.0156, Plan(5.0, 0.0, 0.0)),
    ],
    "prepaid, converted": [
        (0.8260, Plan(0.0, 39.95, 0.202)),
        (0.1165, Plan(1.0, 39.95, 0.218)),
        (0.0325, Plan(0.0, 42.48, 0.190)),
        (0.0070, Plan(1.0, 42.48, 0.267)),
        (0.0087, Plan(0.0, 49.95, 0.289)),
        (0.0045, Plan(0.0, 29.95, 0.05)),
        (0.0048, Plan(1.0, 49.95, 0.5)),
    ],
    "hidden": [
        (0.9822, Plan(1.0, 0.0, 0.974)),
        (0.0136, Plan(2.0, 0.0, 0.93)),
        (0.0026, Plan(1.0, 29.95, 0.85)),
        (0.0006, Plan(0.0, 39.95, 0.4)),
        (0.0006, Plan(1.0, 39.95, 0.4)),
        (0.0004, Plan(4.0, 0.0, 1.0)),
    ],
}

# Joins by hour of the day, from midnight, and by day of the week, from Monday; relative.
HOURS: Final = (
    *(2824, 2685, 2567, 2552, 2815, 2949, 3043, 2845, 2725, 2535, 2279, 2008),
    *(1852, 1923, 2035, 2144, 2293, 2291, 2302, 2480, 2450, 2535, 2707, 2659),
)
WEEKDAYS: Final = (1.00, 0.95, 0.91, 0.94, 0.98, 1.12, 1.10)
