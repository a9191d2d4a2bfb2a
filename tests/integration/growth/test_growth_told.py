"""What `valuebox growth report` prints: nothing is cut, and nothing in a name acts."""

import pytest
from support.commands import valuebox
from support.facts import customer, event, put_customers, put_events

from valuebox.store.engine import Store

HOSTILE = "\x1b[31mred\u202egnp.exe"
LONG = "2024-q3_prospecting_lookalike_video_us_desktop_variant-b_autumn-sale"
TYPES = ("bought", "like", "share", "view", "click", "open", "scroll", "hover")


@pytest.fixture
def told(store: Store) -> str:
    """The report on three campaigns, one of which is huge and one of which loses."""
    names = {"c1": LONG, "c2": HOSTILE, "c3": "TW"}
    put_customers(
        store, *(customer(one, attributes={"campaign": name}) for one, name in names.items())
    )
    amounts = {"c1": 987_654_321.25, "c2": 1234.5, "c3": -98_765_432.5}
    put_events(
        store,
        *(event(n, customer=one, amount=amounts[one]) for n, one in enumerate(amounts, start=1)),
        *(
            event(100 + n, customer="c3", type=TYPES[n % len(TYPES)], amount=None)
            for n in range(36)
            if n % len(TYPES)
        ),
    )
    url = store.engine.url.render_as_string(hide_password=False)
    told, _ = valuebox("growth", "report", "--database-url", url)
    return told


def test_figures_are_whole_and_names_fold(told: str) -> None:
    assert "987,654,321.25" in told
    assert "-98,765,432.50" in told
    assert "…" not in told
    assert LONG in _folded(told)


def test_what_names_hold_does_not_reach_the_terminal(told: str) -> None:
    assert not {"\x1b", "\u202e"} & set(told)
    assert "⟨U+001B⟩[31mred⟨U+202E⟩gnp.exe" in _folded(told)


def test_types_of_events_that_hardly_occur_share_a_column(told: str) -> None:
    heading = next(line for line in told.splitlines() if line.endswith("4 others"))
    total = next(line for line in told.splitlines() if line.startswith("all"))
    assert len(heading.split()) == 1 + 5 + 2
    assert [int(one) for one in total.split()[1:]] == [5, 5, 5, 4, 4, 11]


def _folded(told: str) -> str:
    """The first column, without its folds."""
    return "".join(line.split(" ")[0] for line in told.splitlines())
