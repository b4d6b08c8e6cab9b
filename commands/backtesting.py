"""ladder backtest: out-of-time evaluation beside the baselines."""

from dataclasses import dataclass
from typing import Annotated

from commands.inputs import feedback_store, load_source
from commands.options import AsOf, CommonOptions, Data, Feedback, Option, at_least_one
from commands.progress_lines import progress_bar
from commands.terminal import Figures, show_comparison, show_findings


@dataclass(frozen=True, kw_only=True)
class BacktestOptions(CommonOptions):
    data: Data
    as_of: AsOf = None
    store: Feedback = None
    folds: Annotated[int, Option(metavar="K", parse=at_least_one, help="rolling origins")] = 3


def backtest_command(options: BacktestOptions) -> Figures:
    from training.data.dataset import build_dataset
    from training.evaluation.evaluation import evaluate
    from training.evaluation.grading import grade_report
    from training.evaluation.lifetime import judge_lifetime, lifetime_judged
    from training.evaluation.next_order import judge_next_order, next_order_findings
    from training.evaluation.renewal import judge_renewal
    from training.evaluation.win_back import judge_win_back
    from training.models.renewal import renewal_rows
    from training.models.win_back import former_rows
    from training.settings import read_settings

    settings, feedback = read_settings(options.config), feedback_store(options.store)
    loaded = load_source(options.data, settings, as_of=options.as_of, feedback=feedback)
    with progress_bar() as progress:
        known = loaded.histories.as_it_stood(loaded.as_of)
        data = build_dataset(known, settings, loaded.as_of, progress=progress)
        comparisons = evaluate(data, settings, options.folds, progress)
        windows = judge_next_order(data, settings, options.folds)
        renewals = judge_renewal(data, renewal_rows(data, settings), settings, options.folds)
        gone = former_rows(data, settings)
        returns = judge_win_back(data, gone, settings, options.folds)
        years = judge_lifetime(data, gone, settings, options.folds)
    graded = [*comparisons, *(table for table in (renewals, returns) if table is not None)]
    tables = [*graded, *(table for table in (windows, years) if table is not None)]
    for comparison in tables:
        show_comparison(comparison)
    if not any(comparison.task == "switching" for comparison in comparisons):
        print("\nSwitching: left out; too few switched before the origins. `ladder check` says what it takes.")
    show_findings("What the models are worth", [
        *grade_report(graded), *next_order_findings(windows), *lifetime_judged(years)
    ])  # fmt: skip
    return {name: value for comparison in tables for name, value in comparison.figures().items()}
