"""The boosting backend: where boosters are trained, in this process or elsewhere (see `training.distributed`).

Boosters of several targets of the same rows are asked for at once, since the rows are then binned once. What is asked
for twice while a bundle is trained is trained once.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Lock
from typing import Any, Protocol

import lightgbm as lgb

from features.instants import FloatArray, IntArray
from training.once import Kept, digest, digest_of

BINNING = {"enable_bundle": False, "bin_construct_sample_cnt": 5_000}
"""Without bundles the same trees in a sixth less time: where features share a column, all are read for the sake of one.
The edges of the bins are found from so many rows as well as from all, in less than half of the time."""


class BoostingBackend(Protocol):
    """A function that trains a booster for each of several targets and returns their texts."""

    def __call__(
        self,
        values: FloatArray,
        targets: Sequence[FloatArray | IntArray],
        weight: FloatArray,
        *,
        names: Sequence[str],
        parameters: Mapping[str, Any],
        rounds: int,
    ) -> list[str]:
        """Train a booster for each target.

        values : shape (n, len(names)).
        targets : shape (n,) each.
        weight : shape (n,), with mean one.
        names : of the columns.
        parameters : LightGBM's.
        rounds : number of trees, per class.
        """
        ...


def local_backend(
    values: FloatArray,
    targets: Sequence[FloatArray | IntArray],
    weight: FloatArray,
    *,
    names: Sequence[str],
    parameters: Mapping[str, Any],
    rounds: int,
) -> list[str]:
    """Train boosters in this process: the same texts for the same rows, parameters and machine type."""
    weighs = bool((weight != 1).any())  # where all weigh one LightGBM holds no weights, and forgets none
    with _BINNED.lent(values, names, {**parameters, "weighs": weighs}) as data:
        data.set_weight(weight)
        texts = []
        for target in targets:
            data.set_label(target)
            texts.append(str(lgb.train({**parameters, **BINNING}, data, num_boost_round=rounds).model_to_string()))
    return texts


class _Binned(Kept):
    """Matrices as LightGBM has binned them, for the other targets of the same rows that are asked for one by one.

    Bins know nothing of targets and weights, and so boosters are the same bytes. The latest matrices are kept, MOST
    cells of a byte together, while somebody works `within`; each is lent to one thread at a time.
    """

    MOST = 300_000_000

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[bytes, tuple[int, lgb.Dataset]] = {}

    def _forget(self) -> None:
        self._kept.clear()

    @contextmanager
    def lent(self, values: FloatArray, names: Sequence[str], parameters: Mapping[str, Any]) -> Iterator[lgb.Dataset]:
        """Lend the binned matrix, or one that is binned by the first that trains on it."""
        bins = [parameters.get(name) for name in ("max_bin", "num_threads", "seed", "min_data_in_leaf", "weighs")]
        key = digest(digest_of(values), repr((values.shape, tuple(names), bins)).encode()) if self._at_work else b""
        with self._lock:
            _, data = self._kept.pop(key, (0, None))
        if data is None:
            basic = {"verbosity": -1, "num_threads": parameters["num_threads"], **BINNING}
            data = lgb.Dataset(values, feature_name=list(names), params=basic, free_raw_data=True)
        yield data
        with self._lock:
            if key and self._at_work:
                self._kept[key] = values.size, data
                while sum(cells for cells, _ in self._kept.values()) > self.MOST:
                    del self._kept[next(iter(self._kept))]


_BINNED = _Binned()
binned_once = _BINNED.within
"""Within such a block a matrix is binned once, whoever asks for a booster of its rows."""


class Remembered:
    """A backend that keeps the text of every booster: the same rows, target and parameters are trained once.

    The evaluation's latest origin and the weights of the served pool ask for the same boosters, as do predictions that
    build on the chance of an order. Callable from several threads: who asks for what another one trains, waits for it.
    """

    def __init__(self, backend: BoostingBackend) -> None:
        self._backend = backend
        self._texts: dict[bytes, Future[str]] = {}
        self._lock = Lock()

    @property
    def local(self) -> bool:
        """Return whether boosters are trained in this process, side by side."""
        return in_this_process(self._backend)

    def __call__(
        self,
        values: FloatArray,
        targets: Sequence[FloatArray | IntArray],
        weight: FloatArray,
        *,
        names: Sequence[str],
        parameters: Mapping[str, Any],
        rounds: int,
    ) -> list[str]:
        """Train those boosters that nobody has asked for yet, and return the texts of all."""
        asked = repr((tuple(names), sorted(parameters.items()), rounds, values.shape)).encode()
        rows = digest(digest_of(values), weight, asked)
        keys = [digest(target, rows, target.dtype.str.encode()) for target in targets]
        with self._lock:
            new = {key: target for key, target in zip(keys, targets, strict=True) if key not in self._texts}
            self._texts |= {key: Future() for key in new}
        if new:
            self._train(values, new, weight, names=names, parameters=parameters, rounds=rounds)
        return [self._texts[key].result() for key in keys]

    def _train(
        self, values: FloatArray, new: Mapping[bytes, FloatArray | IntArray], weight: FloatArray, **asked: Any
    ) -> None:
        try:
            texts = self._backend(values, list(new.values()), weight, **asked)
        except BaseException as error:
            for key in new:
                self._texts[key].set_exception(error)
            raise
        for key, text in zip(new, texts, strict=True):
            self._texts[key].set_result(text)


def in_this_process(backend: BoostingBackend) -> bool:
    """Return whether a backend trains in this process."""
    return backend.local if isinstance(backend, Remembered) else backend is local_backend
