"""The invoice schedule of the revenue pool: how far the chance of an invoice is sharpened, by the errors made."""

from dataclasses import replace

import numpy as np

from training.data.training_task import ABSENT, TrainingTask
from training.model.invoices import InvoiceSchedule
from training.model.serialization import Predictor
from training.models.revenue_level import ratio_of_sums

COLUMNS = {
    "season": "revenue_same_season", "order": "revenue_per_order_day_365d", "rhythm": "days_within_rhythm",
    "ever": "order_days_total", "gap": "order_gap_mean_730d", "revenue": "revenue_730d", "days": "order_days_730d",
    "value": "contract_value_in_force",
}  # fmt: skip
"""Field of the schedule -> the feature that it reads."""
SHARPNESS = (1.0, 1.25, 1.5, 2.0, 3.0, 5.0)
CUTS = (0.0, 0.05, 0.1)
"""Chances below it are none: of very many accounts of whom nothing is due, next to nothing each is a sum."""
UNLEVELLED = (0.94, 1.03)
"""Sums that came over those expected within which the level stays: a schedule nearer to all or nothing is above."""
LEAST_ROWS = 100
"""Rows of accounts that order by schedule, with fewer of which there is none."""
LEAST_CAME = 50
"""Rows of them that were followed by an invoice, with fewer of which nothing is known of how sure one is."""
SLOW, SLOW_FEES = 1.5, 2 / 3
"""Mean gaps of so many horizons leave no pace over one: an order comes or it does not. Fees come to the day."""
LEVEL_LIMITS = (0.5, 2.0)


def learn_invoices(task: TrainingTask, any_order: Predictor, *, slow: bool = False) -> InvoiceSchedule | None:
    """Return the schedule with the least mean absolute times root mean squared error; None where few order by one.

    task : its target is revenue.
    slow : of those that order slowly; else of those that order nothing but fees.
    """
    columns = {field: task.column(name) for field, name in COLUMNS.items()}
    if ABSENT in columns.values():
        return None
    gap = (SLOW if slow else SLOW_FEES) * task.span
    schedule = InvoiceSchedule(**columns, sharpness=1.0, slow=gap, fees=not slow)
    concerned = schedule.concerned(task.matrix)
    if concerned.sum() < LEAST_ROWS or (task.target[concerned] > 0).sum() < LEAST_CAME:
        return schedule if schedule.concerned(task.present).sum() >= LEAST_ROWS else None
    matrix, revenue = task.matrix[concerned], np.asarray(task.target[concerned], np.float64)
    chance = any_order.predict(matrix)[:, 0]

    def levelled(sharpness: float, cut: float) -> InvoiceSchedule:
        option = replace(schedule, sharpness=sharpness, cut=cut)
        came = ratio_of_sums(revenue, option.expected(matrix, chance))
        level = came / np.clip(came, *UNLEVELLED)
        return replace(option, level=round(float(np.clip(level, *LEVEL_LIMITS)), 6))

    def error(option: InvoiceSchedule) -> float:
        missed = option.expected(matrix, chance) - revenue
        return float(np.abs(missed).mean() * np.sqrt((missed**2).mean()))

    return min((levelled(power, cut) for power in SHARPNESS for cut in CUTS), key=error)
