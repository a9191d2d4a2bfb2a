"""What a made-up game sends: raw events as games have them, of texts alone, and without ids."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from valuebox_training.offers.games.game import Game, Purchases, Reaction, Round

Event = dict[str, str]
_LAUNCHED: Final = timedelta(seconds=-4)
"""When the app is launched, beside the offer."""
_PLAYED: Final = timedelta(seconds=90)
"""How long a game takes, with the pause before it."""
_DEVICES: Final = (
    ("Android", "7.1", "phone", "Samsung", "Galaxy S8"),
    ("iOS", "10.3", "phone", "Apple", "iPhone 7"),
    ("Android", "6.0", "tablet", "Acer", "Iconia One"),
)
_UNREADABLE: Final = "n/a"


class Sender:
    """Writes the events of a game, and holds those back that become known later.

    Args:
        game: Where they happen.
        start: When the game began.
        seed: Of what goes wrong with events.
    """

    def __init__(self, game: Game, start: datetime, seed: int):
        self._game, self._start = game, start
        self._draw = np.random.default_rng([4, seed])
        count = game.real + game.players.setting.trouble.bots
        self._level, self._balance = np.ones(count), np.full(count, 1_000.0)
        self._last: dict[int, tuple[float, str]] = {}
        """When each player's last session began, in days, and the session."""
        self._waiting: list[tuple[float, Event]] = []

    def questions(self, one: Round) -> list[dict[str, Any]]:
        """What is asked of a service that decides, for each session of a round."""
        types = self._game.players.setting.types
        offers = [
            {"offer_type": types[kind], "offer_price": price}
            for kind, price in zip(one.kind.tolist(), one.price.tolist(), strict=True)
        ]
        whom = zip(one.player.tolist(), one.session.tolist(), one.time.tolist(), strict=True)
        bounds = zip(one.begins[:-1].tolist(), one.begins[1:].tolist(), strict=True)
        return [
            {
                "customer": _player(player),
                "session": _session(session),
                "candidates": offers[first:end],
                "at": self._moment(time).isoformat(),
            }
            for (player, session, time), (first, end) in zip(whom, bounds, strict=True)
        ]

    def launched(self, one: Round) -> list[Event]:
        """What is sent before the offers of a round are decided about."""
        whom = zip(one.player.tolist(), one.session.tolist(), one.time.tolist(), strict=True)
        found = []
        for player, session, time in whom:
            self._last[player] = time, _session(session)
            at = self._moment(time) + _LAUNCHED
            found.append(_event("app_launched", player, at, _session(session)) | self._of(player))
        return self._sent(found, one.day)

    def came(self, one: Round, reaction: Reaction) -> list[Event]:
        """What is sent of a round, as far as it becomes known at once."""
        found: list[Event] = []
        columns = (one.player, one.session, one.time, *reaction)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        for player, session, time, kind, price, buys, known, games, won, recorded in rows:
            at, named = self._moment(time), self._game.players.setting.types[kind]
            bought = buys and known <= time
            told = {"offer_type": named, "offer_price": f"{price:.2f}"}
            told |= {"offer_purchased": _truth(bought), "offer_dismissed": _truth(not bought)}
            found.append(self._in_session("offer_shown", player, at, _session(session)) | told)
            if buys:
                event = self._in_session("purchase", player, at, _session(session))
                event |= _money(named, price, "offer")
                self._now_or_later(event, time, known, found)
            if recorded:
                found += self._games(player, at, _session(session), (games, won))
        return self._sent(found, one.day)

    def others(self, day: int, purchases: Purchases) -> list[Event]:
        """What is sent of purchases beside the offers, as far as it becomes known at once."""
        found: list[Event] = []
        for player, time, amount, known in zip(
            *(column.tolist() for column in purchases), strict=True
        ):
            began, session = self._last.get(player, (-1.0, None))
            inside = session if int(began) == int(time) and began <= time else None
            event = self._in_session("purchase", player, self._moment(time), inside)
            event |= _money(f"coins-pack-{1 + int(amount) % 9}", amount, "shop")
            self._now_or_later(event, day + 1.0, known, found)
        return self._sent(found, day)

    def arrived(self, day: int) -> list[Event]:
        """What has been held back and is known when a day begins."""
        found = [event for known, event in self._waiting if known <= day]
        self._waiting = [one for one in self._waiting if one[0] > day]
        return found

    def _now_or_later(self, event: Event, now: float, known: float, found: list[Event]) -> None:
        if known <= now:
            found.append(event)
        elif np.isfinite(known):
            self._waiting.append((known, event))

    def _games(
        self, player: int, at: datetime, session: str, both: tuple[int, int]
    ) -> Iterable[Event]:
        games, won = both
        for number in range(games):
            began = at + number * _PLAYED + timedelta(seconds=15)
            yield self._in_session("game_start", player, began, session)
            has_won = number < won
            self._balance[player] += 30 * has_won
            score = str(200 + 55 * ((player + 7 * number) % 40))
            told = {"score": score, "badge": str(number % 4), "won": "1" if has_won else "0"}
            ended = began + timedelta(seconds=60)
            yield self._in_session("game_end", player, ended, session) | told
        self._level[player] += won / 10

    def _in_session(self, what: str, player: int, at: datetime, session: str | None) -> Event:
        event = _event(what, player, at, session)
        event["currency_balance"] = str(int(self._balance[player]))
        if what.startswith("game"):
            event["level"] = str(int(self._level[player]))
        return event

    def _of(self, player: int) -> Event:
        land = self._game.players.countries[self._game.country[player]]
        site = "facebook" if self._game.facebook[player] else "instagram"
        system, version, kind, make, model = _DEVICES[player * 7 % 11 % len(_DEVICES)]
        return {
            "country": land,
            "language": land,
            "signin_method": f"https://www.{site}.com/{_player(player)}",
            "package_name": "my_app",
            "package_version": "1.0",
            "os": system,
            "os_version": version,
            "device_type": kind,
            "device_make": make,
            "device_model": model,
            "device_id": f"device-{player}",
        }

    def _sent(self, events: list[Event], day: int) -> list[Event]:
        """Events with what goes wrong with them; some are sent again on another day."""
        trouble = self._game.players.setting.trouble
        for place in self._some(events, trouble.unreadable):
            wrong = {"currency_balance", "level", "score"} & events[place].keys()
            events[place] |= dict.fromkeys(wrong, _UNREADABLE)
        self._waiting += [
            (day + 2.0, events[place]) for place in self._some(events, trouble.doubled)
        ]
        return events

    def _some(self, events: list[Event], share: float) -> list[int]:
        if not share:
            return []
        return np.flatnonzero(self._draw.random(len(events)) < share).tolist()

    def _moment(self, time: float) -> datetime:
        """A time in days as a moment, to the second, as games tell it."""
        return (self._start + timedelta(days=time)).replace(microsecond=0)


def _event(what: str, player: int, at: datetime, session: str | None) -> Event:
    time = at.replace(tzinfo=None).isoformat()
    event = {"event_id": what, "event_time": time, "customer_identifier": _player(player)}
    return event if session is None else event | {"session_id": session}


def _money(sku: str, amount: float, of: str) -> Event:
    return {"sku": sku, "txn_amount": f"{amount:.2f}", "purchase_source": of}


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _player(number: int) -> str:
    return f"player-{number}"


def _session(number: int) -> str:
    return f"session-{number}"
