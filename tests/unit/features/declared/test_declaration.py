"""What declarations are refused for, by line, and what tells two of them apart."""

from pathlib import Path

import pytest

from valuebox.features.declared.declaration import MOST_COLUMNS
from valuebox.features.declared.expressions import formula
from valuebox.features.declared.reading import BadDeclaration, declaration_of, read_declaration

EXAMPLE = Path(__file__).parents[4] / "examples" / "features" / "offers.toml"
WHOLE = """\
name = "tried"
split = { by = "session" }

[anchor]
type = "shown"

[field.games]
count = true
when = 'type == "game"'

[field.ratio]
ratio = ["games", "games"]

[window.last]
blocks = -1
"""


def refused(text: str) -> str:
    with pytest.raises(BadDeclaration) as found:
        declaration_of(text, "it.toml")
    return str(found.value)


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ('name = "tried"', 'name = "a b"', "line 1: name: String should match"),
        (
            'by = "session"',
            'by = "session", gap = "30 minutes"',
            "line 2: split: Input should have",
        ),
        ('by = "session"', 'gap = "30"', "line 2: split.gap: Input should be a length of time"),
        (
            'by = "session"',
            'when = "block(wins) > 1"',
            "line 2: split.when: block(wins) is no field",
        ),
        ('by = "session"', 'day = "Mars/Olympus"', "line 2: split.day: "),
        ('type = "shown"', 'kind = "shown"', "line 5: anchor.kind: Extra inputs"),
        ("count = true", "count = false", "line 8: field.games.count: Input should be True"),
        (
            "count = true",
            'count = true\nsum = "amount"',
            "line 7: field.games: Input should have one",
        ),
        ('type == "game"', '__import__("os")', "line 9: field.games.when: __import__("),
        ('type == "game"', "x.y", "line 9: field.games.when: x.y: x.y has no meaning there"),
        ('type == "game"', "9 ** 9", "has no meaning there"),
        ('type == "game"', "[x for x in y]", "has no meaning there"),
        ('type == "game"', "x + " * 300 + "x", "is longer than 1000 characters"),
        ('type == "game"', "-" * 60 + "x", "is nested more than 50 deep"),
        ('["games", "games"]', '["games", "ratio"]', "line 11: field.ratio: ratio is no field"),
        ("blocks = -1", "blocks = 1", "line 15: window.last.blocks: Input should be less"),
        ("blocks = -1", "days = 7", "line 14: window.last: Input should be negative"),
        ("blocks = -1", "days = -7\nhours = -1", "line 14: window.last: Input should have one"),
        (
            "blocks = -1",
            'blocks = -1\nfields = ["wins"]',
            "line 14: window.last: there is no field",
        ),
        ('split = { by = "session" }', "", "line 14: window.last: blocks need a split"),
        ("[window.last]\nblocks = -1", "", "there is nothing to work out"),
        ('by = "session"', f'gap = "{"9" * 400} days"', "line 2: split.gap: Input should be a le"),
        (
            'name = "tried"',
            f'name = "tried"\nversion = {2**31}',
            "line 2: version: Input should be",
        ),
        ('"shown"', '"shown"\ncolumns = ["type", "type"]', "line 4: anchor: 2 columns are called"),
        ('"shown"', f'"shown"\nmost = {10**30}', "line 6: anchor.most: Input should be"),
        (
            "blocks = -1",
            "blocks = -1\ncap = { games = nan }",
            "cap.games: Input should be a finite",
        ),
        ("name =", "name", "it.toml: is no TOML"),
        ('["games", "games"]', '["games"]', "line 12: field.ratio.ratio: Input should name two"),
        ('["games", "games"]', '"games"', "line 12: field.ratio.ratio: Input should name two"),
        ("[field.games]", '[field."a.b"]', 'line 7: field."a.b": String should match'),
        ("blocks = -1", '"a.b" = 1', 'line 15: window.last."a.b": Extra inputs'),
        ("blocks = -1", '"a=b" = 1', "line 15: window.last.a=b: Extra inputs"),
        (
            "[window.last]\nblocks = -1",
            "[window]\nlast.blocks = 1",
            "line 15: window.last.blocks: ",
        ),
        ("[field.games]\ncount", "[field.text]\nhow = 1\ncount", "line 8: field.text.how: Extra"),
        ("[field.games]\ncount", "[field.all]\nhow = 1\ncount", "line 8: field.all.how: Extra"),
        (
            'type == "game"',
            'type=="game" and  9**`a b` > 1',
            "9**`a b` has no meaning there",
        ),
        ('type == "game"', "`a b` + (1", "no expression from `(1` on"),
        ('type == "game"', "`a b` = 1", "no expression from `"),
        ('type == "game"', "won and", "no expression"),
    ],
)
def test_what_is_wrong_is_named_by_line(written: str, instead: str, said: str) -> None:
    assert declaration_of(WHOLE, "it.toml").features == ["last.games", "last.ratio"]
    assert said in refused(WHOLE.replace(written, instead, 1))


@pytest.mark.parametrize(
    "added",
    [
        "[attribute.bought]\nlast = 'bought'",
        "[field.bought]\ncount = 'true(bought)'",
        "[field.bought]\ncount = true\nwhen = 'bought'",
    ],
)
def test_outcomes_of_an_anchor_are_left_to_targets(added: str) -> None:
    assert declaration_of(f"{WHOLE}\n{added}", "it.toml").features
    assert "bought is an outcome" in refused(f"outcomes = ['bought']\n{WHOLE}\n{added}") or (
        "looks at bought, an outcome" in refused(f"outcomes = ['bought']\n{WHOLE}\n{added}")
    )


def test_targets_may_look_at_outcomes() -> None:
    target = "[field.bought]\ncount = 'true(bought)'\n[window.next]\ndays = 1\ntarget = true\n"
    text = f"outcomes = ['bought']\n{WHOLE}fields = ['games']\n{target}fields = ['bought']"
    assert declaration_of(text, "it.toml").targets == ["next.bought"]


def test_ten_thousand_columns_are_refused() -> None:
    many = "".join(f"[field.f{place}]\ncount = true\n" for place in range(MOST_COLUMNS))
    assert "of at most 2,000" in refused(WHOLE + many)


def test_only_what_changes_the_meaning_changes_the_hash() -> None:
    hashes = {
        declaration_of(text, "").hash
        for text in (WHOLE, f"# remark\n{WHOLE}", WHOLE.replace("true", "true # all"))
    }
    assert len(hashes) == 1
    assert declaration_of(WHOLE.replace("-1", "-2"), "").hash not in hashes


def test_the_example_says_what_the_guide_does() -> None:
    declared = read_declaration(EXAMPLE)
    assert declared.targets == ["next_week.purchases_amount", "next_week.purchases_amount.capped"]


def test_names_in_backquotes_are_told_from_every_other_name() -> None:
    found = formula("`a b` > 1 and _column_0 > 2 and _column__0 > 3")
    assert found.names == {"a b", "_column_0", "_column__0"}
    values = {"a b": 2, "_column_0": 3, "_column__0": 4}
    assert found.of_event(values.__getitem__) is True
