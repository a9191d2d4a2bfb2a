"""Questions to a report, made of the options of a command."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from valuebox.errors import ValueboxError

Question = TypeVar("Question", bound=BaseModel)


def checked(model: type[Question], asked: dict[str, Any]) -> Question:
    """The question of some options, if they make one.

    Raises:
        ValueboxError: naming the first field that is not right.
    """
    try:
        return model.model_validate(asked)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueboxError(f"{where}: {first['msg']}" if where else first["msg"]) from None


def named_amount(option: str, text: str, example: str) -> tuple[str, float]:
    """A name and a number, as in TW=120.

    Raises:
        ValueboxError: naming the option, with an example.
    """
    name, sign, amount = text.rpartition("=")
    try:
        if not sign:
            raise ValueError
        return name, float(amount)
    except ValueError:
        raise ValueboxError(f"{option} takes a name and an amount, such as {example}") from None
