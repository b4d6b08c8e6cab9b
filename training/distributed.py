"""The only access to Dask: the workers of a cluster, as executor of parts and as boosting backend.

Imported only where a cluster is wanted. The workers read the parts themselves, from a folder that all of them see; a
part whose worker dies is given to another, as often as Dask allows. Boosters are trained by LightGBM's own Dask
estimator on rows that this process holds, so that the death of a worker costs that booster's time and nothing else.
"""

import io
import re
import uuid
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, redirect_stdout, suppress
from importlib.metadata import version
from time import monotonic, sleep
from typing import Any

import lightgbm as lgb
import numpy as np

from features.catalog import catalog
from features.errors import ClusterError
from features.extensions import PLUGINS, environment_of_plugins, packages_of_models, use_modules
from features.instants import FloatArray, IntArray
from features.sources.connectors import first_line
from features.sources.partitioned import Part, Result
from training.boosting_backend import local_backend

MIN_ROWS = 20_000
"""With fewer rows, sending them to the workers takes longer than training the booster here."""
PATIENCE_SECONDS = 60.0
"""How long to wait for a cluster without a single worker: those that died are usually started again by then."""
ANSWER_SECONDS = 10.0
POLL_SECONDS = 0.5
"""How often to check that the workers are still there."""
ATTEMPTS = 4
SAME_EVERYWHERE = ("numpy", "pandas", "pyarrow", "lightgbm")


@contextmanager
def connect(
    address: str, min_rows: int = MIN_ROWS, patience: float = PATIENCE_SECONDS, answer: float = ANSWER_SECONDS
) -> "Iterator[Cluster]":
    """Connect to the cluster whose scheduler listens at `address`, such as tcp://host:8786.

    min_rows : boosters on fewer rows are trained here.
    patience, answer : seconds to wait for a worker, and for the scheduler.

    Raises
    ------
    ClusterError
        If Dask is not installed here, the scheduler does not answer, there is no worker, or a worker runs another
        program.
    """
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise ClusterError("a cluster needs Dask: install loyalty-ladder[dask]") from error
    try:
        client = Client(address, timeout=f"{answer}s", set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at {address}: {first_line(error)}. Start one with `dask scheduler`, or correct "
            "--dask; it reads tcp://host:8786"
        ) from None
    with client:
        cluster = Cluster(client, address, min_rows, patience)
        cluster.wait_for_workers()
        with cluster.plugins():
            cluster.refuse_other_programs()
            yield cluster


