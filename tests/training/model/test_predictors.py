"""What is served says the same for a row whatever stands beside it, and comes back from its text unchanged."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from features.errors import BundleError
from features.instants import FloatArray, IntArray
from training.model import next_order, serialization
from training.model.buy_till_you_die import ExpectedPurchases, ExpectedSpend, Logged, NoPurchase
from training.model.effect import MAX_ROWS_AT_ONCE, Effect
from training.model.invoices import InvoiceSchedule
from training.model.lifetime import BANDS, STATES, LifetimeModel
from training.model.next_order import NextOrder
from training.model.predictors import (
    FLOOR,
    Floored,
    Linear,
    Ordinal,
    Pool,
    Table,
    Trees,
    TwoPart,
    normalise,
)
from training.model.renewal import RenewalModel, Sharpened
from training.model.revenue import OnPace, OwnRecord, Pace, RevenuePool
from training.model.revenue_range import RevenueRange
from training.model.rules import Banded, Complement, Constant, Either, Scaled, Sticky
from training.model.serialization import Predictor, from_json, to_json
from training.model.terms import Term
from training.model.win_back import WinBack
from training.models.fitting import (
    equal_pool,
    every_term,
    fit_classes,
    fit_ordinal,
    fit_table,
    fit_trees,
    fit_values,
    pool_weights,
)
from training.settings import BoosterSettings

ROWS, COLUMNS, CLASSES = 1000, 9, 7
SMALL = BoosterSettings(rounds=15, threads=1)


def world(seed: int = 0) -> tuple[FloatArray, IntArray]:
    """Features with heavy tails, missing values, counts and a rung in the first column; classes that depend on them."""
    rng = np.random.default_rng(seed)
    matrix = np.exp(rng.normal(0, 3, (ROWS, COLUMNS))) * rng.choice([-1.0, 1.0], (ROWS, COLUMNS))
    matrix[rng.random(matrix.shape) < 0.1] = np.nan
    matrix[:, 0] = rng.integers(0, CLASSES, ROWS)
    matrix[:, 1] = rng.poisson(2, ROWS)
    matrix[:, 2] = 7.0
    target = np.clip(matrix[:, 0] + rng.integers(-1, 2, ROWS), 0, CLASSES - 1).astype(np.int64)
    return matrix, target


def terms() -> list[Term]:
    shapes = [Term(0, "equals", float(rung)) for rung in range(CLASSES)]
    return [*shapes, Term(1), Term(3, fill=2.5), Term(4, "identity", cap=50.0), Term(5, cap=1e3), Term(2)]


def predictors() -> dict[str, Predictor]:
    matrix, target = world()
    ones = np.ones(ROWS)
    binary = (target > 3).astype(np.int64)
    amount = np.exp(target / 3.0)
    trees = fit_trees(matrix, target, ones, SMALL, objective="multiclass", n_classes=CLASSES)
    logit = fit_classes(matrix, target, ones, terms(), n_classes=CLASSES)
    table = fit_table(matrix, target, ones, [0, 1], sizes=[7, 4], n_classes=CLASSES)
    chance, rfm = (
        fit_trees(matrix, binary, ones, SMALL, objective="binary"),
        fit_classes(matrix, binary, ones, terms(), n_classes=1),
    )
    rng = np.random.default_rng(1)
    root = rng.normal(0, 1, (4, 4))
    covariance = tuple(tuple(float(cell) for cell in row) for row in root @ root.T)
    orders = ExpectedPurchases((1, 4, 5), 180.0, k=2, r=0.6, alpha=20.0, a=0.8, b=2.0, stops_at_once=1)
    pace = Pace(
        recent=3, recent_days=180.0, year=4, quarter=3, month=5, age=4, order=5, span=180.0, usual=50.0
    )  # fmt: skip
    wide = np.column_stack([matrix, pace.ratios(matrix)])
    trees_of_ratio = fit_trees(wide, amount, ones, SMALL, objective="poisson")
    three = tuple(replace(term, mean=0.3, scale=1.7) for term in terms()[7:10])
    return {
        "trees of classes": trees,
        "trees of a chance": chance,
        "trees of an amount": fit_trees(matrix, amount, ones, SMALL, objective="gamma"),
        "multinomial logit": logit,
        "logit": rfm,
        "logit of two classes": fit_classes(matrix, np.where(binary, 5, 2), ones, terms(), n_classes=CLASSES),
        "logit of one class": fit_classes(matrix, np.full(ROWS, 4), ones, terms(), n_classes=CLASSES),
        "line": fit_values(matrix, amount, ones, terms()),
        "line without terms": fit_values(matrix, amount, ones, []),
        "table": table,
        "ordinal classes": fit_ordinal(matrix, target, ones, SMALL, n_classes=CLASSES),
        "pool": Pool({"a": trees, "b": logit, "c": table}, {"a": 0.5, "b": 0.3, "c": 0.2}),
        "pool of chances": equal_pool({"a": chance, "b": rfm}),
        "pool with an idle member": Pool({"a": trees, "b": logit}, {"a": 0.0, "b": 1.0}),
        "floored": Floored(trees, 0, 0.01),
        "two parts": TwoPart(
            equal_pool({"a": chance}), fit_trees(matrix, amount, ones, SMALL, objective="gamma"), 1.07
        ),
        "next order": NextOrder(
            dict(zip(next_order.FEATURES, (3, 1, 4, 5, 6, 7, 8), strict=True)),
            (0.5, 0.6, 0.3, 0.01, 0.1, 0.2),
            (0.4, 0.1, -0.3, -0.2),
            180,
        ),
        "ranges of revenue": RevenueRange(Scaled(3, -0.5), chance, pace, 0.9, 0.3, 0.4),
        "ranges of amounts themselves": RevenueRange(rfm, chance, None, 0.9),
        "rule that a column sticks, of classes": Sticky(0, 0.8, (1 / CLASSES,) * CLASSES),
        "banded classes": Banded(table, 1, (2.5, 5.0), 9.0),
        "scaled": Scaled(3, 0.5),
        "constant": Constant(3.0),
        "expected orders": orders,
        "no order": NoPurchase(orders),
        "some order": Complement(NoPurchase(orders)),
        "one or the other": Either(1, chance, rfm),
        "logit of expected orders": Logged(orders, Linear((Term(0, "identity", 0.1),), ((-0.4,),), (0.3,)), 1e-6),
        "expected spend": ExpectedSpend(orders, (3, 1), 2.0, 3.0, 40.0),
        "ratio to a pace": OnPace(pace, trees_of_ratio),
        "weighed revenue": RevenuePool(rfm, {"a": orders, "b": OnPace(pace, trees_of_ratio)}, {"a": 0.4, "b": 0.7}),
        "revenue by own record": RevenuePool(rfm, {"a": orders}, {"a": 0.8}, record=OwnRecord(pace, 4, 1, 1.1, 24.0)),
        "own record": OwnRecord(pace, 4, 1, 1.1, 24.0),
        "revenue by invoice": RevenuePool(rfm, {"a": orders}, {"a": 0.8}, InvoiceSchedule(3, 5, 6, 4, 2.0)),
        "sharpened chances": Sharpened(equal_pool({"a": chance, "b": rfm}), 1.4, -0.3),
        "chance of winning back": WinBack(equal_pool({"a": chance, "b": rfm}), matrix.shape[1]),
        "revenue by state": LifetimeModel(
            180,
            ((1.0 / STATES,) * STATES,) * (BANDS * STATES),
            ((0.1,),) * (STATES * (STATES - 1)),
            (0.0,) * STATES,
            of_expected=(0.3,) * STATES,
            of_pace=(0.4,) * STATES,
            first=(10.0,) * STATES,
            back=0.5,
            surprises=((0.0, 2.0),) * (2 * STATES),
            same=0.3,
            widths_below=(1.0,) * STATES,
            widths_above=(1.0,) * STATES,
            year=3,
        ),
        "classes of renewal": RenewalModel(Sharpened(rfm, 1.2, 0.1), chance, 0.97, matrix.shape[1]),
        "pool of chances that knows of notice": Pool(
            {"a": chance, "b": rfm}, {"a": 0.5, "b": 0.5}, 0.4, (3.0, 2.0), (4.0, 0.0, 0.9)
        ),
        "gated pool of chances": Pool({"a": chance, "b": rfm}, {"a": 0.5, "b": 0.5}, 0.4, (3.0, 2.0)),
        "effect": Effect(three, (0.5, -0.1, 0.3, 0.2), covariance, 4, 120.5),
        "effect of nothing but size": Effect((), (0.1,), ((0.04,),)),
    }


PREDICTORS = predictors()


def test_every_kind_that_may_be_served_is_put_to_these_tests() -> None:
    assert {type(predictor).__name__ for predictor in PREDICTORS.values()} >= serialization.SERVED_CLASSES.keys()


CHANCES = [
    kind for kind in PREDICTORS if any(word in kind for word in ("class", "multinomial", "table", "pool", "floored"))
]


def same(left: FloatArray, right: FloatArray) -> bool:
    return left.shape == right.shape and left.tobytes() == right.tobytes()


@pytest.mark.parametrize("kind", PREDICTORS)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 8, 15, 64, 999])
def test_a_row_has_the_same_bits_in_parts_of_any_size(kind: str, size: int) -> None:
    matrix, predictor = world(2)[0], PREDICTORS[kind]
    whole = predictor.predict(matrix)
    last = ROWS if size > 7 else 200
    parts = [predictor.predict(matrix[start : start + size]) for start in range(0, last, size)]
    assert same(np.concatenate(parts)[:last], whole[:last])


@pytest.mark.parametrize("kind", PREDICTORS)
def test_the_layout_in_memory_changes_no_bit(kind: str) -> None:
    matrix, predictor = world(2)[0], PREDICTORS[kind]
    whole = predictor.predict(matrix)
    assert same(predictor.predict(np.asfortranarray(matrix)), whole)
    assert same(predictor.predict(np.repeat(matrix, 2, axis=0)[::2]), whole)
    assert same(predictor.predict(matrix[::-1])[::-1].copy(), whole)
    assert predictor.predict(matrix[:0]).shape == (0, whole.shape[1])


@pytest.mark.parametrize("kind", PREDICTORS)
def test_a_predictor_comes_back_from_json_with_the_same_bits(kind: str) -> None:
    matrix, predictor = world(2)[0], PREDICTORS[kind]
    text = json.dumps(to_json(predictor), allow_nan=False)
    again = from_json(json.loads(text))
    assert json.dumps(to_json(again)) == text
    assert again == predictor
    assert same(again.predict(matrix), predictor.predict(matrix))


@pytest.mark.parametrize("kind", CHANCES)
def test_chances_are_chances(kind: str) -> None:
    found = PREDICTORS[kind].predict(world(2)[0])
    assert ((found > 0) & (found <= 1)).all()
    if found.shape[1] > 1:
        np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-12)


@settings(max_examples=60)
@given(st.lists(st.floats(width=64), min_size=COLUMNS, max_size=COLUMNS))
@example([-np.inf, np.inf, *[-np.inf] * (COLUMNS - 2)])
def test_no_value_is_too_strange(values: list[float]) -> None:
    with np.errstate(all="ignore"):
        for kind in CHANCES:
            found = PREDICTORS[kind].predict(np.array([[1.0, *values[1:]]]))
            assert ((found >= 0) & (found <= 1)).all(), kind


def test_trees_take_their_own_columns_and_no_others() -> None:
    """The positions are the bundle's: other columns may hold anything, and order is never guessed from names."""
    matrix, target = world()
    trees = fit_trees(
        matrix, target, np.ones(ROWS), SMALL, objective="multiclass", n_classes=CLASSES, columns=[5, 0, 3]
    )
    others = matrix.copy()
    others[:, [1, 2, 4, 6, 7, 8]] = -1e9
    assert same(trees.predict(others), trees.predict(matrix))
    swapped = matrix.copy()
    swapped[:, [0, 5]] = matrix[:, [5, 0]]
    assert not same(trees.predict(swapped), trees.predict(matrix))
    moved = replace(trees, columns=(0, 5, 3))
    assert same(moved.predict(swapped), trees.predict(matrix))


