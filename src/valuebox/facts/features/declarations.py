"""Declarations that were added to the database: which there are, and which one answers."""

import threading
import time
from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from valuebox.errors import ValueboxError
from valuebox.facts.features.tables import FeatureDeclaration
from valuebox.features.declared.building import Manifest
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.reading import declaration_of
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store

STALE: Final = 5.0
"""Seconds for which a worker answers with the declarations that it read."""


class NoDeclaration(ValueboxError):
    """There is no declaration of that name, or no such version."""


class OtherTable(ValueboxError):
    """A table is of another declaration than the one that answers are to be compared for."""


class StillAnswers(ValueboxError):
    """The version answers questions that name none; nothing was removed."""


class VersionTaken(ValueboxError):
    """There is a declaration of that name and version, and it means something else."""


def add(session: Session, declared: Declaration, text: str, answers: bool) -> bool:
    """Add a declaration.

    Args:
        session: Of the transaction that stores it.
        declared: The declaration.
        text: Its file.
        answers: Whether it answers from now on, in place of the version that did.

    Returns:
        Whether it was not there before.

    Raises:
        VersionTaken: where another one has its name and version.
    """
    found = session.get(FeatureDeclaration, (declared.name, declared.version))
    if found is not None and found.hash != declared.hash:
        raise VersionTaken(
            f"version {declared.version} of {declared.name} is there, and says something else: "
            "a declaration that is changed needs a version of its own"
        )
    if found is None:
        session.add(
            FeatureDeclaration(
                name=declared.name,
                version=declared.version,
                hash=declared.hash,
                text=text,
                added_at=CLOCK.moment(),
                answers=False,
            )
        )
        session.flush()
    if answers:
        switch(session, declared.name, declared.version)
    return found is None


def compare_with(session: Session, declared: Declaration, manifest: Manifest) -> None:
    """Have answers with a declaration be compared with a table that was built of it.

    Args:
        session: Of the transaction that stores it.
        declared: The declaration, which was added.
        manifest: Of the table.

    Raises:
        OtherTable: where the table is of another declaration, or it is not known what it holds.
    """
    if (manifest.name, manifest.hash) != (declared.name, declared.hash):
        raise OtherTable(
            f"the table is of {manifest.name}, version {manifest.version} ({manifest.hash}), and "
            f"not of {declared.name}, version {declared.version} ({declared.hash})"
        )
    if manifest.bins is None:
        raise OtherTable("the manifest does not say what the table holds: build the table again")
    found = FeatureDeclaration.name == declared.name, FeatureDeclaration.version == declared.version
    bins = manifest.bins.model_dump(mode="json")
    session.execute(update(FeatureDeclaration).where(*found).values(bins=bins))


def switch(session: Session, name: str, version: int) -> None:
    """Have a version answer in place of the one that did.

    Raises:
        NoDeclaration: where it is not there.
    """
    if session.get(FeatureDeclaration, (name, version)) is None:
        raise NoDeclaration(f"there is no version {version} of {name}")
    ours = FeatureDeclaration.name == name
    session.execute(
        update(FeatureDeclaration).where(ours).values(answers=FeatureDeclaration.version == version)
    )


def remove(session: Session, name: str, version: int | None) -> int:
    """Remove a version of a declaration, or all of them; answers stay.

    Raises:
        NoDeclaration: where it is not there.
        StillAnswers: where others would be left, of which none answers.
    """
    which = FeatureDeclaration.name == name
    if version is not None:
        others = select(FeatureDeclaration).where(which, FeatureDeclaration.version != version)
        found = session.get(FeatureDeclaration, (name, version))
        if found is not None and found.answers and session.scalars(others).first() is not None:
            raise StillAnswers(
                f"version {version} of {name} answers: `valuebox features switch` to another first"
            )
        which &= FeatureDeclaration.version == version
    removed = session.execute(delete(FeatureDeclaration).where(which))
    if not removed.rowcount:  # type: ignore[attr-defined]
        said = f"declaration {name}" if version is None else f"version {version} of {name}"
        raise NoDeclaration(f"there is no {said}")
    return int(removed.rowcount)  # type: ignore[attr-defined]


def listed(session: Session) -> Sequence[FeatureDeclaration]:
    """Every version of every declaration, by name."""
    order = FeatureDeclaration.name, FeatureDeclaration.version
    return session.scalars(select(FeatureDeclaration).order_by(*order)).all()


def found(session: Session, name: str, version: int | None) -> Declaration:
    """A declaration: the version that is named, or the one that answers.

    Raises:
        NoDeclaration: where it is not there.
    """
    which = FeatureDeclaration.answers if version is None else FeatureDeclaration.version == version
    row = session.scalar(select(FeatureDeclaration).where(FeatureDeclaration.name == name, which))
    if row is None:
        if version is not None:
            said = f"{name} has no version {version}; `valuebox features add` adds one."
        elif session.scalar(select(FeatureDeclaration.name).filter_by(name=name).limit(1)):
            said = f"No version of {name} answers; `valuebox features switch` has one do so."
        else:
            said = f"There is no declaration {name}; `valuebox features add` adds one."
        raise NoDeclaration(said)
    return declaration_of(row.text, name)


class Declarations:
    """The declarations of a service, read from the database anew every few seconds.

    Args:
        store: Where they are.
    """

    def __init__(self, store: Store):
        self._store = store
        self._known: dict[tuple[str, int | None], tuple[float, Declaration]] = {}
        self._lock = threading.Lock()

    def find(self, name: str, version: int | None) -> Declaration:
        """A declaration: the version that is named, or the one that answers.

        Raises:
            NoDeclaration: where it is not there.
        """
        now = time.monotonic()
        with self._lock:
            read, declared = self._known.get((name, version), (-STALE, None))
        if declared is not None and now - read < STALE:
            return declared
        with self._store.reading() as session:
            declared = found(session, name, version)
        with self._lock:
            self._known[name, version] = now, declared
        return declared
