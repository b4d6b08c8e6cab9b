"""A large source of orders alone, to see that training and scoring stay within memory and time.

python -m benchmarks.large_source FOLDER [ORDERS] [ACCOUNTS]     default 1,700,000 orders of 85,000 accounts
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

DAYS = 1460


def large_source(orders: int, accounts: int, seed: int = 0) -> pd.DataFrame:
    """Orders of gamma-Poisson buyers who come and go over four years, in random order of rows."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.6, 1 / 0.6, accounts)
    account = rng.choice(accounts, orders, p=rate / rate.sum())
    joined, stays = rng.uniform(0, 900, accounts), rng.exponential(700, accounts)
    day = joined[account] + rng.uniform(0, 1, orders) * np.minimum(stays, DAYS - joined)[account]
    revenue = np.round(np.exp(rng.normal(5, 1, orders)) * np.sqrt(rate[account] + 0.1), 2)
    return pd.DataFrame(
        {
            "order_id": [f"O{number:08d}" for number in range(orders)],
            "account_id": np.char.add("B", account.astype(str)),
            "ordered_at": pd.Timestamp("2022-01-01") + pd.to_timedelta((day * 86_400).astype(int), unit="s"),
            "revenue": revenue,
            "cost": np.round(revenue * 0.6, 2),
        }
    )


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    sizes = [int(size) for size in sys.argv[2:4]] + [1_700_000, 85_000][len(sys.argv[2:4]) :]
    folder.mkdir(parents=True, exist_ok=True)
    large_source(*sizes).to_parquet(folder / "orders.parquet", index=False)
    print(f"{sizes[0]:,} orders of at most {sizes[1]:,} accounts in {folder}")