def test_a_constant_column_is_not_learnt_from() -> None:
    trees = PREDICTORS["trees of classes"]
    assert isinstance(trees, Trees)
    assert 2 not in trees.columns


def test_contributions_stand_in_the_bundle_s_columns_and_add_up() -> None:
    matrix, trees = world(2)[0], PREDICTORS["trees of a chance"]
    assert isinstance(trees, Trees)
    parts = trees.contributions(matrix)
    assert parts.shape == (ROWS, COLUMNS + 1)
    assert not parts[:, 2].any()
    chance = 1 / (1 + np.exp(-parts.sum(axis=1)))
    np.testing.assert_allclose(chance, trees.predict(matrix)[:, 0], rtol=1e-9)
    assert same(trees.contributions(matrix[17:18]), parts[17:18])
    assert trees.contributions(matrix[:0]).shape == (0, COLUMNS + 1)


def test_a_logit_of_classes_knows_which_class_is_which() -> None:
    found = PREDICTORS["logit of two classes"].predict(world(2)[0])
    assert (found[:, [0, 1, 3, 4, 6]] < 10 * FLOOR).all()
    matrix, target = world(2)
    two = np.where(target > 3, 5, 2)
    assert (found.argmax(axis=1) == two).mean() > 0.8
    assert PREDICTORS["logit of one class"].predict(matrix).argmax(axis=1).tolist() == [4] * ROWS


