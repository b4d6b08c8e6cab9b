"""What is served: a folder of LightGBM text and JSON, readable and diffable, that loads without executing code.

    manifest.json            what it is, what it was learnt from, and the digest of every other file
    next_rung.json ...       one file a predictor; its boosters stand beside it as next_rung.1.txt, ...
    examples.json            a few rows of features, and what every predictor must answer to them

The same data, settings and seed give the same bytes: nothing in it says when or where it was made. Its
version is the digest of the manifest, so a changed byte anywhere is another version or a refused bundle.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from features.catalog import catalog
from features.catalog.catalog import Context
from features.errors import BundleError
from features.finite import without_nan
from features.ladder.rules import LadderRules
from training.model import findings
from training.model.findings import Finding
from training.model.predictors import Effect, Pool
from training.model.self_test import check_examples, write_examples
from training.model.serialization import Predictor, from_json, to_json

FORMAT = 4
MANIFEST = "manifest.json"
EXAMPLES = "examples"
NAME = "loyalty-ladder"


@dataclass(frozen=True)
class Investment:
    """One option as it is served: basis, cost, and the rungs on which its effects may be used.

    revenue_share : of the account's revenue over the horizon, what the option costs besides.
    """

    name: str
    bond: int
    cost: float
    basis: str
    rungs: tuple[int, ...]
    effects: Mapping[str, Effect]
    revenue_share: float = 0.0

    @property
    def prices_serving(self) -> bool:
        """Whether what the option changes in serving the account has a price."""
        return "served" in self.effects


@dataclass(frozen=True)
class Horizon:
    """Predictions another span ahead.  switching : None where too few left, or stayed, within it."""

    days: int
    next_rung: Pool
    switching: Pool | None
    revenue: Predictor


@dataclass(frozen=True)
class Facts:
    """What is known of the models, all of it plain.

    trained_until : microseconds; nothing later was learnt from.  definition : recorded or silence.
    trigger_shares : the shares of the three families where nothing is known of the account.
    margin_rate : gross margin where an account's own is unknown.  level : coverage of the intervals.
    currency : sign before amounts, as the settings of the training had it.
    peers : rung -> feature -> median on that rung, for the reasons.
    value_gaps, upgrade_basis : by rung.  forecast_common, forecast_factors : worth of a manager's estimate.
    usual_load : contacts and tickets per thousand of revenue of the median buyer; None where neither is recorded.
    set_coverage : share of the realised rungs that lie in their sets, which grow to a mass of set_threshold.
    interval : share of the realised revenues that lie in their intervals.
    forecast_weight, forecast_weights : of managers against history in the blend.  forecast_history : what a unit of
        value gap has been worth.  forecast_miss, forecast_size : `training.account_managers.track_record`'s miss and
        offset.
    track_record : its rows.
    acquisition : rows of `training.effects.acquisition_roi`.
    line_margins : product line -> its margin rate, as `training.model.margins` names and uses it.
    figures : out-of-time figures.  report : what was found about the models, as `training.model.findings` has it.
    """

    trained_until: int
    horizon_days: int
    definition: str
    silence_days: int
    catalog: str
    features: tuple[str, ...]
    tables: tuple[str, ...]
    rules: LadderRules
    vocabulary: Mapping[str, tuple[str, ...]]
    settings_digest: str
    data_digest: str
    margin_rate: float
    level: float
    trigger_shares: tuple[float, ...]
    peers: tuple[Mapping[str, float], ...]
    value_gaps: tuple[float | None, ...]
    upgrade_basis: tuple[str, ...]
    usual_load: float | None
    forecast_common: float | None
    forecast_factors: Mapping[str, float]
    set_coverage: float
    set_threshold: float
    interval: float
    figures: Mapping[str, float] = field(default_factory=dict)
    report: tuple[Finding, ...] = ()
    forecast_weight: float = 0.0
    forecast_weights: Mapping[str, float] = field(default_factory=dict)
    forecast_history: float = 1.0
    forecast_miss: float | None = None
    forecast_size: float = 1.0
    track_record: tuple[Mapping[str, str | int | float | None], ...] = ()
    acquisition: tuple[Mapping[str, str | int | float | None], ...] = ()
    line_margins: Mapping[str, float] = field(default_factory=dict)
    currency: str = ""


@dataclass(frozen=True)
class Bundle:
    """Everything that scoring needs.

    switching : None where too few switches were seen.  triggers : None where too few reasons are recorded; gives the
        families' shares.  climbing : a single booster, for reasons.
    upgrades : rung -> effect of climbing from it, for the rungs that have one.
    further : other horizons than that of the facts, ascending.
    """

    facts: Facts
    next_rung: Pool
    switching: Pool | None
    triggers: Pool | None
    climbing: Predictor
    revenue: Predictor
    revenue_range: Predictor
    upgrades: Mapping[int, Effect]
    investments: tuple[Investment, ...]
    further: tuple[Horizon, ...] = ()

    @property
    def context(self) -> Context:
        """What the features depend on besides the histories."""
        return Context(self.facts.rules, self.facts.horizon_days, self.facts.vocabulary)

    @property
    def parts(self) -> dict[str, Predictor]:
        """Every predictor by the name of its file."""
        parts: dict[str, Predictor | None] = {
            "next_rung": self.next_rung, "switching": self.switching, "triggers": self.triggers,
            "climbing": self.climbing, "revenue": self.revenue, "revenue_range": self.revenue_range,
        }  # fmt: skip
        parts |= {f"upgrade_{rung}": effect for rung, effect in self.upgrades.items()}
        for horizon in self.further:
            parts |= {
                f"{_ahead(horizon.days)}_next_rung": horizon.next_rung,
                f"{_ahead(horizon.days)}_switching": horizon.switching,
                f"{_ahead(horizon.days)}_revenue": horizon.revenue,
            }
        for position, option in enumerate(self.investments):
            parts |= {f"investment_{position}_{outcome}": effect for outcome, effect in option.effects.items()}
        return {name: predictor for name, predictor in parts.items() if predictor is not None}

    def files(self) -> dict[str, bytes]:
        """The bundle as file name -> content, the manifest last."""
        files: dict[str, bytes] = {}
        parts = self.parts
        for name, predictor in parts.items():
            files[f"{name}.json"] = _json(_take_texts_out(to_json(predictor), name, files))
        files[f"{EXAMPLES}.json"] = _json(write_examples(parts, self.facts.features, self.facts.peers))
        options = [
            {
                "name": o.name,
                "bond": o.bond,
                "cost": o.cost,
                "basis": o.basis,
                "rungs": list(o.rungs),
                "outcomes": sorted(o.effects),
                "revenue_share": o.revenue_share,
            }
            for o in self.investments
        ]
        manifest = {
            "format": FORMAT,
            "name": NAME,
            "facts": {**asdict(replace(self.facts, report=())), "report": findings.to_json(self.facts.report)},
            "investments": options,
            "upgrades": sorted(self.upgrades),
            "further_horizons_days": [horizon.days for horizon in self.further],
            "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
        }
        return {**files, MANIFEST: _json(manifest)}

    @property
    def version(self) -> str:
        """Twelve hexadecimal digits that change with any byte."""
        return hashlib.sha256(self.files()[MANIFEST]).hexdigest()[:12]


def write_bundle(bundle: Bundle, folder: Path) -> str:
    """Write the bundle into a folder (made if absent) and return its version."""
    folder.mkdir(parents=True, exist_ok=True)
    files = bundle.files()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return hashlib.sha256(files[MANIFEST]).hexdigest()[:12]


def read_bundle(folder: Path) -> tuple[Bundle, str]:
    """The bundle in a folder, checked file by file, and its version.

    Raises
    ------
    BundleError
        If a file is missing, differs from its digest, or was made for another catalogue of features.
    """
    raw = _read(folder / MANIFEST)
    manifest = _parse(raw, MANIFEST)
    if manifest.get("format") != FORMAT or manifest.get("name") != NAME:
        raise BundleError(
            f"{folder} is no {NAME} bundle of format {FORMAT}: its manifest says {manifest.get('format')!r}. Train the "
            "model anew, or use the program version that made it."
        )
    try:
        facts = _facts(manifest["facts"])
        if facts.catalog != catalog.fingerprint():
            raise BundleError(
                f"The model in {folder} was made for feature catalogue {facts.catalog}; this program has "
                f"{catalog.fingerprint()}. Train it anew, or use the program version that made it."
            )
        reader = _Reader(folder, manifest["files"])
        reader.content(f"{EXAMPLES}.json")  # read by read_proven_bundle; held against its digest in any case
        switching, triggers = reader.pool_if_any("switching"), reader.pool_if_any("triggers")
        investments = tuple(_investment(k, option, reader) for k, option in enumerate(manifest["investments"]))
        upgrades = {int(rung): reader.effect(f"upgrade_{rung}") for rung in manifest["upgrades"]}
        further = tuple(_horizon(int(days), manifest["files"], reader) for days in manifest["further_horizons_days"])
        bundle = Bundle(
            facts=facts, next_rung=reader.pool("next_rung"), switching=switching, triggers=triggers,
            climbing=reader.predictor("climbing"), revenue=reader.predictor("revenue"),
            revenue_range=reader.predictor("revenue_range"), upgrades=upgrades, investments=investments,
            further=further,
        )  # fmt: skip
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BundleError(
            f"The bundle in {folder} is incomplete: {type(error).__name__} at {error}. Export it anew."
        ) from None
    return bundle, hashlib.sha256(raw).hexdigest()[:12]


def read_proven_bundle(folder: Path) -> tuple[Bundle, str]:
    """The same, asked its own examples first: what is to serve must answer as it did when it was made.

    Raises
    ------
    BundleError
        As read_bundle does, and if a predictor answers otherwise than it did.
    """
    bundle, version = read_bundle(folder)
    digests = _parse(_read(folder / MANIFEST), MANIFEST)["files"]
    try:
        examples = _parse(_Reader(folder, digests).content(f"{EXAMPLES}.json"), EXAMPLES)
        check_examples(bundle.parts, bundle.facts.features, examples)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise BundleError(
            f"The examples of the bundle in {folder} cannot be asked: {type(error).__name__}. Export it anew."
        ) from None
    return bundle, version


class _Reader:
    """Files of one bundle, each held against the manifest's digest."""

    def __init__(self, folder: Path, digests: Mapping[str, str]) -> None:
        self._folder, self._digests = folder, digests

    def content(self, name: str) -> bytes:
        if name not in self._digests:  # a name that the manifest does not list is never opened
            raise BundleError(f"The bundle refers to {name!r}, which its manifest does not list. Export it anew.")
        content = _read(self._folder / name)
        if hashlib.sha256(content).hexdigest() != self._digests[name]:
            raise BundleError(f"{name} in {self._folder} was changed after it was written. Export the bundle anew.")
        return content

    def predictor(self, name: str) -> Predictor:
        content = _parse(self.content(f"{name}.json"), name)
        return from_json(self._put_texts_back(content))

    def pool(self, name: str) -> Pool:
        predictor = self.predictor(name)
        if not isinstance(predictor, Pool):
            raise BundleError(f"A pool was expected, found {type(predictor).__name__}. Export the bundle anew.")
        return predictor

    def pool_if_any(self, name: str) -> Pool | None:
        return self.pool(name) if f"{name}.json" in self._digests else None

    def effect(self, name: str) -> Effect:
        predictor = self.predictor(name)
        if not isinstance(predictor, Effect):
            raise BundleError(f"{name} is no effect. Export the bundle anew.")
        return predictor

    def _put_texts_back(self, node: Any) -> Any:
        if isinstance(node, dict):
            if node.get("kind") == "Trees":
                return {**node, "text": self.content(node["text"]).decode()}
            return {key: self._put_texts_back(value) for key, value in node.items()}
        return [self._put_texts_back(value) for value in node] if isinstance(node, list) else node


