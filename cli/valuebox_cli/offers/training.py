"""`valuebox offers train`: the first model, of what a game has shown before it asked anybody."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from valuebox.compartments.offers.ledger import REFERENCE, note
from valuebox.compartments.offers.promoting import newest_promotion, promote
from valuebox.errors import ValueboxError
from valuebox.store.engine import Store
from valuebox_cli.response.asking import moment_of
from valuebox_cli.terminal.console import err, exit_codes, out
from valuebox_cli.terminal.options import DatabaseUrl, migrated_store


class NotTheFirst(ValueboxError):
    """A model decides already."""


def train(
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            help="Learn from what is stored by now and happened before this moment.",
            show_default="now",
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the model in the model store.")] = "offers",
    apprentice: Annotated[
        bool, typer.Option("--apprentice", help="Learn, and leave deciding as it is.")
    ] = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Learn the first model from offers that a game has shown by its own rule, and have it decide.

    It takes events of the past: what was shown (`offer_shown`, with type, price and session), and
    purchases. Refuses where a model decides already: `valuebox offers learn` goes on from there.
    """
    with exit_codes(), migrated_store(database_url) as store:
        with err.status("learning …"):
            moment = moment_of(at) or datetime.now(UTC)
            tag, why = train_first(store, moment, name, apprentice)
        said = "was saved and does not decide" if apprentice else "decides"
        out.print(f"{tag} {said}: {why}", soft_wrap=True, markup=False)


def train_first(
    store: Store, now: datetime, name: str, is_apprentice: bool = False
) -> tuple[str, str]:
    """Learn from events of the past, save and promote; return the tag, and from what it learned.

    Args:
        store: The database.
        now: Events before this moment are looked at.
        name: Of the model in the model store.
        is_apprentice: Whether the model is not to decide.

    Raises:
        NotTheFirst: where a model decides already, and this one would take its place.
        NothingToLearn: where too few offers were bought.
    """
    from valuebox.compartments.offers.model import load
    from valuebox.compartments.offers.past import past_decisions
    from valuebox.facts.features.indexing import index_newest
    from valuebox.facts.scanning import begin
    from valuebox_training.offers.learning import learn
    from valuebox_training.offers.reference import reference_of

    # Each decision asks for the newest events of its player.
    index_newest(store.engine)
    with store.reading() as session:
        begin(session.connection())
        earlier = newest_promotion(session)
        if earlier is not None and not is_apprentice:
            raise NotTheFirst(
                f"{earlier.model} decides already: valuebox offers learn goes on from there"
            )
        decisions = past_decisions(session.connection(), now)
    model = learn(decisions, round(now.timestamp() * 1e6))
    shown, bought = int(decisions.shown.sum()), int((decisions.own > 0).sum())
    told = {
        "decisions": len(decisions),
        "shown": shown,
        "bought": bought,
        "until": now.astimezone(UTC).isoformat(),
        REFERENCE: reference_of(model, decisions).model_dump(mode="json"),
    }
    tag = model.save(name, {}, told)
    why = f"learned from {shown:,} offers that were shown before, {bought:,} of them bought"
    with store.writing() as session:
        note(session, load(tag))
        if not is_apprentice:
            promote(session, tag, why)
    return tag, why