class Cluster:
    """A cluster of workers: an `Executor`, and with `train_booster` a `BoostingBackend`."""

    def __init__(self, client: Any, address: str, min_rows: int, patience: float) -> None:
        self._client, self.address = client, address
        self._least_rows, self._patience = min_rows, patience

    def workers(self) -> dict[str, int]:
        """Return the present workers: address -> threads."""
        workers = self._client.scheduler_info(n_workers=-1)["workers"]
        return {address: int(worker["nthreads"]) for address, worker in sorted(workers.items())}

    def wait_for_workers(self) -> dict[str, int]:
        """Return the workers as soon as there is one.

        Raises
        ------
        ClusterError
            If none comes in time.
        """
        until = monotonic() + self._patience
        while not (workers := self.workers()):
            if monotonic() > until:
                raise ClusterError(
                    f"the cluster at {self.address} has had no worker for {self._patience:.0f} seconds. Start some: "
                    f"`dask worker {self.address} --nthreads 1`"
                )
            sleep(0.2)
        return workers

    @contextmanager
    def plugins(self) -> Iterator[None]:
        """Let the workers of the block, those too that come later, load the modules that this process loaded.

        Raises
        ------
        ClusterError
            If a worker cannot: they must lie on its own Python path.
        """
        modules = environment_of_plugins().get(PLUGINS, "")
        if not modules:
            yield
            return
        plugin = _plugin(modules.split(","))
        try:
            self._client.register_plugin(plugin)
        except Exception as error:  # whatever foreign code does on a worker
            raise ClusterError(
                f"a worker of {self.address} cannot load {modules}: {first_line(error)}. Put it on the workers' Python "
                "path, and start them anew"
            ) from error
        try:
            yield
        finally:
            self._client.unregister_worker_plugin(plugin.name)

    def refuse_other_programs(self) -> None:
        """Refuse workers that do not run this very program: other versions give other bits.

        Raises
        ------
        ClusterError
            If there is such a worker.
        """
        ours = program()
        theirs = self._client.run(program, on_error="return")
        for address, workers in theirs.items():
            if isinstance(workers, BaseException):
                raise ClusterError(
                    f"the worker {address} lacks loyalty-ladder: {first_line(workers)}. Install it there."
                )
            other = [f"{name} {value} (here {ours[name]})" for name, value in workers.items() if value != ours[name]]
            if other:
                raise ClusterError(f"the worker {address} runs another program: {', '.join(other)}. Install the same.")

    def map(self, work: Callable[[Part], Result], parts: Sequence[Part]) -> Iterator[Result]:
        """Yield work(part) for each part, in order; a few parts are worked on ahead of the one that is taken next.

        Raises
        ------
        ClusterError
            If a part costs one worker after the other, or all workers are gone for good.
        LadderError
            Whatever `work` raises.
        """
        ahead = 2 * sum(self.wait_for_workers().values())
        run, waiting = uuid.uuid4().hex[:8], deque[tuple[Part, Any]]()
        for part in parts:
            waiting.append((part, self._client.submit(work, part, key=f"part-{part.number}-{run}", pure=False)))
            if len(waiting) > ahead:
                yield self._result(*waiting.popleft())
        while waiting:
            yield self._result(*waiting.popleft())

    def _result(self, part: Part, future: Any) -> Any:
        from distributed import KilledWorker
        from distributed import wait as wait_for
        from distributed.client import FutureCancelledError

        while not future.done():
            with suppress(TimeoutError), self._client.as_current():
                wait_for([future], timeout=POLL_SECONDS)
            self.wait_for_workers()
        try:
            return future.result()
        except KilledWorker:
            raise ClusterError(
                f"part {part.number} has cost several workers their life, most likely for want of memory. Give "
                "each worker one thread and more memory, or partition the source into more parts."
            ) from None
        except FutureCancelledError as error:
            raise ClusterError(f"the scheduler at {self.address} was lost: {first_line(error)}") from None

    def train_booster(
        self,
        values: FloatArray,
        targets: Sequence[FloatArray | IntArray],
        weight: FloatArray,
        *,
        names: Sequence[str],
        parameters: Mapping[str, Any],
        rounds: int,
    ) -> list[str]:
        """Train boosters on all workers together; here, where the rows are too few to be worth sending.

        The bytes depend on the number of workers and on which of them got which rows; the quality does not.

        Raises
        ------
        ClusterError
            If it failed several times.
        """
        if len(values) < self._least_rows:
            return local_backend(values, targets, weight, names=names, parameters=parameters, rounds=rounds)
        return [
            self._train_somehow((values, np.asarray(target, np.float64), weight), names, parameters, rounds)
            for target in targets
        ]

    def _train_somehow(
        self, arrays: tuple[FloatArray, ...], names: Sequence[str], parameters: Mapping[str, Any], rounds: int
    ) -> str:
        """Train one booster, and again where a worker is lost meanwhile."""
        failure = ""
        for _ in range(ATTEMPTS):
            workers = list(self.wait_for_workers())
            try:
                return self._train_once(workers, arrays, names, parameters, rounds)
            except _WorkerLost as error:
                failure = first_line(error)
                with suppress(ValueError, TimeoutError):  # workers without a nanny cannot be restarted
                    self._client.restart_workers([w for w in workers if w in self.workers()], raise_for_error=False)
            except Exception as error:  # noqa: BLE001 - a dying worker may cause any error; it is reported at the end
                failure = f"{type(error).__name__}: {first_line(error)}"
        raise ClusterError(f"a booster could not be trained on the cluster in {ATTEMPTS} attempts; the last: {failure}")

    def _train_once(
        self,
        workers: Sequence[str],
        arrays: tuple[FloatArray, ...],
        names: Sequence[str],
        parameters: Mapping[str, Any],
        rounds: int,
    ) -> str:
        """Try once, and give up as soon as a worker is gone: LightGBM's others may wait for it forever."""
        from distributed import Client

        with ThreadPoolExecutor(1) as pool, Client(self.address, set_as_default=False) as client:
            job = pool.submit(_train, client, workers, arrays=arrays, names=names, parameters=parameters, rounds=rounds)
            while wait([job], timeout=POLL_SECONDS).not_done:
                lost = [worker for worker in workers if worker not in self.workers()]
                if lost:
                    raise _WorkerLost(f"{len(lost)} of {len(workers)} workers were lost")
            return job.result()


