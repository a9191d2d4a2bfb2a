"""Answers about many stretches of an array at once: smallest, largest, how many different."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from valuebox.features.declared.columns import Codes, Positions


def extremes(
    choose: np.ufunc, values: NDArray[Any], start: Positions, stop: Positions
) -> NDArray[Any]:
    """The smallest or largest value of each stretch.

    Args:
        choose: `np.minimum` or `np.maximum`.
        values: Of all, `(n,)`.
        start: Where each stretch begins.
        stop: Where each ends; no stretch is empty.
    """
    # Two stretches of a power of two cover each one, overlapping where they must.
    level = np.log2(stop - start).astype(np.int64)
    found = np.empty(len(start), dtype=values.dtype)
    for depth in range(int(level.max(initial=-1)) + 1):
        some = np.flatnonzero(level == depth)
        found[some] = choose(values[start[some]], values[stop[some] - (1 << depth)])
        values = choose(values[: -(1 << depth)], values[1 << depth :])
    return found


def different(codes: Codes, start: Positions, stop: Positions) -> Codes:
    """How many different codes each stretch has."""
    # A code is new in a stretch where it was last seen before the stretch begins. So were all codes
    # before the stretch.
    return below(_seen_before(codes), stop, start + 1) - start


def _seen_before(codes: Codes) -> Codes:
    """One more than the place at which each code was seen last before, 0 for the first time."""
    order = np.argsort(codes, kind="stable")
    found = np.zeros(len(codes), dtype=np.int64)
    again = codes[order[1:]] == codes[order[:-1]]
    found[order[1:][again]] = order[:-1][again] + 1
    return found


def below(values: Codes, stop: Positions, bound: Positions) -> Codes:
    """How many of the first values are smaller than a bound.

    The values are told apart bit by bit, as in a wavelet matrix (Claude, Navarro, Ordóñez, 2015).

    Args:
        values: Not negative, `(n,)`.
        stop: How many values are looked at, for each question.
        bound: Of each question.
    """
    found = np.zeros(len(stop), dtype=np.int64)
    left, right = np.zeros_like(stop), stop
    for bit in reversed(range(max(len(values), 1).bit_length() + 1)):
        is_one = (values >> bit) & 1 == 1
        zeros = np.append(0, np.cumsum(~is_one))
        of_bound = (bound >> bit) & 1 == 1
        zeros_left, zeros_right = zeros[left], zeros[right]
        found += np.where(of_bound, zeros_right - zeros_left, 0)
        left = np.where(of_bound, zeros[-1] + left - zeros_left, zeros_left)
        right = np.where(of_bound, zeros[-1] + right - zeros_right, zeros_right)
        values = np.concatenate([values[~is_one], values[is_one]])
    return found
