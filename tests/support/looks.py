"""What a browser shows of a page: who it asks, what stands where, and whether it can be read."""

from collections import Counter

from playwright.sync_api import Page

READABLE = 4.5
"""The least contrast of text that WCAG 2.2 calls enough (AA)."""

_LANDMARKS = """() => [...document.querySelectorAll(
  "[role=region], section[aria-labelledby], nav, main, header"
)].map((one) => {
  const by = one.getAttribute("aria-labelledby");
  const name = by ? document.getElementById(by).textContent : one.getAttribute("aria-label");
  return `${one.getAttribute("role") ?? one.localName}: ${name}`.replace("section:", "region:");
})"""

_CONTRASTS = """(cells) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const light = (colour) => {
    if (!known.has(colour)) known.set(colour, measured(colour));
    return known.get(colour);
  };
  const measured = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const ground = (one) => {
    const colour = getComputedStyle(one).backgroundColor;
    return colour === "rgba(0, 0, 0, 0)" && one.parentElement ? ground(one.parentElement) : colour;
  };
  return cells.map((one) => {
    const text = light(getComputedStyle(one).color), below = light(ground(one));
    return Math.max(text, below) / Math.min(text, below);
  });
}"""


def doubled_landmarks(page: Page) -> list[str]:
    """Names by which somebody who hears the page could not tell its parts apart."""
    counted = Counter(page.evaluate(_LANDMARKS))
    return [name for name, count in counted.items() if count > 1]


def least_contrast(page: Page, selector: str) -> float:
    """Of the texts of elements with their grounds; black on white is 21."""
    found: list[float] = page.locator(selector).evaluate_all(_CONTRASTS)
    return min(found)


def watch(page: Page, own: str) -> list[str]:
    """What goes wrong from now on: requests to anywhere but `own`, scripts, complaints.

    Args:
        page: Before it is opened.
        own: What the addresses begin with that it may ask.
    """
    wrong: list[str] = []
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith((own, "data:", "blob:")) else wrong.append(request.url)
        ),
    )
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    return wrong
