"""What it costs to score and train on a large source: whole, part by part, and on a cluster of two workers.

python -m benchmarks.scale FOLDER [ORDERS] [ACCOUNTS] [PARTS]     default 1,700,000 orders of 85,000 accounts, 16 parts

Every line is one run of the program: wall time, processor time, and the largest memory that its process, and for a
cluster all its workers together, held at any moment (asked four times a second). Where others share the machine only
the processor time tells much.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

from benchmarks.large_source import large_source

LADDER = str(Path(sys.executable).parent / "ladder")
DASK = str(Path(sys.executable).parent / "dask")
ADDRESS = "tcp://127.0.0.1:18786"


def resident(process: psutil.Process) -> int:
    """Bytes held by a process and its children."""
    total = 0
    try:
        for one in (process, *process.children(recursive=True)):
            total += one.memory_info().rss
    except psutil.NoSuchProcess:
        pass
    return total


def processor_seconds(pid: int) -> float:
    """Spent so far by a process and its children."""
    total = 0.0
    try:
        for one in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
            times = one.cpu_times()
            total += times.user + times.system
    except psutil.NoSuchProcess:
        pass
    return total


def run(title: str, folder: Path, *arguments: str, workers: subprocess.Popen[bytes] | None = None) -> None:
    """One command, timed; its output goes to a file."""
    begun, most, most_workers = time.monotonic(), 0, 0
    used = 0.0 if workers is None else processor_seconds(workers.pid)
    environment = {**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}"}
    log = folder / f"{title.replace(' ', '_')}.txt"
    with log.open("w") as out:
        process = subprocess.Popen([LADDER, *arguments], cwd=folder, env=environment, stdout=out, stderr=out)
        cpu = 0.0
        while process.poll() is None:
            most = max(most, resident(psutil.Process(process.pid)))
            cpu = max(cpu, processor_seconds(process.pid))
            if workers is not None:
                most_workers = max(most_workers, resident(psutil.Process(workers.pid)))
            time.sleep(0.25)
    said = f"{title:24} {time.monotonic() - begun:7.1f} s   {cpu:7.1f} s of a processor   {most / 1e9:5.2f} GB"
    if workers is not None:
        said += f"   workers {processor_seconds(workers.pid) - used:7.1f} s   {most_workers / 1e9:5.2f} GB"
    print(f"{said}{'' if process.returncode == 0 else f'   FAILED, see {log}'}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    for name, usual in (("orders", 1_700_000), ("accounts", 85_000), ("parts", 16)):
        parser.add_argument(name, type=int, nargs="?", default=usual)
    asked = parser.parse_args()
    folder, orders, accounts, parts = asked.folder.resolve(), asked.orders, asked.accounts, asked.parts
    (folder / "big").mkdir(parents=True, exist_ok=True)
    source = large_source(orders, accounts)
    source.to_parquet(folder / "big" / "orders.parquet", index=False)
    print(f"{len(source):,} orders of {source['account_id'].nunique():,} accounts, {parts} parts", flush=True)
    del source
    run("partition", folder, "partition", "--data", "big", "--out", "parts", "--parts", str(parts))
    run("train in parts", folder, "train", "--data", "parts")
    model = ("--model", "models:/loyalty-ladder/1")
    run("score whole", folder, "score", "--data", "big", "--out", "out/whole", *model)
    run("score in parts", folder, "score", "--data", "parts", "--out", "out/parts", *model)
    scheduler = subprocess.Popen([DASK, "scheduler", "--port", ADDRESS.rsplit(":", 1)[1], "--no-dashboard"])
    workers = subprocess.Popen([DASK, "worker", ADDRESS, "--nworkers", "2", "--nthreads", "1", "--no-dashboard"])
    try:
        time.sleep(5)
        run("score on two workers", folder, "score", "--data", "parts", "--out", "out/dask", "--dask", ADDRESS, *model,
            workers=workers)  # fmt: skip
        run("train on two workers", folder, "train", "--data", "parts", "--dask", ADDRESS, workers=workers)
    finally:
        for process in (workers, scheduler):
            process.terminate()
            process.wait()
    run("train whole", folder, "train", "--data", "big")
    for name in ("scores", "investment_scores"):
        digests = {hashlib.sha256((folder / "out" / way / f"{name}.parquet").read_bytes()).hexdigest()[:12]
                   for way in ("parts", "dask")}  # fmt: skip
        print(f"{name}.parquet in parts and on two workers: {' and '.join(sorted(digests))}")


if __name__ == "__main__":
    main()
