import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.blurred import FOLDER, OWN, built, files, own_changed
from support.commands import valuebox

IMPORT = ("features", "import-blurr")


def ours() -> list[dict[str, Any]]:
    """The events of our own case, as they are stored."""
    found = []
    for raw in json.loads(OWN.read_text())["events"]:
        names = {"event_id": "type", "player": "customer", "session_id": "session"}
        event = {names.get(name, name): value for name, value in raw.items() if name != "at"}
        moment = datetime.fromtimestamp(raw["at"], UTC)
        found.append({"source": "shop", "time": moment.isoformat(), **event})
    return found


def without_anchor_column(window: Path) -> str:
    """Text of our own windows without the column of the anchor."""
    return window.read_text().replace(
        "      - { Name: offer, Type: string, Value: anchor.offer }\n", ""
    )


def test_our_own_case_has_a_row_for_each_offer_as_it_was_then(tmp_path: Path) -> None:
    rows = built(files("own"), ours(), tmp_path)
    kept = [name for name in rows[0] if "." in name or name in ("customer", "country")]
    # Blurr has one row of these, that of ann's first offer, with the country of the end.
    assert [[row[name] for name in kept] for row in rows] == [
        ["ann", "DE", "coins", 2.0, 1.0, 0.5, 4.99],
        ["ann", "DE", "gems", 1.0, 0.0, 0.0, 4.99],
        ["bob", None, "gems", None, None, None, 0.0],
    ]
    assert kept[3:] == ["last_two.games", "last_two.won", "last_two.won_ratio", "next_day.spent"]


def test_a_mean_of_blocks_is_a_sum_by_their_number(tmp_path: Path) -> None:
    text, _ = valuebox(*IMPORT, *files("tutorial-2"))
    made = tomllib.loads(text)
    assert made["field"] == {
        "games_played": {"count": True, "when": "type == 'game_start'"},
        "blocks": {"distinct": "session"},
        "avg_games_per_session": {"ratio": ["games_played", "blocks"]},
    }
    assert made["window"]["last_7_days"] == {
        "days": -7,
        "own": False,
        "fields": ["avg_games_per_session"],
    }
    assert made["anchor"] == {"when": "boost == True", "most": 1}


def test_differences_of_meaning_are_listed_at_the_head_and_beside(tmp_path: Path) -> None:
    text, said = valuebox(*IMPORT, *files("own"))
    head = " ".join(line.removeprefix("#").strip() for line in text.split("\n\n")[0].splitlines())
    told = [line.removeprefix("differs: ") for line in said.splitlines() if "differs:" in line]
    assert len(told) > 10
    assert [line for line in told if f"- {line}" not in head] == []
    assert "customer is player, time is at, session is session_id, type is event_id" in head
    assert any("own-window.yml: line 8: at most one row a block" in line for line in told)
    assert any("last_two.offer is the column anchor.offer" in line for line in told)
    # Nothing is told of what these files do not use.
    assert not any("calendar days are those of UTC" in line for line in told)


METHOD = "'fb' if 'facebook' in source.method else 'other'"
FIELDS = [
    ("integer", "1 + visit.offer", "", {"count": True}),
    ("float", "visit.offer + source['net-price']", "", {"sum": "`net-price`"}),
    ("float", "max(visit.offer, float(source.price))", "", {"max": "price"}),
    ("float", "source.price", "source.price >= visit.offer", {"max": "price"}),
    (
        "float",
        "source.price",
        "visit.offer == 0 or source.price < visit.offer",
        {"min": "price"},
    ),
    ("string", "source.kind", "not visit.offer", {"first": "kind"}),
    ("string", "source.kind", "time == visit._end_time", {"last": "kind"}),
    (
        "boolean",
        "source.won",
        "source.x",
        {"last": "true(won)", "when": "x != '' and (not true(x) == False)"},
    ),
    (
        "integer",
        "source.level",
        "source.level is not None",
        {"last": "number(level)", "when": "not missing(level)"},
    ),
    ("string", METHOD, "", {"last": "'fb' if contains(method, 'facebook') else 'other'"}),
    (
        "string",
        "source.kind.lower()",
        "source.kind not in ['a', 'b']",
        {"last": "lower(kind)", "when": "kind not in ('a', 'b')"},
    ),
]