def test_a_logit_is_scikit_learn_s() -> None:
    from sklearn.linear_model import LogisticRegression

    matrix, target = world()
    fitted = fit_classes(matrix, target, np.ones(ROWS), terms(), n_classes=CLASSES)
    values = np.column_stack([term.value(matrix) for term in fitted.terms])
    oracle = LogisticRegression(C=1.0, solver="lbfgs", max_iter=5000, tol=1e-9).fit(values, target)
    np.testing.assert_allclose(fitted.predict(matrix), oracle.predict_proba(values), atol=2e-4)


def test_a_table_by_hand() -> None:
    """Three rows in cell 0, of which two moved to class 1; prior strength 2; overall 2 of 4, with half a row each."""
    matrix = np.array([[0.0], [0.0], [0.0], [1.0]])
    table = fit_table(matrix, np.array([0, 1, 1, 0]), np.ones(4), [0], sizes=[2], n_classes=2, strength=2.0)
    np.testing.assert_allclose(table.predict(np.array([[0.0]])), [[(1 + 1) / 5, (2 + 1) / 5]])
    np.testing.assert_allclose(table.predict(np.array([[1.0]])), [[(1 + 1) / 3, 1 / 3]])
    assert table.cells(np.array([[np.nan], [9.0], [-3.0]])).tolist() == [1, 1, 0]


