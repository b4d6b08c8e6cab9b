"""Renewals: a pool of a booster, a logit and the rates that people use, learnt on contracts whose end is behind.

A row is a contract at an origin. It teaches once the grace after its end is over, so that one that is followed late is
not taken for ended; what is not decided yet is left out, whatever is known of it so far. Weights are learnt on the
latest origins from members that learnt on what was decided by then; a short record is drawn to the rates.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from features.extensions import with_members
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray
from features.ladder.contract_ends import (
    CONTRACT_COLUMNS,
    ENDED,
    RENEWED,
    SMALLER_RENEWAL,
    contract_outcomes,
    decided_at,
    ending_contracts,
)
from training.data.dataset import Dataset
from training.data.splits import account_draw
from training.data.training_task import CATALOGUE, Learn, TrainingTask, learn_members, present, usable_columns
from training.model.findings import NOTE, WARNING, Finding
from training.model.predictors import Linear, Pool, Table, Trees
from training.model.renewal import RenewalModel, Sharpened, with_contracts
from training.model.rules import Banded, Constant
from training.model.serialization import Predictor
from training.model.terms import Term
from training.models.fitting import (
    DEFAULT_LIGHTGBM,
    equal_pool,
    fit_classes,
    fit_table,
    fit_trees,
    pool_weights,
    weighed_pool,
)
from training.models.next_rung import AGE_OF_THE_DATA, LONG_AGO
from training.models.rule_that_serves import RULE
from training.models.switching import directions
from training.settings import Settings

MIN_CONTRACTS = 30
"""The number of contracts that renewed, and of those that ended, without which nothing is learnt."""
LATEST_DAYS = 90
"""The origins of so many days are the latest ones, on which weights are learnt."""
LEAST_EACH = 15
"""Rows of each outcome that both sides of a split need."""
AGE, SIZE, LEFT, NOTICE = "contract_tenure_days", "contract_value", "contract_days_left", "contract_under_notice"
QUARTERS = (0.25, 0.5, 0.75)
STRENGTH = 20.0
"""Imagined rows with the overall rate, in each cell of a table of rates."""


@dataclass(frozen=True)
class RenewalRows:
    """Contracts at origins, k rows.

    snapshot : shape (k,), row of the dataset.
    contract : shape (k,), position in the stream of contracts.
    matrix : shape (k, n_features + len(CONTRACT_COLUMNS)).
    outcome : shape (k,), ENDED, SMALLER_RENEWAL or RENEWED; only where `decided` is behind.
    as_of, decided : shape (k,), microseconds.
    followed : shape (k,), whether the following contract was known at as_of: nothing is left to predict.
    """

    snapshot: IntArray
    contract: IntArray
    matrix: FloatArray
    outcome: IntArray
    as_of: IntArray
    decided: IntArray
    followed: BoolArray
    weight: FloatArray
    account: IntArray

    @property
    def renewed(self) -> IntArray:
        """Return 1 where the contract renewed, smaller or not, shape (k,)."""
        renewed: IntArray = (self.outcome != ENDED).astype(np.int64)
        return renewed


def renewal_rows(data: Dataset, settings: Settings) -> RenewalRows:
    """Return the contracts that end within the horizon of each snapshot, and what became of them."""
    outcome = settings.outcome
    view = View(data.histories, data.snapshots)
    ending = ending_contracts(view, outcome.horizon_days, outcome.renewal_grace_days)
    account = data.snapshots.account[ending.snapshot]
    return RenewalRows(
        snapshot=ending.snapshot, contract=ending.row, matrix=with_contracts(data.matrix, ending),
        outcome=contract_outcomes(data.histories, account, ending.row, ending.ends, outcome.renewal_grace_days),
        as_of=view.as_of[ending.snapshot], decided=decided_at(ending.ends, outcome.renewal_grace_days),
        followed=ending.followed, weight=data.weight[ending.snapshot], account=account,
    )  # fmt: skip


def enough_contracts(rows: RenewalRows, chosen: BoolArray) -> bool:
    """Return whether enough different contracts renewed, and ended, among some rows (mask, shape (k,))."""
    counts = contract_counts(rows, chosen)
    return min(counts[ENDED], counts[RENEWED] + counts[SMALLER_RENEWAL]) >= MIN_CONTRACTS


def contract_counts(rows: RenewalRows, chosen: BoolArray) -> tuple[int, int, int]:
    """Return how many different contracts ended, renewed smaller and renewed among some rows."""
    _, first = np.unique(rows.contract[chosen], return_index=True)
    ended, smaller, renewed = np.bincount(rows.outcome[chosen][first], minlength=3).tolist()
    return ended, smaller, renewed


def fit_renewal(
    data: Dataset, rows: RenewalRows, chosen: BoolArray, settings: Settings, serves: str | None = None
) -> RenewalModel | None:
    """Fit to some rows (mask, shape (k,)), all of them decided; None where too few renewed or ended.

    serves : the rule that serves instead of the pool, if one does.
    """
    undecided = chosen & ~rows.followed
    if not enough_contracts(rows, undecided):
        return None
    task = renewal_task(data, rows, settings)
    rule = RATES.get(serves or "")
    if rule is None:
        renews = _learn_pool(task, data, rows, undecided)
    else:
        learnt = rule(task.take(undecided))
        assert learnt is not None, "a rate can always be learnt"
        renews = Pool({f"{RULE}{serves}": learnt}, {f"{RULE}{serves}": 1.0})
    sure = rows.renewed[chosen & rows.followed]
    followed = round((float(sure.sum()) + FOLLOWED_PRIOR) / (len(sure) + FOLLOWED_PRIOR + 1), 6)
    renewed = undecided & (rows.renewed == 1)
    smaller = replace(task, target=(rows.outcome == SMALLER_RENEWAL).astype(np.int64)).take(renewed)
    return RenewalModel(renews, _learn_smaller(smaller), followed, data.matrix.shape[1])


FOLLOWED_PRIOR = 30.0
"""Imagined contracts that were followed and did renew, against one that did not."""


def renewal_task(data: Dataset, rows: RenewalRows, settings: Settings) -> TrainingTask:
    first = data.matrix.shape[1]
    own = {name: first + position for position, name in enumerate(CONTRACT_COLUMNS)}
    return TrainingTask(
        matrix=rows.matrix, target=rows.renewed, weight=rows.weight, columns={**CATALOGUE, **own},
        booster=settings.booster, backend=data.backend, span=float(settings.outcome.horizon_days),
    )  # fmt: skip


def _learn_pool(task: TrainingTask, data: Dataset, rows: RenewalRows, chosen: BoolArray) -> Predictor:
    members = learn_members(MEMBERS, task.take(chosen))
    split = _split(data, rows, chosen)
    if split is None:
        return equal_pool({name: member for name, member in members.items() if name in POOLED_RATES})
    earlier, latest = split
    last, before = task.take(latest), learn_members(MEMBERS, task.take(earlier))
    chances = {name: np.abs(member.predict(last.matrix)[:, 0] - (last.target != 1)) for name, member in before.items()}
    weights = pool_weights(chances, last.weight, POOLED_RATES)
    former = weighed_pool(before, weights).predict(last.matrix)[:, 0]
    return Sharpened(weighed_pool(members, weights), *_stretch(former, last))


def _stretch(chance: FloatArray, last: TrainingTask) -> tuple[float, float]:
    """Return slope and intercept of the log odds on later rows, drawn to 1 and 0 by a normal prior."""
    odds = np.log(chance / (1 - chance))
    weight = last.weight / last.weight.mean()

    def loss(values: FloatArray) -> float:
        scores = values[0] * odds + values[1]
        likelihood = weight @ (np.logaddexp(0.0, scores) - last.target * scores)
        return float(likelihood + ((values[0] - 1) ** 2 + values[1] ** 2) / (2 * STRETCH**2))

    found = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return round(float(np.clip(found[0], *SLOPE_LIMITS)), 4), round(float(found[1]), 4)


STRETCH = 0.5
"""Standard deviation of what slope and intercept are thought to be, before later rows are seen."""
SLOPE_LIMITS = (0.5, 3.0)


def _split(data: Dataset, rows: RenewalRows, chosen: BoolArray) -> tuple[BoolArray, BoolArray] | None:
    """Return what was decided before the latest origins, and these; without enough of it, two halves of the accounts.

    None where neither has enough of both outcomes.
    """
    first = rows.as_of[chosen].max() - LATEST_DAYS * MICROSECONDS_PER_DAY
    latest = chosen & (rows.as_of > first)
    earlier = chosen & (rows.decided <= rows.as_of[latest].min())
    half = account_draw(list(data.histories.account_ids), "weights")[rows.account] < 0.5
    for split in ((earlier, latest), (chosen & half, chosen & ~half)):
        if all(min(np.bincount(rows.renewed[part], minlength=2)) >= LEAST_EACH for part in split):
            return split
    return None


def learn_booster(task: TrainingTask) -> Trees:
    """Fit a small booster on all that is known of the account and of the contract."""
    sign = directions(task, 1)
    sign[task.column(NOTICE)] = -1
    old = [task.column(name) for name in AGE_OF_THE_DATA]
    return fit_trees(
        task.matrix, task.target, task.weight, task.booster, objective="binary", backend=task.backend,
        directions=sign, columns=usable_columns(task.matrix, old),
    )  # fmt: skip


def learn_logit(task: TrainingTask) -> Linear:
    """Fit a logit on the contract and on the traces of how the account feels."""
    counts = (
        "contract_days_left contract_value contract_tenure_days contract_terms_before contracts_beside "
        "contracts_not_followed tickets_90d tickets_365d severe_tickets_180d open_tickets sla_breaches_180d "
        "interactions_90d interactions_365d interactions_by_them_365d contacts_now contacts_left_180d "
        "inquiries_lost_to_rival_365d contracts_cancelled_365d triggers_situational_180d triggers_reactional_180d "
        "triggers_influential_180d referrals_365d order_days_365d revenue_365d"
    ).split()
    terms = [Term(task.column(name)) for name in counts]
    terms += [Term(task.column("days_since_interaction"), fill=LONG_AGO)]
    shares = (("survey_last", 0.6), ("survey_mean_365d", 0.6), ("survey_very_low_share_365d", 0.0))
    terms += [Term(task.column(name), "identity", fill=fill) for name, fill in shares]
    signs = (NOTICE, "contract_value_change", "interactions_trend_365d", "revenue_trend_180d")
    terms += [Term(task.column(name), "identity") for name in signs]
    return fit_classes(task.matrix, task.class_target, task.weight, present(terms), n_classes=1, penalty=3.0)


def learn_simple_logit(task: TrainingTask) -> Linear:
    """Fit a logit on tenure, value, days to the end, and notice."""
    terms = [Term(task.column(name)) for name in (AGE, SIZE, LEFT)]
    terms.append(Term(task.column(NOTICE), "identity"))
    return fit_classes(task.matrix, task.class_target, task.weight, terms, n_classes=1)


def learn_base_rate(task: TrainingTask) -> Constant:
    """Take the share that renewed."""
    return Constant(float(np.average(task.target, weights=task.weight)))


def _rate_by(*names: str) -> Callable[[TrainingTask], Predictor]:
    """Return what learns the share that renewed by notice and the bands of some columns, four of equal mass each."""

    def learn(task: TrainingTask) -> Predictor:
        columns = [task.column(name) for name in names]
        matrix, bands = task.matrix, []
        for column in columns:
            known = matrix[~np.isnan(matrix[:, column]), column]
            known = known if len(known) else np.zeros(1)
            edges = tuple(float(edge) for edge in np.unique(np.quantile(known, QUARTERS)))
            bands.append((column, edges, float(np.median(known))))
            matrix = Banded(Constant(0.0), *bands[-1]).banded(matrix)
        cells = [task.column(NOTICE), *columns]
        sizes = [2, *(len(edges) + 1 for _, edges, _ in bands)]
        both = fit_table(matrix, task.class_target, task.weight, cells, sizes=sizes, n_classes=2, strength=STRENGTH)
        rule: Predictor = Table(both.columns, both.sizes, tuple((row[1],) for row in both.probabilities))
        for band in bands:
            rule = Banded(rule, *band)
        return rule

    return learn


RATES: Mapping[str, Learn] = {
    "base rate": learn_base_rate,
    "renewal rate by notice": _rate_by(),
    "renewal rate by age and size": _rate_by(AGE, SIZE),
    "renewal rate by tenure": _rate_by("contract_terms_before"),
    "renewal rate by days to the end": _rate_by(LEFT),
    "logit of tenure, value, days to the end": learn_simple_logit,
}
"""The rules, all of which know whether a contract is under notice, but for the base rate."""
POOLED_RATES = (
    "renewal rate by age and size",
    "renewal rate by days to the end",
    "logit of tenure, value, days to the end",
)
"""Those that are members of the pool."""
MEMBERS: Mapping[str, Learn] = with_members("renewal", {
    "booster": learn_booster,
    "logit": learn_logit,
    **{name: RATES[name] for name in POOLED_RATES},
})  # fmt: skip
"""The pool: one row per member."""


def learn_default_lightgbm(task: TrainingTask) -> Trees:
    """Fit LightGBM with its own defaults, as a first attempt would."""
    booster = replace(DEFAULT_LIGHTGBM, threads=task.booster.threads)
    return fit_trees(task.matrix, task.target, task.weight, booster, objective="binary")


def _learn_smaller(task: TrainingTask) -> Predictor:
    """Fit a logit of renewing smaller; the share where few did."""
    if task.target.sum() < LEAST_EACH:
        return Constant(round(float(task.target.mean()), 6))
    terms = [Term(task.column(name)) for name in (AGE, SIZE, "interactions_365d", "tickets_365d", "contracts_beside")]
    terms += [Term(task.column("contract_value_change"), "identity")]
    return fit_classes(task.matrix, task.class_target, task.weight, present(terms), n_classes=1, penalty=3.0)


def renewal_finding(rows: RenewalRows, decided: BoolArray, learnt: bool) -> Finding:
    """Return what was learnt from, or what is missing."""
    ended, smaller, renewed = contract_counts(rows, decided & ~rows.followed)
    counts = {"ended": ended, "renewed": renewed + smaller}
    if not learnt and ended >= MIN_CONTRACTS and not renewed + smaller:
        return Finding.of("no_contract_followed", WARNING, ended=ended)
    if not learnt:
        return Finding.of("renewal_left_out", NOTE, **counts, needed=MIN_CONTRACTS)
    return Finding.of("renewal_learnt", NOTE, **counts, smaller=smaller, contracts=ended + smaller + renewed)
