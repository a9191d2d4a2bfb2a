"""HTML pages, as a browser would read them."""

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any


@dataclass
class Element:
    """A tag, its attributes and the text directly in it, or in a link there."""

    tag: str
    attributes: dict[str, str | None]
    text: str = ""


# They have no end tag.
_VOID = {"col", "meta", "img", "link", "br", "input", "base", "embed", "source"}


@dataclass
class Page(HTMLParser):
    """All elements of a page, in order."""

    source: str
    elements: list[Element] = field(default_factory=list)
    _open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.source)
        self.close()
        assert self._open == [], "an element was not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(self.elements[-1])

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in reversed(self._open):
            element.text += data
            if element.tag != "a":
                break

    def all(self, *tags: str) -> list[Element]:
        """The elements with one of these tags."""
        return [element for element in self.elements if element.tag in tags]

    def texts(self, *tags: str) -> list[str]:
        """What is written in them."""
        return [element.text.strip() for element in self.all(*tags)]

    def data(self) -> dict[str, Any]:
        """The JSON that the page holds."""
        (element,) = (one for one in self.elements if one.attributes.get("id") == "report")
        return json.loads(element.text)