def test_floored_chances_keep_their_odds_above_the_floor() -> None:
    member = Table((0,), (1,), ((0.4, 0.2, 0.3, 0.1),))
    found = Floored(member, 1, 0.06).predict(np.array([[0.0, 2.0], [0.0, 0.0], [0.0, np.nan]]))
    np.testing.assert_allclose(found[0], [0.04, 0.02, 0.94 * 0.75, 0.94 * 0.25])
    np.testing.assert_allclose(found[1:], [[0.4, 0.2, 0.3, 0.1]] * 2)


def test_the_pool_finds_the_member_that_is_right() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random(4000)
    happened = rng.random(4000) < truth
    right, wrong = np.where(happened, truth, 1 - truth), np.full(4000, 0.5)
    weights = pool_weights({"right": right, "wrong": wrong}, np.ones(4000))
    assert weights["right"] > 0.9
    assert sum(weights.values()) == pytest.approx(1, abs=1e-3)
    assert pool_weights({"a": wrong, "b": wrong}, np.ones(4000)) == {"a": 0.5, "b": 0.5}


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_weights_are_those_that_make_what_happened_most_likely_however_alike_the_members_are(share: float) -> None:
    """Where the likelihood is nearly flat, weights that stop early are those that the search began with."""
    rng = np.random.default_rng(0)
    one, other = rng.beta(1, 9, 2000), rng.beta(2, 18, 2000)
    happened = rng.random(2000) < share * one + (1 - share) * other
    given = [np.where(happened, chance, 1 - chance) for chance in (one, other)]
    weights = pool_weights({"one": given[0], "other": given[1]}, np.ones(2000), periods=1e6)
    grid = np.linspace(0, 1, 1001)
    likely = [np.log(w * given[0] + (1 - w) * given[1]).sum() for w in grid]
    assert weights.get("one", 0.0) == pytest.approx(grid[int(np.argmax(likely))], abs=0.015)


