"""The invoice schedule of the revenue pool: how far the chance of an invoice is sharpened, by the errors made."""

from dataclasses import replace

import numpy as np

from training.data.training_task import ABSENT, TrainingTask
from training.model.invoices import InvoiceSchedule
from training.model.serialization import Predictor

SHARPNESS = (1.0, 2.0, 3.0, 5.0)
LEAST_ROWS = 100
"""Rows of accounts that order nothing but fees, with fewer of which there is no schedule."""


def learn_invoices(task: TrainingTask, any_order: Predictor) -> InvoiceSchedule | None:
    """Return the schedule with the least mean absolute times root mean squared error; None where few order just fees.

    task : its target is revenue.
    """
    names = ("revenue_same_season", "revenue_per_order_day_365d", "days_within_rhythm", "order_days_total")
    columns = [task.column(name) for name in names]
    if ABSENT in columns:
        return None
    season, order, rhythm, ever = columns
    schedule = InvoiceSchedule(season, order, rhythm, ever, sharpness=1.0)
    concerned = schedule.concerned(task.matrix)
    if concerned.sum() < LEAST_ROWS:
        return None
    matrix, revenue = task.matrix[concerned], task.target[concerned]
    chance = any_order.predict(matrix)[:, 0]
    options = [replace(schedule, sharpness=power) for power in SHARPNESS]

    def error(option: InvoiceSchedule) -> float:
        missed = option.expected(matrix, chance) - revenue
        return float(np.abs(missed).mean() * np.sqrt((missed**2).mean()))

    return min(options, key=error)
