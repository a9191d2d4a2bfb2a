"""What a compartment, which answers one business question, offers to the rest of the house.

The service, the commands, expiry of old rows and the published schemas ask `register` for these
objects; none of them names a compartment.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel
from sqlalchemy.orm import Session

from valuebox.compartments.briefs import Brief, brief_of_ledger
from valuebox.models.registry import ArtifactMissing, named, served
from valuebox.pages.tables import Table
from valuebox.predictions.ledger import Ledger
from valuebox.predictions.monitoring.watched import Watched
from valuebox.settings import Settings
from valuebox.store.base import Base
from valuebox.store.unchecked_keys import UncheckedKey
from valuebox.worker.expiry import Expiry
from valuebox.worker.repeating import Repeating

if TYPE_CHECKING:
    import pandas as pd


class Whose(Enum):
    """The kind of people of whom rows are stored, which decides what an id looks like."""

    USERS = "users"
    """Whole numbers of the caller's, without a source."""
    CUSTOMERS = "customers"
    """Texts, which are somebody's together with the source that they come from."""


@dataclass(frozen=True)
class People:
    """People whom a command or a request names: customers of a source, or users."""

    source: str | None
    """Where customers come from; None for users."""
    ids: Sequence[str]

    @property
    def whose(self) -> Whose:
        """Whether the ids are of users or of customers."""
        return Whose.USERS if self.source is None else Whose.CUSTOMERS


@dataclass(frozen=True)
class Personal:
    """How what is stored of single people is handed out and deleted."""

    whose: Whose
    records: Callable[[Session, People], Iterator[dict[str, Any]]]
    """Every row of these people, as `{"table": name, ...columns}`."""
    forget: Callable[[Session, People], Mapping[str, int]]
    """Function that deletes every row of these people, and says how many, by what the rows are."""
    sources: Callable[[Session], Collection[str]] | None = None
    """Function that says which sources customers are known from, quickly; None where that is for
    others to say, as the facts do."""


@dataclass(frozen=True)
class Lookup:
    """How what is stored of something is found by its id, on the page of the dashboard."""

    what: str
    """What is found, one of it, in a word or two: "match"."""
    records: Callable[[Session, str], Iterator[dict[str, Any]]]
    """Every row that an id leads to, as `{"table": name, ...columns}`, the oldest of a table first;
    none where there is no such thing. The id is whatever somebody types."""


class Artifact(Protocol):
    """A model that was loaded, as far as every compartment's has the same."""

    @property
    def tag(self) -> str:
        """Name and version of the model in the model store."""


@dataclass(frozen=True)
class ModelKind:
    """The model that a compartment answers with, where it takes one."""

    setting: str
    """Field of `Settings` that pins the model, or None there for the newest; `models__NAME` in a
    compartment of another package."""
    command: str
    """The command that makes such a model, as people type it."""
    load: Callable[[str], Artifact]
    """Function that loads a model by its tag, and checks it."""
    newest: str
    """The tag that means the newest one."""
    note: Callable[[Session, Any], None] | None = None
    """Function that stores what predictions of a model are judged by, when a service starts."""
    predict_frame: "Callable[[Any, pd.DataFrame], tuple[pd.DataFrame, list[str]]] | None" = None
    """Function that predicts rows of a data frame: `prediction`, `lower` and `upper` by its index,
    and what is strange, in sentences; None where predictions need more than a data frame."""
    card: Callable[[Any], Mapping[str, str]] | None = None
    """Function that tells what a model is, in words, by what each of them is about; without,
    `valuebox models show` tells the tag alone."""
    compare: str | None = None
    """Function that prints which of two models predicts better, as `MODULE:NAME`, since commands
    are no part of the service; it is given two `LoadedModel`, the options `--joined-from` and
    `--joined-before`, moments or None, and `--database-url`. Without, `valuebox models compare`
    refuses such models."""

    def served(self, settings: Settings) -> Artifact | None:
        """The model that a service answers with; see `registry.served`."""
        tag = self.pinned(settings)
        try:
            return served(self.load, self.newest, tag)
        except ArtifactMissing:
            raise ArtifactMissing(tag or self.newest, [self.command]) from None

    def tag(self, settings: Settings) -> str | None:
        """The exact tag of the model that a service would take; see `registry.named`."""
        tag = self.pinned(settings)
        try:
            return named(tag, self.newest)
        except ArtifactMissing:
            raise ArtifactMissing(tag or self.newest, [self.command]) from None

    def pinned(self, settings: Settings) -> str | None:
        """The tag that is set; None where the newest model is to be served."""
        field, _, name = self.setting.partition("__")
        tag: str | None = settings.models.get(name) if name else getattr(settings, field)
        return tag


@dataclass(frozen=True)
class Look:
    """What a page of a compartment's own shows to somebody."""

    rows: Mapping[str, Sequence[Any]]
    """Rows of each table of the page, by the name of the table."""
    values: Mapping[str, Any]
    """Values that the template shows besides, by name."""


