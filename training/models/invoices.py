"""The invoice schedule of the revenue pool: how far the chance of an invoice is sharpened, by the errors made."""

from dataclasses import replace

import numpy as np

from training.data.training_task import ABSENT, TrainingTask
from training.model.invoices import InvoiceSchedule
from training.model.serialization import Predictor
from training.models.revenue_level import ratio_of_sums

SHARPNESS = (1.0, 2.0, 3.0, 5.0)
LEAST_ROWS = 100
"""Rows of accounts that order by schedule, with fewer of which there is none."""
SLOW = 1.5
"""Mean gaps of so many horizons leave no pace over one: an order comes or it does not."""
LEVEL_LIMITS = (0.5, 2.0)


def learn_invoices(task: TrainingTask, any_order: Predictor, *, slow: bool = False) -> InvoiceSchedule | None:
    """Return the schedule with the least mean absolute times root mean squared error; None where few order by one.

    task : its target is revenue.
    slow : of those that order slowly; else of those that order nothing but fees.
    """
    names = ("revenue_same_season", "revenue_per_order_day_365d", "days_within_rhythm", "order_days_total")
    columns = [task.column(name) for name in names]
    if ABSENT in columns:
        return None
    season, order, rhythm, ever = columns
    gap = task.column("order_gap_mean_730d") if slow else -1
    if slow and gap == ABSENT:
        return None
    schedule = InvoiceSchedule(season, order, rhythm, ever, sharpness=1.0, gap=gap, slow=SLOW * task.span)
    concerned = schedule.concerned(task.matrix)
    if concerned.sum() < LEAST_ROWS:
        return schedule if schedule.concerned(task.present).sum() >= LEAST_ROWS else None
    matrix, revenue = task.matrix[concerned], np.asarray(task.target[concerned], np.float64)
    chance = any_order.predict(matrix)[:, 0]

    def levelled(sharpness: float) -> InvoiceSchedule:
        option = replace(schedule, sharpness=sharpness)
        if not slow:
            return option
        level = np.clip(ratio_of_sums(revenue, option.expected(matrix, chance)), *LEVEL_LIMITS)
        return replace(option, level=round(float(level), 6))

    def error(option: InvoiceSchedule) -> float:
        missed = option.expected(matrix, chance) - revenue
        return float(np.abs(missed).mean() * np.sqrt((missed**2).mean()))

    return min((levelled(power) for power in SHARPNESS), key=error)