@pytest.mark.parametrize(("kind", "value", "when", "measure"), FIELDS)
def test_a_field_is_what_its_changes_come_to(
    kind: str, value: str, when: str, measure: dict[str, Any], tmp_path: Path
) -> None:
    before = "Type: string\n        Value: source.offer"
    stream, window = own_changed(
        tmp_path,
        (before, f"Type: {kind}\n        Value: {json.dumps(value)}"),
        ("shop.visit.offer != ''", "shop.visit.games > 0"),
    )
    condition = f"        When: {json.dumps(when)}\n" if when else ""
    asked = "        When: source.event_id == 'offer'\n"
    stream.write_text(stream.read_text().replace(asked, condition))
    text = without_anchor_column(window).replace("sum(source.games)", "'source.offer[0]'", 1)
    window.write_text(text.replace("-2", "-1"))
    made = tomllib.loads(valuebox(*IMPORT, stream, window)[0])
    assert made["field"]["games"] == measure


@pytest.mark.parametrize(
    ("condition", "when"),
    [
        ("shop.visit.games >= 1", "type == 'game'"),
        ("shop.visit.offer == 'gems'", "type == 'offer' and offer == 'gems'"),
        ("source.visit.spent > 0", "type == 'purchase' and number(amount) > 0"),
    ],
)
def test_an_anchor_is_the_event_that_makes_the_condition_true(
    condition: str, when: str, tmp_path: Path
) -> None:
    _, window = transforms = own_changed(tmp_path, of_window=("shop.visit.offer != ''", condition))
    window.write_text(without_anchor_column(window))
    assert tomllib.loads(valuebox(*IMPORT, *transforms)[0])["anchor"]["when"] == when


@pytest.mark.parametrize(
    ("before", "after", "split"),
    [
        ("Value: source.session_id", "Value: str(time.date())", {"day": "UTC"}),
        ("Value: source.session_id", "Value: source.place", {"by": "place"}),
    ],
)
def test_a_split_is_what_tells_blocks_apart(
    before: str, after: str, split: dict[str, str], tmp_path: Path
) -> None:
    transforms = own_changed(tmp_path, (before, after))
    assert tomllib.loads(valuebox(*IMPORT, *transforms)[0])["split"] == split


def test_names_of_releases_before_are_known(tmp_path: Path) -> None:
    dimensions = "Dimensions:\n      - { Name: session_id, Type: string, Value: source.session_id }"
    stream, window = own_changed(
        tmp_path,
        (dimensions, "Split: source.session_id != session_id"),
        ("SourceBTS", "SourceDTC"),
    )
    for path in (stream, window):
        text = path.read_text()
        for now, then in (("Identity\n", "IdentityAggregate\n"), ("Block\n", "BlockAggregate\n")):
            text = text.replace(f"Aggregate:{now}", f"Aggregate:{then}")
        path.write_text(text.replace("Blurr:Transform:", "ProductML:DTC:"))
    made = tomllib.loads(valuebox(*IMPORT, stream, window)[0])
    assert made["split"] == {"change": "session"}


def test_types_and_sessions_of_other_names_are_said(tmp_path: Path) -> None:
    transforms = own_changed(tmp_path, ("Value: source.session_id", "Value: source.visit_no"))
    text, _ = valuebox(*IMPORT, *transforms, "--session", "visit_no", "--type", "kind")
    made = tomllib.loads(text)
    assert made["split"] == {"by": "session"}
    assert made["field"]["games"]["when"] == "event_id == 'game'"


