"""From decisions and what came of them to a model of offers, day by day."""

from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from valuebox.compartments.offers.candidates import Candidates
from valuebox.compartments.offers.chance import Chance, Trees
from valuebox.compartments.offers.decisions import DAY, WEEK, Decisions
from valuebox.compartments.offers.encoding import Encoded, Encoder
from valuebox.compartments.offers.later import Effects, Later
from valuebox.compartments.offers.model import OffersModel, Tally
from valuebox.compartments.offers.policy import Policy
from valuebox.errors import ValueboxError
from valuebox.statistics.arrays import Floats
from valuebox_training.offers.effects import Weeks, fit_effects
from valuebox_training.offers.regression import Design, fit
from valuebox_training.offers.trees import Orchard, grow_usual


class NothingToLearn(ValueboxError):
    """Too few offers were shown and bought to learn anything."""


@dataclass(frozen=True)
class Learning:
    """How is learned; times in days."""

    half_lives: tuple[float, ...] = (60.0, 5.0)
    """Of each way to learn: what is that old counts half."""
    tally_half_life: float = 5.0
    cautious: float = 0.5
    """How much log losses count when ways share: 1 as if nothing else were uncertain."""
    sharpness: float = 15.0
    """How much gaps of values count, in those that are usual between candidates; see `Policy`."""
    uniform: float = 0.03
    trial: float = 0.2
    enough: float = 150.0
    """Times that a type has to be shown until it is new no more."""
    fewest_bought: int = 20
    most_rows: int = 250_000
    """Decisions that are learned from; of more, the newest."""
    cut: float = 0.99
    """Share of weeks whose other purchases are taken as they are; larger ones are cut."""


_LEARNING: Final = Learning()


def learn(
    decisions: Decisions,
    now: int,
    previous: OffersModel | None = None,
    how: Learning = _LEARNING,
    seed: int = 0,
) -> OffersModel:
    """Learn from all decisions that were shown.

    Args:
        decisions: Those before `now`, with what is known of them at that moment.
        now: Moment, in microseconds since 1970.
        previous: The model before, whose record with what has come since decides on the shares of
            the ways to learn.
        how: How is learned.
        seed: Of everything random.

    Raises:
        NothingToLearn: where fewer were bought than `how.fewest_bought`.
    """
    # Small products of matrices gain nothing from threads, and lose much where others compute.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(2) as aside:
        return _learned(decisions, now, previous, how, seed, aside)


def _learned(
    decisions: Decisions,
    now: int,
    previous: OffersModel | None,
    how: Learning,
    seed: int,
    aside: Executor,
) -> OffersModel:
    learned_from = _newest(decisions, how.most_rows)
    shown = decisions if learned_from.all() else decisions.where(learned_from)
    bought = shown.own > 0
    if bought.sum() < how.fewest_bought:
        raise NothingToLearn(
            f"{int(bought.sum())} offers were bought, and it takes {how.fewest_bought}"
        )
    one_each = _shown(shown)
    encoder = Encoder.fit(shown.features, one_each)
    types = len(encoder.types)
    encoded = encoder.encode(shown.features, one_each)
    age = (now - shown.time) / DAY
    sown = aside.submit(Orchard, encoded, types, bought)
    later = aside.submit(_later, shown, encoder, encoded, age, how, seed)
    design = Design(encoded, types)
    first = fit(design, bought, 0.5 ** (age / how.half_lives[0]), np.zeros(len(shown)))
    offset = _unknown_yet(first.regression().log_odds(encoded), bought, shown.observed)
    orchard = sown.result()
    regressions, growing = [], list[Future[Trees]]()
    for half_life in how.half_lives:
        weight = 0.5 ** (age / half_life)
        first = fit(design, bought, weight, offset, first)
        regressions.append(first.regression())
        log_odds = regressions[-1].log_odds(encoded) + offset
        growing.append(aside.submit(orchard.grow, log_odds, weight, seed))
    trees = [one.result() for one in growing]
    tally = _tally(shown, offset, previous, how, now)
    chance = Chance(tuple(regressions), tuple(trees), _shares(tally, how))
    often = np.bincount(encoded.type, minlength=types + 1)[:types]
    model = OffersModel(
        encoder=encoder,
        chance=chance,
        later=later.result(),
        policy=Policy(),
        shown=tuple(often.astype(float).tolist()),
        enough=how.enough,
        tally=tally,
        until=now,
    )
    return OffersModel(**{**vars(model), "policy": _policy(model, shown, age, how)})


