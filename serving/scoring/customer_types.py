"""Which of Narayandas's four types an account is: loyalty against what it costs to serve.

    most_valuable     loyal, cheap to serve     keep close; ask for references before anything else
    partner           loyal, dear to serve      invest together; bring the cost of serving down, not the service
    commodity_buyer   not loyal, cheap          serve by routine; offer a bond only where it pays by itself
    underperformer    not loyal, dear           move up or serve for less: every visit costs more than it brings

Loyal = member or higher. What serving costs is not in the tables; its load is: contacts and tickets of the last year,
for every thousand of revenue, against the median of the buyers that the model learnt from. Source: Narayandas 2005,
"Building loyalty in business markets", Harvard Business Review 83(9).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.catalog import catalog
from features.instants import FloatArray, IntArray
from features.ladder.rules import MEMBER
from training.model.service_load import service_load

TYPES = ("commodity_buyer", "underperformer", "partner", "most_valuable")


def customer_types(matrix: FloatArray, rung: IntArray, usual: float | None) -> dict[str, NDArray[Any]]:
    """Return the columns `service_load` and `customer_type`, shape (n,) each; missing without revenue in a year.

    matrix : in the order of the catalogue.  usual : the load that parts cheap from dear; None where it is not known.
    """
    if usual is None:
        return {"service_load": np.full(len(matrix), np.nan), "customer_type": np.full(len(matrix), None, object)}
    load = service_load(matrix, catalog.NAMES)
    loyal, dear = rung >= MEMBER, load > usual
    kind = np.select([loyal & dear, loyal, dear], ["partner", "most_valuable", "underperformer"], "commodity_buyer")
    kind = kind.astype(object)
    kind[np.isnan(load)] = None
    return {"service_load": load, "customer_type": kind}
