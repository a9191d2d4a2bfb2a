"""`valuebox models`: what is in the model store, and which of two predicts better."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import pandas as pd
import typer

from valuebox.compartments.ltv.features import CATEGORICAL
from valuebox.compartments.ltv.files import columns_of
from valuebox.compartments.ltv.matured import matured_users
from valuebox.compartments.ltv.model import NEWEST, LtvModel
from valuebox.compartments.models import kinds
from valuebox.errors import ValueboxError
from valuebox.models import registry
from valuebox.settings import load_settings, variable
from valuebox.statistics import cohorts
from valuebox.statistics.cohorts import CohortReport
from valuebox.statistics.scores import UserScores, user_scores
from valuebox_cli.client import connected
from valuebox_cli.terminal.console import err, exit_codes, out
from valuebox_cli.terminal.errors import print_errors, print_scores
from valuebox_cli.terminal.options import DatabaseUrl, migrated_store
from valuebox_cli.terminal.tabular import print_named, print_table

_JUDGED: Final = {"day": "by day", "month": "by month"}

app = typer.Typer(help="Look at the models in the store, and compare two.", no_args_is_help=True)


@app.command("list")
def list_models(
    url: Annotated[
        str | None,
        typer.Option(
            envvar="VALUEBOX_URL",
            help="Address of a running service, to ask which of them answer.",
            show_default="none is asked",
        ),
    ] = None,
) -> None:
    """Print every model in the store, newest first, which the next start takes, and which answer.

    `at start` marks those that VALUEBOX_MODEL and VALUEBOX_RESPONSE_MODEL mean, or the newest ones;
    a service that runs goes on with what it started with: `answers` marks that, with --url.
    Errors are those of the cohort mean on the later users that `valuebox train` judged it on,
    segments weighing the same; models that were judged on other users cannot be compared by them.
    """
    with exit_codes():
        settings = load_settings()
        meant = {
            variable(kind.setting): getattr(settings, kind.setting) or kind.newest
            for kind in kinds().values()
        }
        starting = {name: _found(tag) for name, tag in meant.items()}
        answering = _answering(url) if url else []
        marks = {"at start": starting.values(), "answers": answering}
        headings = ["model", "made", "users", "until", *_JUDGED, ""]
        print_table(
            "",
            headings,
            [
                (*_row(one), ", ".join(mark for mark, tags in marks.items() if one.tag in tags))
                for one in registry.saved()
            ],
            caption="users: that it learned from, who joined until then; day, month: error of the "
            "cohort mean",
            # Tags are copied, and stay whole.
            texts=(headings.index(""),),
        )
        for name, tag in meant.items():
            is_set = name.removeprefix("VALUEBOX_").lower() in settings.model_fields_set
            if is_set and not starting[name] and tag != registry.NONE:
                err.print(f"{name} is {tag}, which is not among them")
        for tag in answering:
            if not _found(tag):
                err.print(f"{url} answers by {tag}, which is not among them")


def _found(tag: str) -> str:
    """The exact tag that a name or a tag means; empty where the store has none."""
    if tag == registry.NONE:
        return ""
    try:
        return registry.find(tag)
    except registry.ArtifactMissing:
        return ""


def _answering(url: str) -> list[str]:
    """Tags of the models that a running service answers by."""
    with connected(url) as client:
        return [one.model for one in client.models().questions if one.model]


def _row(model: registry.Saved) -> tuple[str, ...]:
    users = model.metadata.get("training_users")
    judged = model.metadata.get("validation", {})
    errors = (judged.get(f"{period}_macro") for period in _JUDGED)
    return (
        model.tag,
        f"{model.created_at:%Y-%m-%d %H:%M}",
        "" if users is None else f"{users:,}",
        str(_last_join(model.metadata) or "")[:10],
        *("" if error is None else f"{error:.3f}" for error in errors),
    )


@app.command()
def bentofile(
    recipe: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="What else goes into the Bento.")
    ] = Path("bentofile.yaml"),
) -> None:
    """Print the recipe of a Bento that has every model which the next start takes.

    `make build` does so. The models are those that the settings name, or the newest of each kind.
    """
    import yaml

    with exit_codes():
        content = yaml.safe_load(recipe.read_text(encoding="utf-8"))
        settings = load_settings()
        content["models"] = [
            {"tag": tag, "alias": kind.newest}
            for kind in kinds().values()
            if (tag := registry.named(getattr(settings, kind.setting), kind.newest)) is not None
        ]
        typer.echo(yaml.safe_dump(content, sort_keys=False), nl=False)


@app.command()
def show(
    model: Annotated[
        str | None,
        typer.Argument(help="A tag, or a name for its newest version.", show_default="as at start"),
    ] = None,
) -> None:
    """Load a model as the service would, and print what it is.

    Its files are compared with their digests, and what it predicts here with what it predicted
    when it was saved; a model that differs is refused.
    """
    with exit_codes():
        loaded = LtvModel.load(model or load_settings().model or NEWEST)
        print_named(_described(loaded))


def _described(model: LtvModel) -> dict[str, str]:
    told: dict[str, Any] = model.metadata
    described = {"model": model.tag, "made": f"{model.created_at:%Y-%m-%d %H:%M} UTC"}
    if "training_users" in told:
        window = told["training_window"]
        described["learned from"] = (
            f"{told['training_users']:,} users, who joined {window['first_join'][:10]} to "
            f"{window['last_join'][:10]}"
        )
    if "validation" in told:
        judged = told["validation"]
        errors = (
            f"{judged[f'{period}_macro']:.3f} {name} ({judged[f'{period}_macro_baseline']:.3f} by "
            "training means)"
            for period, name in _JUDGED.items()
        )
        described["error of the mean"] = f"{', '.join(errors)}, of {judged['users']:,} later users"
    for name in CATEGORICAL:
        described[name] = ", ".join(model.encoder.categories[name])
    described["looks at"] = ", ".join(
        f"{one.feature} {one.mean_absolute:.2f}" for one in model.contributions.features
    )
    for name, title in (("booster", "trees"), ("libraries", "made with")):
        if name in told:
            described[title] = ", ".join(f"{key} {value}" for key, value in told[name].items())
    return described


@app.command()
def compare(
    first: Annotated[str, typer.Argument(help="A tag, or a name for its newest version.")],
    second: Annotated[str, typer.Argument(help="Another one.")],
    joined_from: Annotated[
        datetime | None, typer.Option(help="Users who joined then or later.")
    ] = None,
    joined_before: Annotated[
        datetime | None, typer.Option(help="Users who joined before then.")
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Have two models predict the stored users whose outcome is known, and judge both.

    Each user counts once, as last received, whichever model predicted them at the time. Those who
    joined before the later of the two models had seen its last training user are left out: a
    model knows the outcomes that it has learned from. Nothing is stored.
    """
    with exit_codes():
        models = LtvModel.load(first), LtvModel.load(second)
        windows = [join for join in (_last_join(model.metadata) for model in models) if join]
        after = max(windows, default=None)
        with migrated_store(database_url) as store, store.reading() as session:
            users = matured_users(session, joined_from, after, joined_before)
        if users.empty:
            since = f" who joined after {after}" if after else ""
            raise ValueboxError(f"no stored user{since}, and in the period, has an outcome")
        judged, scores = _judge(users, *models)
        for name, model in zip(("first: ", "second:"), models, strict=True):
            out.print(f"{name} {model.tag}")
        out.print()
        print_errors(
            judged,
            ("first", "second"),
            "floor: about what chance leaves; in: percent of cohorts whose mean lies in the "
            "first one's interval, 90 is meant",
        )
        out.print(f"{len(users):,} users who joined from {users['join_date'].min()} on")
        for name, of_model in zip(("first", "second"), scores, strict=True):
            print_scores(f"{name}, user by user", of_model)


def _judge(
    users: pd.DataFrame, first: LtvModel, second: LtvModel
) -> tuple[CohortReport, tuple[UserScores, UserScores]]:
    columns = columns_of(users)
    predicted = users.assign(prediction=first.predict(columns), baseline=second.predict(columns))
    report = cohorts.report(predicted, first.uncertainty.cohort_interval)
    target = predicted["target"].to_numpy()
    return report, (report.scores, user_scores(target, predicted["baseline"].to_numpy()))


def _last_join(metadata: dict[str, Any]) -> datetime | None:
    window = metadata.get("training_window")
    return datetime.fromisoformat(window["last_join"]) if window else None
