"""`valuebox churn`."""

from typing import Annotated

import typer

from valuebox.compartments.api import Choice, read_facts
from valuebox_cli.api import Dask, DatabaseUrl, cluster, exit_codes, migrated_store, out

app = typer.Typer(help="Say who will still buy within the next 60 days.", no_args_is_help=True)


@app.callback()
def churn() -> None:
    """Say who will still buy within the next 60 days."""


@app.command()
def train(
    purchase: Annotated[str, typer.Option(help="Type of events that are purchases.")] = "bought",
    name: Annotated[str, typer.Option(help="Of the model in the store.")] = "churn",
    dask: Dask = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Learn from stored customers and events, and save into the BentoML model store."""
    from valuebox_churn.model import DAYS, FEATURES, ChurnModel, features, purchases
    from valuebox_training.customers import learn

    with exit_codes(), migrated_store(database_url) as store, cluster(dask) as client:
        facts = read_facts(store, Choice())
        found = learn(
            facts,
            lambda at, chosen: features(facts, at, chosen, purchase),
            FEATURES,
            purchases(facts, purchase),
            DAYS,
            client,
        )
        learned = {"auc": found.auc, "customers": found.customers, "until": found.until}
        model = ChurnModel(weights=found.weights, judged_by=purchase, reference=found.reference)
        tag = model.save(name, {"learned": learned})
        out.print(f"saved as {tag}, with an AUC of {found.auc:.3f} on the newest customers")
