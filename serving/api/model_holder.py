"""The model that serves, and its replacement by another without a restart.

A folder is looked at: a bundle's own, or the champion's, whose file `current` names one. What is new in it is read
beside the running model, checked on its own examples, warmed, and then put in its place by a single assignment: a
request takes the service once and sees one model. What cannot be used is refused and logged once, and the running model
stays. Going back to a former champion works the same way. No tracking server is needed.
"""

import gc
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from features.errors import LadderError, NotReady
from serving.api.observability.logging import place, tell
from serving.api.queries import score_query_of
from serving.scoring.scoring_service import ScoringService
from training.model.bundle import MANIFEST, Bundle, read_proven_bundle
from training.model.bundle_files import read_bytes
from training.model.champion import bundle_folder
from training.model.signature import check_signature

EVERY_SECONDS = 2.0
"""Between two looks at the folder, which cost some microseconds each."""


@dataclass
class ModelHolder:
    """The service of the model that is loaded.

    scoring_service : None until a model is loaded.  reason : why there is none.
    refused : what lies in the folder and cannot be used; None where all is well.
    renew : looks for another model at once; None where the service has no folder to look at.
    """

    scoring_service: ScoringService | None = None
    reason: str = "The model is being loaded."
    refused: str | None = None
    renew: Callable[[], bool] | None = None

    def open(self) -> ScoringService:
        """Return the scoring service.  Raises NotReady where no model is loaded yet."""
        if self.scoring_service is None:
            raise NotReady(self.reason)
        return self.scoring_service


class Witness(Protocol):
    """Is told of every change, for the figures."""

    def serves(self, version: str, trained_until: int, swapped: bool) -> None:
        """Record which model answers from now on."""

    def refuses(self, refused: bool) -> None:
        """Record whether the bundle in the folder cannot be used."""


class ModelReloader:
    """Keeps the holder's service at the bundle in the folder.

    trial : tries a bundle where it can do no harm, before it is read here; raises BundleError.
    prepare : gives it what the settings say of texts.
    """

    def __init__(
        self,
        holder: ModelHolder,
        folder: Path,
        example: Mapping[str, Any],
        witness: Witness | None = None,
        trial: Callable[[Path], object] | None = None,
        *,
        prepare: Callable[[Bundle], Bundle] | None = None,
    ) -> None:
        self._trial, self._prepare = trial, prepare
        self._holder, self._folder, self._example, self._witness = holder, folder, example, witness
        self._seen: object = None
        self._lock = threading.Lock()
        holder.renew = lambda: self.look(again=True)

    def look(self, again: bool = False) -> bool:
        """Take over what lies in the folder if it is new; whether another model answers now.

        again : try once more what was refused before, though nothing in it changed.
        Never raises: what serves goes on serving.
        """
        with self._lock:
            try:
                bundle = bundle_folder(self._folder)
                seen = _outline(bundle)
                if seen == self._seen and not (again and self._holder.refused):
                    return False
                self._seen = seen
                return self._take_over(bundle)
            except Exception as error:  # noqa: BLE001
                self._refuse(error)
                return False

    def watch(self, every: float = EVERY_SECONDS) -> None:
        """Look again and again, in a thread that ends with the process."""
        pause = threading.Event()

        def go_on() -> None:
            while not pause.wait(every):
                self.look()

        threading.Thread(target=go_on, name="model reloader", daemon=True).start()

    def _take_over(self, folder: Path) -> bool:
        check_signature(folder)
        if self._trial is not None:
            self._trial(folder)
        bundle, version = read_proven_bundle(folder, signed=True)  # nobody put another one there during the trial
        before = self._holder.scoring_service
        self._holder.refused = None
        if self._witness is not None:
            self._witness.refuses(False)
        if before is not None and before.scorer.version == version:
            return False
        scoring_service = ScoringService(bundle if self._prepare is None else self._prepare(bundle), version)
        scoring_service.score(
            score_query_of(self._example)
        )  # so that the first request does not wait for the boosters to be read
        self._holder.scoring_service = scoring_service
        was = None if before is None else before.scorer.version
        tell("model", model=version, was=was)
        if self._witness is not None:
            self._witness.serves(version, bundle.facts.trained_until, swapped=before is not None)
        del before
        gc.collect()
        gc.freeze()  # what a model consists of never changes: the collector need not walk through it again
        return was is not None

    def _refuse(self, error: Exception) -> None:
        """Say so once, and keep what serves."""
        known = isinstance(error, LadderError)
        why = str(error) if known else f"{type(error).__name__} at {place(error)}"
        if why == self._holder.refused:
            return
        self._holder.refused = why
        self._holder.reason = "The model cannot be loaded; the service's log says why."
        serving = None if self._holder.scoring_service is None else self._holder.scoring_service.scorer.version
        tell("model refused", 40, why=why, model=serving)
        if self._witness is not None:
            self._witness.refuses(True)


def _outline(folder: Path) -> object:
    """Return the folder's state: names, sizes and times of its files, and the manifest."""
    files = sorted((path.name, path.lstat().st_size, path.lstat().st_mtime_ns) for path in folder.iterdir())
    return folder, read_bytes(folder / MANIFEST), files
