"""`valuebox import` into a store."""

from pathlib import Path

from support.commands import valuebox
from valuebox.store.engine import Store


def imported(
    store: Store, source: object, mapping: Path, *more: object, exit_code: int = 0
) -> tuple[str, str]:
    """Run the command and return what it wrote to stdout and stderr."""
    url = store.engine.url.render_as_string(hide_password=False)
    options = ["--mapping", mapping, "--database-url", url]
    return valuebox("import", source, *options, *more, exit_code=exit_code)