def test_flexible_members_gain_by_the_length_of_the_record_and_not_in_the_first_period() -> None:
    alike = {name: np.full(50, 0.5) for name in ("booster", "logit")}
    assert pool_weights(alike, np.ones(50), (), ("booster",), periods=1.0) == {"booster": 0.5, "logit": 0.5}
    shares = [pool_weights(alike, np.ones(50), (), ("booster",), periods=p)["booster"] for p in (1.5, 2.0, 4.0)]
    assert shares == sorted(shares)
    assert shares[0] > 0.5


def test_a_value_that_is_missing_takes_its_fill_and_a_giant_its_cap() -> None:
    found = Term(0, fill=3.0, cap=10.0).raw(np.array([[np.nan], [1e9], [-5.0], [0.0]]))
    np.testing.assert_allclose(found, [np.log1p(3), np.log1p(10), -np.log1p(5), 0])


def test_an_effect_has_the_same_bits_for_one_row_and_for_many() -> None:
    """Few rows are worked out another way than many."""
    random = np.random.default_rng(3)
    matrix = random.lognormal(size=(MAX_ROWS_AT_ONCE + 50, 4)) * random.choice(
        [-1.0, 1.0, np.nan], (MAX_ROWS_AT_ONCE + 50, 4)
    )
    terms = tuple(Term(column, mean=0.3, scale=0.7) for column in range(4))
    covariance = tuple(tuple(row) for row in random.normal(size=(5, 5)).tolist())
    effect = Effect(terms, tuple(random.normal(size=5).tolist()), covariance, size_column=2)
    crowd = effect.predict(matrix)
    alone = np.concatenate([effect.predict(matrix[k : k + 1]) for k in range(len(matrix))])
    np.testing.assert_array_equal(crowd.view(np.int64), alone.view(np.int64))


def test_an_effect_by_hand() -> None:
    effect = Effect((Term(0, "identity"),), (2.0, 0.5), ((0.04, 0.01), (0.01, 0.09)), 1, 10.0)
    found = effect.predict(np.array([[3.0, 90.0], [0.0, np.nan], [1.0, -5.0]]))
    error = [100 * np.sqrt(0.04 + 2 * 0.01 * 3 + 0.09 * 9), 10 * 0.2, 10 * np.sqrt(0.15)]
    np.testing.assert_allclose(found, np.column_stack([[350.0, 20.0, 25.0], error]))
    apart = replace(effect, heterogeneity=0.5, typical=30.0).predict(np.array([[0.0, np.nan]]))
    np.testing.assert_allclose(apart, [[20.0, np.sqrt(2.0**2 + 10.0**2 + 30.0**2)]])


def test_the_mean_effect_of_a_group_by_hand() -> None:
    """How accounts differ averages out over a group; that effects may not grow with size does not."""
    effect = Effect((Term(0, "identity"),), (2.0, 0.5), ((0.04, 0.01), (0.01, 0.09)), 1, 10.0, heterogeneity=0.5)
    matrix = np.array([[3.0, 90.0], [1.0, 0.0]])  # together they multiply the coefficients by (110, 310) / 2
    mean, error = (110 * 2.0 + 310 * 0.5) / 2, np.sqrt(110**2 * 0.04 + 2 * 110 * 310 * 0.01 + 310**2 * 0.09) / 2
    assert effect.average(matrix) == pytest.approx((mean, error))
    assert effect.group(matrix) == pytest.approx((mean, error))
    assert replace(effect, typical=50.0).group(matrix) == pytest.approx((mean, np.hypot(error, 30.0)))


