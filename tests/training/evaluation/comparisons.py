"""The tiny supplier evaluated on two origins by models of a few trees, for tests of comparisons."""

from dataclasses import replace
from functools import cache

from tests.trained import small_settings, tiny_dataset
from training.evaluation.evaluation import Comparison, evaluate
from training.settings import Settings


def hasty_settings() -> Settings:
    """Three trees."""
    settings = small_settings()
    return replace(settings, booster=replace(settings.booster, rounds=3))


@cache
def tiny_comparisons() -> tuple[Comparison, ...]:
    """The tables of results with the rows that they rest on."""
    return tuple(evaluate(tiny_dataset(), hasty_settings(), folds=2))
