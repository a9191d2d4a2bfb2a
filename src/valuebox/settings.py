"""Every environment variable that valuebox reads, in one typed place."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What can be set from outside; the README's table lists the same names and is tested to."""

    model_config = SettingsConfigDict(
        env_prefix="VALUEBOX_", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    database_url: SecretStr = Field(
        default=SecretStr("sqlite:///valuebox.db"),
        validation_alias="DATABASE_URL",
        description="Where rows are stored: an SQLite file or `postgresql+psycopg2://…`.",
    )
    database_wait: float = Field(
        default=30.0,
        ge=0,
        description="Seconds that the start waits for a database that does not answer yet.",
    )
    model: str = Field(
        default="ltv",
        min_length=1,
        description="The model that is served: a name (its newest version) or `name:version`.",
    )
    max_body_mb: float = Field(
        default=32.0, gt=0, description="Largest request body that is read, in megabytes."
    )