def _plugin(modules: Sequence[str]) -> Any:
    """Return what each worker runs when it starts; as a local class it is sent as it is, so that nothing of ours is
    imported before the modules are named."""
    from distributed import WorkerPlugin

    class Plugins(WorkerPlugin):  # type: ignore[misc]
        name = "loyalty-ladder"

        def setup(self, worker: Any) -> None:  # noqa: ARG002
            use_modules(modules)

    return Plugins()


class _WorkerLost(Exception):
    """A worker that takes part in training a booster is gone."""


SKLEARN_NAMES = {
    "min_data_in_leaf": "min_child_samples",
    "lambda_l2": "reg_lambda",
    "bagging_fraction": "subsample",
    "bagging_freq": "subsample_freq",
    "feature_fraction": "colsample_bytree",
    "seed": "random_state",
}


def _train(
    client: Any,
    workers: Sequence[str],
    *,
    arrays: tuple[FloatArray, ...],
    names: Sequence[str],
    parameters: Mapping[str, Any],
    rounds: int,
) -> str:
    """Return the text of a booster that the workers train together, each on an equal share of the rows."""
    import dask.array as da

    bounds = np.linspace(0, len(arrays[0]), len(workers) + 1).astype(int)

    def spread(array: FloatArray) -> Any:
        chunks = []
        for worker, begin, end in zip(workers, bounds[:-1], bounds[1:], strict=True):
            chunk = array[begin:end]
            held = client.scatter(chunk, workers=[worker], hash=False)
            chunks.append(da.from_delayed(held, shape=chunk.shape, dtype=chunk.dtype))
        return da.concatenate(chunks)

    chosen = {SKLEARN_NAMES.get(name, name): value for name, value in parameters.items() if name != "num_threads"}
    # Not the classifier: it would renumber the classes by those that each worker happens to hold.
    model = lgb.DaskLGBMRegressor(client=client, n_estimators=rounds, **chosen)
    client.gather([client.submit(_leave_network, workers=[worker], pure=False) for worker in workers])
    with client.as_current(), warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.filterwarnings("ignore", "Parameter n_jobs will be ignored", UserWarning)
        values, target, weight = (spread(array) for array in arrays)
        model.fit(values, target, sample_weight=weight, feature_name=list(names))
    return _WHERE.sub("", str(model.booster_.model_to_string()))


def _leave_network() -> None:
    """Let the worker forget the other workers of the last booster: LightGBM still sends to those that died."""
    lgb.basic._LIB.LGBM_NetworkFree()


_WHERE = re.compile(r"^\[(machines|local_listen_port|num_machines|machine_list_filename): .*\]\n", re.MULTILINE)
"""The lines of a booster's text that say where it was trained."""


def program() -> dict[str, str]:
    """Return what must be the same on every worker for the same bits to come out."""
    plugins = ", ".join(packages_of_models()) or "no plugins"
    return {"catalogue": catalog.fingerprint(), "with": plugins} | {name: version(name) for name in SAME_EVERYWHERE}
