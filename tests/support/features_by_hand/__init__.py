"""Features of events worked out plainly and slowly: what the numbers should be.

Every rule is a function that sorts, filters and loops over plain Python objects. Nothing here
imports the code that is tested.
"""

from support.features_by_hand.currencies import MixedCurrencies
from support.features_by_hand.events import content_id
from support.features_by_hand.rows import row_of, rows

__all__ = ["MixedCurrencies", "content_id", "row_of", "rows"]
