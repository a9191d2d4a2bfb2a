"""Mapping files: TOML that says what is called how, checked by a model."""

import tomllib
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from valuebox.errors import ValueboxError

Model = TypeVar("Model", bound=BaseModel)

_DOT: Final = "."


class BadMapping(ValueboxError):
    """The mapping file cannot be used; the message names it and what is wrong."""


def read_toml(path: Path) -> dict[str, Any]:
    """What a TOML file holds.

    Raises:
        BadMapping: when there is none, or it is no TOML.
    """
    try:
        # Editors of Windows put a mark before the first line.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise BadMapping(f"{path}: there is no such file") from None
    except OSError as error:
        raise BadMapping(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadMapping(f"{path}: is no TOML: {error}") from None


def checked(path: Path, model: type[Model], content: dict[str, Any]) -> Model:
    """What a mapping file says, as its model has it.

    Raises:
        BadMapping: naming everything that is wrong.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        wrong = dict.fromkeys(
            f"{_DOT.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()
        )
        raise BadMapping(f"{path}: {'; '.join(wrong)}") from None
