import json
from pathlib import Path
from typing import Any

import pytest
from support.blurred import files, lines, own_changed, read
from support.commands import valuebox

AS_BLURR = ("features", "import-blurr", "--as-blurr")


def answers(
    transforms: list[Path], events: str, folder: Path
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], str]:
    """Blocks and rows of a run as Blurr, and what was said."""
    given, blocks, rows = (folder / one for one in ("e.jsonl", "blocks.jsonl", "rows.jsonl"))
    given.write_text(events)
    _, said = valuebox(*AS_BLURR, *transforms, "--events", given, "--blocks", blocks, "--out", rows)
    return read(blocks), read(rows), said


def test_blocks_and_rows_are_those_of_blurr(answered: dict[str, Any], tmp_path: Path) -> None:
    transforms = files(answered["name"])
    blocks, rows, _ = answers(transforms, lines(answered["events"]), tmp_path)
    assert blocks == answered["expected"]["blocks"]
    if len(transforms) > 1:
        assert rows == answered["expected"]["rows"]


GAMES = [
    {"event_id": "game", "player": "ann", "session_id": "s1", "at": at} for at in (0, 1_800, 3_601)
]


@pytest.mark.parametrize(("seconds", "games"), [(1_800, [2, 1]), (1_801, [3]), (1_799, [1, 1, 1])])
def test_activity_ends_after_more_than_its_silence(
    seconds: int, games: list[int], tmp_path: Path
) -> None:
    dimensions = "Dimensions:\n      - { Name: session_id, Type: string, Value: source.session_id }"
    stream, _ = own_changed(tmp_path, (dimensions, f"SeparateByInactiveSeconds: {seconds}"))
    stream.write_text(stream.read_text().replace("Aggregate:Block", "Aggregate:Activity"))
    blocks, _, _ = answers([stream], lines(GAMES), tmp_path)
    assert [block["games"] for block in blocks] == games


def test_an_expression_that_fails_leaves_the_value_before(tmp_path: Path) -> None:
    bought = [
        {"event_id": "purchase", "player": "ann", "session_id": "s1", "at": at, "amount": amount}
        for at, amount in enumerate(["1.5", "free", None, 2])
    ]
    blocks, _, _ = answers(files("own")[:1], lines(bought), tmp_path)
    # The variable keeps what it was as well, and so 1.5 counts three times.
    assert [block["spent"] for block in blocks] == [6.5]


def test_events_without_a_customer_or_a_time_are_left_out_and_counted(tmp_path: Path) -> None:
    broken = [{**GAMES[0], "player": None}, {**GAMES[0], "at": "yesterday"}, GAMES[0]]
    blocks, _, said = answers(files("own")[:1], lines(broken), tmp_path)
    assert [block["games"] for block in blocks] == [1]
    assert "2 events have no customer or time" in said


def test_an_array_is_read_as_lines_are(tmp_path: Path) -> None:
    blocks, _, _ = answers(files("own")[:1], json.dumps(GAMES, indent=1), tmp_path)
    assert [block["games"] for block in blocks] == [3]


@pytest.mark.parametrize(
    ("of_stream", "of_window", "said"),
    [
        (
            ("source.event_id == 'game'\n", "session.won == 1\n"),
            ("", ""),
            "own-stream.yml: line 36: session: session is not known there, at which Blurr stops",
        ),
        (
            ("Identifiers: [ datetime, timezone ]", "Identifiers: [ timezone ]"),
            ("", ""),
            "line 9: datetime.fromtimestamp(source.at, timezone.utc): datetime is not known",
        ),
        (
            ("", ""),
            ("shop.visit.offer != ''", "source.visit.offer != ''"),
            "own-window.yml: line 7: source: source is not known there, at which Blurr stops",
        ),
        (
            ("", ""),
            ("sum(source.won) }", "sum(source.lost) }"),
            "own-window.yml: line 18: source.lost: lost is not known there",
        ),
        (
            ("Value: source.offer\n", "Value: __import__('os').getcwd()\n"),
            ("", ""),
            "own-stream.yml: line 47: ",
        ),
        (
            ("Value: source.offer\n", "Value: '[one for one in source.offer]'\n"),
            ("", ""),
            "own-stream.yml: line 47: ",
        ),
        (
            ("Value: source.offer\n", "Value: source.items\n"),
            ("", ""),
            "own-stream.yml: line 47: source.items: items is a method of it there",
        ),
    ],
)
def test_what_blurr_stops_at_is_told_with_its_line(
    of_stream: tuple[str, str], of_window: tuple[str, str], said: str, tmp_path: Path
) -> None:
    transforms = own_changed(tmp_path, of_stream, of_window)
    given = tmp_path / "e.jsonl"
    given.write_text(lines(GAMES))
    _, error = valuebox(*AS_BLURR, *transforms, "--events", given, exit_code=2)
    assert said in error


def test_numbers_and_texts_that_grow_without_end_stay_bounded(tmp_path: Path) -> None:
    transforms = own_changed(
        tmp_path, ("Value: source.offer\n", "Value: visit.offer + visit.offer + 'x'\n")
    )
    offers = [{**GAMES[0], "event_id": "offer", "at": at} for at in range(100)]
    blocks, _, _ = answers(transforms[:1], lines(offers), tmp_path)
    assert len(blocks[0]["offer"]) <= 1_000_000
