"""What all pages are made with: templates that escape texts, one style, one way to write values."""

from base64 import b64encode
from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from valuebox.pages import readable
from valuebox.pages.readable import NOTHING
from valuebox.pages.tables import WIDTHS, WRITTEN


def environment(*packages: str, **filters: Callable[..., Any]) -> Environment:
    """Templates that all pages share, and those of other packages, which come first.

    What hides in a text is shown, wherever it is written; `e` keeps a text as it is, for values
    that a form sends back.

    Args:
        packages: That have a folder `templates`.
        filters: Besides those for figures, shares and moments.
    """
    templates = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in (*packages, __package__ or "")]),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # From a page to the folder of the first page, so that any proxy may put a path before all.
    templates.globals["root"] = ""
    templates.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    templates.globals["written"] = WRITTEN
    templates.filters.update(
        **WRITTEN,
        visible=readable.visible,
        short=readable.short,
        ago=_ago,
        age=_age,
        code=_code,
        when=when,
        long_day=_long_day,
    )
    templates.filters.update(filters)
    return templates


def _shown(value: Any) -> Any:
    # What is safe HTML already comes from templates, styles and scripts of our own.
    if isinstance(value, str) and not isinstance(value, Markup):
        return readable.escaped(value, kept="\n\t")
    return value


@cache
def style() -> str:
    """The style of all pages, in which tables fold where there is less room than they need."""
    folded = text("folded.css")
    widths = (
        f"@container (max-width: {width}rem) {{\n{folded.replace('.room', f'.room-{width}')}}}\n"
        for width in WIDTHS
    )
    return text("style.css") + "".join(widths)


def text(file: str, package: str = __package__ or "") -> str:
    """A style or a script from the templates of a package, by default of those of all pages."""
    return (files(package) / "templates" / file).read_text(encoding="utf-8")


def digest(text: str) -> str:
    """What a content policy calls a style or a script."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def when(period: str) -> str:
    """What people call a day or month: 5 Jul, or Jul 2019."""
    if len(period) > len("2019-07"):
        day = date.fromisoformat(period)
        return f"{day.day} {day:%b}"
    return f"{date.fromisoformat(period + '-01'):%b %Y}"


def _code(text: str) -> Markup:
    """A sentence in which `what people type` stands between grave accents."""
    parts = readable.escaped(text).split("`")
    forms = (Markup("{}"), Markup("<code>{}</code>"))
    return Markup("").join(forms[place % 2].format(part) for place, part in enumerate(parts))


def _age(value: datetime | date, now: datetime) -> str:
    return _ago(value, now) if isinstance(value, datetime) else _long_day(value)


def _long_day(value: object) -> str:
    return f"{value.day} {value:%b %Y}" if isinstance(value, date) else NOTHING


def _ago(moment: datetime, now: datetime) -> str:
    seconds = max((now - moment).total_seconds(), 0)
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            number = int(seconds / size)
            return f"{number} {name}{'s' if number > 1 else ''} ago"
    return "just now"
