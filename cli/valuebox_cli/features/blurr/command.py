"""`valuebox features import-blurr`."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from valuebox.errors import ValueboxError
from valuebox_cli.terminal.console import check_writable, err, exit_codes, out, write_text, writing


def import_blurr(
    stream: Annotated[
        Path, typer.Argument(metavar="STREAM", help="Streaming transform of Blurr, in YAML.")
    ],
    window: Annotated[
        Path | None,
        typer.Argument(metavar="[WINDOW]", help="Window transform of Blurr.", show_default=False),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option("--out", help="File to write.", show_default="the terminal"),
    ] = None,
    type_name: Annotated[
        str | None,
        typer.Option(
            "--type",
            help="Name of a raw event's type.",
            show_default="event_id, event_name or event_type",
        ),
    ] = None,
    session: Annotated[
        str | None,
        typer.Option(help="Name of a raw event's session.", show_default="session_id"),
    ] = None,
    as_blurr: Annotated[
        bool,
        typer.Option(
            "--as-blurr", help="Answer what Blurr 0.4.1 answers of --events, in its meaning."
        ),
    ] = False,
    events: Annotated[
        list[Path] | None,
        typer.Option(
            "--events",
            help="With --as-blurr, files of raw events: JSON lines; may be given several times.",
            show_default=False,
        ),
    ] = None,
    blocks: Annotated[
        Path | None,
        typer.Option(
            help="With --as-blurr, file of the blocks as well.", show_default="no such file"
        ),
    ] = None,
) -> None:
    """Make a declaration of Blurr's files, and tell what it means otherwise."""
    from valuebox_cli.features.blurr.reading import read_stream, read_windows

    with exit_codes():
        if as_blurr is not bool(events):
            raise ValueboxError("--as-blurr and --events belong together")
        if blocks is not None and not as_blurr:
            raise ValueboxError("--blocks belongs to --as-blurr")
        for one in (to, blocks):
            check_writable(one)
        streaming = read_stream(stream)
        around = None if window is None else read_windows(window, streaming)
        if as_blurr:
            _answer(streaming, around, events or [], to, blocks)
            return
        if around is None:
            raise ValueboxError(
                f"{stream}: says how events become blocks; a declaration needs a window transform "
                "as well, since it has a row for each anchor"
            )
        _translate(streaming, around, to, type_name, session)


def _translate(
    stream: Any, windows: Any, to: Path | None, type_name: str | None, session: str | None
) -> None:
    from valuebox_cli.features.blurr.translating import translated

    found = translated(stream, windows, type_name, session)
    if to is None:
        typer.echo(found.text, nl=False)
    else:
        write_text(to, found.text)
        out.print(f"{to}: a declaration with {len(found.differences)} differences of meaning")
    err.print(found.names, soft_wrap=True)
    for line in found.differences:
        err.print("differs:", line, soft_wrap=True)


def _answer(
    stream: Any, windows: Any, events: list[Path], to: Path | None, blocks: Path | None
) -> None:
    from valuebox_cli.features.blurr.raw import raw_events
    from valuebox_cli.features.blurr.running import Blurr

    blurr = Blurr(stream, windows)
    with err.status("working out what Blurr answers …"):
        answers = [one for _, one in blurr.answers(raw_events(events))]
    found = [row for one in answers for row in (one.blocks if windows is None else one.rows)]
    if blocks is not None:
        with writing(blocks), blocks.open("wb") as file:
            file.writelines(_lines(row for one in answers for row in one.blocks))
    if to is None:
        for line in _lines(found):
            typer.echo(line.decode(), nl=False)
    else:
        with writing(to), to.open("wb") as file:
            file.writelines(_lines(found))
        out.print(f"{to}: {len(found):,} {'blocks' if windows is None else 'rows'}")
    if blurr.left_out:
        err.print(f"{blurr.left_out:,} events have no customer or time, and are left out")


def _lines(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    import msgspec

    encoder = msgspec.json.Encoder()
    for row in rows:
        yield encoder.encode(row) + b"\n"
