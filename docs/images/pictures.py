"""The pictures: simulated sites on the dashboard, a sportsbook, and the growth workshop's report.

They are looked at in a headless Chromium.

`make pictures` writes them beside this file.
"""

import os
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
from playwright.sync_api import Browser
from sqlalchemy import update
from support import matches
from support.browser import chromium
from support.commands import valuebox
from support.dashboards import as_sent
from support.lived_shops import BEFORE, NAME, live_before, live_experiment
from support.lived_shops import SOURCE as SHOP
from support.once import FOLDER
from support.open_weeks import Told, under_way
from support.played_weeks import play_weeks
from support.responded import START, season
from support.responded import fold as fold_responses
from support.services import running
from support.sums import fold, report, send

from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.ltv.tables import LtvFeatures
from valuebox.compartments.recommend.reporting import BY_MONTH, make_report
from valuebox.store import migrate
from valuebox.store.engine import Store, make_engine
from valuebox_training.ltv.simulate import simulate
from valuebox_training.ltv.train import train
from valuebox_training.recommend.shops.worlds import WORLDS, Shop, with_sessions

HERE = Path(__file__).parent
DATA = HERE.parents[1] / "data"
SPEND = ("TW=200", "RE=150", "FB=350", "PI=400")
SINCE = pd.Timestamp("2019-06-03")
SECOND_MODEL = pd.Timestamp("2019-06-24")
SIZES = {"wide": (1240, 1180), "narrow": (390, 1180)}


def fill(store: Store, folder: Path) -> str:
    """Store the users of a summer, day by day, and return the tag of the model that came last."""
    world = simulate(users_per_day=250, seed=7, world="mix")
    world.write(folder)
    models = [
        LtvModel.load(train(folder / "train.csv", folder / "valid.csv", "ltv").tag)
        for _ in range(2)
    ]
    users = pd.concat([world.train.users, world.valid.users, world.test.users])
    users = users[users["join_date"] >= SINCE]
    last = users["join_date"].max()
    now = datetime.now(UTC)
    for day, joined in users.groupby(users["join_date"].dt.normalize()):
        request = send(store, as_sent(joined), models[int(day >= SECOND_MODEL)])
        came = now - (last.normalize() - day).to_pytimedelta() - timedelta(minutes=20)
        with store.writing() as session:
            of_request = LtvFeatures.request_id == request
            session.execute(update(LtvFeatures).where(of_request).values(received_at=came))
    known = users[users["join_date"] < world.test.users["join_date"].min()]
    report(store, dict(zip(known["user_id"].tolist(), known["target"].tolist(), strict=True)))
    fold(store)
    return models[1].tag


def picture(
    browser: Browser,
    url: str,
    scheme: str,
    size: str,
    name: str = "dashboard",
    is_whole: bool = False,
) -> None:
    """Write one of them; with `is_whole` all of the page, however long it is."""
    width, height = SIZES[size]
    page = browser.new_page(
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": height},
    )
    page.goto(url)
    page.screenshot(path=HERE / f"{name}-{scheme}-{size}.png", full_page=is_whole)
    page.close()


def of_console(browser: Browser, folder: Path) -> None:
    """Write those of the front page, over a site that asks four questions."""
    url = f"sqlite:///{folder}/console.db"
    valuebox("db", "upgrade", "--database-url", url)
    store = Store(make_engine(url))
    tag = fill(store, folder / "console")
    season(store)
    fold_responses(store)
    under_way(store, range(-12, 1), feed=Told())
    play_weeks(store, datetime.now(UTC))
    store.close()
    valuebox("monitor", "--database-url", url, exit_code=1)
    models = {"VALUEBOX_MODEL": tag, "VALUEBOX_MODELS__HANDLE": matches.tag()}
    with running(url, folder, models) as service:
        for scheme in ("light", "dark"):
            for size in SIZES:
                is_whole = size == "wide"
                picture(browser, f"{service.url}/dashboard", scheme, size, "console", is_whole)


def of_responses(browser: Browser, url: str) -> None:
    """Write those of half a year of predicted responses."""
    page = browser.new_page(viewport={"width": 1240, "height": 1180})
    page.goto(f"{url}/dashboard?compartment=response&from={START:%Y-%m-%d}")
    page.locator(".pair").filter(has=page.locator("#calibration")).screenshot(
        path=HERE / "dashboard-response.png"
    )
    page.close()


def of_handle(browser: Browser, folder: Path) -> None:
    """Write those of a week of a simulated sportsbook that was asked every day."""
    url = f"sqlite:///{folder}/handle.db"
    valuebox("db", "upgrade", "--database-url", url)
    store = Store(make_engine(url))
    under_way(store, range(-12, 1), feed=Told())
    store.close()
    models = {"VALUEBOX_MODEL": "-", "VALUEBOX_MODELS__HANDLE": matches.tag()}
    with running(url, folder, models) as service:
        for scheme in ("light", "dark"):
            for size in SIZES:
                url, is_whole = f"{service.url}/dashboard/handle", size == "wide"
                picture(browser, url, scheme, size, "handle", is_whole)


