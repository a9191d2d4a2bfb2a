"""`valuebox keys`, straight on both databases."""

import pytest
from sqlalchemy import text
from support.commands import only_line, valuebox

from valuebox.access import keys
from valuebox.access.keys import Scope
from valuebox.store.engine import Store


def run(store: Store, *arguments: object, exit_code: int = 0) -> tuple[str, str]:
    url = store.engine.url.render_as_string(hide_password=False)
    return valuebox("keys", *arguments, "--database-url", url, exit_code=exit_code)


def test_a_key_is_printed_once_and_only_its_digest_is_stored(store: Store) -> None:
    output, said = run(store, "create", "nightly", "--scope", "predict")
    key = only_line(output)
    assert key.startswith("vbx_")
    assert "cannot be shown again" in said
    secret = keys.split_key(key)[1]
    with store.engine.connect() as connection:
        (row,) = connection.execute(text("SELECT * FROM api_keys"))
    assert secret not in str(row)
    assert keys.digest(secret) in row
    assert secret not in run(store, "list")[0]


def test_keys_are_listed_with_what_they_may_do(store: Store) -> None:
    run(store, "create", "nightly", "--scope", "predict", "--rows-per-minute", 60_000)
    run(store, "create", "dashboard", "--scope", "read", "--scope", "predict")
    run(store, "revoke", "nightly")
    output, _ = run(store, "list")
    nightly, dashboard = (
        next(line for line in output.splitlines() if line.startswith(name))
        for name in ("nightly", "dashboard")
    )
    assert "60,000" in nightly
    assert nightly.count("20") == 2, "created and revoked"
    assert "predict read" in dashboard
    with store.reading() as session:
        assert [key.name for key in keys.working_keys(session)] == ["dashboard"]


def test_names_are_not_used_twice_and_not_revoked_twice(store: Store) -> None:
    run(store, "create", "nightly", "--scope", "read")
    _, said = run(store, "create", "nightly", "--scope", "read", exit_code=2)
    assert "'nightly'" in only_line(said)
    run(store, "revoke", "nightly")
    for arguments in (("create", "nightly", "--scope", "read"), ("revoke", "nightly")):
        assert "'nightly'" in only_line(run(store, *arguments, exit_code=2)[1])


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "two\nlines", "\x1b[31mred"])
def test_names_are_plain(store: Store, name: str) -> None:
    _, said = run(store, "create", name, "--scope", "read", exit_code=2)
    assert "printable" in only_line(said)


@pytest.mark.parametrize("options", [[], ["--scope", "everything"], ["--scope", ""]])
def test_a_key_is_for_something(store: Store, options: list[str]) -> None:
    run(store, "create", "nightly", *options, exit_code=2)
    with store.reading() as session:
        assert keys.all_keys(session) == []


def test_every_key_is_another_one(store: Store) -> None:
    with store.writing() as session:
        made = {keys.create_key(session, f"key {n}", [Scope.READ]) for n in range(50)}
    assert len(made) == len({keys.split_key(one) for one in made}) == 50
