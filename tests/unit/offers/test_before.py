"""What a player has seen and bought before, by type of offer."""

import json
from typing import Any

from valuebox.compartments.offers.before import before_of
from valuebox.facts.features.stored import Stored


def stored(*events: tuple[str, dict[str, Any] | None]) -> Stored:
    columns = {name: [None] * len(events) for name in Stored._fields}
    types, properties = zip(*events, strict=True)
    written = [None if one is None else json.dumps(one) for one in properties]
    return Stored(**columns | {"type": list(types), "properties": written})


def test_offers_are_counted_by_type_and_purchases_of_a_shop_are_none() -> None:
    before = before_of(
        stored(
            ("offer_shown", {"offer_type": "xmas"}),
            ("offer_shown", {"offer_type": "coins"}),
            ("offer_shown", {"offer_type": "xmas"}),
            ("purchase", {"sku": "xmas", "purchase_source": "offer"}),
            ("purchase", {"sku": "xmas", "purchase_source": "shop"}),
            ("purchase", {"sku": "coins"}),
            ("game_start", None),
            ("purchase", None),
        )
    )
    assert before.properties("xmas") == {"type_shown": 2.0, "type_bought": 1.0}
    assert before.properties("coins") == {"type_shown": 1.0, "type_bought": 1.0}
    assert before.properties("never") == {"type_shown": 0.0, "type_bought": 0.0}
