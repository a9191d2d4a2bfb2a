"""Every environment variable that valuebox reads, in one typed place."""

from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from valuebox.errors import ValueboxError
from valuebox.schemas.networks import Networks

# Far enough, and not before the first moment that an id can stand for.
MAX_RETENTION_DAYS: Final = 10_000
LEAST_USERS: Final = 5
"""Fewest users of whom a mean is told: fewer could be told from each other by it."""
MIN_SECRET: Final = 16
"""Characters of a session secret."""


class BadSettings(ValueboxError):
    """An environment variable holds what it cannot; the message never holds the value."""


class Settings(BaseSettings):
    """Whatever can be set from outside; docs/settings.md has the same names, and is tested to."""

    model_config = SettingsConfigDict(
        env_prefix="VALUEBOX_",
        env_nested_delimiter="__",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_url: SecretStr = Field(
        default=SecretStr("sqlite:///valuebox.db"),
        validation_alias="DATABASE_URL",
        description="Where rows are stored: an SQLite file or `postgresql+psycopg2://…`.",
    )
    read_url: SecretStr = Field(
        default=SecretStr(""),
        description="A replica of that PostgreSQL, which dashboards and reports of growth read; by "
        "default they read the database itself.",
    )
    database_wait: float = Field(
        default=30.0,
        ge=0,
        allow_inf_nan=False,
        description="Seconds that the start waits for a database that does not answer yet.",
    )
    model: str | None = Field(
        default=None,
        min_length=1,
        description="The lifetime-value model that is served: a name (its newest version), "
        "`name:version`, or `-` for none; by default the newest `ltv`, if there is one.",
    )
    response_model: str | None = Field(
        default=None,
        min_length=1,
        description="The response model that is served, or `-` for none; by default the newest "
        "`response`, if there is one.",
    )
    models: dict[str, Annotated[str, Field(min_length=1)]] = Field(
        default={},
        description="The models of compartments that other packages bring, by their names: "
        "`VALUEBOX_MODELS__CHURN` is that of `churn`, or `-` for none.",
    )
    trust_pipelines: bool = Field(
        default=False,
        description="Whether models that hold a pipeline of one's own may be loaded, which runs "
        "code of whoever can write into the model store; see [python](docs/python.md).",
    )
    handle_feed: str = Field(
        default="",
        pattern=r"^(https?://.+)?$",
        description="Address of the live feed that forecasts of [handle](docs/handle.md) weigh "
        "against what was loaded, such as `https://feed.example.com/events`; none by default.",
    )
    offers_a_week: int | None = Field(
        default=None,
        ge=1,
        description="Offers that a player is shown within seven days at most; by default any "
        "number.",
    )
    offers_budgets: dict[str, Annotated[int, Field(ge=0)]] = Field(
        default={},
        description="How often each type of offer is chosen at most, as JSON such as "
        '`{"xmas": 1000}`; by default any number of times.',
    )
    offers_price_days: float | None = Field(
        default=None,
        gt=0,
        le=MAX_RETENTION_DAYS,
        allow_inf_nan=False,
        description="Days within which a player is offered no type at a dearer price than before; "
        "by default prices may go up at any time.",
    )
    mappings: str = Field(
        default="",
        description="Folder with the site's own mappings for raw events, "
        "`NAME.toml` each, which are read when a service starts; none by default.",
    )
    access: Literal["auto", "keys", "local", "open"] = Field(
        default="auto",
        description="Who may call: whoever has an API key (`keys`), everybody (`open`), everybody "
        "who names this machine `localhost` or by a loopback address (`local`), or that while the "
        "service listens on such an address, and else `keys` (`auto`).",
    )
    session_secret: SecretStr = Field(
        default=SecretStr(""),
        description="What sessions of the dashboard are signed with; replicas of a service need "
        "the same, at best 32 random bytes. By default each start makes one.",
    )
    cors_origins: str = Field(
        default="",
        description="Origins whose web pages may call, separated by spaces, such as "
        "`https://app.example.com`; none by default.",
    )
    replay_hours: float = Field(
        default=24.0,
        gt=0,
        le=24 * 366,
        allow_inf_nan=False,
        description="For how long a request with an `Idempotency-Key` is answered alike, in hours.",
    )
    workers: int = Field(
        default=1,
        ge=1,
        le=256,
        description="Worker processes that the service runs as.",
    )
    drain_seconds: float = Field(
        default=0.0,
        ge=0,
        le=3600,
        allow_inf_nan=False,
        description="Seconds that a stopping service still accepts requests, but is not ready.",
    )
    retention_days: float | None = Field(
        default=None,
        gt=0,
        le=MAX_RETENTION_DAYS,
        allow_inf_nan=False,
        description="After how many days stored rows are deleted; unset keeps everything.",
    )
    least_users: int = Field(
        default=LEAST_USERS,
        ge=1,
        le=1_000_000,
        description="Users of whom the dashboard and `valuebox monitor` tell a mean at least; "
        "smaller groups are not shown.",
    )
    max_requests: int = Field(
        default=128,
        ge=1,
        description="Requests that a worker takes at once; further ones are told to come back.",
    )
    keep_alive_seconds: int = Field(
        default=75,
        ge=1,
        le=86_400,
        description="Seconds that a connection may stay open between two requests; longer than a "
        "proxy in front of the service keeps one.",
    )
    trusted_proxies: str = Field(
        default="",
        description="Addresses and networks of proxies, separated by spaces, whose "
        "`X-Forwarded-For` is believed, and who may open any number of connections; `*` for any.",
    )
    max_connections_per_address: int = Field(
        default=256,
        ge=1,
        description="Connections that a worker takes from one address that is no trusted proxy.",
    )
    hosts: str = Field(
        default="",
        description="Names under which the service may be called besides those of this machine, "
        "separated by spaces, such as `values.example.com`; by default any, where callers need a "
        "key or everybody is let in.",
    )
    max_body_mb: float = Field(
        default=32.0,
        gt=0,
        allow_inf_nan=False,
        description="Largest request body that is read, in megabytes.",
    )

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="The least important lines that the log has: `info` has a line for each "
        "request, `warning` one for each that was answered with 500 or above.",
    )
    log_share: float = Field(
        default=1.0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Share of the requests without an error that have a line in the log, from 0 "
        "to 1; errors always have one.",
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, text: str) -> str:
        try:
            Networks(text)
        except ValueError:
            raise PydanticCustomError(
                "addresses", "Input should be addresses or networks such as 10.0.0.0/8"
            ) from None
        return text

    @field_validator("session_secret")
    @classmethod
    def _is_hard_to_guess(cls, secret: SecretStr) -> SecretStr:
        text = secret.get_secret_value()
        if text and (len(text) < MIN_SECRET or len(set(text)) < MIN_SECRET // 2):
            raise PydanticCustomError(
                "weak",
                "Input should be random, of {least} characters or more; `openssl rand -hex 32` "
                "makes one",
                {"least": MIN_SECRET},
            )
        return secret

    @property
    def keep(self) -> timedelta | None:
        """How long stored rows are kept; None keeps them for ever."""
        return None if self.retention_days is None else timedelta(days=self.retention_days)


def load_settings() -> Settings:
    """Read the environment.

    Raises:
        BadSettings: naming every variable that cannot be used.
    """
    try:
        return Settings()
    except SettingsError:
        raise BadSettings(f"{variable('models')}: Input should be JSON") from None
    except ValidationError as error:
        wrong = [f"{variable(one['loc'][0])}: {one['msg']}" for one in error.errors()]
        raise BadSettings("; ".join(wrong)) from None


def worker_count() -> int:
    """How many workers there are to be, for BentoML, which asks when the service is imported.

    One where the settings cannot be used: the start goes on to `load_settings`, which says why.
    """
    try:
        return load_settings().workers
    except BadSettings:
        return 1


def variable(name: int | str) -> str:
    """The environment variable that a field of `Settings` is read from."""
    prefix = Settings.model_config["env_prefix"]
    field, *_ = str(name).split("__")
    return f"{prefix}{name}".upper() if field in Settings.model_fields else str(name)
