"""`valuebox score`: a whole file through a model, without a server."""

from pathlib import Path
from typing import Annotated, Final

import typer

from valuebox_cli.cluster import Dask, cluster
from valuebox_cli.terminal.console import check_writable, exit_codes, out, progress, warn
from valuebox_cli.terminal.options import USERS, Strict

BATCH: Final = 100_000


def score(
    file: Annotated[Path, typer.Argument(help=f"{USERS}; of any size.")],
    out_file: Annotated[
        Path,
        typer.Option("--out", help="File of predictions to write, as .csv or .parquet."),
    ],
    model: Annotated[
        str, typer.Option(help="A name in the model store (its newest version) or name:version.")
    ] = "ltv",
    batch_size: Annotated[
        int,
        typer.Option(
            min=1,
            help="Users that are predicted at once; an interruption costs no more than these.",
        ),
    ] = BATCH,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Throw away what an interrupted run has left.")
    ] = False,
    strict: Strict = False,
    dask: Dask = None,
) -> None:
    """Predict every user of a file, on all cores, without a server and without storing rows.

    Writes user_id, prediction, lower, upper and model, in the order of the file: what the service
    would answer. What is done is kept in the folder OUT.parts until all of it is; after an
    interruption the same command goes on from there. Files may be larger than memory. With `--dask`
    a cluster checks and predicts; both files stay on this machine.
    """
    # Arrow takes a while to import, and nothing else needs it.
    from valuebox_cli.ltv.scoring.run import score as score_file
    from valuebox_cli.ltv.scoring.source import check_suffix

    with exit_codes():
        check_suffix(out_file)
        check_writable(out_file)
        with cluster(dask) as client, progress("users") as bar:
            task = bar.add_task(str(file), total=None)
            scored = score_file(
                file,
                out_file,
                model,
                batch_size,
                fresh,
                lambda done, total: bar.update(task, completed=done, total=total),
                client,
                strict,
                warn,
            )
        warn([f"{file}: {told}" for told in scored.warnings])
        out.print(f"{scored.users:,} users predicted by {scored.model}: {out_file}")