def test_rows_are_normalised_from_left_to_right() -> None:
    found = normalise(np.array([[1.0, 1.0, 2.0]]))
    assert found.tolist() == [[0.25, 0.25, 0.5]]


DAMAGED: dict[str, Any] = {
    "of no kind": {},
    "of an unknown kind": {"kind": "Forest"},
    "of a dangerous kind": {"kind": "os.system", "command": "true"},
    "without a field": {"kind": "Table", "columns": [0], "sizes": [2]},
    "of another type": {"kind": "Table", "columns": 3, "sizes": [2], "probabilities": []},
    "with a term too many": {
        "kind": "Linear", "terms": [{"colour": 1}], "coefficients": [], "intercepts": [], "link": "x",
        "classes": [], "n_classes": 1,
    },
    "with members in a list": {"kind": "Pool", "members": [1], "weights": {}},
    "with weights in a list": {"kind": "Pool", "members": {}, "weights": [1]},
    "with text for a number": {"kind": "TwoPart", "any_order": {"kind": "Trees", "text": "", "columns": [],
                                                                  "outputs": 1}, "amount": {}, "correction": "much"},
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGED)
def test_a_damaged_predictor_is_refused(what: str) -> None:
    content: Mapping[str, Any] = DAMAGED[what]
    with pytest.raises(BundleError):
        from_json(content)


def test_a_booster_s_damaged_text_is_refused() -> None:
    with pytest.raises(BundleError, match="damaged"):
        Trees("tree\nversion=v4\nnum_class=nonsense\n", (0,)).predict(np.zeros((2, 1)))


def test_the_same_rows_and_settings_give_the_same_trees() -> None:
    matrix, target = world()
    ones = np.ones(ROWS)
    first, second = (
        fit_trees(matrix, target, ones, SMALL, objective="multiclass", n_classes=CLASSES) for _ in range(2)
    )
    assert first.text == second.text
    other = fit_trees(matrix, target, ones, replace(SMALL, seed=1), objective="multiclass", n_classes=CLASSES)
    assert other.text != first.text


def test_the_scale_of_the_weights_changes_nothing() -> None:
    matrix, target = world()
    for factor in (0.25, 8.0):
        logit = fit_classes(matrix, target, np.full(ROWS, factor), terms(), n_classes=CLASSES)
        assert isinstance(logit, Linear)
        np.testing.assert_allclose(logit.predict(matrix), PREDICTORS["multinomial logit"].predict(matrix), atol=1e-10)


def test_reaching_a_class_is_never_likelier_than_reaching_the_one_before() -> None:
    matrix = np.zeros((2, 1))
    odds = [np.log(p / (1 - p)) for p in (0.5, 0.7, 0.2)]
    found = Ordinal(tuple(Linear((), ((),), (float(o),)) for o in odds)).predict(matrix)
    assert found == pytest.approx(np.tile([0.5, 0.0, 0.3, 0.2], (2, 1)), abs=3 * FLOOR)


def test_an_ordinal_booster_of_classes_that_nobody_reaches_gives_them_next_to_nothing() -> None:
    matrix, target = world()
    found = fit_ordinal(matrix, np.minimum(target, 3), np.ones(ROWS), SMALL, n_classes=CLASSES).predict(matrix)
    assert found[:, 4:].max() < 10 * FLOOR
    assert found[:, 3].mean() == pytest.approx((target >= 3).mean(), abs=0.02)


def test_every_term_leaves_out_what_never_varies_and_what_is_never_known() -> None:
    matrix = np.array([[1.0, 7.0, np.nan, 3.0], [2.0, 7.0, np.nan, np.nan]])
    assert [(term.column, term.fill) for term in every_term(matrix)] == [(0, 1.5), (3, 3.0)]
