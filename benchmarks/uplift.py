"""Effects of investments against every peer, on simulated truth and on a randomised mailing.

python -m benchmarks.uplift --seeds 0 1 2 3 4 --scenarios default randomised hidden_knowledge null no_overlap
    --hillstrom FOLDER [--peers PYTHON ...] [--only SECTION ...] [--accounts N] [--splits N [--peer-splits N]]

Ours is what `fit_uplift` learns; a plan gives every account the option with the highest uplift x margin - cost, if that
is above zero. --peers names Pythons with econml or causalml, and lightgbm. Printed as markdown. What is asked stands in
`simulated_uplift.py` (policies and intervals), `simulated_plans.py` (plans under a budget), `simulated_upgrade.py`
(climbing), `econml_setup.py` and `hillstrom.py` (rankings).
"""

import argparse
from pathlib import Path

SECTIONS = ("simulated", "plans", "upgrade", "econml", "hillstrom")


def main() -> None:
    """Print every section that was asked for and whose data were named."""
    from benchmarks.econml_setup import econml_setup
    from benchmarks.hillstrom import hillstrom
    from benchmarks.simulated_plans import plans
    from benchmarks.simulated_upgrade import upgrade
    from benchmarks.simulated_uplift import simulated
    from training.models.fitting import one_linear_algebra_thread
    from training.simulator.simulation import SCENARIOS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="*", default=[], help="of the simulated suppliers")
    parser.add_argument("--scenarios", nargs="*", default=["default"], choices=sorted(SCENARIOS))
    parser.add_argument("--accounts", type=int, help="of each simulated supplier; default: the scenario's own")
    parser.add_argument("--hillstrom", type=Path, help="folder with hillstrom.csv.gz")
    parser.add_argument("--splits", type=int, default=50, help="random halves of hillstrom")
    parser.add_argument("--peer-splits", type=int, default=10, help="of those, how many the peers get")
    parser.add_argument("--peers", nargs="*", default=[], metavar="PYTHON", help="that have econml or causalml")
    parser.add_argument("--only", nargs="*", choices=SECTIONS)
    asked = parser.parse_args()
    wanted = asked.only or SECTIONS
    with one_linear_algebra_thread():
        if asked.seeds and "simulated" in wanted:
            for scenario in asked.scenarios:
                for line in simulated(scenario, asked.seeds, asked.accounts, asked.peers):
                    print(line, flush=True)
        if asked.seeds and "plans" in wanted:
            for scenario in asked.scenarios:
                print("\n".join(plans(scenario, asked.seeds, asked.accounts)), flush=True)
        if asked.seeds and "upgrade" in wanted:
            print("\n".join(upgrade(asked.seeds, asked.accounts)), flush=True)
        if asked.seeds and "econml" in wanted:
            print("\n".join(econml_setup(asked.seeds, asked.peers)), flush=True)
        if asked.hillstrom is not None and "hillstrom" in wanted:
            print("\n".join(hillstrom(asked.hillstrom, asked.splits, asked.peers, asked.peer_splits)), flush=True)


if __name__ == "__main__":
    main()
