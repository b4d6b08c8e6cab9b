"""Training as of an earlier instant is training on the source as somebody would have copied it then."""

import pandas as pd

from features.histories.histories import build_histories
from features.instants import instant, iso
from features.sources.source import source_from_rows
from tests.builders import as_it_stood
from tests.trained import small_settings, tiny, tiny_histories
from training.pipeline import train

AS_OF = "2025-02-01"


def test_a_model_as_of_a_date_is_to_the_byte_the_model_of_the_source_as_it_stood_then() -> None:
    then = build_histories(source_from_rows(as_it_stood(tiny().tables, pd.Timestamp(AS_OF))))
    of_then = train(then, small_settings(), instant(AS_OF), folds=0).bundle.files()
    in_hindsight = train(tiny_histories(), small_settings(), instant(AS_OF), folds=0).bundle.files()
    assert iso(tiny_histories().end) > AS_OF
    assert [name for name in of_then if of_then[name] != in_hindsight[name]] == []
    assert of_then.keys() == in_hindsight.keys()
