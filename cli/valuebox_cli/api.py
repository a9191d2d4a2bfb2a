"""What commands of other packages import from ours; examples/churn has such a command."""

from valuebox_cli.cluster import Dask, cluster
from valuebox_cli.terminal.console import err, exit_codes, out
from valuebox_cli.terminal.options import DatabaseUrl, migrated_store

__all__ = ("Dask", "DatabaseUrl", "cluster", "err", "exit_codes", "migrated_store", "out")
