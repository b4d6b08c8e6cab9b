"""Contributions of features -> sentences that a manager can act on."""

from collections.abc import Mapping

import numpy as np

from features import catalog
from features.declarations import YES_OR_NO
from features.snapshots import FloatArray

MOST_REASONS = 3
LEAST_CONTRIBUTION = 0.02
"""Log odds: what moves a chance by less than about half a percentage point is not worth a sentence."""


def write_reasons(
    contributions: FloatArray, values: FloatArray, peers: Mapping[str, float], raises: str, lowers: str
) -> list[str]:
    """The strongest reasons for one account, strongest first, at most one for each family of features.

    What says nothing to a manager is passed over: a code, or a value that is just that of its peers.

    contributions, values : shape (n_features,), in the order of the catalogue.
    peers : feature -> the median among accounts on the same rung.
    raises, lowers : how a sentence begins whose contribution is above or below zero.
    """
    sentences: list[str] = []
    families: set[str] = set()
    for position in np.argsort(-np.abs(contributions), kind="stable"):
        strength = contributions[position]
        if abs(strength) < LEAST_CONTRIBUTION or len(sentences) == MOST_REASONS:
            break
        feature = catalog.FEATURES[position]
        telling = feature.unit != "code" and values[position] != peers.get(feature.name)
        if telling and feature.family not in families:
            families.add(feature.family)
            beginning = raises if strength > 0 else lowers
            sentences.append(f"{beginning}: {_fact(feature, float(values[position]), peers.get(feature.name))}")
    return sentences


def _fact(feature: catalog.Feature, value: float, peer: float | None) -> str:
    """`days since the last order day: 210; others on this rung: 45`."""
    said = feature.missing if np.isnan(value) else _value(feature, value)
    others = "" if peer is None or not np.isfinite(peer) else f"; others on this rung: {_value(feature, peer)}"
    return f"{feature.meaning}: {said}{others}"


def _value(feature: catalog.Feature, value: float) -> str:
    if feature.unit == YES_OR_NO:
        return "yes" if value > 0 else "no"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value == round(value) or abs(value) >= 100 else f"{value:.2g}"