def _newest(decisions: Decisions, most: int) -> NDArray[np.bool_]:
    """Which decisions to learn from: those that were shown, and of many the newest."""
    shown = decisions.shown
    if shown.sum() <= most:
        return shown
    first = np.partition(decisions.time[shown], -most)[-most]
    found: NDArray[np.bool_] = shown & (decisions.time >= first)
    return found


def _shown(decisions: Decisions) -> Candidates:
    """The candidate of each decision that was shown, one each."""
    return decisions.candidates.taken(decisions.chosen, np.arange(len(decisions) + 1))


def _unknown_yet(log_odds: Floats, bought: NDArray[np.bool_], observed: Floats) -> Floats:
    """Log-odds that young decisions lack since purchases become known late, `(n,)`."""
    chance = 1 / (1 + np.exp(-log_odds))
    day = np.minimum(observed // DAY, WEEK // DAY).astype(np.int64)
    said = np.bincount(day, chance, minlength=8)
    was = np.bincount(day, bought, minlength=8)
    pulled = 20.0
    ratio = (was + pulled) / (said + pulled)
    ratio = ratio / max(ratio[-1], 1e-9) if said[-1] > pulled else ratio / ratio.max()
    found: Floats = np.log(np.minimum(ratio, 1.0))[day]
    return found


def _tally(
    shown: Decisions, offset: Floats, previous: OffersModel | None, how: Learning, now: int
) -> Tally:
    ways = 2 * len(how.half_lives)
    if previous is None or len(previous.tally.losses) != ways:
        return Tally((0.0,) * ways, now)
    lately = shown.time >= previous.until
    since = shown.where(lately)
    faded = 0.5 ** ((now - previous.tally.until) / DAY / how.tally_half_life)
    losses = np.array(previous.tally.losses) * faded
    if len(since):
        encoded = previous.encoder.encode(since.features, _shown(since))
        odds = previous.chance.ways(encoded, len(previous.encoder.types))
        odds = odds + offset[lately, None]
        odds = np.where((since.own > 0)[:, None], -odds, odds)
        losses = losses + np.logaddexp(0, odds).sum(axis=0)
    return Tally(tuple((losses - losses.min()).tolist()), now)


def _shares(tally: Tally, how: Learning) -> tuple[float, ...]:
    weight = np.exp(-how.cautious * np.array(tally.losses))
    return tuple((weight / weight.sum()).tolist())


def _later(
    shown: Decisions,
    encoder: Encoder,
    encoded: Encoded,
    age: Floats,
    how: Learning,
    seed: int,
) -> Later:
    types = len(encoder.types)
    share = np.clip(shown.observed / WEEK, 0.0, 1.0)
    weight = 0.5 ** (age / how.half_lives[0]) * (share > 0)
    whole = share >= 1.0
    cut = float(np.quantile(shown.rest[whole], how.cut)) if whole.any() else np.inf
    rest = np.minimum(shown.rest, cut) if cut > 0 else shown.rest
    usual = grow_usual(encoded, rest / np.maximum(share, 1 / 7), weight * share, seed)
    unaffected = Later(Effects(each=((0.0, 0.0, 0.0),) * (types + 1)), usual)
    _, customer = np.unique(shown.customer, return_inverse=True)
    usual_week = unaffected.usual_week(encoded)
    weeks = Weeks(customer, shown.rest, share, usual_week, weight, shown.own > 0)
    price = shown.price[shown.chosen]
    return Later(fit_effects(weeks, encoded.type, price, types), usual)


def _policy(model: OffersModel, shown: Decisions, age: Floats, how: Learning) -> Policy:
    """How sharply to choose: by the gaps that are usual between candidates of late."""
    lately = shown.where(np.argsort(age, kind="stable")[:2000])
    worth = model.worth(lately.features, lately.candidates)
    best = np.maximum.reduceat(worth.value, lately.begins[:-1])
    gaps = np.repeat(best, np.diff(lately.begins)) - worth.value
    usual = max(float(gaps.mean()), 1e-9)
    return Policy(
        sharpness=how.sharpness * float(np.sqrt(len(shown))) / 10 / usual,
        uniform=how.uniform,
        trial=how.trial,
    )
