"""The checks before promotion: pure functions of one context, each giving findings.

`docs/promotion.md` is written from this table by `python -m training.promotion.checks > docs/promotion.md`.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from training.model.findings import BLOCKER, Finding
from training.promotion import change_checks as change
from training.promotion import model_checks as model
from training.promotion.added_checks import added_findings
from training.promotion.context import PromotionContext
from training.settings import PromotionSettings


@dataclass(frozen=True)
class Check:
    """A row of CHECKS.

    name : short, for a heading.  asks : the question that is asked.  why : what goes wrong without it.
    severity : what it can find at worst, and when.  limits : the settings that it reads.  remedy : what to do.
    """

    name: str
    run: Callable[[PromotionContext], list[Finding]]
    asks: str
    why: str
    severity: str
    limits: tuple[str, ...]
    remedy: str


CHECKS: tuple[Check, ...] = (
    Check(
        "Enough data", model.enough_data,
        "Are there enough accounts, enough that left, and enough that were invested in?",
        "Below these counts a model says little more than shares do, and its intervals are wide.",
        "warning", ("least_accounts", "least_switched", "least_exposed"),
        "Bring more history or more accounts; where switches are few, set outcome.switching to silence.",
    ),
    Check(
        "Judged out of time", model.judged_out_of_time,
        "Was the model judged on periods later than those it learnt from?",
        "A model that was never asked about the future may have learnt the past by heart.",
        "warning where the history is too short", (),
        "Bring a longer history, or shorten outcome.horizon_days.",
    ),
    Check(
        "Baselines", model.beats_baselines,
        "Is no simple rule better, on the same snapshots, beyond the paired 95 % interval?",
        "A model that loses to a table or a logit is not worth its weight.",
        "blocker where the best baseline is better beyond its interval and the tolerance; of revenue, renewals and "
        "winning back a warning", ("tolerance",),
        "Look at the tables of `ladder backtest`; tune with `ladder train --tune`, or use fewer slices.",
    ),
    Check(
        "Calibration", model.calibrated,
        "Of the accounts given one chance in three, did about one in three leave, or climb?",
        "Money is chances times amounts: a model that ranks well but exaggerates plans badly.",
        "warning", ("most_calibration_error",),
        "Look at the reliability plots in MLflow; a period unlike the earlier ones is the usual cause.",
    ),
    Check(
        "A feature too good to be true", model.no_feature_too_good,
        "Does a single feature, or its mere absence, tell nearly perfectly who leaves or climbs?",
        "A field that is filled in afterwards tells what had already happened; in service it will be empty.",
        "warning: some sources are that regular", ("most_auc_alone",),
        "Find the column behind the feature, and give its table recorded_at, or leave it out by the mapping.",
    ),
    Check(
        "Late recording", model.survives_late_recording,
        "The model of the last origin is asked again as if everything were known a day, and a week, later. Does its "
        "skill stay?",
        "Rows written afterwards with an earlier date leak the future, and features cannot see that: they only ask "
        "when a row was recorded. What remains of half a year's foresight without the last day is what is real.",
        "warning where more skill goes than the limit, beyond its interval; blocker where one day takes all of it and "
        "there is a champion",
        ("most_lost_to_a_day", "most_lost_to_a_week"),
        "See which tables get rows afterwards, and give them recorded_at.",
    ),
    Check(
        "Champion against challenger", change.beats_champion,
        "On the same snapshots, paired: does the champion predict better? As it stands where the outcomes lie after "
        "its training; earlier, its recipe fitted anew, unless it is the same recipe.",
        "Figures of two trainings are measured on different periods, and one period is harder than another.",
        "blocker where the champion's log loss is better beyond the interval and the tolerance; warning for revenue, "
        "and where no pairing is possible", ("tolerance", "tolerance_share"),
        "Keep the champion, or find out which setting did it: compare the two runs' parameters in MLflow.",
    ),
    Check(
        "Money", change.earns_as_much,
        "On the same trials, by the same nuisances: does recommending by the new model earn less than by the champion, "
        "without a limit and at half the spending?",
        "A model can predict better and recommend worse.",
        "blocker where it earns less beyond the interval on trials that the champion has not learnt from; warning on "
        "those that it has, which is to its favour",
        ("least_exposed", "tolerance_share"),
        "Hold out accounts by lot in every plan (`ladder plan --holdout`): trials by lot are what settles this.",
    ),
    Check(
        "Segments", change.stable_by_segment,
        "By rung, industry, country, segment and size: is any part of enough accounts worse off than by the best "
        "baseline, or by the champion?",
        "A model may win on the whole and lose on the accounts of one manager.",
        "warning, held to a false-discovery rate over all segments", ("least_in_segment", "segment_level", "tolerance"),
        "Ask what is special there (other tables, other seasons); a feature that tells it apart helps.",
    ),
    Check(
        "Tables", change.forgets_nothing,
        "Does the champion know a table that this source lacks?",
        "An export that came without its tickets makes a model that has forgotten them.",
        "warning", (),
        "Run `ladder check` and see why the table is not there.",
    ),
    Check(
        "Drift", change.drifted_since,
        "Which features and scores moved since the champion was trained?",
        "It speaks for replacing the champion: the world that it learnt is gone.",
        "none: it is told", (),
        "Nothing; `ladder monitor` tells more.",
    ),
    Check(
        "Behaviour", model.behaves,
        "An event of yesterday is put into the histories of a sample of accounts. Does the answer move as it must: a "
        "critical ticket or a rival's offer never makes leaving less likely, nor the worst answer to a survey less "
        "likely than the best, nor does an order lower the chance of becoming a customer or the revenue?",
        "Nobody trusts, or should follow, a figure that calls a failed account safer.",
        "blocker for the critical ticket where there is a champion, warning for the rest; only beyond the limit and "
        "the interval",
        ("most_wrong_way",),
        "Look at how such events are recorded (tickets of loyal accounts only?), and at the features in the reasons.",
    ),
    Check(
        "Size and latency", model.light_enough,
        "Is the bundle small, and scoring quick, enough for the service?",
        "Every process of the service holds the bundle, and a CRM's page waits for its answer.",
        "warning", ("most_megabytes", "most_milliseconds"),
        "Fewer or smaller trees (booster.rounds, booster.leaves); score on a quiet machine.",
    ),
)  # fmt: skip


def examine(context: PromotionContext) -> list[Finding]:
    """Return what all checks found, in their order; at the end those that packages and modules add."""
    return [*(finding for check in CHECKS for finding in check.run(context)), *added_findings(context)]


def passes(findings: Sequence[Finding]) -> bool:
    """Return whether nothing stands in the way."""
    return all(finding.severity != BLOCKER for finding in findings)


def document() -> str:
    """Return the table of checks as a page of Markdown."""
    settings, lines = PromotionSettings(), [HEAD]
    for check in CHECKS:
        limits = ", ".join(f"`promotion.{name}` = {getattr(settings, name):g}" for name in check.limits)
        lines += [
            f"## {check.name}", "", check.asks, "", f"- *Why.* {check.why}",
            f"- *Severity.* {_sentence(check.severity)}",
            f"- *Limits.* {limits or 'none'}.", f"- *What to do.* {check.remedy}", "",
        ]  # fmt: skip
    return "\n".join(lines).rstrip() + "\n"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


HEAD = """# Before a model serves

`ladder train` puts every new model to these checks. A *blocker* refuses the promotion: the champion and its folder stay
as they are. A *warning* does not; it stands in the report. `ladder promote VERSION` overrules the checks, and
`ladder rollback` puts the former champion back.

The findings are written into one HTML file, which is kept with the version in MLflow (`promotion.html`). To get it:

```sh
ladder train --data exports/ --promote --report report.html
ladder promote 2 --report report.html
```

Checks of your own come after these: [extend](extend.md).

This page is written from the table of checks by `python -m training.promotion.checks > docs/promotion.md`; a test fails
when it is out of date. The limits are settings, explained in `conf/ladder.toml`.
"""


if __name__ == "__main__":
    sys.stdout.write(document())
