"""`valuebox models`: what is in the model store, and which of two predicts better."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from pkgutil import resolve_name
from typing import Annotated, Any, Final

import typer

from valuebox.compartments.loading import LoadedModel, load
from valuebox.compartments.served_models import kinds
from valuebox.errors import ValueboxError
from valuebox.models import registry
from valuebox.settings import load_settings, variable
from valuebox_cli.client import connected
from valuebox_cli.terminal.console import err, exit_codes, out, warn
from valuebox_cli.terminal.options import DatabaseUrl
from valuebox_cli.terminal.tabular import print_named, print_table

_JUDGED: Final = {"day": "by day", "month": "by month"}

app = typer.Typer(help="Look at the models in the store, and compare two.", no_args_is_help=True)


@app.command("list")
def list_models(
    url: Annotated[
        str | None,
        typer.Option(
            envvar="VALUEBOX_URL",
            help="Address of a running service, to ask which models answer.",
            show_default="none is asked",
        ),
    ] = None,
) -> None:
    """Print every model in the store, newest first, which the next start takes, and which answer.

    `at start` marks those that VALUEBOX_MODEL and VALUEBOX_RESPONSE_MODEL mean, or the newest ones;
    a service that runs goes on with what it started with: `answers` marks that, with --url.
    The table comes first, and then, as an error, that the service did not answer.
    Errors are those of the cohort mean on the later users that `valuebox train` judged it on,
    segments weighing the same; models that were judged on other users cannot be compared by them.
    """
    with exit_codes():
        settings = load_settings()
        meant = {
            variable(kind.setting): kind.pinned(settings) or kind.newest
            for kind in kinds().values()
        }
        given = {variable(one.setting) for one in kinds().values() if one.pinned(settings)}
        starting = {name: _found(tag) for name, tag in meant.items()}
        away: ValueboxError | None = None
        try:
            answering = _answering(url) if url else []
        except ValueboxError as error:
            answering, away = [], error
        marks = {"at start": starting.values(), "answers": answering}
        headings = ["model", "made", "users", "until", *_JUDGED, ""]
        print_table(
            "",
            headings,
            [
                (*_row(one), ", ".join(mark for mark, tags in marks.items() if one.tag in tags))
                for one in registry.saved()
            ],
            caption="users: that it learned from, who joined, or did something, until then; "
            "day, month: error of the cohort mean",
            # Tags are copied, and stay whole.
            texts=(headings.index(""),),
        )
        for name, tag in meant.items():
            if name in given and not starting[name] and tag != registry.NONE:
                err.print(f"{name} is {tag}, which is not among them")
        for tag in answering:
            if not _found(tag):
                err.print(f"{url} answers by {tag}, which is not among them")
        if away is not None:
            raise away


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
    users = model.metadata.get("training_users", _learned(model.metadata).get("customers"))
    judged = model.metadata.get("validation", {})
    errors = (judged.get(f"{period}_macro") for period in _JUDGED)
    return (
        model.tag,
        f"{model.created_at:%Y-%m-%d %H:%M}",
        "" if users is None else f"{users:,}",
        _until(model.metadata)[:10],
        *("" if error is None else f"{error:.3f}" for error in errors),
    )


@app.command()
def bentofile(
    recipe: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="Recipe of all else that goes into the Bento."
        ),
    ] = Path("bentofile.yaml"),
) -> None:
    """Print the recipe of a Bento that has every model which the next start takes.

    `make build` does so. The models are those that the settings name, or the newest of each kind.
    Packages that a pipeline of one's own needs, and the Bento's requirements lack, are told.
    """
    import yaml

    with exit_codes():
        content = yaml.safe_load(recipe.read_text(encoding="utf-8"))
        settings = load_settings()
        content["models"] = [
            {"tag": tag, "alias": kind.newest}
            for kind in kinds().values()
            if (tag := kind.tag(settings)) is not None
        ]
        requirements = recipe.parent / content.get("python", {}).get("requirements_txt", "")
        warn(_lacking({one["tag"] for one in content["models"]}, requirements))
        typer.echo(yaml.safe_dump(content, sort_keys=False), nl=False)


def _lacking(tags: Collection[str], requirements: Path) -> Iterator[str]:
    """What models need that a file of requirements does not name, in sentences."""
    text = requirements.read_text(encoding="utf-8") if requirements.is_file() else ""
    there = {re.split("[^a-z0-9-]", line.lower(), maxsplit=1)[0] for line in text.splitlines()}
    for model in registry.saved():
        needs = model.metadata.get("pipeline", {}).get("needs", {}) if model.tag in tags else {}
        lacking = [f"{name}=={one}" for name, one in needs.items() if name.lower() not in there]
        if lacking:
            yield f"{model.tag} needs {', '.join(lacking)}, which {requirements} lacks"


@app.command()
def show(
    model: Annotated[
        str | None,
        typer.Argument(
            help="Tag of a model, or a name for its newest version.", show_default="as at start"
        ),
    ] = None,
) -> None:
    """Load a model as the service would, and print what it is; without a tag all that it takes.

    Its files are compared with their digests, and what it predicts here with what it predicted
    when it was saved; a model that differs is refused.
    """
    with exit_codes():
        for number, loaded in enumerate([load(model)] if model else _at_start()):
            if number:
                out.print()
            print_named(_card(loaded))


def _at_start() -> list[LoadedModel]:
    """The models that the next start takes.

    Raises:
        ValueboxError: when there is none, or one that must be there is missing.
    """
    settings = load_settings()
    tags = [one.tag(settings) for one in kinds().values()]
    found = [load(tag) for tag in tags if tag is not None]
    if not found:
        makers = " or ".join(f"`{one.command}`" for one in kinds().values())
        raise ValueboxError(f"the next start takes no model; {makers} makes one")
    return found


def _card(model: LoadedModel) -> Mapping[str, str]:
    kind = kinds()[model.compartment]
    return {"model": model.tag} if kind.card is None else kind.card(model.artifact)


@app.command()
def compare(
    first: Annotated[str, typer.Argument(help="Tag of a model, or a name for its newest version.")],
    second: Annotated[str, typer.Argument(help="Tag or name of another model of the same kind.")],
    joined_from: Annotated[
        datetime | None, typer.Option(help="Only users who joined at this time or later.")
    ] = None,
    joined_before: Annotated[
        datetime | None, typer.Option(help="Only users who joined before this time.")
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Have two models predict those of whom it is known what came true, and judge both.

    Of lifetime values each user with an outcome counts once, as last received, whichever model
    predicted them at the time. Those who joined before the later of the two models had seen its
    last training user are left out: a model knows the outcomes that it has learned from. Of
    responses it is the customers of the last month, as `valuebox growth evaluate --against` does,
    which can be told of another month. Nothing is stored.
    """
    with exit_codes():
        models = load(first), load(second)
        names = [one.compartment for one in models]
        if names[0] != names[1]:
            raise ValueboxError(
                f"{models[0].tag} and {models[1].tag} answer different questions: {names[0]} and "
                f"{names[1]}"
            )
        comparing = kinds()[names[0]].compare
        if comparing is None:
            raise ValueboxError(f"nothing here compares models of {names[0]}")
        resolve_name(comparing)(*models, joined_from, joined_before, database_url)


def _until(metadata: Mapping[str, Any]) -> str:
    """Until when those joined, or did something, whom a model has learned from."""
    window = metadata.get("training_window", {})
    until: str = window.get("last_join", _learned(metadata).get("until", ""))
    return until


def _learned(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    learned: Mapping[str, Any] = metadata.get("learned", {})
    return learned