def of_offers(browser: Browser, folder: Path) -> None:
    """Write those of seven weeks of a small game whose model learns weekly."""
    url = f"sqlite:///{folder}/offers.db"
    valuebox("db", "upgrade", "--database-url", url)
    store = Store(make_engine(url))
    play_weeks(store, datetime.now(UTC))
    store.close()
    report = folder / "offers.html"
    valuebox("offers", "report", "--html", report, "--database-url", url)
    with running(url, folder, {"VALUEBOX_MODEL": "-"}) as service:
        for scheme in ("light", "dark"):
            for size in SIZES:
                url, is_whole = f"{service.url}/dashboard/offers", size == "wide"
                picture(browser, url, scheme, size, "offers", is_whole)
    picture(browser, report.as_uri(), "light", "wide", "offers-report", True)


def of_recommend(browser: Browser, folder: Path) -> None:
    """Write those of a made-up shop in the fourth day of an experiment."""
    url, start = f"sqlite:///{folder}/recommend.db", datetime.now(UTC) - timedelta(days=BEFORE + 4)
    valuebox("db", "upgrade", "--database-url", url)
    store, report = Store(make_engine(url)), folder / "recommend.html"
    shop = with_sessions(WORLDS["departments"], 300).shop(1)
    live_before(store, shop, 1, start)
    valuebox("recommend", "train", "--source", SHOP, "--database-url", url)
    with running(url, folder, {"VALUEBOX_MODEL": "-"}) as service:
        live_experiment(store, service.url, shop, 1, start, days=4)
        # The service counts now and then, and four days have passed within a minute.
        for what in (NAME, BY_MONTH):
            make_report(store, SHOP, what)
        store.close()
        # Somebody looks at items of one category.
        seen = "&".join(f"seen={shop.stock.ids[place]}" for place in _alike(shop, 3))
        for scheme in ("light", "dark"):
            for size in SIZES:
                page, is_whole = f"{service.url}/dashboard/recommend?source={SHOP}&{seen}", True
                picture(browser, page, scheme, size, "recommend", is_whole)
    valuebox("recommend", "report", NAME, "--source", SHOP, "--html", report,
             "--database-url", url)  # fmt: skip
    picture(browser, report.as_uri(), "light", "wide", "recommend-report", True)


def _alike(shop: Shop, count: int) -> list[int]:
    """Places of popular items of a category."""
    best = int(shop.stock.weight.argmax())
    same = shop.stock.category == shop.stock.category[best]
    order = (-shop.stock.weight * same).argsort()[:count]
    return [int(place) for place in reversed(order.tolist())]


def of_growth(browser: Browser, folder: Path) -> None:
    """Write those of the report on the second campaign beside the first."""
    url, html = f"sqlite:///{folder}/growth.db", folder / "growth.html"
    database = ["--database-url", url]
    valuebox("db", "upgrade", *database)
    for number in (1, 2):
        file, mapping = DATA / f"workshop-{number}.db", DATA / "workshop.toml"
        valuebox("import", file, "--mapping", mapping, *database)
    asked = ["--source", "workshop-2", "--baseline", "workshop-1"]
    spent = [part for one in SPEND for part in ("--spend", one)]
    valuebox("growth", "report", *asked, *spent, "--html", html, *database)
    page = browser.new_page(viewport={"width": 1240, "height": 1180})
    page.goto(html.as_uri())
    page.screenshot(path=HERE / "growth.png")
    for name in ("change", "retention", "money"):
        page.locator(f"section[aria-labelledby={name}]").screenshot(
            path=HERE / f"growth-{name}.png"
        )
    page.close()


def main() -> None:
    """All of them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["BENTOML_HOME"] = os.environ[FOLDER] = name
        url = f"sqlite:///{folder}/valuebox.db"
        store = Store(make_engine(url))
        migrate.upgrade(store.engine)
        tag = fill(store, folder)
        season(store)
        fold_responses(store)
        store.close()
        with running(url, folder, {"VALUEBOX_MODEL": tag}) as service, chromium() as browser:
            of_console(browser, folder)
            of_growth(browser, folder)
            of_responses(browser, service.url)
            of_handle(browser, folder)
            of_offers(browser, folder)
            of_recommend(browser, folder)
            days = f"from={SINCE:%Y-%m-%d}&model={tag}"
            for scheme in ("light", "dark"):
                for size in SIZES:
                    picture(browser, f"{service.url}/dashboard?{days}", scheme, size)


if __name__ == "__main__":
    sys.exit(main())
