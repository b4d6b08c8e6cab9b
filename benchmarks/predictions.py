"""Next rung, switching and the next order against every baseline, on real data out of time and on simulated truth.

python -m benchmarks.predictions --online-retail FOLDER --cdnow FOLDER --seeds 0 1 2 3 4 [--only SECTION ...]
    [--peers PYTHON [--budget SECONDS]]

All that the data choose (weights, tables, trees) is learnt on slices complete before the origin, by the functions that
`ladder train` calls. Differences are theirs less ours in log loss, on the same snapshots, with 95 % intervals from a
bootstrap over accounts: above zero, ours is better. --peers names a Python with catboost, xgboost, scikit-learn or
flaml; FLAML searches for --budget seconds in every fit: one for each origin, two for each simulated supplier.
Printed as markdown. What is asked stands in `real_predictions.py`, `simulated_predictions.py` and `next_order.py`.
"""

import argparse
from pathlib import Path


def main() -> None:
    """Print every section that was asked for and whose data were named."""
    from benchmarks.next_order import of_simulator, of_source
    from benchmarks.origins import Peers
    from benchmarks.real_predictions import SECTIONS, real
    from benchmarks.simulated_predictions import simulated
    from training.models.fitting import one_linear_algebra_thread

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--online-retail", type=Path, help="folder with orders.parquet")
    parser.add_argument("--cdnow", type=Path, help="folder with orders.parquet")
    parser.add_argument("--seeds", type=int, nargs="*", default=[], help="of the simulated suppliers")
    parser.add_argument("--accounts", type=int, help="of each simulated supplier; default: the scenario's own")
    parser.add_argument("--only", nargs="*", choices=[*(s.name for s in SECTIONS), "simulated", "next_order"])
    parser.add_argument("--peers", metavar="PYTHON", help="that has catboost, xgboost, scikit-learn or flaml")
    parser.add_argument(
        "--budget", type=float, default=600.0, metavar="SECONDS", help="of FLAML's search, of every fit"
    )
    asked = parser.parse_args()
    peers = Peers(asked.peers, asked.budget) if asked.peers else None
    folders = {"online_retail": asked.online_retail, "cdnow": asked.cdnow}
    with one_linear_algebra_thread():
        for section in SECTIONS:
            folder = folders[section.source]
            if folder is not None and (not asked.only or section.name in asked.only):
                print("\n".join(real(section, folder, peers)), flush=True)
        if asked.seeds and (not asked.only or "simulated" in asked.only):
            print("\n".join(simulated(asked.seeds, asked.accounts, peers)), flush=True)
        if not asked.only or "next_order" in asked.only:
            for name, folder in folders.items():
                if folder is not None:
                    print("\n".join(of_source(name, folder)), flush=True)
            if asked.seeds:
                print("\n".join(of_simulator("default", asked.seeds)), flush=True)


if __name__ == "__main__":
    main()
