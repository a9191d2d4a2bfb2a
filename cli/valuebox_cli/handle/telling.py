"""How far forecasts of past weeks were off, in the terminal."""

from valuebox_cli.terminal.tabular import print_table


def tell(judged: dict[str, dict[str, float]]) -> None:
    """Print how far past forecasts were off."""
    print_table(
        "Past weeks, by how long before the match",
        ["forecasts", "", "off", "bias", "inside", "slot", "last 3", "pick-up"],
        [
            (
                name,
                f"{one['forecasts']:,.0f}",
                f"{one['wape']:.1%}",
                f"{one['bias']:+.1%}",
                f"{one['inside']:.0%}",
                *(f"{one[base]:.1%}" for base in ("slot_mean", "last_three", "pick_up")),
            )
            for name, one in judged.items()
        ],
        caption="off: sum of absolute errors by sum of handles; inside: of 90 % intervals; slot: "
        "mean of the slot; last 3: of both teams; pick-up: bets so far by their usual share",
    )