@dataclass(frozen=True)
class Page:
    """A page of a compartment's own, at `/dashboard/NAME`, for whoever may see the dashboard."""

    title: str
    """Name of the page in the navigation."""
    package: str
    """Package, as dotted, whose folder `templates` has the page as `NAME.html`; that extends
    `own.html`, and fills its block `page`."""
    asks: type[BaseModel]
    """What the query of its address may say, each field optional; none is called `page`."""
    tables: tuple[Table, ...]
    """Tables of the page, which are fetched as CSV at `/dashboard/NAME/TABLE.csv`."""
    look: Callable[[Session, Any, Any, int], Look]
    """Function of a session, what the query says, the service, and the smallest number of rows
    that anything is told of: reads what is shown. It has to be quick, whatever is stored."""
    is_of_now: bool = False
    """Whether what was stored a moment ago has to be seen, so that no replica is read."""


@dataclass(frozen=True)
class Compartment:
    """A business question, and all that is needed to answer it.

    `register` refuses a compartment whose names are taken, with a `ValueboxError`.
    """

    name: str
    """A single word, such as `ltv`. A new compartment has its paths below `/v1/NAME/`, commands
    `valuebox NAME …`, and tables `NAME_…`; some of ours are older and have others."""
    question: str
    """The question that the compartment answers, as a sentence for people."""
    endpoints: type[Any]
    """A class from which the service inherits, whose methods are declared with `@endpoint`; their
    names, and those of attributes, are the compartment's own."""
    open: Callable[[Any, Any], None] | None = None
    """Function of the service and its model, or None where there is none: gives the service what
    the endpoints need of it, and does nothing else. It may use `store`, `pipeline` and `models` of
    the service. It is called in each worker, and once before any worker starts, on a service that
    answers nothing. Without, the service has the model as an attribute called `name`."""
    repeating: Callable[[Any], tuple[Repeating, ...]] | None = None
    """Function of the service, once it is open: what each worker does again and again besides
    answering, such as looking for what is new. Without, nothing."""
    model: ModelKind | None = None
    """The kind of model that the compartment answers with; None where it takes none."""
    tables: tuple[type[Base], ...] = ()
    """Tables of the compartment beside the sums of its ledger; migrations make all of them."""
    migrations: str | None = None
    """Package with the migrations of the tables, as dotted; None where valuebox has them. Revisions
    are numbers that grow, from `0001` on; `store.histories` tells more."""
    ledger: Ledger | None = None
    """What was predicted and came true: it is added up, monitored and drawn."""
    watched: Watched | None = None
    """What `valuebox monitor` looks at where the compartment has no ledger; None for nothing."""
    former_metrics: str = ""
    """What metrics of the compartment began with before they had a label `compartment`; they are
    told under these names as well. Empty where they never had others."""
    personal: tuple[Personal, ...] = ()
    """How what the compartment stores of single people is handed out and deleted, in this order."""
    lookups: tuple[Lookup, ...] = ()
    """How the search of the dashboard finds what is of no single person, beside the requests that
    a ledger has predictions of."""
    expiry: tuple[Expiry, ...] = ()
    """How old rows of the compartment are deleted, in this order."""
    unchecked_keys: tuple[UncheckedKey, ...] = ()
    """Rows that need rows of other tables, where the database has no key for it."""
    reads_newest: Callable[[Session], bool] | None = None
    """Function that says whether the compartment asks for the newest events of single customers,
    as answers with declared features do: `facts.features.indexing` makes the index for it, which
    stays while any compartment needs it. None where it never does."""
    page: Page | None = None
    """A page of its own, beside the one that the dashboard has of its ledger."""
    brief: Callable[[Session, Any, int], Brief] | None = None
    """Function of a session, the service, and the smallest number of rows that anything is told of:
    what the card on the front page of the dashboard says. It has to be quick, whatever is stored.
    Without, the ledger says it, where there is one."""
    demo: str | None = None
    """Function that shows the compartment on made-up data, as `MODULE:NAME`, since commands are no
    part of the service. It is given a `valuebox_cli.demo.walk.Walk`, and is a `Demonstration`."""
    published: Callable[[], Mapping[str, type[BaseModel]]] = field(default=dict)
    """What programs read of it, by the name of the file that has the JSON schema."""

    @property
    def title(self) -> str:
        """What people call the compartment, as a heading."""
        return self.name.capitalize() if self.ledger is None else self.ledger.title

    @property
    def by_month(self) -> tuple[type[Base], ...]:
        """Tables that PostgreSQL may keep in partitions by month, in the order of writing."""
        return tuple(table for kind in self.expiry for table in kind.by_month.values())

    def briefly(self, session: Session, service: Any, least: int) -> Brief:
        """What the card on the front page says; see `brief`."""
        if self.brief is not None:
            return self.brief(session, service, least)
        return Brief() if self.ledger is None else brief_of_ledger(session, self.ledger, least)