OF_STREAM = [
    ("visit.games + 1", "visit.games * 2 + 1", "line 35: visit.games: visit is not the event"),
    (
        "Name: games\n        Type: integer",
        "Name: games\n        Type: list",
        "line 33: games: values of type list have no meaning in a declaration",
    ),
    ("source.event_id == 'game'\n", "eval('1')\n", "line 36: eval('1')"),
    (
        "Dimensions:",
        "Dimensions:\n      - { Name: d, Value: source.day }",
        "line 32: a declaration tells blocks apart by one value",
    ),
    ("Value: source.country", "Value: source.country, When: source.n > player.n", "line 25: "),
    ("Aggregate:Block", "Aggregate:Label", "line 27: Blurr:Aggregate:Label has no meaning here"),
    (
        "    Store: memory\n    When",
        "    Filter: source.x\n    When",
        "line 22: Filter is no key that Blurr 0.4.1 reads there",
    ),
    (
        "float(source.amount)",
        "float(source.amount), When: source.amount",
        "line 43: paid.amount: a variable on a condition",
    ),
]
OFFERED = "shop.visit.offer != ''"
OF_WINDOW = [
    ("sum(source.games)", "max(source.games)", "line 17: games: max(source.games): a max over"),
    ("WindowValue: -2", "WindowValue: 2", "line 11: last_two: windows after an anchor"),
    (OFFERED, "shop.visit.offer == ''", "line 7: shop.visit.offer == '': holds of blocks in which"),
    (OFFERED, f"{OFFERED} and shop.visit.games > 0", f"line 7: {OFFERED} and shop.visit.games > 0"),
    ("sum(source.spent) }", "sum(source.spent), When: True }", "line 29: spent: a condition"),
    ("Source: shop.visit", "Source: shop.player", "line 15: shop.player is not shop.visit"),
    ("anchor.offer", "anchor.games", "line 21: offer: anchor.games: the anchor's block goes on"),
    ("anchor.offer", "'source.offer[0]'", "line 21: offer: source.offer[0]: a first over blocks"),
]
UNCHANGED = ("", "")
REFUSED = [
    *((one[:2], UNCHANGED, f"own-stream.yml: {one[2]}") for one in OF_STREAM),
    *((UNCHANGED, one[:2], f"own-window.yml: {one[2]}") for one in OF_WINDOW),
]


@pytest.mark.parametrize(("of_stream", "of_window", "said"), REFUSED)
def test_what_has_no_meaning_is_refused_with_its_line(
    of_stream: tuple[str, str], of_window: tuple[str, str], said: str, tmp_path: Path
) -> None:
    transforms = own_changed(tmp_path, of_stream, of_window)
    text, error = valuebox(*IMPORT, *transforms, exit_code=2)
    assert text == ""
    assert said in error


def test_everything_that_is_refused_is_told_at_once(tmp_path: Path) -> None:
    _, error = valuebox(*IMPORT, *files("prices-by-date"), exit_code=2)
    assert "prices-by-date-window.yml: line 7: " in error
    assert "prices-by-date-window.yml: line 27: close: " in error
    assert "prices-by-date-window.yml: line 28: volume: " in error


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x [1]\nb: *x\n", "hostile.yml: line 2: references of YAML are not followed"),
        ("Type: [", "hostile.yml: line 1: is no YAML"),
        ("Type: Blurr:Transform:Streaming\n? a\nb", "hostile.yml: line 3: is no YAML"),
        ("[" * 5_000, "hostile.yml: line 1: is nested more than 50 deep"),
        ("", "hostile.yml: is empty"),
        ("- 1", "hostile.yml: line 1: should be a table"),
        ("Type: !!python/object/apply:os.getcwd []", "hostile.yml: line 1: should be a single"),
    ],
)
def test_files_that_are_none_are_refused(text: str, said: str, tmp_path: Path) -> None:
    hostile = tmp_path / "hostile.yml"
    hostile.write_text(text)
    assert said in valuebox(*IMPORT, hostile, exit_code=2)[1]


def test_variables_that_grow_when_they_are_written_out_are_refused(tmp_path: Path) -> None:
    doubled = "".join(
        f"\n      - {{ Name: v{n}, Type: float, Value: paid.v{n - 1} + paid.v{n - 1} }}"
        for n in range(1, 40)
    )
    first = "Value: float(source.amount) }"
    transforms = own_changed(
        tmp_path,
        (first, f"{first}\n      - {{ Name: v0, Type: float, Value: source.n }}{doubled}"),
    )
    stream = transforms[0]
    stream.write_text(
        stream.read_text().replace("visit.spent + paid.amount", "visit.spent + paid.v39")
    )
    assert "too large with its variables" in valuebox(*IMPORT, *transforms, exit_code=2)[1]


def test_a_streaming_transform_alone_is_no_declaration() -> None:
    _, error = valuebox(*IMPORT, FOLDER / "own-stream.yml", exit_code=2)
    assert "needs a window transform" in error


def test_texts_of_files_stay_texts_in_toml(tmp_path: Path) -> None:
    odd = "a\"b'c\\d\te"
    transforms = own_changed(
        tmp_path, of_window=("offer != ''", f"offer == {odd!r}".replace("\n", ""))
    )
    made = tomllib.loads(valuebox(*IMPORT, *transforms)[0])
    assert made["anchor"]["when"] == f"type == 'offer' and offer == {odd!r}"
