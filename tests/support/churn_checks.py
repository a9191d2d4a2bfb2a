"""Run where examples/churn is installed: judge and add up, and compare tables with migrations."""

import sys
from datetime import timedelta
from threading import Event

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import valuebox.service  # noqa: F401  (declares every table)
from valuebox.compartments.register import ledgers
from valuebox.predictions.sums.folding import Folding
from valuebox.store.base import Base
from valuebox.store.engine import Store, make_engine

store = Store(make_engine(sys.argv[1]))
# Not even rows of this minute are waited for.
Folding(store, ledgers()["churn"], settled=timedelta(0)).fold(Event(), patient=True)
with store.engine.connect() as connection:
    options = {
        "compare_type": True,
        "include_name": lambda name, *_: name != "alembic_version_churn",
    }
    differing = compare_metadata(
        MigrationContext.configure(connection, opts=options), Base.metadata
    )
store.close()
print(differing)  # noqa: T201
