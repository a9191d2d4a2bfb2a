"""Rows of compartments are found, counted and deleted where PostgreSQL keeps them by month."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conformance import test_conformance
from conformance.case import Case
from conformance.conftest import Home, Prepared
from support.databases import open_store

from valuebox.compartments.contract import Compartment
from valuebox.compartments.register import by_month
from valuebox.store.engine import Store
from valuebox.store.partitions.dividing import divide

LONG_AGO = timedelta(days=70)


class PartitionedHome(Home):
    """A home on a PostgreSQL whose tables were divided some months ago."""

    def _empty(self, kind: str) -> str:
        url = super()._empty(kind)
        if kind == self.kind:
            store = open_store(url)
            divide(store.engine, by_month(), datetime.now(UTC) - LONG_AGO)
            store.close()
        return url


@pytest.fixture(scope="module", params=["partitioned"])
def home(
    request: pytest.FixtureRequest, prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> Home:
    """A home on such a PostgreSQL."""
    return PartitionedHome(request, prepared, tmp_path_factory)


@pytest.mark.having("by_month")
def test_what_is_stored_of_somebody_is_handed_out_and_deleted(
    store: Store, database: str, compartment: Compartment, case: Case
) -> None:
    test_conformance.test_what_is_stored_of_somebody_is_handed_out_and_deleted(
        store, database, compartment, case
    )


@pytest.mark.having("by_month")
def test_what_is_old_expires(
    store: Store, database: str, compartment: Compartment, case: Case
) -> None:
    test_conformance.test_what_is_old_expires(store, database, compartment, case)


@pytest.mark.having("by_month", "ledger")
@pytest.mark.slow("tests/conformance", "src/valuebox", "cli/valuebox_cli/admin")
def test_drift_is_told(home: Home, compartment: Compartment, tmp_path: Path) -> None:
    test_conformance.test_drift_is_told(home, compartment, tmp_path)
