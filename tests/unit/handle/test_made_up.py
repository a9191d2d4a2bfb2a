"""Commands on made-up histories say what cannot be, before they do anything."""

from pathlib import Path

import pytest
from support.commands import valuebox


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--seed", "-1"), "--seed"),
        (("--begin", "0001-01-05"), "--begin: 0001-01-05 is in no year from 1980 to 2150"),
        (("--begin", "9999-12-31"), "is in no year"),
        (("--begin", "soon"), "'soon' is no day"),
    ],
)
def test_a_history_that_cannot_be_is_refused(
    tmp_path: Path, options: tuple[str, ...], told: str
) -> None:
    _, complaint = valuebox("handle", "simulate", tmp_path / "history", *options, exit_code=2)
    assert told in complaint
    assert not (tmp_path / "history").exists()


@pytest.mark.parametrize("answer", ['{"events": [', "[1, 2]", '{"events": 5}'])
def test_a_feed_whose_answer_cannot_be_read_is_named(tmp_path: Path, answer: str) -> None:
    (tmp_path / "feed").mkdir()
    (tmp_path / "feed" / "2020-02-25T0900.json").write_text(answer)
    _, complaint = valuebox("handle", "feed", tmp_path, exit_code=2)
    assert "2020-02-25T0900.json: holds no answer with a list of events" in complaint
