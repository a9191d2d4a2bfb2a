"""The first family: five offers, archetypes of players whose habits show in part, logits of prices.

What a purchase does to other purchases is a share of what the player usually spends.
"""

import numpy as np

from valuebox_training.offers.games.players import Floats, Places, Setting

BASES = np.array([1.99, 2.99, 4.99, 4.99, 9.99, 4.99])
TYPES = ("coins", "gems", "boost", "skin", "bundle", "festival")


class Archetypes:
    """Players of four archetypes, and their personal tastes."""

    countries: tuple[str, ...] = ("DE", "FR", "US", "BR", "JP", "IN")

    def __init__(self, setting: Setting, seed: int, shift: bool = False, whales: bool = False):
        draw = np.random.default_rng([1, seed])
        self.setting, self.shift = setting, shift
        count = setting.players
        kinds = len(setting.types)
        self.kind = draw.integers(0, 4, count)
        lands = draw.dirichlet(np.full(6, 0.6), 4)
        self.country = np.array([draw.choice(6, p=lands[one]) for one in self.kind])
        self.facebook = draw.random(count) < np.array([0.2, 0.4, 0.6, 0.8])[self.kind]
        self.activity = draw.beta(1.2, 5.6, count)
        self.games = np.array([2.0, 4.0, 6.0, 3.0])[self.kind] * draw.lognormal(0, 0.3, count)
        self.skill = np.clip(
            np.array([0.3, 0.5, 0.55, 0.7])[self.kind] + draw.normal(0, 0.08, count), 0.05, 0.95
        )
        self.budget = draw.lognormal(0, 0.6, count)
        if whales:
            rich = draw.random(count) < 0.03
            self.budget = np.where(rich, self.budget * 6, self.budget * 0.9)
        self.steep = draw.lognormal(np.log(1.1), 0.3, count)
        self.liking = draw.normal(0, 1.05, (4, kinds))
        self.liking -= 0.7 * self.liking.mean(axis=0)
        personal = draw.normal(0, 0.6, (count, kinds))
        self.abroad = draw.normal(0, 0.35, (6, kinds))
        self.taste = personal + self.abroad[self.country]
        self.change = draw.uniform(-0.4, 0.4, kinds)
        if setting.new_type is not None:
            self.liking[:, setting.new_type] += 0.9
        self.rate = 0.055 * np.minimum(self.budget, 4) ** 0.5
        self.mean = 3.0 * self.budget

    def offers(
        self, draw: np.random.Generator, count: int, day: int
    ) -> list[tuple[Places, Floats]]:
        """All types there are, at three levels of their prices."""
        kinds = np.arange(len(self.setting.types))
        if self.setting.new_type is not None and day < self.setting.days // 2:
            kinds = kinds[kinds != self.setting.new_type]
        level = draw.choice([1.0, 0.8, 0.6], (count, len(kinds)))
        return [(kinds, np.round(BASES[kinds] * one, 2)) for one in level]

    def chance(self, player: Places, kind: Places, price: Floats, day: int) -> Floats:
        """A logit of taste, and of the price against the budget."""
        of = self.kind[player]
        if self.shift and day >= self.setting.days // 2:
            of = (of + 2) % 4
        dear = np.log(price / 4.0 / self.budget[player])
        odds = -3.5 + self.liking[of, kind] + self.taste[player, kind] - self.steep[player] * dear
        likely: Floats = 1 / (1 + np.exp(-odds))
        return likely

    def usual(self, player: Places) -> Floats:
        """What is usually spent on other things within a week."""
        return 7 * self.rate[player] * self.mean[player]

    def dampened(self, player: Places, kind: Places, price: Floats) -> Floats:
        """Each type of offer has its own share."""
        return self.change[kind] + 0 * price

    def later(self, player: Places, kind: Places, price: Floats) -> Floats:
        """That share of a usual week."""
        return self.change[kind] * self.usual(player)

    def bought(
        self, draw: np.random.Generator, player: Places, kind: Places, price: Floats, time: Floats
    ) -> tuple[Places, Floats, Floats]:
        """Nothing beside what the shares change."""
        return player[:0], price[:0], time[:0]

    def shopping(self, draw: np.random.Generator, change: Floats) -> tuple[Places, Floats]:
        """Lognormal amounts around the budget."""
        times = draw.poisson(self.rate * np.maximum(1 + change, 0))
        player = np.repeat(np.arange(len(times)), times)
        tail = draw.lognormal(-0.98, 1.4, len(player))
        return player, np.maximum(np.round(self.mean[player] * tail, 2), 0.01)
