"""Who is held out and who gets another option than planned, drawn at random with known chances.

A plan that everybody on it follows can never be held against what would have happened without it. So a share is held
out, and what became of the others is measured against them (`ladder monitor`).

The lot is drawn from hashes of the accounts' ids and the plan's seed: the same accounts give the same draw, in whatever
order they come, and no other draw of the program shifts it. The selected are laid out by stratum, by hash within a
stratum, and cut at every 1/share-th place from one random start (systematic sampling): every account has exactly the
chance `share`, every stratum its share to within one account, and, since the costliest stand first, so has the money.
Accounts with the advice `test` are held out in a larger share than the others, by a draw of their own.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.instants import BoolArray, FloatArray, IntArray

NEAR = 0.5
"""Share of the selected, those who lose least by another option, among whom exploring draws."""


@dataclass(frozen=True)
class Draw:
    """holdout, explore : shares of the selected, 0 .. 0.5.  seed : another one gives another draw."""

    holdout: float = 0.1
    explore: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Arms:
    """held : shape (n,).  option : shape (n,), what is made, or would have been.  chance : shape (n,), of the row's own
    arm: of being held out, or of being treated with that option."""

    held: BoolArray
    option: IntArray
    chance: FloatArray


def uniforms(names: Iterable[str], salt: str) -> FloatArray:
    """Return a uniform number in [0, 1) for every name, a function of name and salt alone."""
    digests = b"".join(hashlib.blake2b(f"{salt}\x1f{name}".encode(), digest_size=8).digest() for name in names)
    numbers: FloatArray = (np.frombuffer(digests, ">u8") >> np.uint64(11)) / 2.0**53
    return numbers


def systematic(n: int, share: float, start: float) -> BoolArray:
    """Return which of n places a systematic sample holds, one in every 1/share, shape (n,).

    >>> systematic(6, 0.5, 0.0).tolist()
    [False, True, False, True, False, True]
    """
    edges = np.floor(start + share * np.arange(n + 1) + 1e-12)
    cut: BoolArray = np.diff(edges) > 0
    return cut


def most_cost(cost: FloatArray, share: FloatArray) -> float:
    """Return the highest cost of the treated over all draws: of each share the costliest first, start 0.

    share : shape (n,), the chance that each is held out; those of one share are drawn together.
    """
    most = 0.0
    for each in np.unique(share):
        falling = np.sort(cost[share == each])[::-1]
        most += float(falling[~systematic(len(falling), float(each), 0.0)].sum())
    return most


def strata(option: IntArray, rung: Sequence[str], gain: FloatArray) -> NDArray[np.object_]:
    """Return the stratum of each selected account, shape (n,): option, rung and third of the expected gain."""
    third = np.zeros(len(gain), np.int64)
    if len(gain):
        third = np.searchsorted(np.quantile(gain, [1 / 3, 2 / 3]), gain, side="left")
    found = np.empty(len(gain), object)
    found[:] = [f"{o}/{r}/{t}" for o, r, t in zip(option.tolist(), rung, third.tolist(), strict=True)]
    return found


def draw_arms(
    accounts: Sequence[str],
    *,
    cost: FloatArray,
    stratum: NDArray[np.object_],
    option: IntArray,
    others: BoolArray,
    near: BoolArray,
    draw: Draw,
    run: str,
    share: FloatArray | None = None,
) -> Arms:
    """Draw the arm of each selected account.

    cost, stratum, option : shape (n,), of what is planned.  others : shape (n, k), what else each might get.
    near : shape (n,), who takes part in exploring.  run : what else the draw depends on: the scoring run.
    share : shape (n,), the chance that each is held out, else that of the draw; those of one share are drawn together.
    """
    salt = f"{run}\x1f{draw.seed}"
    share = np.full(len(accounts), draw.holdout) if share is None else share
    held = np.zeros(len(accounts), bool)
    order = np.lexsort((uniforms(accounts, f"{salt}\x1fholdout"), stratum.astype(str), -cost))
    for each in np.unique(share):
        own = order[share[order] == each]
        start = _start(f"{salt}\x1fholdout" if each == draw.holdout else f"{salt}\x1fholdout\x1f{each:.6f}")
        held[own] = systematic(len(own), float(each), start)
    explored, chance = np.zeros(len(accounts), bool), explore_share(near, draw.explore)
    pool = np.flatnonzero(near)
    pool = pool[np.argsort(uniforms([accounts[int(row)] for row in pool], f"{salt}\x1fexplore"), kind="stable")]
    explored[pool] = systematic(len(pool), chance, _start(f"{salt}\x1fexplore"))
    made, own = option.copy(), (1 - share) * np.where(near, 1 - chance, 1.0)
    pick = uniforms(accounts, f"{salt}\x1foption")
    for row in np.flatnonzero(explored & ~held):
        choices = np.flatnonzero(others[row])
        made[row] = choices[int(pick[row] * len(choices))]
        own[row] = (1 - share[row]) * chance / len(choices)
    return Arms(held, made, np.where(held, share, own))


def explore_share(near: BoolArray, explore: float) -> float:
    """Return the chance of exploring among those eligible that makes `explore` of all, as nearly as possible."""
    taking = int(near.sum())
    return min(0.5, explore * len(near) / taking) if taking else 0.0


def _start(salt: str) -> float:
    return float(uniforms(["start"], salt)[0])