def _take_texts_out(node: Any, name: str, files: dict[str, bytes]) -> Any:
    """The JSON with every booster's text replaced by the name of its own file."""
    if isinstance(node, dict):
        if node.get("kind") == "Trees":
            content = node["text"].encode()
            file = next((held for held, text in files.items() if text == content), None)  # several may share a booster
            if file is None:
                file = f"{name}.{sum(f.startswith(f'{name}.') for f in files) + 1}.txt"
                files[file] = content
            return {**node, "text": file}
        return {key: _take_texts_out(value, name, files) for key, value in node.items()}
    return [_take_texts_out(value, name, files) for value in node] if isinstance(node, list) else node


def _facts(content: Mapping[str, Any]) -> Facts:
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in content.items()}
    values["rules"] = LadderRules(**content["rules"])
    values["report"] = findings.from_json(content["report"])
    values["vocabulary"] = {key: tuple(names) for key, names in content["vocabulary"].items()}
    return Facts(**values)


def _investment(position: int, option: Mapping[str, Any], reader: _Reader) -> Investment:
    effects = {outcome: reader.effect(f"investment_{position}_{outcome}") for outcome in option["outcomes"]}
    return Investment(
        name=str(option["name"]), bond=int(option["bond"]), cost=float(option["cost"]), basis=str(option["basis"]),
        rungs=tuple(int(rung) for rung in option["rungs"]), effects=effects,
        revenue_share=float(option.get("revenue_share", 0.0)),
    )  # fmt: skip


def _horizon(days: int, files: Mapping[str, str], reader: _Reader) -> Horizon:
    ahead = _ahead(days)
    switching = reader.pool(f"{ahead}_switching") if f"{ahead}_switching.json" in files else None
    return Horizon(days, reader.pool(f"{ahead}_next_rung"), switching, reader.predictor(f"{ahead}_revenue"))


def _ahead(days: int) -> str:
    """What the names of the files of a further horizon begin with."""
    return f"ahead_{days}d"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}. Train and promote a model first.") from None


def _parse(raw: bytes, name: str) -> dict[str, Any]:
    try:
        content = json.loads(raw)
    except ValueError as error:
        raise BundleError(f"{name} is no valid JSON: {error}. Export the bundle anew.") from None
    if not isinstance(content, dict):
        raise BundleError(f"{name} holds no object. Export the bundle anew.")
    return content


def _json(content: Any) -> bytes:
    return (
        json.dumps(without_nan(content), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
    ).encode()
