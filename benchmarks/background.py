"""What it takes to write timelines, standings and the summary of a run: processor time and bytes an account.

python -m benchmarks.background [ACCOUNTS]
"""

import argparse
import tempfile
import time
from pathlib import Path

from features.histories.histories import build_histories
from features.sources.source import source_from_rows
from serving.store.background import background_of, write_background
from serving.store.database import open_store
from tests.serving import builders
from training.simulator.simulation import simulate


def main(accounts: int) -> None:
    """Simulate so many accounts over four years, look back, write, and say what it took."""
    tables = simulate("default", accounts=accounts, months=48, seed=0).tables
    source = source_from_rows(tables)
    histories = build_histories(source)
    facts = builders.bundle(histories).facts
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "ladder.db"
        engine = open_store(f"sqlite:///{file}")
        begin = time.process_time()
        made = background_of(histories, source, histories.end, facts)
        computed = time.process_time()
        write_background(engine, 1, facts, [made])
        written = time.process_time()
        engine.dispose()
        packed = sum(len(content) for content, _ in made.timelines) / accounts
        each, room = 1000 * (written - begin) / accounts, file.stat().st_size / accounts
    print(f"{accounts:,} accounts: computed in {computed - begin:.1f} s, written in {written - computed:.1f} s")
    print(f"an account: {each:.2f} ms, {packed:,.0f} bytes of timeline, {room:,.0f} bytes in the store")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("accounts", type=int, nargs="?", default=6_000)
    main(parser.parse_args().accounts)
