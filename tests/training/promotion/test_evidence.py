"""Whatever the source, what is trained on it is judged without a word of error."""

import pytest

from features.errors import NotEnoughData
from features.histories.histories import build_histories
from features.sources.source import source_from_rows
from serving.scoring.model_comparison import compare_models, weigh
from tests.training.test_pipeline import POOR, hasty
from training.data.dataset import build_dataset
from training.pipeline import train_on
from training.promotion.checks import PromotionContext, examine
from training.promotion.evidence import gather
from training.promotion.paired_comparison import Incumbent
from training.promotion.report import render


@pytest.mark.parametrize("what", POOR)
def test_a_poor_source_is_judged(what: str) -> None:
    known, settings = build_histories(source_from_rows(POOR[what])), hasty()
    try:
        data = build_dataset(known, settings, known.end)
        trained = train_on(data, settings, folds=2)
    except NotEnoughData:
        return
    bundle = trained.bundle
    for incumbent in (None, Incumbent(1, bundle, None)):
        evidence = gather(trained, data, incumbent, settings)
        champion = None if incumbent is None else bundle.facts
        context = PromotionContext(bundle.facts, trained.comparisons, champion, settings.promotion, evidence)
        assert "</html>" in render(context, examine(context), bundle.version, None if incumbent is None else 1)
    assert weigh(bundle, known, known.end).accounts == len(known.known_at(known.end))
    assert sum(one.changed for one in compare_models(bundle, bundle, known, known.end).rungs) == 0


def test_before_anybody_is_known_there_is_nobody_to_time() -> None:
    known = build_histories(source_from_rows(POOR["all alike"]))
    bundle = train_on(build_dataset(known, hasty(), known.end), hasty(), folds=0).bundle
    assert weigh(bundle, known, 0).accounts == 0
    assert compare_models(bundle, bundle, known, 0).rungs == ()
