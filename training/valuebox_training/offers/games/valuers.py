"""The second family: twelve to sixteen of many offers, latent factors, and what packs are worth.

A player buys where a pack is worth more to the player than it costs. Purchases lead to further
ones, or replace some; other purchases have tails of a power.
"""

import numpy as np
from scipy.special import ndtr

from valuebox_training.offers.games.players import Floats, Places, Setting

TYPES = ("starter", "energy", "hero", "chest", "pass", "pet", "vip", "season", "lunar")
LADDER = np.array([0.99, 1.99, 2.99, 4.99, 7.99, 9.99, 14.99, 19.99])


class Valuers:
    """Players with three hidden traits, of which the first two show in part."""

    countries: tuple[str, ...] = ("US", "UK", "KR", "MX", "PL", "TR", "VN", "CA")

    def __init__(
        self,
        setting: Setting,
        seed: int,
        shift: bool = False,
        whales: bool = False,
        alike: float = 1.0,
    ):
        draw = np.random.default_rng([2, seed])
        self.setting, self.shift = setting, shift
        count = setting.players
        kinds = len(setting.types)
        trait = draw.normal(0, 1, (count, 3))
        noisy = trait[:, 0] + draw.normal(0, 0.7, count)
        self.country = np.clip(np.searchsorted(np.linspace(-1.6, 1.6, 7), noisy), 0, 7)
        self.facebook = trait[:, 1] + draw.normal(0, 1.0, count) > 0.4
        self.activity = np.clip(draw.gamma(1.6, 0.156, count), 0.01, 0.98)
        self.games = 1 + 3 * np.exp(0.35 * trait[:, 1] + 0.3 * draw.normal(0, 1, count))
        self.skill = 1 / (1 + np.exp(-0.7 * trait[:, 0] * trait[:, 1] - draw.normal(0, 0.5, count)))
        self.trait = trait
        self.loading = draw.normal(0, 1, (kinds, 3)) * np.array([0.75, 0.75, 0.45]) * alike
        self.again = draw.normal(0, 1, (kinds, 3)) * np.array([0.75, 0.75, 0.45]) * alike
        self.purse = draw.normal(0, 0.55, count)
        if whales:
            self.purse = np.where(draw.random(count) < 0.02, self.purse + 2.0, self.purse - 0.05)
        self.appeal = draw.normal(0, 0.15, kinds)
        if setting.new_type is not None:
            self.appeal[setting.new_type] = 0.8
        self.reach = draw.beta(3, 7, count)
        self.pool = [
            (kind, price)
            for kind in range(kinds)
            for price in draw.choice(LADDER, 3, replace=False).tolist()
        ]
        self.leads = np.clip(draw.normal(0.0, 0.3, kinds), 0, None)
        self.takes = np.clip(draw.normal(0.1, 0.3, kinds), 0, 0.8)
        self.rate = 0.04 * np.exp(0.5 * np.minimum(self.purse, 1.5))
        self.mean = 9.0 * np.exp(self.purse)

    def offers(
        self, draw: np.random.Generator, count: int, day: int
    ) -> list[tuple[Places, Floats]]:
        """Some of the pool, in any order."""
        pool = self.pool
        if self.setting.new_type is not None and day < self.setting.days // 2:
            pool = [one for one in pool if one[0] != self.setting.new_type]
        kinds = np.array([kind for kind, _ in pool])
        prices = np.array([price for _, price in pool])
        lists = []
        for size in draw.integers(12, 17, count).tolist():
            some = draw.permutation(len(pool))[:size]
            lists.append((kinds[some], prices[some]))
        return lists

    def chance(self, player: Places, kind: Places, price: Floats, day: int) -> Floats:
        """How likely a look at the offer ends in what it is worth being more than its price."""
        loading = self.loading
        if self.shift and day >= self.setting.days // 2:
            loading = self.again
        likes = (self.trait[player] * loading[kind]).sum(axis=-1)
        worth = 0.4 + self.appeal[kind] + likes + self.purse[player]
        likely: Floats = self.reach[player] * ndtr((worth - np.log(price)) / 0.8)
        return likely

    def usual(self, player: Places) -> Floats:
        """What is usually spent on other things within a week."""
        return 7 * self.rate[player] * self.mean[player]

    def dampened(self, player: Places, kind: Places, price: Floats) -> Floats:
        """By which share packs replace other purchases."""
        return -self.takes[kind] + 0 * price

    def later(self, player: Places, kind: Places, price: Floats) -> Floats:
        """What is replaced, and what the pack leads to."""
        within = 1 - np.exp(-7 / 2.0)
        more: Floats = self.leads[kind] * price * within - self.takes[kind] * self.usual(player)
        return more

    def bought(
        self, draw: np.random.Generator, player: Places, kind: Places, price: Floats, time: Floats
    ) -> tuple[Places, Floats, Floats]:
        """Follow-ups at half the price, some days later."""
        times = draw.poisson(2 * self.leads[kind])
        who = np.repeat(np.arange(len(player)), times)
        when = time[who] + draw.exponential(2.0, len(who))
        return player[who], when, np.round(price[who] / 2, 2)

    def shopping(self, draw: np.random.Generator, change: Floats) -> tuple[Places, Floats]:
        """Amounts with tails of a power."""
        times = draw.poisson(self.rate * np.maximum(1 + change, 0))
        player = np.repeat(np.arange(len(times)), times)
        tail = (draw.pareto(2.3, len(player)) + 1) * 1.3 / 2.3
        return player, np.round(self.mean[player] * tail, 2)
