"""What is trained once and looked at by many tests: the tiny simulated supplier and small models of it."""

from dataclasses import replace
from functools import cache

from features.histories.histories import Histories, build_histories
from features.instants import MICROSECONDS_PER_DAY
from features.sources.source import source_from_rows
from training.data.dataset import Dataset, build_dataset
from training.model.bundle import Bundle
from training.pipeline import Trained, train
from training.settings import Settings
from training.simulator.simulation import Simulation, simulate


def small_settings(settings: Settings | None = None) -> Settings:
    """Few trees on one thread, and effects reported where a serious setting would ask for more accounts."""
    settings = Settings() if settings is None else settings
    return replace(
        settings,
        booster=replace(settings.booster, rounds=20, learning_rate=0.05, threads=1),
        slices=replace(settings.slices, every_days=60, most=12),
        uplift=replace(settings.uplift, least_treated=20, least_effective=20, folds=2),
    )


@cache
def tiny() -> Simulation:
    """Three hundred accounts over four years, and their truth."""
    return simulate("tiny", seed=1)


@cache
def tiny_histories() -> Histories:
    """Their histories."""
    return build_histories(source_from_rows(tiny().tables))


@cache
def tiny_dataset() -> Dataset:
    """Features and outcomes of their slices."""
    known = tiny_histories()
    return build_dataset(known, small_settings(), known.end)


@cache
def tiny_trained() -> Trained:
    """Models of them, not judged."""
    known = tiny_histories()
    return train(known, small_settings(), known.end, folds=0)


def tiny_bundle() -> Bundle:
    """The bundle of those models."""
    return tiny_trained().bundle


@cache
def earlier_bundle() -> Bundle:
    """A champion of them that was trained 200 days before their end."""
    known = tiny_histories()
    return train(known, small_settings(), known.end - 200 * MICROSECONDS_PER_DAY, folds=0).bundle
