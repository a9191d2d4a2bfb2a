import re
from pathlib import Path

import pytest

from valuebox.settings import BadSettings, Settings, load_settings

TABLE = Path(__file__).parents[3] / "docs" / "settings.md"


def settings_by_variable() -> dict[str, str]:
    variables = {}
    for name, field in Settings.model_fields.items():
        variable = field.validation_alias or f"VALUEBOX_{name.upper()}"
        default = "unset" if field.default is None else field.default
        shown = default.get_secret_value() if name == "database_url" else f"{default}"
        variables[str(variable)] = shown.removesuffix(".0")
    return variables


def test_the_table_lists_every_setting_with_its_default() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| `([^`]*)` \|", TABLE.read_text(), re.MULTILINE)
    assert dict(rows) == settings_by_variable()


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/db")
    monkeypatch.setenv("VALUEBOX_MODEL", "ltv:abc")
    settings = Settings()
    assert settings.database_url.get_secret_value() == "postgresql://somewhere/db"
    assert settings.model == "ltv:abc"


def test_a_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hunter2@somewhere/db")
    assert "hunter2" not in repr(Settings())


@pytest.mark.parametrize("name", ["VALUEBOX_MAX_BODY_MB", "VALUEBOX_DATABASE_WAIT"])
def test_infinity_is_no_limit(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "inf")
    with pytest.raises(BadSettings, match=f"{name}: Input should be a finite number"):
        load_settings()


def test_nonsense_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VALUEBOX_MAX_BODY_MB", "-1")
    monkeypatch.setenv("VALUEBOX_DATABASE_WAIT", "soon")
    with pytest.raises(BadSettings) as caught:
        load_settings()
    message = str(caught.value)
    assert "VALUEBOX_MAX_BODY_MB: Input should be greater than 0" in message
    assert "VALUEBOX_DATABASE_WAIT: Input should be a valid number" in message
    assert "soon" not in message
    assert "\n" not in message


@pytest.mark.parametrize("secret", ["a", "short-one", "a" * 40, "abcabcabcabcabcabcabc"])
def test_a_secret_that_can_be_guessed_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("VALUEBOX_SESSION_SECRET", secret)
    with pytest.raises(BadSettings, match="VALUEBOX_SESSION_SECRET: Input should be random") as no:
        load_settings()
    assert secret == "a" or secret not in str(no.value)


@pytest.mark.parametrize("proxies", ["10.0.0.0/33", "proxy.example.com", "10.0.0.1,10.0.0.2"])
def test_proxies_are_addresses(monkeypatch: pytest.MonkeyPatch, proxies: str) -> None:
    monkeypatch.setenv("VALUEBOX_TRUSTED_PROXIES", proxies)
    with pytest.raises(BadSettings, match="VALUEBOX_TRUSTED_PROXIES: Input should be addresses"):
        load_settings()
