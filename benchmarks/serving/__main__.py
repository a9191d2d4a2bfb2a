"""What serving costs, side by side with what would otherwise be used.

    make bench-contenders bench

Every contender is started by itself, has to predict what the model predicts and to store what it
says, and is then asked as fast as it answers: requests of 1 to 10,000 users on 1 and on 16
connections. What is answered then has to be stored, once. Ends with exit code 1 when a contender
is wrong, or a target is missed.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer
from benchmarks.report import measured_with, put_section
from benchmarks.serving.bench import Bench
from benchmarks.serving.contenders import OURS_DURABLE, named
from benchmarks.serving.databases import durability
from benchmarks.serving.growth import growth_table
from benchmarks.serving.models import trained
from benchmarks.serving.tables import details, overview
from benchmarks.serving.targets import judged, verdicts
from support.databases import Postgres

HEADING: Final = "## Figures"
SHORT_SECONDS: Final = 0.2


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Every contender once in each.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="Of each measurement.")] = 1.0,
    only: Annotated[list[str] | None, typer.Option(help="A contender; may be repeated.")] = None,
    model: Annotated[str, typer.Option(help="Of the model store; one is trained by default.")] = "",
    growth: Annotated[
        int, typer.Option(min=30_000, help="Rows up to which cost is followed.")
    ] = 1_000_000,
    short: Annotated[
        bool, typer.Option(help="One round, to try it: two minutes, and no target is due.")
    ] = False,
    into: Annotated[Path | None, typer.Option(help="Markdown file for the tables.")] = None,
) -> None:
    """Run, print the tables, judge."""
    try:
        chosen = named(only or [])
    except LookupError as error:
        raise typer.BadParameter(str(error)) from None
    started = time.monotonic()
    if short:
        rounds, seconds = 1, SHORT_SECONDS
    with TemporaryDirectory(prefix="valuebox-serving-") as temporary:
        folder = Path(temporary)
        postgres = Postgres(durable=True)
        try:
            bench = Bench(postgres, trained(model, folder), folder, chosen)
            for number in range(rounds):
                for contender in chosen:
                    typer.echo(f"round {number + 1}/{rounds}: {contender.name}")
                    bench.measure(contender, seconds)
            grown = {
                one.name: bench.grow(one, growth)
                for one in chosen
                if one.name in OURS_DURABLE and not short
            }
            versions = durability(postgres)
        finally:
            postgres.remove()
    results = bench.results
    minutes = (time.monotonic() - started) / 60
    lines = f"{measured_with(versions)}\nMedians of {rounds} rounds, {seconds:g} s a measurement; "
    lines += f"it took {minutes:.0f} minutes."
    growths = [growth_table(name, points) for name, points in grown.items()]
    parts = [lines, verdicts(results), *growths, overview(results), details(results)]
    report = "\n\n".join(parts)
    typer.echo(f"\n{report}")
    if into:
        put_section(into, HEADING, report)
    missed = [
        f"{one.contender}, {one.cell}: {one.target}, {one.found}"
        for one in judged(results)
        if one.is_due and one.is_reached is False
    ]
    for line in [*results.failed(), *missed]:
        typer.echo(line, err=True)
    if missed and not short:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
